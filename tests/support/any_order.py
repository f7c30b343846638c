"""Things that Slack may say of a few people, as JSON, in any order; and the same, as a naive reader takes them."""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from bot.commit import commit_entries
from bot.entries import Entry, entry_of, entry_of_member
from db import Store, drop_contact, mark_missing, purge
from db.errors import StillActive
from db.records import SLACK_FIELDS, Observation, Position, Source, User
from tests.support.factories import a_short_payload, a_user_payload, an_event
from tests.support.memory import NOW, install, rev_of
from tests.support.model import Directory, Move, at

SECOND = 1_700_000_000
NOW_S = SECOND + 60
USERS = ("U0ADA", "U0GRACE", "U0ALAN")
SILENT = {
    "is_invited_user": False, "is_stranger": False, "image_1024": "", "image_original": "", "guest_invited_by": "",
    "guest_expiration_ts": 0,
}  # fmt: skip
"""What a full user object says by leaving it out."""


@dataclass(frozen=True)
class Statement:
    """One user object as Slack sends it: in an event, or on a page asked for some time."""

    user: dict[str, Any]
    tick: int
    """Microseconds after the second: `event_ts`, or the moment of the page."""
    is_full: bool
    kind: str = "user_change"
    cache_ts: int | None = None
    event_id: str = ""

    @property
    def moment(self) -> int:
        return SECOND * 1_000_000 + self.tick

    def entry(self, team_id: str) -> Entry:
        """Read it with the code of the product."""
        user = {**copy.deepcopy(self.user), "team_id": team_id}
        if self.kind == "page":
            return entry_of_member(user, team_id=team_id, moment=self.moment, now_s=NOW_S)
        clock = {} if self.cache_ts is None else {"cache_ts": self.cache_ts}
        stamp = f"{SECOND}.{self.tick:06d}"
        payload = an_event(user, kind=self.kind, event_id=self.event_id, event_ts=stamp, **clock)
        payload |= {"team_id": team_id, "authorizations": [{"team_id": team_id, "is_bot": True}]}
        return entry_of(payload, now_s=NOW_S)

    def observation(self, team_id: str) -> Observation:
        """Read it naively, with none of that code."""
        profile = self.user.get("profile", {})
        said = {name: keys[name] for keys in (profile, self.user) for name in SLACK_FIELDS if name in keys}
        said |= {"home_team_id": team_id, "deleted": self.user.get("deleted", False)}
        said.pop("fields", None)  # always empty here, which says nothing
        if "status_emoji" in said:
            said["status_emoji_url"] = ""  # none of them is of the workspace's own
        if self.is_full:
            said = SILENT | said
        is_page = self.kind == "page"
        return Observation(
            team_id=team_id,
            id=self.user["id"],
            values=said,
            updated=self.user.get("updated", None if is_page else self.cache_ts),
            moment=self.moment,
            source=Source.RUN if is_page else Source.EVENT,
            joined=self.kind == "team_join",
        )


@dataclass(frozen=True)
class Miss:
    """No list has them any more."""

    user_ids: tuple[str, ...]
    since: datetime


@dataclass(frozen=True)
class Purge:
    """An operator erases somebody; whoever is active, or nobody, is refused."""

    user_id: str


@dataclass(frozen=True)
class Drop:
    """The contact data of whoever left before goes."""

    before: datetime


Batch = list[Statement] | Miss | Purge | Drop


_ids, _ticks = st.sampled_from((*USERS, USERS[0], USERS[0])), st.integers(0, 5)
_few, _seldom = st.integers(0, 3), st.sampled_from([0, 0, 1])
_updated = st.integers(SECOND - 3, SECOND)
_texts = st.sampled_from(["", "A", "B"])
_told = st.fixed_dictionaries(
    {"real_name": _texts, "title": _texts},
    optional={
        "status_text": _texts, "email": st.sampled_from([None, "a@x.example"]),
        "tz": st.sampled_from([None, "Asia/Tokyo"]), "deleted": st.booleans(), "is_admin": st.booleans(),
        "image_1024": _texts, "is_stranger": st.booleans(),
        "is_forgotten": st.just(False),
    },
)  # fmt: skip
_KINDS = st.sampled_from(["user_change", "user_change", "team_join", "page", "page"])


@st.composite
def _full(draw: st.DrawFn) -> Statement:
    """A whole user object; `is_bot`, `is_app_user` and `updated` make it one, any other key may be absent."""
    user = a_user_payload(draw(_ids), updated=draw(_updated), **draw(_told))
    left_out = draw(
        st.sets(st.sampled_from(["title", "status_text", "real_name", "tz", "deleted", "name"]), max_size=3)
    )
    for keys in (user, user["profile"]):
        for name in left_out & keys.keys():
            del keys[name]
    return Statement(user, draw(_ticks), is_full=True, kind=draw(_KINDS))


@st.composite
def _short(draw: st.DrawFn) -> Statement:
    """A deactivation as events tell it: eight keys, of which none is a role, a zone or a title."""
    erased = draw(st.sampled_from([{}, {}, {}, {}, {"is_forgotten": True}]))
    user = a_short_payload(draw(_ids), updated=draw(_updated), real_name=draw(_texts)) | erased
    return Statement(user, draw(_ticks), is_full=False)


@st.composite
def _sketch(draw: st.DrawFn) -> Statement:
    """Hardly anything, perhaps without a clock of its own."""
    user: dict[str, Any] = {"id": draw(_ids), "profile": {"title": draw(_texts)}}
    if draw(st.booleans()):
        user["updated"] = draw(_updated)
    return Statement(user, draw(_ticks), is_full=False, cache_ts=draw(st.sampled_from([None, SECOND - 1])))


_statements = st.one_of(_full(), _full(), _short(), _sketch())


@st.composite
def arrivals(draw: st.DrawFn) -> list[Batch]:
    """Batches; some of what was said comes again, is on a page or ends in an erasure; runs miss some who come back.

    Among them operators purge, and contact data grows too old.
    """
    said = draw(st.lists(_statements, min_size=2, max_size=8))
    again = draw(st.lists(st.sampled_from(said), max_size=4))
    pages = [replace(draw(st.sampled_from(said)), kind="page", tick=draw(_ticks)) for _ in range(draw(_few))]
    erasures = [_erasure(draw(st.sampled_from(said)), draw(_ticks)) for _ in range(draw(_seldom))]
    later = draw(st.permutations(again + pages + erasures))
    batches: list[Batch] = [*_split(draw, [*said, *later])]
    for _ in range(draw(_few)):
        seen = draw(st.sampled_from(said))
        miss = Miss((seen.user["id"], draw(_ids)), at(SECOND * 1_000_000 + draw(_ticks)))
        batches.insert(draw(st.integers(0, len(batches))), miss)
        batches += draw(st.sampled_from([[], [[replace(seen, tick=draw(_ticks))]]]))
    doings: list[Batch] = [Purge(draw(_ids)) for _ in range(draw(_seldom))]
    doings += [Drop(at((draw(_updated) + 1) * 1_000_000)) for _ in range(draw(_few))]
    for doing in doings:
        batches.insert(draw(st.integers(0, len(batches))), doing)
    return batches


@st.composite
def two_orders(draw: st.DrawFn) -> tuple[list[list[Statement]], list[list[Statement]]]:
    """The same events under distinct marks, in two orders and batches, some of them more than once."""
    drawn = draw(st.lists(_statements.filter(_is_event_with_a_clock), min_size=2, max_size=9))
    events = list({(each.user["id"], each.user["updated"], each.tick): each for each in drawn}.values())
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    return _split(draw, events), _split(draw, draw(st.permutations(events + again)))


def _erasure(statement: Statement, tick: int) -> Statement:
    return replace(statement, user={**statement.user, "is_forgotten": True}, tick=tick)


def _is_event_with_a_clock(statement: Statement) -> bool:
    return statement.kind != "page" and "updated" in statement.user


def _split(draw: st.DrawFn, statements: list[Statement]) -> list[list[Statement]]:
    cuts = sorted(draw(st.sets(st.integers(1, len(statements)), max_size=4)) | {0, len(statements)})
    return [statements[start:end] for start, end in pairwise(cuts) if statements[start:end]]


async def a_workspace(store: Store) -> str:
    """Make a workspace that no other example knows."""
    team_id = f"T{secrets.token_hex(6).upper()}"
    await install(store, team_id)
    return team_id


async def check_against_model(store: Store, batches: list[Batch]) -> None:
    """After each batch the rows are the model's; in the end, so is the change log."""
    team_id, model = await a_workspace(store), Directory()
    async with store.reading() as rx:
        before = await rx.workspaces.find_position()
    for batch in batches:
        if isinstance(batch, Miss):
            user_ids = [each for each in batch.user_ids if not model.is_erased(each)]  # whom no run misses
            async with store.transaction() as tx:
                await mark_missing(tx, team_id, user_ids, since=batch.since, now=NOW)
            model.miss(user_ids, batch.since)
        elif isinstance(batch, Purge):
            await _purge(store, team_id, batch.user_id, may=model.purge(batch.user_id))
        elif isinstance(batch, Drop):
            async with store.transaction() as tx:
                await drop_contact(tx, team_id, USERS, left_before=batch.before, now=NOW)
            model.drop_contact(batch.before, NOW)
        else:
            await commit_entries(store, [each.entry(team_id) for each in batch], now=NOW)
            model.see([each.observation(team_id) for each in batch])

        assert _rows_of(model) == {user_id: _row(user) for user_id, user in (await rows(store, team_id)).items()}

    assert model.moves == await _moves(store, before)
    assert model.rev == await rev_of(store, team_id)


async def _purge(store: Store, team_id: str, user_id: str, *, may: bool) -> None:
    try:
        async with store.transaction() as tx:
            done = await purge(tx, team_id, user_id, now=NOW)
    except StillActive:
        assert not may
    else:
        assert may is (done is not None)


async def rows(store: Store, team_id: str) -> dict[str, User]:
    """Find the rows of a workspace."""
    async with store.reading() as rx:
        return await rx.users.find_users(team_id, USERS)


async def rows_after(store: Store, batches: list[list[Statement]]) -> dict[str, dict[str, Any]]:
    """Commit batches to a workspace of their own, and tell its rows but for what is of that workspace."""
    team_id = await a_workspace(store)
    for batch in batches:
        await commit_entries(store, [each.entry(team_id) for each in batch], now=NOW)
    found = await rows(store, team_id)
    return {
        user_id: {**_row(user), "home_team_id": None, "kind": user.kind, "field_marks": user.field_marks}
        for user_id, user in found.items()
    }


def _row(user: User) -> dict[str, Any]:
    names = (*SLACK_FIELDS, "updated", "moment", "missing_since", "joined_at", "contact_dropped_at")
    return {name: getattr(user, name) for name in names} | {"state": str(user.state)}


def _rows_of(model: Directory) -> dict[str, dict[str, Any]]:
    found = {}
    for user_id, user in model.users.items():
        state = "deactivated" if user.value("deleted") else "missing" if user.missing_since else "active"
        more = {"missing_since": user.missing_since, "joined_at": user.joined_at, "state": state}
        more |= {"contact_dropped_at": None if user.is_erased else user.contact_dropped_at}
        found[user_id] = {**user.row, **more}
    return found


async def _moves(store: Store, before: Position) -> list[Move]:
    async with store.reading() as rx:
        changes = await rx.changes.list_changes(before)
    return [(each.rev, str(each.user_id), dict(each.before), dict(each.after), each.is_status) for each in changes]
