"""What the window needs to be told at run time, handed in by the root: how the service is, and how people come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from db.records import User, Workspace
from web.proxied import TrustedProxy

Clock = Callable[[], datetime]
"""Tells the time, aware UTC."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A reading of all people that is under way."""

    seen: int
    started_at: datetime
    expected: int | None = None
    """About how many there are; None before the first reading has ended."""
    left: timedelta | None = None
    """About how long it will take; None where nothing is known to go by."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the service is right now."""

    sockets: int = 0
    """Open connections to Slack of this process."""
    sockets_wanted: int = 1
    """How many it keeps; none where it stands by, or follows nothing."""
    sockets_elsewhere: int = 0
    """Open connections of other processes on the same database."""
    connected_since: datetime | None = None
    last_heard_at: datetime | None = None
    """Slack's last sign of life, be it only a ping."""
    walk: Walk | None = None
    walked_at: datetime | None = None
    """When the last whole reading ended."""
    trouble: str | None = None
    """What is wrong, as a sentence with its remedy."""
    held_up_since: datetime | None = None
    """Since when no change is taken in, because the database cannot be written; None while it can."""
    database_trouble: str | None = None
    """Why, as a sentence with its remedy."""
    demo: bool = False
    rejected: str | None = None
    """Which token has to be replaced, as a sentence with its remedy."""
    is_followed: bool = True
    """Whether any process on the database follows Slack; where none does, `trouble` says so, and what it costs."""
    is_backfilled: bool = False
    """Whether everybody was read at least once."""
    warnings: tuple[str, ...] = ()
    """What else is amiss and was recorded as an alert; sentences."""
    amiss: tuple[str, ...] = ()
    """The same in the few words that everybody reads at the foot of a page; none for operators alone."""
    letters: int = 0
    """Dead letters that are there, as far as it is known."""
    reconcile_every_s: int | None = None
    """How often everybody is read again; None where that is not promised."""

    @property
    def is_connected(self) -> bool:
        """Whether changes arrive, by whichever process."""
        return self.sockets + self.sockets_elsewhere > 0


MetricsReader = Callable[[], tuple[bytes, str]]
"""Gives the metrics as Prometheus' text, and its media type."""

StatusReader = Callable[[], Status]


WorkspacesReader = Callable[[], Sequence[Workspace]]
"""Tells the workspaces from memory: also while the database is away."""


class SlackSilent(Exception):
    """Slack was asked who somebody is and did not answer; nothing follows from that about them."""


class SigninRefused(Exception):
    """What Slack says of somebody who signs in cannot be used. The message is a sentence for them."""


FindUser = Callable[[str, str], Awaitable[User | None]]
"""Asks Slack for a user by `team_id` and `id`; None where it knows nobody by them. Raises SlackSilent."""


class AuthorizeUrl(Protocol):
    """Makes the address at Slack that asks a person whether they want to sign in here."""

    def __call__(self, *, state: str, nonce: str, challenge: str) -> str: ...


class Identify(Protocol):
    """Has Slack tell, for the code that a browser brought back, who that is: (`team_id`, `user_id`).

    Raises SlackSilent, SigninRefused.
    """

    async def __call__(self, *, code: str, verifier: str, nonce: str) -> tuple[str, str]: ...


class Outcome(Protocol):
    """What came of something that was asked for: a word, and where it is a refusal the sentence that says why."""

    @property
    def word(self) -> str: ...

    @property
    def words(self) -> str: ...


class Actions(Protocol):
    """What admins may have done from a page. Whoever calls has made sure that it is an admin, by the table."""

    async def resync(self, team_id: str, user_id: str) -> Outcome:
        """Ask for a run: "begun", "under-way", "refused"; "asked" where another process has yet to take it."""

    async def confirm(self, team_id: str, user_id: str, *, run_id: int) -> Outcome:
        """The same for one that may mark as many people missing as it finds; Slack is asked who that is.

        `run_id` is the held run that was confirmed: "nothing-held" where another has ended since.
        """

    async def replay(self, letter_id: int) -> Outcome:
        """Apply an unreadable event once more: "applied", "stays", "gone". Raises StoreUnavailable."""

    async def drop(self, letter_id: int) -> Outcome:
        """Take one out without applying it: "dropped", "gone". Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class OpenId:
    """Sign in with Slack."""

    authorize_url: AuthorizeUrl
    identify: Identify


@dataclass(frozen=True, slots=True)
class Door:
    """How people come in. Without a door the directory is open to whoever reaches it."""

    key: str
    """Signs sessions: with another key nobody is signed in any more."""
    find_user: FindUser
    """Asked only while a workspace has not been read for the first time."""
    session_lifetime: timedelta = timedelta(days=30)
    public_url: str | None = None
    guests_may_sign_in: bool = False
    admins: frozenset[tuple[str, str]] = frozenset()
    """Admins beside Slack's own, by `team_id` and `id`."""
    command: str = "usersync"
    """What an operator types to run us."""
    older_keys: tuple[str, ...] = ()
    """Keys that signed sessions before; such sessions go on."""
    openid: OpenId | None = None
    """Signing in with Slack, where it is set up."""
    proxy: TrustedProxy | None = None
    """The proxy that signs everybody in; then nobody is signed in here."""
