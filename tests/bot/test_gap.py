"""A gap is closed by a run that began to read after it was noted, whichever process made it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.runs.gap import MARGIN_S, Gap, rest_left_s
from db.records import Run, RunKind, RunState

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
GAP = Gap("a test", 1_000.0)


def a_run(since_s: float | None, **values: Any) -> Run:
    since = None if since_s is None else int(since_s * 1_000_000)
    filled: dict[str, Any] = {"kind": RunKind.RECONCILE, "state": RunState.DONE, "instance": None, "asked_by": None}
    return Run(1, "T1", is_confirmed=False, started_at=NOW, heartbeat_at=NOW, since=since, **filled | values)


@pytest.mark.parametrize("state", [RunState.DONE, RunState.HELD])
def test_a_run_that_read_everybody_later_closes_it(state: RunState) -> None:
    assert GAP.is_closed_by(a_run(1_000 + MARGIN_S, state=state))


@pytest.mark.parametrize("since_s", [None, 0.0, 999.9, 1_000.0, 1_000 + MARGIN_S - 0.1])
def test_a_run_that_may_have_begun_earlier_does_not(since_s: float | None) -> None:
    assert not GAP.is_closed_by(a_run(since_s))


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.RUNNING])
def test_a_run_that_read_not_everybody_does_not(state: RunState) -> None:
    assert not GAP.is_closed_by(a_run(2_000, state=state))


@pytest.mark.parametrize(
    ("now_s", "left_s"), [(1_000.0, 10.0), (1_004.0, 6.0), (1_010.0, 0.0), (9_000.0, 0.0), (0.0, 10.0)]
)
def test_after_a_run_the_next_one_rests_whatever_the_clocks_say(now_s: float, left_s: float) -> None:
    assert left_s == rest_left_s(a_run(1_000.0), slack_now_s=now_s, rest_s=10)


def test_a_run_that_asked_for_no_page_needs_no_rest() -> None:
    assert 0 == rest_left_s(a_run(None), slack_now_s=5, rest_s=10)
