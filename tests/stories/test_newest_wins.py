"""Promise 2 and 3 at the wire: events in any order end in the same row, and what is left out stays as it was."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import find
from tests.support.factories import a_short_payload, a_user_payload

FULL = {"user": a_user_payload("U7", updated=1_700_000_000, title="Engineer", image_original="https://x.example/a.png")}
NEWER = {"user": a_user_payload("U7", updated=1_700_000_010, title="Chief Engineer")}
SAME_SECOND = {"user": a_user_payload("U7", updated=1_700_000_010, title="Director"), "event_ts": "1700000010.500000"}
LEFT = {"user": a_short_payload("U7", updated=1_700_000_020)}
STATEMENTS: list[dict[str, Any]] = [
    {"event_ts": "1700000000.100000", **FULL},
    {"event_ts": "1700000010.100000", **NEWER},
    SAME_SECOND,
    {"event_ts": "1700000020.100000", **LEFT},
]


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(4)))[::3], ids=lambda order: "".join(map(str, order))
)
async def test_events_in_any_order_end_in_the_same_row(
    slack: Simulator, service: Service, order: tuple[int, ...]
) -> None:
    for index in order:
        slack.sends({"type": "user_change", **STATEMENTS[index]})
        await slack.eventually_acked()

    row = await find(service, slack, "U7")
    assert row is not None
    assert ("Director", True, "") == (row.title, row.deleted, row.image_original)
    assert (1_700_000_020, 1_700_000_020_100_000) == (row.updated, row.moment)
    assert ("Europe/London", "9f69e7") == (row.tz, row.color)


async def test_a_key_that_is_left_out_keeps_its_value_and_an_empty_one_clears_it(
    slack: Simulator, service: Service
) -> None:
    known = a_user_payload("U7", updated=1_700_000_000, title="Engineer", phone="+44", email="a@x.example")
    silent = a_user_payload("U7", updated=1_700_000_001, title="")
    del silent["profile"]["phone"]
    silent["tz"] = None

    for user in (known, silent):
        slack.sends({"type": "user_change", "user": user})
        await slack.eventually_acked()

    row = await find(service, slack, "U7")
    assert row is not None
    assert ("", "+44", "a@x.example", None) == (row.title, row.phone, row.email, row.tz)
