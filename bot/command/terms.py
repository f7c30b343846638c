"""What the operator decided about the command and the Home, and what both need of the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.command.resyncs import UPDATES_AFTER_S
from db.filters import CustomField
from db.visibility import Policy


@dataclass(frozen=True, slots=True)
class Terms:
    """Told by the root."""

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
    fields: Sequence[CustomField] = ()
    """The custom fields of which a change is a move."""
    updates_after_s: Sequence[float] = UPDATES_AFTER_S
    address: Callable[[], str] = lambda: ""
    """Tells where the directory is, if a plain address is enough to get in; empty where it takes a personal link."""
    shown_picture: Callable[[str | None], str] = lambda _: ""
    """Gives the address of a picture back if it may be shown, else nothing."""
