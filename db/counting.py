"""How many a filter finds, and how many each value beside it would: exact up to a bound, and none counted beyond it.

Where a filter asks for nothing but kinds, states, lacks and workspaces, each figure is a range of an index, counted no
further than `COUNTED_TO`. Where it asks for more, those whom it finds are counted by groups: along an index that tells
all of it, or else the first `COUNTED_TO` of them, and the figures say that they are the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.countable import (
    COLUMNS,
    LISTED,
    Figure,
    bounded,
    capped,
    found_by,
    is_told_by_index,
    is_told_whole,
    of_part,
    rows_of_value,
    values_of_part,
)
from db.derive import LACKS
from db.filters import COUNTED_TO, FIXED, TITLES, ZONES, Counts, Lack, UserFilter, ValueCount
from db.narrowing import bits_of, by_row, parts_of
from db.offers import Offers, Values
from db.records import Kind, State
from db.sampling import JOINED, SAMPLED, TITLE, Sample, has, since_how_many
from db.sight import Sight
from db.starts import COUNTED, SOME, Start, groups_of, least_start
from db.starts import JOINED as BY_JOINING
from db.tables import user_fields, users, workspaces
from db.taken import AT_MOST, BEHIND, COLUMNS_OF_SAMPLE, further, sampled
from db.wanted import Wanted

OFFERED = 5
OFFERED_MORE = 50
LOOKED_AT = 100_000
"""So many entries of an index are counted by groups; of more, the figures say that they are the least."""
_AT_ONCE = 40
"""Figures of one statement."""


class _Found(NamedTuple):
    values: tuple[ValueCount, ...]
    more: int
    is_least: bool


class Counting:
    """Counts users within one snapshot."""

    def __init__(self, connection: AsyncConnection, offers: Offers) -> None:
        self._connection = connection
        self._offers = offers
        self._looked_at: dict[tuple[UserFilter, Sight, tuple[str, ...]], Sample] = {}
        self._starts: dict[tuple[UserFilter, Sight], Start | None] = {}
        self._samples: dict[tuple[UserFilter, Sight], Sample] = {}
        self._rev: int | None = None

    async def total(self, user_filter: UserFilter, sight: Sight) -> int:
        """Count what a filter finds, no further than one beyond `COUNTED_TO`."""
        narrowed = sight.narrowed(user_filter)
        if not is_told_by_index(narrowed):
            start = await self._start(narrowed, sight)
            if start is None and narrowed.q.strip():
                return await self._further(narrowed, sight)
            return (await self._figures([capped(found_by(narrowed, sight, start=start))]))[0]
        return bounded(sum(await self._figures([of_part(part, narrowed) for part in parts_of(narrowed, sight)])))

    async def _beyond(self, sample: Sample, user_filter: UserFilter, sight: Sight, known: int) -> int:
        """Count whom a search finds, of whom a sample holds so many: behind its last row, where rows have numbers."""
        if sample.last and await self._start(user_filter, sight) is None:
            return await self._further(user_filter, sight, last=sample.last, known=known)
        return await self.total(user_filter, sight)

    async def _further(self, user_filter: UserFilter, sight: Sight, *, last: int = 0, known: int = 0) -> int:
        """Count whom a search finds, in addition to those who are known: of the rows up to that number."""
        asked, words = further(user_filter, sight)
        told = asked.told(words) | {BEHIND: last, AT_MOST: COUNTED_TO + 1 - known}
        return known + int(await self._connection.scalar(asked.statement, told) or 0)

    async def counts(self, wanted: Wanted) -> Counts:
        """Count what a filter finds, and what each value of a group would find beside the other groups."""
        wanted = replace(wanted, user_filter=wanted.sight.narrowed(wanted.user_filter))
        counts = await (self._by_index(wanted) if is_told_by_index(wanted.user_filter) else self._by_rows(wanted))
        found = {group: await self._values(wanted, group, counts.total) for group in wanted.groups}
        values = {group: each.values for group, each in found.items()}
        return replace(
            counts,
            joined=await self._joined(wanted),
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
        figures = await self._figures([of_part(part, every) for part in (*parts, *(part for _, part in lacking))])
        cells = {(part.kind, part.state): count for part, count in zip(parts, figures, strict=False)}
        lacks: Counter[Lack] = Counter()
        for (lack, _), count in zip(lacking, figures[len(parts) :], strict=True):
            lacks[lack] += count
        counted = _laid_out(cells, kinds, states)
        return replace(counted, lacks=_lacks(wanted, {lack: lacks[lack] for lack in LACKS}, counted.total))

    async def _by_rows(self, wanted: Wanted) -> Counts:
        every, sight = wanted.user_filter, wanted.sight
        kinds, states = every.kinds or frozenset(Kind), every.states or frozenset(State)
        sample = await self._sample(_wide(every), sight, wanted.days)
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
            counted = replace(counted, total=await self._beyond(sample, every, sight, counted.total))
        least = frozenset[str]() if sample.is_whole else frozenset({FIXED})
        return replace(counted, lacks=_lacks(wanted, lacks, counted.total), least=least)

    async def _joined(self, wanted: Wanted) -> dict[date, int]:
        """Tell how many would be found of those who joined since each day."""
        every, sight, days = wanted.user_filter, wanted.sight, wanted.days
        sample = self._samples.get((_wide(every), sight))
        if sample and sample.is_whole and JOINED in sample.names and not every.joined_since:
            return {day: bounded(count) for day, count in sample.joined(days, every, sight).items()}
        since_each = [replace(every, joined_since=day) for day in days]
        if is_told_by_index(replace(every, joined_since=None)):
            starts = [Start(BY_JOINING, groups_of(each, sight)[BY_JOINING], COUNTED + 1) for each in since_each]
            figures = [
                capped(found_by(each, sight, start=start)) for each, start in zip(since_each, starts, strict=True)
            ]
            return dict(zip(days, await self._figures(figures), strict=True))
        return {day: await self.total(each, sight) for day, each in zip(days, since_each, strict=True)}

    async def _sample(self, wide: UserFilter, sight: Sight, days: Sequence[date]) -> Sample:
        """Look at whom a filter finds, once: all of them where an index tells them, else so many as are counted."""
        if (wide, sight) not in self._samples:
            if is_told_whole(wide):
                self._samples[wide, sight] = await self._counted(wide, sight, SAMPLED[:3])
            else:
                self._samples[wide, sight] = await self._counted(wide, sight, SAMPLED, days)
        return self._samples[wide, sight]

    async def _values(self, wanted: Wanted, group: str, total: int) -> _Found:
        """Count the values of a group, those that are chosen among them; and tell how many more there are."""
        chosen, most = wanted.chosen(group), OFFERED_MORE if group == wanted.longer else OFFERED
        others = wanted.without(group)
        is_least = False
        if is_told_by_index(others):
            offered: Sequence[str] = await self._offered(wanted, others, group)
            counts: dict[str, int] = {}
        else:
            if not (is_told_whole(others) and group in COLUMNS):
                found = await self.total(others, wanted.sight) if chosen else total
                is_least = found > COUNTED_TO
            offered, counts = await self._grouped(others, wanted.sight, group, is_least=is_least)
        keys = list(dict.fromkeys((*offered[:most], *chosen)))
        counts |= await self._of_values(wanted, group, [key for key in keys if key not in counts])
        kept = [key for key in keys if counts[key] or key in chosen]
        sample = self._samples.get((_wide(others), wanted.sight))
        labels = sample.titles(set(kept)) if group == TITLES and sample and TITLE in sample.names else {}
        labels |= await self._labels(wanted.sight, others, group, [key for key in kept if key not in labels])
        listed = [ValueCount(key, labels.get(key, key), bounded(counts[key])) for key in kept]
        ranked = tuple(sorted(listed, key=lambda each: (-each.count, each.key)))
        return _Found(ranked, len(set(offered) - set(keys)), is_least)

    async def _offered(self, wanted: Wanted, others: UserFilter, group: str) -> Values:
        """Give the most frequent values among these kinds and states; whatever they lack."""
        if self._rev is None:
            found = await self._connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(workspaces.c.rev), 0)))
            self._rev = int(found or 0)
        key = (group, others.kinds, others.states, others.team_ids)
        return await self._offers.get(key, self._rev, lambda: self._most_frequent(wanted, others, group))

    async def _most_frequent(self, wanted: Wanted, others: UserFilter, group: str) -> Values:
        found: Counter[str] = Counter()
        for part in parts_of(replace(others, lacks=frozenset()), wanted.sight):
            rows = await self._connection.execute(values_of_part(part, others, group))
            found.update(dict(map(tuple, rows)))
        return tuple(sorted(found, key=lambda value: (-found[value], value))[:LISTED])

    async def _grouped(
        self, others: UserFilter, sight: Sight, group: str, *, is_least: bool
    ) -> tuple[Values, dict[str, int]]:
        """Tell the values that the rest of the filter finds, the most frequent ones first, and how often.

        Of more entries of an index than are looked at, the values are told without their counts.
        """
        if group not in COLUMNS:
            counts = await self._grouped_by_field(others, sight, group)
            return tuple(counts), counts
        sample, name = self._samples.get((_wide(others), sight)), COLUMNS[group].name
        if sample and name in sample.names and (sample.is_whole or is_least):
            counts = _most_frequent(sample.values(name, others, sight))
            return tuple(counts), counts
        names = (name,) if is_told_whole(others) else tuple(column.name for column in COLUMNS.values())
        key = (others, sight, names)
        if key not in self._looked_at:
            self._looked_at[key] = await self._counted(others, sight, names)
        counts = _most_frequent(self._looked_at[key].tally(name))
        is_cut = is_told_whole(others) and not self._looked_at[key].is_whole
        return tuple(counts), {} if is_cut else counts

    async def _grouped_by_field(self, others: UserFilter, sight: Sight, field_id: str) -> dict[str, int]:
        start = await self._start(others, sight)
        rows = found_by(others, sight, "team_id", "id", start=start).limit(COUNTED_TO + 1).subquery()
        column, count = user_fields.c.value_key, sa.func.count()
        is_theirs = sa.and_(user_fields.c.team_id == rows.c.team_id, user_fields.c.id == rows.c.id)
        statement = sa.select(column, count).join_from(rows, user_fields, is_theirs).group_by(column)
        statement = statement.where(by_row(user_fields.c.field_id) == field_id).order_by(count.desc(), column)
        return dict(map(tuple, await self._connection.execute(statement.limit(LISTED))))

    async def _counted(
        self, user_filter: UserFilter, sight: Sight, names: tuple[str, ...], days: Sequence[date] = ()
    ) -> Sample:
        """Count by some columns whom a filter finds; further where one index tells all that is asked.

        With `days` it is told as well of how many of them somebody joined since, and how one of them writes a title.
        """
        is_told = is_told_whole(user_filter)
        bound = LOOKED_AT if is_told else COUNTED_TO
        start = None if is_told else await self._start(user_filter, sight)
        if days and start is None and user_filter.q.strip():
            return await self._sampled(user_filter, sight, days)
        looked_at = (*names, "joined_at", "title") if days else names
        rows = found_by(user_filter, sight, *looked_at, start=start).limit(bound + 1).subquery()
        by = [rows.c[name] for name in names]
        further = [since_how_many(rows.c.joined_at, days), sa.func.min(rows.c.title)] if days else []
        found = await self._connection.execute(sa.select(*by, *further, sa.func.count()).group_by(*by, *further[:1]))
        told, counted = (*names, JOINED, TITLE) if days else names, found.all()
        return Sample(told, counted, is_whole=sum(row[-1] for row in counted) <= bound)

    async def _sampled(self, user_filter: UserFilter, sight: Sight, days: Sequence[date]) -> Sample:
        asked, words = sampled(user_filter, sight, days)
        found = (await self._connection.execute(asked.statement, asked.told(words))).all()
        return Sample(COLUMNS_OF_SAMPLE, found, is_whole=sum(row[-1] for row in found) <= COUNTED_TO)

    async def _start(self, user_filter: UserFilter, sight: Sight) -> Start | None:
        """Tell the group of a few from which to begin, if there is one."""
        key = (user_filter, sight)
        if key not in self._starts:
            least = await least_start(self._connection, sight.narrowed(user_filter), sight)
            self._starts[key] = least if least is not None and least.size <= SOME else None
        return self._starts[key]

    async def _of_values(self, wanted: Wanted, group: str, keys: Sequence[str]) -> dict[str, int]:
        """Count what each of some values would find in the place of those that the filter names."""
        owners: list[str] = []
        figures: list[Figure] = []
        for key in keys:
            narrowed = wanted.with_only(group, key)
            for part in parts_of(narrowed, wanted.sight):
                owners.append(key)
                figures.append(capped(rows_of_value(part, narrowed, wanted.sight, group, key, sa.literal(1))))
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
            rows_of_value(part, wide, sight, group, key, text).limit(1).scalar_subquery()
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
    return dict(sorted(told, key=lambda each: (-each[1], each[0]))[:LISTED])


def _laid_out(cells: Mapping[tuple[Kind, State], int], kinds: Iterable[Kind], states: Iterable[State]) -> Counts:
    def count(of_kinds: Iterable[Kind], of_states: Iterable[State]) -> int:
        among = set(of_states)
        return bounded(sum(cells.get((kind, state), 0) for kind in of_kinds for state in among))

    kinds, states = set(kinds), set(states)
    return Counts(
        total=count(kinds, states),
        kinds={kind: count([kind], states) for kind in Kind},
        states={state: count(kinds, [state]) for state in State},
    )


def _lacks(wanted: Wanted, found: Mapping[Lack, int], total: int) -> dict[Lack, int]:
    """Tell only those that this sight may filter by; a chosen one finds what is found."""
    seen = [lack for lack in LACKS if lack in wanted.sight.lacks_seen]
    return {lack: total if lack in wanted.user_filter.lacks else bounded(found[lack]) for lack in seen}
