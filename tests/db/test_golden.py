"""The obvious person comes first: whom people mean by what they type, held by a golden file, on every engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import names as demo
from db import Sight, Store, looking
from db.filters import UserFilter
from tests.support.factories import an_observation
from tests.support.memory import keep

GOLDEN = Path(__file__).parent / "golden"
PEOPLE: dict[str, dict[str, Any]] = tomllib.loads((GOLDEN / "people.toml").read_text("utf-8"))
QUERIES: dict[str, dict[str, str]] = tomllib.loads((GOLDEN / "queries.toml").read_text("utf-8"))
NOBODY = ""


@pytest.fixture
async def golden(memory: Store) -> Store:
    """A memory that knows the people of the golden file."""
    await keep(memory, *(an_observation(f"U{n:04}", name=handle, **PEOPLE[handle]) for n, handle in enumerate(PEOPLE)))
    return memory


async def first_answer(store: Store, q: str) -> str:
    """Tell the handle of whom a reader of everything is shown first, of those whom the directory shows unasked."""
    async with looking(store, Sight()) as seen:
        page = await seen.list_users(UserFilter(q=q), limit=1)
    return page.users[0].name or "" if page.users else NOBODY


@pytest.mark.parametrize("group", QUERIES)
async def test_the_first_answer_is_the_person_meant(golden: Store, group: str) -> None:
    wrong = {
        typed: f"{answer or 'nobody'!r} instead of {meant or 'nobody'!r}"
        for typed, meant in QUERIES[group].items()
        if (answer := await first_answer(golden, typed)) != meant
    }

    assert not wrong, "\n" + "\n".join(f"  {typed!r} finds {what}" for typed, what in wrong.items())


def test_there_are_two_hundred_queries_about_people_whom_the_file_knows() -> None:
    answers = [answer for group in QUERIES.values() for answer in group.values()]

    assert len(answers) >= 200
    assert len(PEOPLE) >= 150
    assert {*answers} <= {NOBODY, *PEOPLE}


def test_nobody_is_of_the_demo() -> None:
    def could_be(person: dict[str, Any], region: demo.Region) -> bool:
        names = {*person["real_name"].split()}
        given, family = (set(re.split("[;/]", each)) for each in (f"{region.she};{region.he}", region.family))
        return bool(names & given and names & family)

    assert [] == [each for each in PEOPLE if any(could_be(PEOPLE[each], region) for region in demo.REGIONS)]
