"""The questions about users: rows in, frozen values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bulk import insert_rows, updating
from db.counting import Counting, Wanted
from db.derive import HIDDEN, email_key_of
from db.dialects import (
    WANTED,
    Said,
    among,
    among_asked,
    asked_among,
    make_index,
    put_off_indexes,
    say_together,
    tidying,
    weigh,
)
from db.filters import Counts, Page, UserFilter
from db.finding import find
from db.listing import Listing
from db.narrowing import EVERYTHING
from db.news import told_apart
from db.offers import Offers
from db.records import Kind, State, User
from db.rows import COLUMNS, user_of, with_always
from db.rows import NAMES as _NAMES
from db.search import has_handle
from db.sight import Sight
from db.tables import users

_KEY = ("team_id", "id")
_ALL_OF = attrgetter(*_NAMES)
_ORDER = (users.c.sort_key, users.c.team_id, users.c.id)
_STRETCH = 10_000
_SOME = 500
_CROWD = 20_000
"""So many rows can be read one by one within a moment."""
_WATERMARK = ("updated", "moment", "field_marks")

Digests = Mapping[str, int | None]
"""By a user's id, the `page_digest`: which entry of a page their row repeats, in all that it says.

Whatever else writes a row takes it away, so a page's entry that still has it would change nothing.
"""
NO_DIGESTS: Digests = {}

_IS_KEY = sa.and_(users.c.team_id == sa.bindparam("key_team_id"), users.c.id == sa.bindparam("key_id"))
_MOVE_WATERMARK = (
    sa.update(users).where(_IS_KEY).values({name: sa.bindparam(name) for name in (*_WATERMARK, "page_digest")})
)
_KEEP_DIGEST = sa.update(users).where(_IS_KEY).values(page_digest=sa.bindparam("page_digest"))
_TEAM = "wanted_of"


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
        showing: Sequence[str] = _NAMES,
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
        where = (users.c.team_id == team_id, users.c.contact_dropped_at.is_(None), users.c.kind != Kind.ERASED.value)
        statement = sa.select(users.c.id).where(*where, gone, users.c.id > after).order_by(users.c.id).limit(limit)
        return list(await self._connection.scalars(statement))

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


class UserWriter(UserReader):
    """What can be done to the rows; only `db/recording.py` decides what they become."""

    async def insert(
        self, rows: Sequence[User], *, digests: Digests = NO_DIGESTS, shared: Mapping[str, Any] | None = None
    ) -> None:
        """Insert rows that are not there yet; what `shared` says is written in all of them, whatever they say."""
        if rows:
            last = ("page_digest", (digests.get(user.id) for user in rows))
            await insert_rows(self._connection, users, rows, _NAMES, shared=shared or {}, last=last)

    async def weigh(self) -> None:
        """Let the engine learn how many rows there are by now, where it would not look for itself in time."""
        await weigh(self._connection, users)

    async def put_off_indexes(self) -> None:
        """Leave the indexes of an empty table for later, where keeping them is what a first fill would cost most."""
        await put_off_indexes(self._connection, users)

    async def make_index(self) -> bool:
        """Make one of those that were left for later; False where none is missing."""
        return await make_index(self._connection, users)

    async def update(self, rows: Sequence[User]) -> None:
        """Rewrite rows that are there, and take their digests: the next page's entry is read, whatever it says."""
        if rows:
            digests = {"page_digest": [None] * len(rows)}
            names = [name for name in _NAMES if name not in _KEY]
            said = updating(self._connection.dialect, users, rows, names, beside=digests)
            await say_together(self._connection, [*said, *self.tidying(len(rows))])

    def rewriting(
        self,
        rows: Sequence[User],
        stored: Mapping[str, User],
        *,
        rev: int,
        changed_at: Mapping[str, datetime],
        digests: Digests = NO_DIGESTS,
    ) -> list[Said]:
        """Say what rewrites rows that are there as they are `stored`, by id; whatever none of them moves is let alone.

        Beside what they say it writes the `rev` of the commit, and `changed_at` of those for whom it moves. Without a
        digest the next page's entry is read, whatever it says.
        """
        if not rows:
            return []
        beside: dict[str, Sequence[Any]] = {
            "rev": [rev] * len(rows),
            "page_digest": [digests.get(user.id) for user in rows],
        }
        if any(user.id in changed_at for user in rows):
            beside["changed_at"] = [changed_at.get(user.id, user.changed_at) for user in rows]
        moved = _moved([(stored[user.id], user) for user in rows])
        names = [name for name in _NAMES if name in moved and name not in beside and name not in _KEY]
        return updating(self._connection.dialect, users, rows, names, beside=beside)

    def tidying(self, rows: int) -> list[Said]:
        """Say what keeps the index of words in order, beside so many rows whose words are new."""
        return tidying(self._connection.dialect, rows)

    async def move_watermarks(self, rows: Sequence[User], *, digests: Digests = NO_DIGESTS) -> None:
        """Write the watermark alone: it is in no index, so noise costs next to nothing."""
        if rows:
            await self._connection.execute(_MOVE_WATERMARK, [_keyed(user, _WATERMARK, digests) for user in rows])

    async def keep_digests(self, team_id: str, digests: Digests) -> None:
        """Note of rows that stay as they are which entries of a page they repeat."""
        if digests:
            rows = [{"key_team_id": team_id, "key_id": key, "page_digest": each} for key, each in digests.items()]
            await self._connection.execute(_KEEP_DIGEST, rows)


def _moved(pairs: Iterable[tuple[User, User]]) -> set[str]:
    """Name the columns in which any of these rows differs from what it was."""
    moved: set[str] = set()
    for before, after in pairs:
        both = zip(_NAMES, _ALL_OF(before), _ALL_OF(after), strict=True)
        moved.update(name for name, was, value in both if was is not value and was != value)
    return moved


def _values(user: User, names: Iterable[str]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value := getattr(user, name), Kind | State) else value for name in names}


def _keyed(user: User, names: Iterable[str], digests: Digests) -> dict[str, Any]:
    values = _values(user, (name for name in names if name not in ("team_id", "id")))
    return values | {"key_team_id": user.team_id, "key_id": user.id, "page_digest": digests.get(user.id)}
