"""Processes on one database that were given other settings say so, with what it costs; those that are alike do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bot.likeness import HISTORY_KEEP, longest, marks_of, unlike, written
from bot.settings import Settings
from bot.simulator import Simulator
from db.instances import Instance
from tests.conftest import settings_for
from tests.support.asking import rows
from tests.support.locks import written as written_there
from tests.support.waiting import eventually

HERE = "sqlite:////tmp/of-nobody.sqlite3"


def other(settings: Settings, **changed: object) -> Instance:
    marks = written(marks_of(settings.model_copy(update=changed)))
    return Instance("serve on vm, process 7 (abcd)", settings_marks=marks)


async def test_who_was_given_the_same_says_nothing(slack: Simulator) -> None:
    settings = settings_for(slack, HERE)

    assert "" == unlike(marks_of(settings), [other(settings), Instance("an older one")])


async def test_it_is_told_which_settings_differ_and_at_whom_and_never_what_they_are(slack: Simulator) -> None:
    settings = settings_for(slack, HERE)
    theirs = other(settings, secret_key=SecretStr("another-key-of-somebody"), admins=frozenset({("T1", "U1")}))

    words = unlike(marks_of(settings), [theirs, theirs])

    assert words.startswith("Another process on this database has another USERSYNC_ADMINS and USERSYNC_SECRET_KEY: ")
    assert 1 == words.count("serve on vm, process 7")
    assert "another-key" not in f"{words} {theirs}"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_with_different_keys_say_so_under_warnings(settings: Settings, start: Callable[..., Any]) -> None:
    one = await start(settings.model_copy(update={"secret_key": SecretStr("a-key-of-the-one-of-them")}))
    two = await start(settings.model_copy(update={"secret_key": SecretStr("a-key-of-the-other-of-them")}))

    for each in (one, two):
        await eventually(
            lambda: any("USERSYNC_SECRET_KEY" in words for words in each.status().warnings),  # noqa: B023
            within_s=30,
            of="a warning",
        )


def test_what_is_old_is_kept_for_the_longest_time_that_any_was_given() -> None:
    others = [Instance("an older one"), Instance("patient", settings_marks=written({HISTORY_KEEP: "900"}))]

    assert 900 == longest(HISTORY_KEEP, 60, others)
    assert 1000 == longest(HISTORY_KEEP, 1000, others)
    assert 60 == longest(HISTORY_KEEP, 60, [])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_process_that_is_to_keep_less_deletes_nothing_that_another_keeps(
    slack: Simulator, settings: Settings, database_url: str, start: Callable[..., Any]
) -> None:
    ada = slack.adds("Ada Lovelace")
    patient = await start(settings)
    await eventually(lambda: patient.status().is_backfilled, within_s=30, of="everybody read")
    slack.changes(ada, title="Analyst")
    await slack.eventually_acked(timeout=30)
    await written_there(database_url, "UPDATE changes SET at = at - interval '10 days'")
    before = rows(database_url, "SELECT count(*) FROM changes")

    hasty = await start(settings.model_copy(update={"history_keep": 86_400}))

    for each in (patient, hasty):
        await eventually(
            lambda: any("USERSYNC_HISTORY_KEEP" in words for words in each.status().warnings),  # noqa: B023
            within_s=30,
            of="a warning",
        )
    assert before[0][0] > 0
    assert before == rows(database_url, "SELECT count(*) FROM changes")
