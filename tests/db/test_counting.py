"""Counts beside filters: each figure is what its link would find, on every engine; and exact up to a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from db import Store, set_hidden
from db.filters import COUNTED_TO, FIXED, Counts, FieldValue, Lack, UserFilter
from db.offers import Offers
from db.records import Kind, Source, State, User
from db.sight import Sight
from tests.db.test_listing import FILTERS, OTHER, everybody
from tests.support.crowds import found_of, gather
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, install, keep

FIELDS = ("Xf1", "Xf2")


def figures(counts: Counts) -> dict[str, dict[str, int]]:
    found = {
        "kinds": {kind.value: count for kind, count in counts.kinds.items()},
        "states": {state.value: count for state, count in counts.states.items()},
        "lacks": {lack.value: count for lack, count in counts.lacks.items()},
        "titles": {each.key: each.count for each in counts.titles},
        "zones": {each.key: each.count for each in counts.zones},
    }
    return found | {name: {each.key: each.count for each in values} for name, values in counts.fields.items()}


def counted(people: list[User], wanted: UserFilter, shown: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Count what each shown value would find beside the other groups."""

    def count(**values: object) -> int:
        return len(found_of(people, replace(wanted, **values)))  # type: ignore[arg-type]

    def of_field(name: str, key: str) -> int:
        others = frozenset(each for each in wanted.fields if each.field_id != name)
        return count(fields=others | {FieldValue(name, key)})

    found = {
        "kinds": {kind.value: count(kinds=frozenset({kind})) for kind in Kind},
        "states": {state.value: count(states=frozenset({state})) for state in State},
        "lacks": {lack.value: count(lacks=wanted.lacks | {lack}) for lack in Lack},
        "titles": {key: count(titles=frozenset({key})) for key in shown["titles"]},
        "zones": {key: count(zones=frozenset({key})) for key in shown["zones"]},
    }
    return found | {name: {key: of_field(name, key) for key in shown[name]} for name in FIELDS}


async def test_each_figure_is_what_its_link_would_find(memory: Store) -> None:
    await install(memory, OTHER)
    for team_id in (TEAM, OTHER):
        await gather(memory, team_id)
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U020", is_hidden=True, now=NOW)
    people = await everybody(memory)
    days = [(NOW - timedelta(days=many)).date() for many in (7, 30, 90)]
    async with memory.reading() as rx:
        counts = [await rx.users.count_users(each, field_ids=FIELDS, days=days) for each in FILTERS]
        totals = [await rx.users.count_total(each) for each in FILTERS]

    shown = [figures(each) for each in counts]
    assert [counted(people, each, told) for each, told in zip(FILTERS, shown, strict=True)] == shown
    assert [len(found_of(people, each)) for each in FILTERS] == totals == [each.total for each in counts]
    assert {frozenset()} == {each.least for each in counts}
    joined = [{day: len(found_of(people, replace(each, joined_since=day))) for day in days} for each in FILTERS]
    assert joined == [each.joined for each in counts]


async def test_the_most_frequent_values_are_offered_and_what_is_chosen_stays(memory: Store) -> None:
    titles = [f"Title {number}" for number in range(9) for _ in range(9 - number)]
    await keep(memory, *(an_observation(f"U{at}", title=title) for at, title in enumerate(titles)))
    chosen = UserFilter(titles=frozenset({"title 8", "nobodys"}))
    async with memory.reading() as rx:
        short = await rx.users.count_users(UserFilter())
        longer = await rx.users.count_users(UserFilter(), longer="titles")
        with_chosen = await rx.users.count_users(chosen)

    assert [(f"Title {number}", 9 - number) for number in range(5)] == [
        (each.label, each.count) for each in short.titles
    ]
    assert (4, 0, 9) == (short.more["titles"], longer.more["titles"], len(longer.titles))
    assert [("title 8", 1), ("nobodys", 0)] == [(each.key, each.count) for each in with_chosen.titles[5:]]
    assert 1 == with_chosen.total


async def test_a_value_is_told_as_somebody_who_is_seen_writes_it(memory: Store) -> None:
    link = {"Xf1": {"value": "https://x.example/1", "alt": "R & D"}}
    await keep(
        memory,
        an_observation("U1", title="ÄRGER", fields={"Xf1": {"value": "Hidden"}}),
        an_observation("U2", title="Ärger", fields=link),
    )
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U1", is_hidden=True, now=NOW)
    async with memory.reading() as rx:
        counts = await rx.users.count_users(UserFilter(), field_ids=["Xf1"])
        typed = await rx.users.count_users(UserFilter(fields=frozenset({FieldValue("Xf1", "hidden")})))

    assert [("arger", "Ärger", 1)] == [(each.key, each.label, each.count) for each in counts.titles]
    assert [("r & d", "R & D", 1)] == [(each.key, each.label, each.count) for each in counts.fields["Xf1"]]
    assert 0 == counts.more["Xf1"] == typed.total


async def test_only_what_is_seen_is_offered(memory: Store) -> None:
    await gather(memory, TEAM)
    sight = Sight(frozenset({TEAM}), hidden=frozenset({"title", "is_custom_image", "Xf1"}))
    async with memory.reading() as rx:
        counts = await rx.users.count_users(UserFilter(), field_ids=FIELDS, sight=sight)

    assert () == counts.titles
    assert ["Xf2"] == list(counts.fields)
    assert {Lack.EMAIL, Lack.PHONE, Lack.ZONE} == counts.lacks.keys()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nobody_is_counted_beyond_the_bound(memory: Store) -> None:
    values = {"title": "Analyst", "tz": "Asia/Tokyo", "fields": {"Xf1": {"value": "Sales"}}, "source": Source.RUN}
    for start in range(0, COUNTED_TO + 50, 1000):
        some = range(start, min(start + 1000, COUNTED_TO + 50))
        await keep(memory, *(an_observation(f"U{number:05}", **values) for number in some), is_backfill=True)
    by_field = UserFilter(fields=frozenset({FieldValue("Xf1", "sales")}))
    async with memory.reading() as rx:
        counts = await rx.users.count_users(UserFilter(), field_ids=["Xf1"])
        of_field = await rx.users.count_users(by_field)
        of_word = await rx.users.count_users(UserFilter(q="analyst"))

    beyond = COUNTED_TO + 1
    assert [beyond] * 6 == [
        counts.total, counts.kinds[Kind.MEMBER], counts.states[State.ACTIVE], counts.lacks[Lack.PHONE],
        counts.titles[0].count, counts.fields["Xf1"][0].count,
    ]  # fmt: skip
    assert frozenset() == counts.least
    assert (beyond, frozenset()) == (of_field.total, of_field.least)  # an index tells those of a field alone
    assert (beyond, {FIXED, "titles", "zones"}) == (of_word.total, of_word.least)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_whom_a_word_finds_is_counted_behind_those_who_are_looked_at(memory: Store) -> None:
    everybody = range(COUNTED_TO + 50)
    for start in range(0, len(everybody), 1000):
        some = (
            an_observation(f"U{number:05}", title="Analyst", deleted=number % 3 == 0, source=Source.RUN)
            for number in everybody[start : start + 1000]
        )
        await keep(memory, *some, is_backfill=True)
    here, gone = UserFilter(q="analyst"), UserFilter(q="analyst", states=frozenset({State.DEACTIVATED}))
    async with memory.reading() as rx:
        counts = [await rx.users.count_users(each, days=(NOW.date(),)) for each in (here, gone)]
        totals = [await rx.users.count_total(each) for each in (here, gone)]

    of_gone = len(everybody[::3])
    assert [len(everybody) - of_gone, of_gone] == [each.total for each in counts] == totals
    assert [{FIXED}, {FIXED}] == [each.least & {FIXED} for each in counts]


async def test_what_is_offered_is_remembered_for_as_long_as_finding_it_is_worth() -> None:
    now, made = [0.0], [0]
    offers = Offers(clock=lambda: now[0])

    def making(seconds: float) -> Callable[[], object]:
        async def make() -> tuple[str, ...]:
            made[0] += 1
            now[0] += seconds
            return (str(made[0]),)

        return make

    async def asked(rev: int) -> tuple[str, ...]:
        return await offers.get("titles", rev, making(0.5))  # type: ignore[arg-type]

    first, same = await asked(1), await asked(1)
    early = await asked(2)
    now[0] += 10
    late = await asked(2)

    assert [("1",), ("1",), ("1",), ("2",)] == [first, same, early, late]


async def test_what_many_ask_for_at_once_is_found_once() -> None:
    offers, made = Offers(), [0]

    async def make() -> tuple[str, ...]:
        made[0] += 1
        await asyncio.sleep(0)
        return ("engineer",)

    found = await asyncio.gather(*(offers.get("titles", 1, make) for _ in range(20)))

    assert [("engineer",)] * 20 == found
    assert 1 == made[0]
