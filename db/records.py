"""The frozen values that every room speaks; the glossary as types.

Field names of `User` are Slack's own (https://docs.slack.dev/reference/objects/user-object), so Slack's documentation
is the documentation of the table. A stored None means that Slack has never said; `""`, `False` and 0 are what it said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self


class Kind(StrEnum):
    """Who a user is."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    BOT = "bot"
    ERASED = "erased"


class State(StrEnum):
    """How a user stands: Slack lists them, says `deleted`, or has stopped listing them."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    MISSING = "missing"


class Source(StrEnum):
    """Where an observation came from."""

    EVENT = "event"
    RUN = "run"
    FEED = "feed"
    OPERATOR = "operator"
    """Somebody who runs the service said so, with a verb."""
    RETENTION = "retention"
    """It was kept for as long as it may be."""


class RunKind(StrEnum):
    """Why a run was made: the first of a workspace, asked for, or by the clock and after a gap."""

    BACKFILL = "backfill"
    RESYNC = "resync"
    RECONCILE = "reconcile"


class RunState(StrEnum):
    """How a run stands; held means that it read everything, and marked nobody since too many seemed to be gone."""

    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    FAILED = "failed"


class AlertKind(StrEnum):
    """What can go wrong for long enough to be recorded."""

    DATABASE = "database"
    NOT_COMMITTED = "not_committed"
    SOCKETS = "sockets"
    TOKEN = "token"  # noqa: S105 - a word, no token
    RUN_FAILED = "run_failed"
    RUN_HELD = "run_held"
    RUN_INCOMPLETE = "run_incomplete"
    EVENTS_DROPPED = "events_dropped"
    DEAD_LETTERS = "dead_letters"
    LAG = "lag"
    OTHER_INSTANCE = "other_instance"
    DISK = "disk"
    SCOPE = "scope"


class Mark(NamedTuple):
    """When an observation was true: Slack's `updated` (epoch seconds), then its moment (epoch microseconds)."""

    updated: int
    moment: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace that installed us. `rev` counts its commits that changed a field."""

    team_id: str
    name: str | None = None
    domain: str | None = None
    enterprise_id: str | None = None
    app_id: str | None = None
    bot_id: str | None = None
    bot_user_id: str | None = None
    rev: int = 0
    backfilled_at: datetime | None = None
    """When the first pass over `users.list` had ended; None while it is still to come."""
    walked_at: datetime | None = None
    """When the last pass over `users.list` had ended."""


@dataclass(frozen=True)
class SlackFields:
    """What Slack says of a user; each may be unknown (None)."""

    home_team_id: str | None = None
    """The user object's own `team_id`: where they belong, not the workspace of the row."""
    name: str | None = None
    deleted: bool | None = None
    color: str | None = None
    real_name: str | None = None
    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    email: str | None = None
    phone: str | None = None
    pronouns: str | None = None
    start_date: str | None = None
    tz: str | None = None
    tz_label: str | None = None
    tz_offset: int | None = None
    locale: str | None = None
    status_text: str | None = None
    status_emoji: str | None = None
    status_expiration: int | None = None
    status_emoji_url: str | None = None
    """Where the picture of an emoji of the workspace's own is; Slack tells it beside the custom status."""
    avatar_hash: str | None = None
    image_72: str | None = None
    image_192: str | None = None
    image_512: str | None = None
    image_1024: str | None = None
    image_original: str | None = None
    is_custom_image: bool | None = None
    is_admin: bool | None = None
    is_owner: bool | None = None
    is_primary_owner: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    is_bot: bool | None = None
    is_app_user: bool | None = None
    is_workflow_bot: bool | None = None
    is_connector_bot: bool | None = None
    is_invited_user: bool | None = None
    is_email_confirmed: bool | None = None
    is_external: bool | None = None
    is_stranger: bool | None = None
    is_forgotten: bool | None = None
    has_2fa: bool | None = None
    who_can_share_contact_card: str | None = None
    bot_id: str | None = None
    api_app_id: str | None = None
    guest_invited_by: str | None = None
    guest_expiration_ts: int | None = None
    enterprise_id: str | None = None
    enterprise_user_id: str | None = None
    enterprise_teams: tuple[str, ...] | None = None
    fields: Mapping[str, Any] | None = None
    """Custom profile fields, keyed `Xf…`, each `{"value": …, "alt": …}`; only what events carried."""


SLACK_FIELDS: tuple[str, ...] = tuple(each.name for each in fields(SlackFields))

STATUS_FIELDS = frozenset({"status_text", "status_emoji", "status_expiration", "status_emoji_url"})
"""The custom status: told live, kept for an hour, never part of a history."""


@dataclass(frozen=True)
class User(SlackFields):
    """One row of `users`: Slack's fields, the watermark, and what we derive from them.

    It has no slots: to fill seventy of them one by one takes longer than to read a user out of Slack's JSON.
    """

    team_id: str = ""
    id: str = ""
    updated: int = 0
    """Slack's clock of the newest observation, epoch seconds; with `moment`, the watermark."""
    moment: int = 0
    """When that observation was made, epoch microseconds."""
    field_marks: Mapping[str, tuple[int, int] | None] | None = None
    """Fields whose mark is not the watermark; see `db/merge.py`."""
    kind: Kind = Kind.MEMBER
    state: State = State.ACTIVE
    sort_key: str = ""
    title_key: str = ""
    """The title folded, by which is filtered."""
    traits: int = 0
    """What the user lacks and whether they are hidden, as bits; see `db/derive.py`."""
    start_day: int | None = None
    """The day of the year in `start_date`, as MMDD; None where that is no date."""
    search_text: str = ""
    email_key: str = ""
    """The e-mail address without regard to case, by which a user is found at once."""
    rev: int = 0
    """The workspace's `rev` at this user's last change."""
    joined_at: datetime | None = None
    """When Slack said `team_join`; None for who was there before us."""
    missing_since: datetime | None = None
    changed_at: datetime | None = None
    first_seen_at: datetime | None = None
    hidden_at: datetime | None = None
    """Since when an operator keeps this user out of every surface; None for nearly everybody."""
    contact_dropped_at: datetime | None = None
    """When the contact data of a deactivated user went; only a reactivation lets it in again."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make one of its values by their names, all at once; what they leave out is as it is in an empty one."""
        user = object.__new__(cls)
        user.__dict__.update(values)
        return user

    @property
    def shown_name(self) -> str:
        """What people call them: the real name, else the display name, else the handle, else the id."""
        return self.real_name or self.display_name or self.name or self.id

    @property
    def leads(self) -> bool:
        """Whether Slack calls them an admin or an owner of the workspace."""
        return bool(self.is_admin or self.is_owner or self.is_primary_owner)

    @property
    def left_at(self) -> datetime | None:
        """About when they left: Slack's last update of a deactivated user, which is the deactivation as a rule."""
        if not self.deleted or not self.updated:
            return None
        return datetime.fromtimestamp(self.updated, UTC)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one payload says of one user: only the fields it carried, and when that was true."""

    team_id: str
    id: str
    values: Mapping[str, Any]
    updated: int | None
    """Epoch seconds; None where the payload has no clock of its own: the stored one holds."""
    moment: int
    """Epoch microseconds: `event_ts` of an event; for a page, Slack's now when it was asked for, less a second."""
    source: Source
    joined: bool = False
    """True for a `team_join`."""
    digest: int | None = None
    """Of an entry of a page, to know it again; see `page_digest` in `db/users.py`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded difference of one user. `before` is empty for a user who was unknown until now.

    A change with `user_id` None is a *reset*: more changed than is worth listing, read the table again.
    """

    team_id: str
    rev: int
    seq: int
    user_id: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    source: Source
    at: datetime
    is_status: bool = False
    """True where only the custom status changed."""

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(sorted(self.before.keys() | self.after.keys()))

    @property
    def is_reset(self) -> bool:
        return self.user_id is None

    @property
    def is_new_user(self) -> bool:
        return self.user_id is not None and not self.before


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A payload put aside with a reason; `payload` is ASCII-escaped JSON text, cut at 64 kB."""

    letter_id: int
    key: str
    team_id: str | None
    user_id: str | None
    reason: str
    payload: str
    source: Source
    put_aside_at: datetime
    times: int = 1


_CANCELLED = re.compile(r"Cancelled by @([UW][A-Z0-9]+)\.")


def cancelled_by(user_id: str) -> str:
    """Say who cancelled a run, as its row keeps it: by their id, since a name may have to be erased."""
    return f"Cancelled by @{user_id}."


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over `users.list` of one workspace, as its row says; while it runs, the row is also the claim to it."""

    run_id: int
    team_id: str
    kind: RunKind
    state: RunState
    instance: str | None
    """Who runs it: verb, host and process; None where it was let go and anybody may go on."""
    asked_by: str | None
    """The user who asked for it in Slack; None for the clock, a gap, or the command line."""
    is_confirmed: bool
    """True where it may mark as many missing as it finds."""
    started_at: datetime
    heartbeat_at: datetime
    ended_at: datetime | None = None
    since: int | None = None
    """Slack's now when the first page was asked for; epoch microseconds."""
    next_cursor: str | None = None
    """Where the list goes on; None at its beginning."""
    is_listed: bool = False
    """True once the end of the list was reached."""
    checkpoint_at: datetime | None = None
    expected: int | None = None
    """About how many users the list will have."""
    calls: int = 0
    seen: int = 0
    inserted: int = 0
    updated: int = 0
    drift: int = 0
    """Users whom the run found different although Slack had changed them over a minute before: no event told us."""
    drift_fields: Mapping[str, int] | None = None
    """How many of them had drifted in each field; `new` stands for users who were unknown."""
    unreadable: int = 0
    """Entries put aside as dead letters."""
    nameless: int = 0
    """Entries without a readable id: who knows whom they list, so nobody is marked missing."""
    absent: int = 0
    missing: int = 0
    reason: str | None = None
    """Why it failed, was held, or marked nobody; a sentence."""
    ticket_id: str | None = None
    """By which a button cancels this run and no later one, whichever process the press reaches."""
    cancel_asked_by: str | None = None
    """Who wished, while it was under way, that it ends early: a user's id."""

    @property
    def cancelled_by(self) -> str:
        """The id of whoever cancelled it; empty where nobody did."""
        found = _CANCELLED.fullmatch(self.reason or "")
        return found[1] if found else ""

    @property
    def duration_s(self) -> float:
        return ((self.ended_at or self.heartbeat_at) - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Alert:
    """An episode: what was wrong, since when, until when; `until` is None while it lasts."""

    alert_id: int
    kind: AlertKind
    words: str
    """What is wrong, what it costs, and how to mend it; in the end, as it was last."""
    since: datetime
    until: datetime | None = None
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class Signin:
    """A link that signs one user of one workspace in, once, until it expires."""

    team_id: str
    user_id: str
    made_at: datetime
    expires_at: datetime


class TokenScope(StrEnum):
    """What an API token lets its bearer do."""

    USERS = "users:read"
    CHANGES = "changes:read"
    ADMINS = "admins:read"
    """See what is for admins alone; lets nobody do anything by itself."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token by which a program reads; its text is shown once and kept nowhere."""

    token_id: int
    name: str
    scopes: frozenset[TokenScope]
    team_id: str | None
    """The only workspace it shows; None for all."""
    made_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the change log: for each workspace the `rev` and `seq` last read."""

    marks: Mapping[str, tuple[int, int]]
