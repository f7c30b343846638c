"""How many a filter finds, and how many each value beside it would: exact up to a bound, and none counted beyond it.

Where a filter asks for nothing but kinds, states, lacks and workspaces, each figure is a range of an index, counted no
further than `COUNTED_TO`. Where it asks for more, those whom it finds are counted by groups: along an index that tells
all of it, or else the first `COUNTED_TO` of them, and the figures say that they are the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.derive import LACKS
from db.filters import COUNTED_TO, FIXED, TITLES, ZONES, Counts, FieldValue, Lack, UserFilter, ValueCount
from db.narrowing import (
    Condition,
    Part,
    at_hand,
    bits_of,
    by_row,
    joined_since,
    parts_of,
    place_conditions,
    row_conditions,
    values_by_field,
    within,
)
from db.offers import Offers, Values
from db.records import Kind, State
from db.sampling import SAMPLED, Sample, has
from db.search import matches
from db.sight import Sight
from db.tables import user_fields, users, workspaces

OFFERED = 5
OFFERED_MORE = 50
_LISTED = 200
_ALL = 10**12
"""No bound, and yet a LIMIT: without one an engine may take an index that groups well and finds badly."""
_AT_ONCE = 40
"""Figures of one statement."""
_COLUMNS: Mapping[str, sa.Column[Any]] = {TITLES: users.c.title_key, ZONES: users.c.tz}
_IS_THEIRS = sa.and_(user_fields.c.team_id == users.c.team_id, user_fields.c.id == users.c.id)

Figure = sa.ScalarSelect[int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be counted: a filter as a sight sees it, and which groups of values beside it."""

    user_filter: UserFilter
    sight: Sight
    field_ids: tuple[str, ...] = ()
    longer: str = ""
    """The group of which more values are wanted: `TITLES`, `ZONES`, or the id of a custom field."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of values that this sight may filter by."""
        seen = [name for name, column in ((TITLES, "title"), (ZONES, "tz")) if self.sight.sees(column)]
        return (*seen, *(field_id for field_id in self.field_ids if self.sight.sees_field(field_id)))

    def chosen(self, group: str) -> list[str]:
        """The values of a group that the filter names."""
        if group in _COLUMNS:
            return sorted(self.user_filter.titles if group == TITLES else self.user_filter.zones)
        return sorted(each.value_key for each in self.user_filter.fields if each.field_id == group)

    def without(self, group: str) -> UserFilter:
        """The filter without one group of values."""
        return self._with(group, frozenset())

    def with_only(self, group: str, value: str) -> UserFilter:
        """The filter with one value of a group in the place of those it names."""
        return self._with(group, frozenset({value}))

    def _with(self, group: str, values: frozenset[str]) -> UserFilter:
        if group == TITLES:
            return replace(self.user_filter, titles=values)
        if group == ZONES:
            return replace(self.user_filter, zones=values)
        others = frozenset(each for each in self.user_filter.fields if each.field_id != group)
        return replace(self.user_filter, fields=others | {FieldValue(group, value) for value in values})


class _Found(NamedTuple):
    values: tuple[ValueCount, ...]
    more: int
    is_least: bool


class Counting:
    """Counts users within one snapshot."""

    def __init__(self, connection: AsyncConnection, offers: Offers) -> None:
        self._connection = connection
        self._offers = offers
        self._looked_at: dict[tuple[UserFilter, Sight, tuple[str, ...]], Sequence[Sequence[Any]]] = {}
        self._samples: dict[tuple[UserFilter, Sight], Sample] = {}

    async def total(self, user_filter: UserFilter, sight: Sight) -> int:
        """Count what a filter finds, no further than one beyond `COUNTED_TO`."""
        narrowed = sight.narrowed(user_filter)
        if not _is_told_by_index(narrowed):
            return (await self._figures([_capped(_found(narrowed, sight))]))[0]
        return _bounded(sum(await self._figures([_of_part(part, narrowed) for part in parts_of(narrowed, sight)])))

    async def counts(self, wanted: Wanted) -> Counts:
        """Count what a filter finds, and what each value of a group would find beside the other groups."""
        wanted = replace(wanted, user_filter=wanted.sight.narrowed(wanted.user_filter))
        counts = await (self._by_index(wanted) if _is_told_by_index(wanted.user_filter) else self._by_rows(wanted))
        found = {group: await self._values(wanted, group, counts.total) for group in wanted.groups}
        values = {group: each.values for group, each in found.items()}
        return replace(
            counts,
            titles=values.pop(TITLES, ()),
            zones=values.pop(ZONES, ()),
            fields=values,
            more={group: each.more for group, each in found.items()},
            least=counts.least | {group for group, each in found.items() if each.is_least},
        )

    async def _by_index(self, wanted: Wanted) -> Counts:
        every, sight = wanted.user_filter, wanted.sight
        kinds, states = every.kinds or frozenset(Kind), every.states or frozenset(State)
        parts = [
            part
            for part in parts_of(replace(every, kinds=frozenset(), states=frozenset()), sight)
            if part.kind in kinds or part.state in states
        ]
        lacking = [
            (lack, part)
            for lack in LACKS
            if lack not in every.lacks
            for part in parts_of(replace(every, lacks=every.lacks | {lack}), sight)
        ]
        figures = await self._figures([_of_part(part, every) for part in (*parts, *(part for _, part in lacking))])
        cells = {(part.kind, part.state): count for part, count in zip(parts, figures, strict=False)}
        lacks: Counter[Lack] = Counter()
        for (lack, _), count in zip(lacking, figures[len(parts) :], strict=True):
            lacks[lack] += count
        counted = _laid_out(cells, kinds, states)
        return replace(counted, lacks=_lacks(wanted, {lack: lacks[lack] for lack in LACKS}, counted.total))

    async def _by_rows(self, wanted: Wanted) -> Counts:
        every, sight = wanted.user_filter, wanted.sight
        kinds, states = every.kinds or frozenset(Kind), every.states or frozenset(State)
        sample = await self._sample(_wide(every), sight)
        cells: Counter[tuple[Kind, State]] = Counter()
        lacks: Counter[Lack] = Counter()
        for (kind, state, traits), count in sample.cells().items():
            if has(traits, bits_of(every.lacks, state, sight)):
                cells[kind, state] += count
            if kind in kinds and state in states:
                for lack in LACKS:
                    lacks[lack] += count * has(traits, bits_of(every.lacks | {lack}, state, sight))
        counted = _laid_out(cells, kinds, states)
        if not sample.is_whole:
            counted = replace(counted, total=await self.total(every, sight))
        least = frozenset[str]() if sample.is_whole else frozenset({FIXED})
        return replace(counted, lacks=_lacks(wanted, lacks, counted.total), least=least)

    async def _sample(self, wide: UserFilter, sight: Sight) -> Sample:
        """Look at whom a filter finds, once: all of them where an index tells them, else so many as are counted."""
        if (wide, sight) not in self._samples:
            is_told = _is_told_whole(wide)
            names = ("kind", "state", "traits") if is_told else SAMPLED
            rows = _found(wide, sight, *names).limit(_ALL if is_told else COUNTED_TO + 1).subquery()
            found = (await self._connection.execute(sa.select(*rows.c, sa.func.count()).group_by(*rows.c))).all()
            is_whole = is_told or sum(row[-1] for row in found) <= COUNTED_TO
            self._samples[wide, sight] = Sample(names, found, is_whole=is_whole)
        return self._samples[wide, sight]

    async def _values(self, wanted: Wanted, group: str, total: int) -> _Found:
        """Count the values of a group, those that are chosen among them; and tell how many more there are."""
        chosen, most = wanted.chosen(group), OFFERED_MORE if group == wanted.longer else OFFERED
        others = wanted.without(group)
        is_least = False
        if _is_told_by_index(others):
            offered: Sequence[str] = await self._offered(wanted, others, group)
            counts: dict[str, int] = {}
        else:
            if not (_is_told_whole(others) and group in _COLUMNS):
                found = await self.total(others, wanted.sight) if chosen else total
                is_least = found > COUNTED_TO
            counts = await self._grouped(others, wanted.sight, group, is_least=is_least)
            offered = list(counts)
        keys = list(dict.fromkeys((*offered[:most], *chosen)))
        counts |= await self._of_values(wanted, group, [key for key in keys if key not in counts])
        kept = [key for key in keys if counts[key] or key in chosen]
        labels = await self._labels(wanted.sight, others, group, kept)
        listed = [ValueCount(key, labels.get(key, key), _bounded(counts[key])) for key in kept]
        ranked = tuple(sorted(listed, key=lambda each: (-each.count, each.key)))
        return _Found(ranked, len(set(offered) - set(keys)), is_least)

    async def _offered(self, wanted: Wanted, others: UserFilter, group: str) -> Values:
        """Give the most frequent values among these kinds and states; whatever they lack."""
        rev = await self._connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(workspaces.c.rev), 0)))
        key = (group, others.kinds, others.states, others.team_ids)
        return await self._offers.get(key, int(rev or 0), lambda: self._most_frequent(wanted, others, group))

    async def _most_frequent(self, wanted: Wanted, others: UserFilter, group: str) -> Values:
        found: Counter[str] = Counter()
        for part in parts_of(replace(others, lacks=frozenset()), wanted.sight):
            rows = await self._connection.execute(_values_of_part(part, others, group))
            found.update(dict(map(tuple, rows)))
        return tuple(sorted(found, key=lambda value: (-found[value], value))[:_LISTED])

    async def _grouped(self, others: UserFilter, sight: Sight, group: str, *, is_least: bool) -> dict[str, int]:
        """Count the values that the rest of the filter finds, the most frequent ones first."""
        if group in _COLUMNS:
            name, sample = _COLUMNS[group].name, self._samples.get((_wide(others), sight))
            if sample and name in sample.names and (sample.is_whole or is_least):
                return _most_frequent(sample.values(name, others, sight))
            return await self._grouped_by_column(others, sight, name)
        rows = _found(others, sight, "team_id", "id").limit(COUNTED_TO + 1).subquery()
        column, count = user_fields.c.value_key, sa.func.count()
        is_theirs = sa.and_(user_fields.c.team_id == rows.c.team_id, user_fields.c.id == rows.c.id)
        statement = sa.select(column, count).join_from(rows, user_fields, is_theirs).group_by(column)
        statement = statement.where(by_row(user_fields.c.field_id) == group).order_by(count.desc(), column)
        return dict(map(tuple, await self._connection.execute(statement.limit(_LISTED))))

    async def _grouped_by_column(self, others: UserFilter, sight: Sight, name: str) -> dict[str, int]:
        """Count the values of a column. Where rows are looked at, they are looked at once, for all columns."""
        is_whole = _is_told_whole(others)
        names = (name,) if is_whole else tuple(column.name for column in _COLUMNS.values())
        key = (others, sight, names)
        if key not in self._looked_at:
            rows = _found(others, sight, *names).limit(_ALL if is_whole else COUNTED_TO + 1).subquery()
            statement = sa.select(*rows.c, sa.func.count()).group_by(*rows.c)
            self._looked_at[key] = (await self._connection.execute(statement)).all()
        found: Counter[str] = Counter()
        for row in self._looked_at[key]:
            found[row[names.index(name)]] += row[-1]
        return _most_frequent(found)

    async def _of_values(self, wanted: Wanted, group: str, keys: Sequence[str]) -> dict[str, int]:
        """Count what each of some values would find in the place of those that the filter names."""
        owners: list[str] = []
        figures: list[Figure] = []
        for key in keys:
            narrowed = wanted.with_only(group, key)
            for part in parts_of(narrowed, wanted.sight):
                owners.append(key)
                figures.append(_capped(_rows_of_value(part, narrowed, wanted.sight, group, key, sa.literal(1))))
        found: Counter[str] = Counter()
        for key, count in zip(owners, await self._figures(figures), strict=True):
            found[key] += count
        return {key: found[key] for key in keys}

    async def _labels(self, sight: Sight, others: UserFilter, group: str, keys: Sequence[str]) -> dict[str, str]:
        """Tell how people write some values: each as one of those writes it who are found."""
        if group == ZONES or not keys:
            return {key: key for key in keys}
        wide = UserFilter(kinds=others.kinds, states=others.states, team_ids=others.team_ids)
        text = users.c.title if group == TITLES else user_fields.c.value
        labels = [
            _rows_of_value(part, wide, sight, group, key, text).limit(1).scalar_subquery()
            for key in keys
            for part in parts_of(wide, sight)
        ]
        found: list[str | None] = []
        for start in range(0, len(labels), _AT_ONCE):
            found.extend((await self._connection.execute(sa.select(*labels[start : start + _AT_ONCE]))).one())
        each = len(found) // len(keys)
        firsts = (next((label for label in found[at * each : (at + 1) * each] if label), "") for at in range(len(keys)))
        return {key: label.strip() or key for key, label in zip(keys, firsts, strict=True)}

    async def _figures(self, figures: Sequence[Figure]) -> list[int]:
        found: list[int] = []
        for start in range(0, len(figures), _AT_ONCE):
            found += (await self._connection.execute(sa.select(*figures[start : start + _AT_ONCE]))).one()
        return found


def _wide(user_filter: UserFilter) -> UserFilter:
    """Leave out of a filter what is told of each row of a sample."""
    return replace(user_filter, kinds=frozenset(), states=frozenset(), lacks=frozenset())


def _most_frequent(values: Counter[str]) -> dict[str, int]:
    told = ((value, count) for value, count in values.items() if value)
    return dict(sorted(told, key=lambda each: (-each[1], each[0]))[:_LISTED])


def _is_told_by_index(user_filter: UserFilter) -> bool:
    """Say whether nothing is asked that only rows tell."""
    return not (row_conditions(user_filter) or user_filter.q.strip())


def _is_told_whole(user_filter: UserFilter) -> bool:
    """Say whether one index tells all that a filter asks: of titles, zones and days, or of one custom field alone."""
    if user_filter.q.strip():
        return False
    others = user_filter.titles or user_filter.zones or user_filter.joined_since
    return not user_filter.fields or (len(values_by_field(user_filter)) == 1 and not others)


def _found(user_filter: UserFilter, sight: Sight, *names: str) -> sa.Select[tuple[Any, ...]]:
    """Take these columns of whom a filter finds; who is asked for by a custom field is looked up by it."""
    user_filter = sight.narrowed(user_filter)
    if user_filter.q.strip():
        return sa.select(*_columns(users, names)).where(*at_hand(user_filter, sight))
    if fields := values_by_field(user_filter):
        return _found_by_field(user_filter, sight, names, *next(iter(fields.items())))
    if user_filter.titles or user_filter.zones:
        return _found_by_value(user_filter, sight, names)
    fits = sa.or_(*(part.by_row for part in parts_of(user_filter, sight)))
    since = joined_since(user_filter)
    joined = () if since is None else (users.c.joined_at >= since,)
    return sa.select(*_columns(users, names)).where(*joined, fits, *within(user_filter))


def _found_by_field(
    user_filter: UserFilter, sight: Sight, names: tuple[str, ...], field_id: str, value_keys: list[str]
) -> sa.Select[tuple[Any, ...]]:
    has = (user_fields.c.field_id == field_id, user_fields.c.value_key.in_(value_keys))
    found = sa.select(*_columns(user_fields, names))
    found = found.where(*has, *place_conditions(user_filter, sight, user_fields))
    rest = row_conditions(user_filter, but=field_id)
    if rest or not all(name in user_fields.c for name in names):
        found = found.join_from(user_fields, users, _IS_THEIRS)
    return found.where(*rest)


def _found_by_value(user_filter: UserFilter, sight: Sight, names: tuple[str, ...]) -> sa.Select[tuple[Any, ...]]:
    """Take each kind and state by itself: for all of them at once SQLite prefers an index that tells less."""
    group = TITLES if user_filter.titles else ZONES
    values = user_filter.titles or user_filter.zones
    rest = (_COLUMNS[group].in_(sorted(values)), *row_conditions(user_filter, but=group))
    every = sa.union_all(
        *(
            sa.select(*_columns(users, names)).where(*part.place, part.traits, *within(user_filter), *rest)
            for part in parts_of(user_filter, sight)
        )
    ).subquery()
    return sa.select(*every.c)


def _columns(table: sa.Table, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """Name columns of a table, or else of the user's row; without any, something that can be counted."""
    if not names:
        return [sa.literal(1).label("one")]
    return [table.c[name] if name in table.c else users.c[name] for name in names]


def _of_part(part: Part, user_filter: UserFilter) -> Figure:
    return _capped(sa.select(sa.literal(1)).where(*part.place, part.listed_traits, *within(user_filter)))


def _rows_of_value(
    part: Part, user_filter: UserFilter, sight: Sight, group: str, key: str, column: sa.ColumnElement[Any]
) -> sa.Select[tuple[Any, ...]]:
    """Take the rows of one kind and state with one value of a group, and whatever else a filter asks."""
    found = sa.select(column).where(*_in_group(part, user_filter, group), _column_of(group) == key)
    rest = row_conditions(user_filter, but=group)
    if user_filter.q.strip():
        rest.append(matches(user_filter.q, sight))
    if rest and group not in _COLUMNS:
        found = found.join_from(user_fields, users, _IS_THEIRS)
    return found.where(*rest)


def _values_of_part(part: Part, user_filter: UserFilter, group: str) -> sa.Select[tuple[Any, ...]]:
    """Count the values of a group in one kind and state, along its index; the most frequent ones first."""
    column, count = _column_of(group), sa.func.count()
    counted = sa.select(column, count).where(*_in_group(part, user_filter, group), column > "")
    return counted.group_by(column).order_by(count.desc(), column).limit(_LISTED)


def _in_group(part: Part, user_filter: UserFilter, group: str) -> tuple[Condition, ...]:
    """Say who of one kind and state stands in the index of a group."""
    if group in _COLUMNS:
        return (*part.place, part.traits, *within(user_filter))
    place = (user_fields.c.field_id == group, *part.place_in(user_fields))
    return (*place, part.traits_in(user_fields), *within(user_filter, user_fields))


def _column_of(group: str) -> sa.Column[Any]:
    return _COLUMNS.get(group, user_fields.c.value_key)


def _capped(rows: sa.Select[Any]) -> Figure:
    some = rows.limit(COUNTED_TO + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _bounded(count: int) -> int:
    return min(count, COUNTED_TO + 1)


def _laid_out(cells: Mapping[tuple[Kind, State], int], kinds: Iterable[Kind], states: Iterable[State]) -> Counts:
    def count(of_kinds: Iterable[Kind], of_states: Iterable[State]) -> int:
        among = set(of_states)
        return _bounded(sum(cells.get((kind, state), 0) for kind in of_kinds for state in among))

    kinds, states = set(kinds), set(states)
    return Counts(
        total=count(kinds, states),
        kinds={kind: count([kind], states) for kind in Kind},
        states={state: count(kinds, [state]) for state in State},
    )


def _lacks(wanted: Wanted, found: Mapping[Lack, int], total: int) -> dict[Lack, int]:
    """Tell only those that this sight may filter by; a chosen one finds what is found."""
    seen = [lack for lack in LACKS if lack in wanted.sight.lacks_seen]
    return {lack: total if lack in wanted.user_filter.lacks else _bounded(found[lack]) for lack in seen}
