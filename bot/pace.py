"""How patient a service is with Slack: one value, so that tests and the demo can be quicker than life."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.alerts import LOOK_EVERY_S
from bot.command.resyncs import UPDATES_AFTER_S
from bot.digest import LOOK_EVERY_S as DIGEST_LOOK_EVERY_S
from bot.roster import BEAT_EVERY_S
from bot.runs.runner import RunPace
from bot.runs.schedule import Rhythm
from bot.telling.steps import Manners
from bot.troubles import SOCKETS_MAY_TAKE_S
from bot.wiper import CALM_S


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses of a service, in seconds."""

    stagger_s: float = 5
    """Between the first connection and the next, so that Slack does not recycle them in the same moment."""
    watch_s: float = 240
    """Between two looks whether the bot token is still good: how late a revoked one is told at most."""
    beat_every_s: float = BEAT_EVERY_S
    """Between two times at which processes on one database tell each other that they are alive."""
    look_every_s: float = LOOK_EVERY_S
    """Between two looks at what is wrong."""
    pages_look_every_s: float = 1
    """Between two looks of open pages at the change log: how long a lost ring can hide a change."""
    digest_look_every_s: float = DIGEST_LOOK_EVERY_S
    """Between two looks whether a digest is due."""
    sockets_may_take_s: float = SOCKETS_MAY_TAKE_S
    """How long there may be no connection before that is recorded as an alert."""
    manners: Manners = field(default_factory=Manners)
    """How much people are told of what is wrong."""
    wipe_after_s: float = CALM_S
    """How long after the last erasure the file is rewritten: several are wiped at once."""
    rhythm: Rhythm = field(default_factory=Rhythm)
    runs: RunPace = field(default_factory=RunPace)
    updates_after_s: tuple[float, ...] = UPDATES_AFTER_S
    """When whoever asked for a run is told how far it is."""
