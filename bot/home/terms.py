"""What the operator decided about Homes, and what they need of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from db.visibility import Policy


@dataclass(frozen=True, slots=True)
class HomeTerms:
    """Told by the root."""

    version: str = ""
    policy: Policy = field(default_factory=Policy)
    """Which field of a user is for whom."""
    public_url: str = ""
    """Where the directory is for everybody; empty where only this machine reaches it."""
    address: Callable[[], str] = lambda: ""
    """Tells where the directory is, if a plain address is enough to get in; empty where it takes a personal link."""
    are_links_local: bool = False
    """Whether it is the machine that runs us, for no other address of ours is known."""
    shown_picture: Callable[[str | None], str] = lambda _: ""
    """Gives the address of a picture back if it may be shown, else nothing."""
