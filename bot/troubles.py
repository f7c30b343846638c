"""What is wrong right now, kind by kind, as a judgement over signs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.runs.words import counted, spent
from bot.scopes import Scope
from db.records import AlertKind, RunState

SOCKETS_MAY_TAKE_S = 15
"""A start and a recycled connection take a few seconds; only what lasts longer is an episode."""
LETTERS_LAST = timedelta(hours=1)
"""After so long without another one, new dead letters are news no more."""
_OF_RUNS = frozenset({AlertKind.RUN_FAILED, AlertKind.RUN_HELD, AlertKind.RUN_INCOMPLETE})

AMISS = {
    AlertKind.DATABASE: "changes cannot be kept right now",
    AlertKind.NOT_COMMITTED: "changes arrive late",
    AlertKind.SOCKETS: "changes in Slack do not arrive",
    AlertKind.TOKEN: "Slack does not let this directory in",
    AlertKind.RUN_FAILED: "the last full check failed",
    AlertKind.RUN_HELD: "the last full check waits for an answer",
    AlertKind.RUN_INCOMPLETE: "the last full check left somebody out",
    AlertKind.EVENTS_DROPPED: "Slack left out some changes",
    AlertKind.DEAD_LETTERS: "a few changes from Slack could not be read",
    AlertKind.LAG: "changes arrive late",
    AlertKind.OTHER_INSTANCE: "some changes may arrive late",
    AlertKind.DISK: "soon no changes can be kept",
    AlertKind.SCOPE: "the app lacks a permission in Slack",
}
"""What each kind means for whoever looks people up; remedies are for operators, who read them elsewhere."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong: what, in words with what it costs and how to mend it, and since when."""

    kind: AlertKind
    words: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Signs:
    """What the parts of a service show at one moment."""

    now: datetime
    database_trouble: str | None = None
    """Why nothing can be written, in words."""
    database_away_since: datetime | None = None
    not_committed: bool = False
    """Whether events were not committed lately, so not acked."""
    rejected: str | None = None
    """Which token Slack refuses, in words."""
    rejected_elsewhere: str | None = None
    """That it refuses the one of another process, in words that name it."""
    sockets: int = 1
    """Open connections, those of other living processes among them."""
    sockets_lost_since: datetime | None = None
    """Since when this process has none; None where it has one, or stands by."""
    sockets_trouble: str | None = None
    sockets_may_take: timedelta = timedelta(seconds=SOCKETS_MAY_TAKE_S)
    last_run: RunState | None = None
    """How the last run ended; None while none has in this process."""
    runs_trouble: str | None = None
    events_dropped_at: datetime | None = None
    """When Slack last dropped events, if no run has made it good since."""
    late_s: float | None = None
    letters: int | None = 0
    """Dead letters that are there; None where that cannot be told."""
    newest_letter_at: datetime | None = None
    """When the last one came that was new."""
    crowded: str | None = None
    """Who else seems to hold connections of this app, in words."""
    disk_trouble: str | None = None
    """What is wrong with the disk under the database, in words."""
    lacking: tuple[Scope, ...] = ()
    """Scopes that are needed and were not granted."""
    untold: frozenset[AlertKind] = frozenset()
    """Of what the parts cannot say yet whether it is over."""


def troubles(signs: Signs) -> list[Trouble]:
    """Tell everything that is wrong."""
    now = signs.now
    found: Iterable[Trouble | None] = (
        _if(signs.database_trouble, AlertKind.DATABASE, signs.database_trouble or "", signs.database_away_since or now),
        _if(signs.not_committed, AlertKind.NOT_COMMITTED, _NOT_COMMITTED, now),
        _token(signs),
        _sockets(signs),
        _run(signs),
        _if(signs.events_dropped_at, AlertKind.EVENTS_DROPPED, _DROPPED, signs.events_dropped_at or now),
        _letters(signs),
        _lag(signs),
        _if(signs.crowded, AlertKind.OTHER_INSTANCE, signs.crowded or "", now),
        _if(signs.disk_trouble, AlertKind.DISK, signs.disk_trouble or "", now),
        _scope(signs),
    )
    return [each for each in found if each is not None]


def far(signs: Signs) -> frozenset[AlertKind]:
    """Tell the kinds of which others alone suffer, so that they explain nothing that is wrong here."""
    return frozenset({AlertKind.TOKEN} if signs.rejected_elsewhere and not signs.rejected else ())


def untold(signs: Signs) -> frozenset[AlertKind]:
    """Tell the kinds of which nothing can be said right now, so that no episode of theirs ends for it."""
    of_runs = _OF_RUNS if signs.last_run is None and signs.runs_trouble is None else frozenset()
    return signs.untold | of_runs | ({AlertKind.DEAD_LETTERS} if signs.letters is None else frozenset())


_NOT_COMMITTED = (
    "Events came in that the database did not take in time, so they were not acknowledged, and Slack sends them again. "
    "People are read again by themselves. If this lasts, the database is too slow or away."
)
_DROPPED = (
    "Slack dropped events, since there were more than it delivers in an hour. What they told is read from Slack by "
    "itself."
)


def _if(condition: object, kind: AlertKind, words: str, since: datetime) -> Trouble | None:
    return Trouble(kind, words, since) if condition else None


def _token(signs: Signs) -> Trouble | None:
    words = signs.rejected or signs.rejected_elsewhere
    return _if(words, AlertKind.TOKEN, words or "", signs.now)


def _sockets(signs: Signs) -> Trouble | None:
    since = signs.sockets_lost_since
    if signs.sockets or since is None or signs.now - since < signs.sockets_may_take:
        return None
    why = signs.sockets_trouble or "It is tried again; if this lasts, run `usersync doctor`."
    return Trouble(AlertKind.SOCKETS, f"No connection to Slack is open, so changes do not arrive. {why}", since)


def _run(signs: Signs) -> Trouble | None:
    if not signs.runs_trouble:
        return None
    kind = {RunState.HELD: AlertKind.RUN_HELD, RunState.DONE: AlertKind.RUN_INCOMPLETE}
    return Trouble(kind.get(signs.last_run or RunState.FAILED, AlertKind.RUN_FAILED), signs.runs_trouble, signs.now)


def _letters(signs: Signs) -> Trouble | None:
    newest_at = signs.newest_letter_at
    if not signs.letters or newest_at is None or signs.now - newest_at > LETTERS_LAST:
        return None
    events = counted(signs.letters, "unreadable event was", "unreadable events were")
    what = "what it says" if signs.letters == 1 else "what they say"
    words = (
        f"{events} put aside as dead letters, so {what} is missing in the table. `/usersync dead-letters` in Slack "
        "shows why, and can try again; so does the command line."
    )
    return Trouble(AlertKind.DEAD_LETTERS, words, newest_at)


def _scope(signs: Signs) -> Trouble | None:
    if not signs.lacking:
        return None
    names = " and ".join(scope.name for scope in signs.lacking)
    losses = " ".join(scope.loss for scope in signs.lacking)
    words = (
        f"The app was not granted {names} in Slack. {losses} Add it at api.slack.com/apps under OAuth & Permissions, "
        "and install the app again."
    )
    return Trouble(AlertKind.SCOPE, words, signs.now)


def _lag(signs: Signs) -> Trouble | None:
    if signs.late_s is None:
        return None
    words = (
        f"Changes reach the table late, the last ones up to {spent(signs.late_s)} after they were made. Slack delivers "
        "late after trouble; if this lasts, look at the database and at the load of this machine."
    )
    return Trouble(AlertKind.LAG, words, signs.now)
