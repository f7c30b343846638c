"""The values that the API takes and gives, as the models that its OpenAPI document is made from."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from db.derive import title_key_of
from db.filters import FieldValue, Lack, Sort, UserFilter
from db.records import Kind, Source, State
from db.seen import LineKind

KINDS = frozenset({Kind.MEMBER, Kind.GUEST, Kind.EXTERNAL, Kind.BOT})
ID = "^[A-Za-z0-9]{1,64}$"
"""What an id of Slack's looks like; anything else is nobody's, and no database is asked for it."""
WORD = "^[A-Za-z0-9_-]{1,4096}$"
"""What our cursors and positions look like."""


ZONE = "^[A-Za-z][A-Za-z0-9_+/-]{0,63}$"
FIELD_VALUE = "^Xf[A-Za-z0-9]{1,62}:[^\\x00]{1,200}$"


def _day(value: object) -> object:
    """Take a day as ISO 8601 writes it, and no time."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
        raise ValueError
    return value


def _whole_number(value: object) -> object:
    """Take digits alone: no `1.0`, no `+1`, no `1_000`."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{1,9}", value, re.ASCII):
        raise ValueError
    return value


Whole = BeforeValidator(_whole_number)


class UsersQuery(BaseModel):
    """Which users are wanted. The descriptions are also what somebody is told who writes something else."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str,
        Field(
            max_length=200,
            pattern="^[^\\x00]*$",
            description="Words by which to search, up to 200 characters: each is the beginning of a word of the name, "
            "the title, the e-mail address, the phone or a custom field, as far as you may see them. The best match "
            "comes first.",
        ),
    ] = ""
    kind: Annotated[
        list[Literal["member", "guest", "external", "bot", "erased", "all"]],
        Field(
            max_length=20,
            description="One of member, guest, external, bot, erased and all; may be repeated. Without it: member and "
            "guest. `all` is everybody but the erased.",
        ),
    ] = []
    state: Annotated[
        list[Literal["active", "deactivated", "missing", "all"]],
        Field(
            max_length=20,
            description="One of active, deactivated, missing and all; may be repeated. Without it: active; for "
            "`kind=erased` alone: all.",
        ),
    ] = []
    team_id: Annotated[
        list[Annotated[str, Field(pattern=ID)]],
        Field(max_length=100, description="The id of a workspace (T…); may be repeated, up to 100 times."),
    ] = []
    title: Annotated[
        list[Annotated[str, Field(max_length=200, pattern="^[^\\x00]+$")]],
        Field(
            max_length=50, description="A whole title, whatever its case and accents; may be repeated, up to 50 times."
        ),
    ] = []
    zone: Annotated[
        list[Annotated[str, Field(pattern=ZONE)]],
        Field(max_length=50, description="An IANA time zone, like Europe/Lisbon; may be repeated, up to 50 times."),
    ] = []
    no: Annotated[
        list[Literal["picture", "title", "email", "phone", "zone"]],
        Field(max_length=5, description="What is lacking: picture, title, email, phone or zone; may be repeated."),
    ] = []
    joined_since: Annotated[
        date | SkipJsonSchema[None],
        BeforeValidator(_day),
        Field(description="A day like 2026-11-01 (UTC): who joined then or later. Who was there before us never did."),
    ] = None
    field: Annotated[
        list[Annotated[str, Field(pattern=FIELD_VALUE)]],
        Field(
            max_length=50,
            description="A custom field and its value, like Xf0123ABCD:Customer; may be repeated, up to 50 times. "
            "Values of one field add up, fields narrow.",
        ),
    ] = []
    sort: Annotated[
        Literal["best", "name", "newest", "changed"],
        Field(description="One of best, name, newest and changed. Without it: best, which without `q` is by name."),
    ] = "best"
    limit: Annotated[int, Whole, Field(ge=1, le=200, description="How many at most: a number from 1 to 200.")] = 50
    after: Annotated[
        str | SkipJsonSchema[None],
        Field(pattern=WORD, description="The `next_cursor` of the page before, unchanged. Without it: from the start."),
    ] = None

    @property
    def user_filter(self) -> UserFilter:
        """Say the same in the memory's words."""
        usual = UserFilter()
        kinds = frozenset({Kind(each) for each in self.kind if each != "all"})
        kinds |= KINDS if "all" in self.kind else frozenset()
        states = frozenset({State(each) for each in self.state if each != "all"})
        is_of_all_states = "all" in self.state or (kinds == {Kind.ERASED} and not states)
        return UserFilter(
            q=self.q,
            kinds=kinds or usual.kinds,
            states=frozenset(State) if is_of_all_states else states or usual.states,
            team_ids=frozenset(self.team_id),
            titles=frozenset(map(title_key_of, self.title)),
            zones=frozenset(self.zone),
            lacks=frozenset(map(Lack, self.no)),
            joined_since=self.joined_since,
            fields=frozenset(
                FieldValue(field_id, title_key_of(value))
                for field_id, _, value in (each.partition(":") for each in self.field)
            ),
            sort=Sort(self.sort),
        )


class ChangesQuery(BaseModel):
    """From where changes are wanted."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[
        str | SkipJsonSchema[None],
        Field(
            pattern=WORD,
            description="The `position` of the answer before, unchanged. Without it: no changes, and the position "
            "after everything that there is now.",
        ),
    ] = None
    limit: Annotated[int, Whole, Field(ge=1, le=500, description="How many at most: a number from 1 to 500.")] = 100


class NoQuery(BaseModel):
    """No parameters are taken."""

    model_config = ConfigDict(extra="forbid")


class User(BaseModel):
    """A user. Slack's own fields bear Slack's names, and null is what Slack has never said.

    A field that you may not see is absent.
    """

    team_id: Annotated[str, Field(description="The workspace that this is about.")]
    id: str
    kind: Literal["member", "guest", "external", "bot"]
    state: Literal["active", "deactivated", "missing"]
    rev: Annotated[int, Field(description="The workspace's count at this user's last change.")]
    changed_at: Annotated[
        datetime | None, Field(description="When a field last changed here; not by a custom status.")
    ] = None
    joined_at: Annotated[datetime | None, Field(description="When Slack announced them; null: before us.")] = None
    left_at: Annotated[datetime | None, Field(description="About when they were deactivated.")] = None
    missing_since: Annotated[datetime | None, Field(description="Since when Slack does not know them.")] = None
    contact_dropped_at: Annotated[
        datetime | None, Field(description="When the e-mail address and phone of somebody who left went, by their age.")
    ] = None
    updated: Annotated[int, Field(description="Slack's clock of the newest thing taken in; epoch seconds.")] = 0
    home_team_id: str | None = None
    name: Annotated[str | None, Field(description="The handle; not what people are called.")] = None
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
    status_text: Annotated[str | None, Field(description="The custom status, as it is now.")] = None
    status_emoji: str | None = None
    status_expiration: int | None = None
    status_emoji_url: str | None = None
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
    enterprise_teams: list[str] | None = None
    fields: Annotated[dict[str, Any] | None, Field(description="Custom profile fields by their ids, `Xf…`.")] = None


class ErasedUser(BaseModel):
    """A user whose personal data was erased, here and for good. Erase them, too."""

    team_id: str
    id: str
    kind: Literal["erased"]


class UserPage(BaseModel):
    """Users in the order of their names; of a search, the best match first."""

    users: list[User | ErasedUser]
    next_cursor: Annotated[str | None, Field(description="For `after`; null on the last page.")]
    meant: Annotated[
        str | None,
        Field(
            description="What was looked for instead of `q`, where that finds nobody and a slip of one letter explains "
            "it; else null."
        ),
    ]


class Change(BaseModel):
    """One line of the change log, as far as you may see it."""

    kind: Annotated[
        LineKind,
        Field(
            description="`joined`: was unknown until now. `erased`: drop what you have of this user. `reset`: more "
            "changed than is listed; read all users of this workspace again."
        ),
    ]
    team_id: str
    user_id: Annotated[str | None, Field(description="Null for a reset.")]
    rev: int
    seq: int
    at: datetime
    source: Annotated[
        Source,
        Field(
            description="`operator`: somebody who runs usersync said so. `retention`: it was kept for as long as it "
            "may be."
        ),
    ]
    fields: list[str]
    before: dict[str, Any]
    after: dict[str, Any]


class ChangePage(BaseModel):
    """Changes in the order in which they were committed, within each workspace."""

    changes: list[Change]
    position: Annotated[str, Field(description="For `after` of the next question.")]
    has_more: Annotated[bool, Field(description="True: ask on at once.")]


class Problem(BaseModel):
    """Why there is no answer."""

    error: Annotated[str, Field(description="A word to decide by.")]
    message: Annotated[str, Field(description="A sentence for people, with the remedy.")]
