"""One place that is told: it is left alone for longer and longer while it refuses, and one refusal hides no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.blocks.notices import Notice
from bot.channels import NotPosted
from bot.telling.kept_posts import KeptPosts
from bot.telling.ledger import Ledger
from bot.telling.steps import Manners
from db import Store
from db.records import Alert, AlertKind

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)


SILENCE = NotPosted("No answer.", word="unreachable", may_help=True, is_certain=False)


class Wall:
    """A place that a test lets refuse; it notes what was told, and each try."""

    key = ("T1", "C1")
    is_editable = True

    def __init__(self) -> None:
        self.is_deaf = False
        self.is_silent = False
        self.tried_to_say_too_many = 0
        self.refuses: dict[AlertKind, NotPosted] = {}
        self.tries: list[AlertKind] = []
        self.told: list[str] = []
        self.edited: list[str | None] = []

    async def post(self, notice: Notice) -> str | None:
        self.tries.append(notice.kind)
        if error := self.refuses.get(notice.kind):
            raise error
        self.told.append(notice.title)
        return f"{len(self.told)}.0"

    async def edit(self, ts: str | None, notice: Notice) -> None:
        self.edited.append(ts)
        await self.post(notice)

    async def post_too_many(self, most: int) -> None:
        self.tried_to_say_too_many += 1
        if self.is_silent:
            raise SILENCE
        self.told.append(f"more than {most}")


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def ledger(store: Store, wall: Wall) -> Ledger:
    return Ledger(wall, KeptPosts(store, is_away=lambda: True), Manners())


def an_alert(kind: AlertKind = AlertKind.DISK) -> Alert:
    return Alert(0, kind, "Wrong.", NOW)


async def tells(ledger: Ledger, *alerts: Alert, at_s: float = 0, looks: int = 9) -> None:
    await ledger.tell(alerts, NOW + timedelta(seconds=at_s), looks=looks, is_current=True)


async def test_a_place_that_refuses_is_tried_at_growing_pauses_and_says_why(ledger: Ledger, wall: Wall) -> None:
    wall.refuses[AlertKind.DISK] = NotPosted("No.", word="not_in_channel")
    tried_at = []
    for second in range(120):
        before = len(wall.tries)
        await tells(ledger, an_alert(), at_s=second)
        tried_at += [second] if len(wall.tries) > before else []

    assert [0, 5, 15, 35, 75] == tried_at
    assert "No." == ledger.trouble
    wall.refuses.clear()
    await tells(ledger, an_alert(), at_s=1_000)
    assert (["The disk is nearly full"], None) == (wall.told, ledger.trouble)


async def test_what_may_stand_there_without_an_answer_counts_among_the_messages_of_an_hour(
    ledger: Ledger, wall: Wall
) -> None:
    wall.is_silent, wall.refuses[AlertKind.DISK] = True, SILENCE
    for second in range(3_600):
        await tells(ledger, an_alert(), at_s=second)
    within_an_hour = len(wall.tries), wall.tried_to_say_too_many
    wall.is_silent = False
    wall.refuses.clear()
    for second in range(3_600, 4_000):
        await tells(ledger, an_alert(), at_s=second)

    assert (Manners().most_an_hour, 1) == within_an_hour
    assert ["The disk is nearly full"] == wall.told


async def test_what_may_be_edited_without_an_answer_is_edited_again_and_counts_for_nothing(
    ledger: Ledger, wall: Wall
) -> None:
    await tells(ledger, an_alert())
    over = Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=1))
    wall.refuses[AlertKind.DISK] = SILENCE
    for second in range(60, 4_000):
        await tells(ledger, over, at_s=second)
    assert len(wall.edited) > Manners().most_an_hour
    wall.refuses.clear()
    await tells(ledger, over, an_alert(AlertKind.LAG), at_s=4_400)
    await tells(ledger, over, an_alert(AlertKind.LAG), at_s=4_401)

    assert "Changes arrive late" in wall.told


async def test_slack_is_believed_that_it_asks_for_ten_minutes_at_most(ledger: Ledger, wall: Wall) -> None:
    wall.refuses[AlertKind.DISK] = NotPosted("Wait.", word="ratelimited", may_help=True, wait_s=999_999_999)
    for second in (0, 599, 600):
        await tells(ledger, an_alert(), at_s=second)

    assert 2 == len(wall.tries)


async def test_slack_is_left_alone_for_as_long_as_it_asks(ledger: Ledger, wall: Wall) -> None:
    wall.refuses[AlertKind.DISK] = NotPosted("Wait.", word="ratelimited", may_help=True, wait_s=90)
    for second in (0, 89, 90):
        await tells(ledger, an_alert(), at_s=second)

    assert 2 == len(wall.tries)


async def test_what_is_refused_for_itself_holds_up_nothing_else(ledger: Ledger, wall: Wall) -> None:
    wall.refuses[AlertKind.DISK] = NotPosted("Too long.", word="msg_too_long")
    both = (an_alert(), an_alert(AlertKind.LAG))
    await tells(ledger, *both)
    await tells(ledger, *both, at_s=5)

    assert ["Changes arrive late"] == wall.told


async def test_a_place_that_was_deaf_hears_only_what_was_looked_at_anew(ledger: Ledger, wall: Wall) -> None:
    wall.is_deaf = True
    await tells(ledger, an_alert(), looks=3)
    wall.is_deaf = False
    for looks in (3, 4):
        await tells(ledger, an_alert(), looks=looks)
        assert [] == wall.tries
    await tells(ledger, an_alert(), looks=5)

    assert 1 == len(wall.told)


async def test_a_message_that_somebody_deleted_is_posted_anew_when_it_comes_back(ledger: Ledger, wall: Wall) -> None:
    await tells(ledger, an_alert())
    wall.refuses[AlertKind.DISK] = NotPosted("Gone.", word="message_not_found")
    over = Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=1))
    await tells(ledger, over, at_s=60)
    wall.refuses.clear()
    again = Alert(0, AlertKind.DISK, "Wrong.", NOW + timedelta(minutes=2))
    await tells(ledger, again, at_s=120)
    assert 1 == len(wall.told)
    await tells(ledger, again, at_s=700)

    assert ["The disk is nearly full"] * 2 == wall.told
    assert ledger.trouble is None


async def test_what_came_back_and_lasts_gets_a_message_of_its_own_and_the_old_one_tells_of_the_one_before(
    ledger: Ledger, wall: Wall
) -> None:
    await tells(ledger, an_alert())
    await tells(ledger, Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=1)), at_s=60)
    back = Alert(0, AlertKind.DISK, "Wrong.", NOW + timedelta(minutes=9))
    for second in range(540, 3_600):
        await tells(ledger, back, at_s=second)
    await tells(ledger, replace(back, until=NOW + timedelta(hours=1)), at_s=3_600)

    assert [
        "The disk is nearly full",
        "Resolved after 1 minute: The disk is nearly full",
        "The disk is nearly full",
        "The disk is nearly full",
        "Resolved after 1 minute: The disk is nearly full",
        "Resolved after 51 minutes: The disk is nearly full",
    ] == wall.told
    assert ["1.0", "1.0", "1.0", "4.0"] == wall.edited


async def test_beyond_so_many_an_hour_ends_are_told_still(store: Store, wall: Wall) -> None:
    ledger = Ledger(wall, KeptPosts(store, is_away=lambda: True), Manners(most_an_hour=1))
    lag = Alert(0, AlertKind.LAG, "Late.", NOW + timedelta(minutes=1))
    over = Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=2))
    await tells(ledger, an_alert())
    await tells(ledger, lag, an_alert(), at_s=60)
    await tells(ledger, lag, over, at_s=120)
    await tells(ledger, lag, over, at_s=3_600)

    assert [
        "The disk is nearly full",
        "more than 1",
        "Resolved after 2 minutes: The disk is nearly full",
        "Changes arrive late",
    ] == wall.told


@pytest.mark.parametrize(("may_help", "trouble"), [(True, None), (False, "No.")])
async def test_once_nothing_waits_only_a_refusal_that_stays_is_told_still(
    ledger: Ledger, wall: Wall, may_help: bool, trouble: str | None
) -> None:
    wall.refuses[AlertKind.DISK] = NotPosted("No.", word="x", may_help=may_help)
    await tells(ledger, an_alert())
    assert "No." == ledger.trouble

    await tells(ledger, Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=1)), at_s=60)

    assert trouble == ledger.trouble


async def test_a_former_place_hears_of_ends_alone(ledger: Ledger, wall: Wall) -> None:
    await tells(ledger, an_alert())
    over = Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=1))
    await ledger.tell([an_alert(AlertKind.LAG), over], NOW + timedelta(minutes=1), looks=9, is_current=False)

    assert ["The disk is nearly full", "Resolved after 1 minute: The disk is nearly full"] == wall.told
    assert ["1.0"] == wall.edited
    assert ledger.is_finished
