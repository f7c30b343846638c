"""The questions about users: rows in, frozen values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.counting import Counting
from db.derive import HIDDEN, email_key_of
from db.dialects import WANTED, among, among_asked, asked_among
from db.filters import Counts, Page, UserFilter
from db.finding import find
from db.listing import Listing
from db.narrowing import EVERYTHING, by_row
from db.news import told_apart
from db.offers import Offers
from db.records import Kind, State, User
from db.rows import COLUMNS, NAMES, user_of, with_always
from db.search import has_handle
from db.sight import Sight
from db.tables import users
from db.wanted import Wanted

_ORDER = (users.c.sort_key, users.c.team_id, users.c.id)
_STRETCH = 10_000
_SOME = 500
_CROWD = 20_000
"""So many rows can be read one by one within a moment."""
_TEAM = "wanted_of"
_KINDS = [kind.value for kind in Kind if kind is not Kind.ERASED]


@cache
def _by_ids(engine: str) -> sa.Select[Any]:
    """Make it once: to write and key so many columns anew takes SQLAlchemy longer than SQLite to find a row."""
    return sa.select(*COLUMNS).where(users.c.team_id == sa.bindparam(_TEAM), among_asked(engine, users.c.id))


@cache
def _digests_by_ids(engine: str) -> sa.Select[Any]:
    asked = sa.select(users.c.id, users.c.page_digest)
    return asked.where(users.c.team_id == sa.bindparam(_TEAM), among_asked(engine, users.c.id))


class UserReader:
    """What can be asked of the users."""

    def __init__(self, connection: AsyncConnection, offers: Offers | None = None) -> None:
        self._connection = connection
        self._counting = Counting(connection, offers or Offers())

    async def is_erased(self, team_id: str, user_id: str) -> bool:
        """Say whether Slack said that they were erased; nothing else of the row is read."""
        statement = sa.select(users.c.is_forgotten).where(users.c.team_id == team_id, users.c.id == user_id)
        return bool(await self._connection.scalar(statement))

    async def find_user(self, team_id: str, user_id: str) -> User | None:
        """Find one by key."""
        return (await self.find_users(team_id, [user_id])).get(user_id)

    async def find_users(self, team_id: str, user_ids: Collection[str]) -> dict[str, User]:
        """Find those of one workspace that are known, by id."""
        rows = await self._connection.execute(_by_ids(self._engine), self._asked(team_id, user_ids))
        return {user.id: user for user in map(user_of, rows.all())}

    async def find_digests(self, team_id: str, user_ids: Collection[str]) -> dict[str, int | None]:
        """Find by id of which entry of a page each row says already whatever it could say; None where of none."""
        rows = await self._connection.execute(_digests_by_ids(self._engine), self._asked(team_id, user_ids))
        return {row[0]: row[1] for row in rows.all()}

    @property
    def _engine(self) -> str:
        return self._connection.dialect.name

    def _asked(self, team_id: str, user_ids: Collection[str]) -> dict[str, Any]:
        return {_TEAM: team_id, WANTED: asked_among(self._engine, user_ids)}

    async def get_users(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], User]:
        """Find those that are known, by (`team_id`, `id`)."""
        of_team: dict[str, list[str]] = defaultdict(list)
        for team_id, user_id in keys:
            of_team[team_id].append(user_id)
        found: dict[tuple[str, str], User] = {}
        for team_id, user_ids in of_team.items():
            rows = await self.find_users(team_id, user_ids)
            found.update({(team_id, user_id): user for user_id, user in rows.items()})
        return found

    async def list_users(
        self,
        user_filter: UserFilter,
        *,
        after: str | None = None,
        limit: int = 50,
        sight: Sight = EVERYTHING,
        showing: Sequence[str] = NAMES,
    ) -> Page:
        """List in the order asked for, from behind the cursor, whom this sight finds.

        Rows are told whole; where only some columns are shown, others may be left out. Raises BadCursor, also for one
        of another order.
        """
        user_filter = sight.heeded(user_filter)
        if user_filter.q.strip():
            return await self._find_users(user_filter, after=after, limit=limit, sight=sight)
        listing = Listing(self._connection, user_filter, sight, after=after, limit=limit + 1)
        if listing.is_kept:
            names = with_always(showing)
            rows = await listing.rows(names)
            shown, has_more = tuple(user_of(row, names) for row in rows[:limit]), len(rows) > limit
        else:
            places = await listing.places()
            found = await self.get_users((place.team_id, place.user_id) for place in places[:limit])
            shown = tuple(found[place.team_id, place.user_id] for place in places[:limit])
            has_more = len(places) > limit
        return Page(shown, listing.cursor_behind(shown[-1]) if has_more else None)

    async def _find_users(self, user_filter: UserFilter, *, after: str | None, limit: int, sight: Sight) -> Page:
        found = await find(self._connection, user_filter, after=after, limit=limit, sight=sight)
        rows = await self.get_users(found.keys)
        return Page(tuple(rows[key] for key in found.keys), found.next_cursor)

    async def count_users(
        self,
        user_filter: UserFilter,
        *,
        field_ids: Sequence[str] = (),
        longer: str = "",
        days: Sequence[date] = (),
        sight: Sight = EVERYTHING,
    ) -> Counts:
        """Count what the filter finds, and what each value of a group would find beside the other groups.

        `field_ids` are the custom fields to count by, `longer` the group of which many values are wanted, and `days`
        those of which it is told how many joined since.
        """
        return await self._counting.counts(Wanted(user_filter, sight, tuple(field_ids), longer, tuple(days)))

    async def count_total(self, user_filter: UserFilter, *, sight: Sight = EVERYTHING) -> int:
        """Count what the filter finds, and nothing beside it."""
        return await self._counting.total(user_filter, sight)

    async def list_called(self, name: str) -> tuple[User, ...]:
        """List everybody who has exactly this e-mail address, in whatever case, or this handle."""
        key = email_key_of(name)
        found = {} if not key else {(user.team_id, user.id): user for user in await self.list_by_email_key(key)}
        rows = await self._connection.execute(sa.select(*COLUMNS).where(has_handle(name), users.c.name == name))
        found |= {(user.team_id, user.id): user for user in map(user_of, rows)}
        return tuple(sorted(found.values(), key=lambda user: (user.sort_key, user.team_id, user.id)))

    async def list_by_email_key(self, key: str) -> tuple[User, ...]:
        """List everybody with this e-mail address, as `email_key_of` writes it."""
        rows = await self._connection.execute(sa.select(*COLUMNS).where(users.c.email_key == key).order_by(*_ORDER))
        return tuple(map(user_of, rows))

    async def tally(
        self, team_id: str, *, but_hidden: bool = False, crowd: int = _CROWD
    ) -> dict[tuple[Kind, State], int]:
        """Count the users of one workspace by kind and state; for whom the figures are shown, without the hidden.

        More than a `crowd` are counted from an index alone.
        """
        columns = (users.c.kind, users.c.state)
        is_seen = users.c.traits.bitwise_and(HIDDEN) == 0 if but_hidden else sa.true()
        # Row by row is too slow for a crowd; an index that tells all of this is read whole, whatever else is in it.
        is_crowd = await self._has_more_than(team_id, crowd)
        counted = (told_apart(users.c.team_id) == team_id if is_crowd else users.c.team_id == team_id, is_seen)
        rows = await self._connection.execute(sa.select(*columns, sa.func.count()).where(*counted).group_by(*columns))
        return {(Kind(kind), State(state)): count for kind, state, count in rows}

    async def _has_more_than(self, team_id: str, many: int) -> bool:
        beyond = sa.select(users.c.id).where(users.c.team_id == team_id).order_by(users.c.id).offset(many).limit(1)
        return (await self._connection.scalar(beyond)) is not None

    async def count_active(self, team_id: str, user_ids: Sequence[str]) -> int:
        """Count those of some users who are active."""
        active = (users.c.team_id == team_id, users.c.state == State.ACTIVE.value)
        found = 0
        for start in range(0, len(user_ids), _SOME):
            some = users.c.id.in_(user_ids[start : start + _SOME])
            found += await self._connection.scalar(sa.select(sa.func.count()).where(*active, some)) or 0
        return found

    async def list_left(self, team_id: str, *, before: datetime, after: str, limit: int) -> list[str]:
        """List the ids, after one of them, of those who left before a moment and may still have contact data.

        Who never had a time of leaving (`updated` is 0) is among them; the row decides.
        """
        gone = sa.or_(
            sa.and_(users.c.state == State.DEACTIVATED.value, users.c.updated < int(before.timestamp())),
            sa.and_(users.c.state == State.MISSING.value, users.c.missing_since < before),
        )
        still = sa.and_(users.c.contact_dropped_at.is_(None), users.c.kind != Kind.ERASED.value, gone)
        if not after and not await self._is_any_left(team_id, still):
            return []
        statement = sa.select(users.c.id).where(users.c.team_id == team_id, still, users.c.id > after)
        return list(await self._connection.scalars(statement.order_by(users.c.id).limit(limit)))

    async def _is_any_left(self, team_id: str, still: sa.ColumnElement[bool]) -> bool:
        """Look at those who left alone, by an index: the key leads through everybody, mostly to find nobody."""
        left = users.c.kind.in_(_KINDS), users.c.state.in_([State.DEACTIVATED.value, State.MISSING.value])
        found = sa.select(sa.literal(1)).where(*left, by_row(users.c.team_id) == team_id, still).limit(1)
        return await self._connection.scalar(found) is not None

    async def list_unseen(
        self, team_id: str, *, since: int, listed: Container[str], after: str = "", limit: int = _STRETCH
    ) -> tuple[list[str], str | None]:
        """List the ids that nothing has spoken of since a moment and that are not among the listed ones.

        Looks at so many users behind an id, and tells behind which one to go on; None at the end. External people are
        never listed (docs.slack.dev, Developing apps for Enterprise orgs), the erased have nothing left to lose, and
        who is missing already is not missed again.
        """
        # The key's index alone tells who is there; rows are read of those few who are not listed.
        everybody = sa.select(users.c.id).where(users.c.team_id == team_id, users.c.id > after)
        ids = [row[0] for row in (await self._connection.execute(everybody.order_by(users.c.id).limit(limit))).all()]
        absent = [user_id for user_id in ids if user_id not in listed]
        suspects = (
            users.c.team_id == team_id,
            among(self._engine, users.c.id, absent),
            users.c.moment < since,
            users.c.missing_since.is_(None),
            users.c.kind.not_in([Kind.EXTERNAL.value, Kind.ERASED.value]),
        )
        found: list[str] = []
        if absent:
            found += await self._connection.scalars(sa.select(users.c.id).where(*suspects).order_by(users.c.id))
        return found, ids[-1] if len(ids) == limit else None
