"""The desk put together from its parts, for the root, which hands in what they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.command.answers import Answers
from bot.command.condition import Condition
from bot.command.desk import Desk
from bot.command.finder import Finder
from bot.command.invitation import Invitation, Links
from bot.command.report import Report
from bot.command.resyncs import UPDATES_AFTER_S, Resyncs
from bot.command.roles import Roles
from bot.errands import Errands
from bot.runs.schedule import Schedule
from bot.slack import SlackClient
from db import Store
from db.visibility import Policy


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator decided, and how patient we are."""

    version: str
    may_guests: bool = False
    """Whether the directory opens for guests."""
    are_links_personal: bool = True
    """Whether a link lets in the one person whom it was made for; otherwise it is just the address."""
    are_links_local: bool = False
    """Whether they lead to the machine that runs us, for no other address of ours is known."""
    admins: frozenset[tuple[str, str]] = frozenset()
    """Admins beside Slack's own, by `team_id` and `id`."""
    policy: Policy = field(default_factory=Policy)
    """Which field of a user is for whom."""
    public_url: str = ""
    """Where the directory is for everybody; empty where only this machine reaches it."""
    updates_after_s: Sequence[float] = UPDATES_AFTER_S


def make_desk(
    store: Store,
    client: SlackClient,
    runs: Schedule,
    *,
    errands: Errands,
    answers: Answers,
    links: Links,
    is_known: Callable[[str], bool],
    condition: Callable[[str], Condition],
    clock: Callable[[], datetime],
    terms: Terms,
) -> Desk:
    """Put the desk together."""
    roles = Roles(store, client, clock=clock, admins=terms.admins)
    invitation = Invitation(
        links,
        roles,
        may_guests=terms.may_guests,
        are_links_personal=terms.are_links_personal,
        are_links_local=terms.are_links_local,
    )
    resyncs = Resyncs(store, runs, invitation, condition=condition, clock=clock, updates_after_s=terms.updates_after_s)
    finder = Finder(store, roles, invitation, policy=terms.policy, base=terms.public_url, clock=clock)
    report = Report(store, condition=condition, clock=clock, version=terms.version)
    return Desk(
        errands,
        answers,
        is_known=is_known,
        roles=roles,
        invitation=invitation,
        resyncs=resyncs,
        report=report,
        finder=finder,
    )
