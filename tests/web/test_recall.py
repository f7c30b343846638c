"""What pages keep holds while nothing moved, within one minute, and is bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.records import Workspace
from web.recall import MOST, Recall

NOW = datetime(2026, 3, 4, 12, 0, 5, tzinfo=UTC)


class Asked:
    """Counts how often an answer had to be made."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> int:
        self.times += 1
        return self.times


async def test_the_same_question_is_answered_once_within_a_minute() -> None:
    recall, ask = Recall(), Asked()
    await recall.at([Workspace("T1", rev=4)], NOW).get("all", ask)
    assert await recall.at([Workspace("T1", rev=4)], NOW + timedelta(seconds=50)).get("all", ask) == 1


async def test_another_question_is_answered_by_itself() -> None:
    recall, ask = Recall(), Asked()
    moment = recall.at([Workspace("T1")], NOW)
    assert [await moment.get("all", ask), await moment.get("some", ask)] == [1, 2]


async def test_a_commit_has_everything_made_anew() -> None:
    recall, ask = Recall(), Asked()
    await recall.at([Workspace("T1", rev=4)], NOW).get("all", ask)
    assert await recall.at([Workspace("T1", rev=5)], NOW).get("all", ask) == 2


async def test_nothing_outlives_its_minute() -> None:
    recall, ask = Recall(), Asked()
    await recall.at([Workspace("T1")], NOW).get("all", ask)
    assert await recall.at([Workspace("T1")], NOW + timedelta(minutes=1)).get("all", ask) == 2


async def test_whoever_still_looks_at_an_older_state_is_told_nothing_of_the_new_one() -> None:
    recall, ask = Recall(), Asked()
    older, newer = recall.at([Workspace("T1", rev=4)], NOW), recall.at([Workspace("T1", rev=5)], NOW)
    assert [await newer.get("all", ask), await older.get("all", ask)] == [1, 2]


async def test_what_tells_no_time_outlives_its_minute_and_not_its_day() -> None:
    recall, ask = Recall(), Asked()
    for later in (timedelta(), timedelta(hours=11), timedelta(hours=12)):
        await recall.on_day([Workspace("T1")], NOW + later).get("all", ask)
    assert 2 == ask.times


async def test_what_moves_one_workspace_is_no_loss_to_whoever_sees_another() -> None:
    recall, ask = Recall(), Asked()
    for team_id, rev in (("T1", 4), ("T2", 7), ("T1", 5), ("T2", 7)):
        await recall.at([Workspace(team_id, rev=rev)], NOW).get("all", ask)
    assert 3 == ask.times


async def test_no_more_than_so_much_is_kept() -> None:
    recall, ask = Recall(), Asked()
    moment = recall.at([Workspace("T1")], NOW)
    for number in range(MOST + 1):
        await moment.get(number, ask)
    assert moment.find(0) is None
    assert moment.find(MOST) == MOST + 1
