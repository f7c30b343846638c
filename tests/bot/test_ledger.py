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
        self.refuses_edits = ""

    async def post(self, notice: Notice) -> str | None:
        self.tries.append(notice.kind)
        if error := self.refuses.get(notice.kind):
            raise error
        self.told.append(notice.title)
        return f"{len(self.told)}.0"

    async def edit(self, ts: str | None, notice: Notice) -> None:
        self.edited.append(ts)
        if self.refuses_edits:
            raise NotPosted("It cannot be edited.", word=self.refuses_edits)
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


async def test_what_cannot_be_told_yet_explains_what_follows_from_it(ledger: Ledger, wall: Wall) -> None:
    failed, scope = an_alert(AlertKind.RUN_FAILED), an_alert(AlertKind.SCOPE)

    await ledger.tell([failed], NOW, looks=9, is_current=True, causes=[failed, scope])
    assert [] == wall.told
    await ledger.tell([failed], NOW, looks=9, is_current=True, causes=[failed])
    assert ["A resync failed"] == wall.told


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


LOST = ["message_not_found", "edit_window_closed", "cant_update_message"]
OVER = Alert(0, AlertKind.DISK, "Wrong.", NOW, NOW + timedelta(minutes=1))


@pytest.mark.parametrize("word", LOST)
async def test_what_comes_back_where_no_edit_is_taken_any_more_is_a_new_message(
    ledger: Ledger, wall: Wall, word: str
) -> None:
    await tells(ledger, an_alert())
    await tells(ledger, OVER, at_s=60)
    wall.refuses_edits = word
    back = replace(OVER, since=NOW + timedelta(minutes=5), until=None)
    await tells(ledger, back, at_s=300)
    wall.refuses_edits = ""
    await tells(ledger, replace(back, until=NOW + timedelta(minutes=6)), at_s=360)

    assert [
        "The disk is nearly full",
        "Resolved after 1 minute: The disk is nearly full",
        "The disk is nearly full",
        "Resolved after 1 minute: The disk is nearly full",
    ] == wall.told
    assert ["1.0", "1.0", "3.0"] == wall.edited


@pytest.mark.parametrize("word", LOST[1:])
async def test_an_end_is_posted_where_a_message_that_says_it_lasts_stands_and_cannot_be_edited(
    ledger: Ledger, wall: Wall, word: str
) -> None:
    await tells(ledger, an_alert())
    wall.refuses_edits = word
    for second in range(60, 70):
        await tells(ledger, replace(an_alert(), words="Worse."), at_s=second)
    for second in range(70, 80):
        await tells(ledger, OVER, at_s=second)

    assert ["The disk is nearly full", "Resolved after 1 minute: The disk is nearly full"] == wall.told
    assert ["1.0"] == wall.edited
    assert (True, None) == (ledger.is_finished, ledger.trouble)


async def test_of_a_deleted_message_nothing_is_said_while_it_lasts_and_no_end(ledger: Ledger, wall: Wall) -> None:
    await tells(ledger, an_alert())
    wall.refuses_edits = "message_not_found"
    await tells(ledger, replace(an_alert(), words="Worse."), at_s=60)
    await tells(ledger, OVER, at_s=120)

    assert ["The disk is nearly full"] == wall.told
    assert ledger.is_finished


async def test_what_came_back_unseen_is_posted_where_its_message_was_deleted(ledger: Ledger, wall: Wall) -> None:
    await tells(ledger, an_alert())
    wall.refuses_edits = "message_not_found"
    await tells(ledger, replace(an_alert(), words="Worse."), at_s=60)
    await tells(ledger, Alert(0, AlertKind.DISK, "Wrong.", NOW + timedelta(minutes=2)), at_s=120)

    assert ["The disk is nearly full"] * 2 == wall.told


async def test_what_is_posted_in_place_of_an_edit_counts_among_the_messages_of_an_hour(
    store: Store, wall: Wall
) -> None:
    ledger = Ledger(wall, KeptPosts(store, is_away=lambda: True), Manners(most_an_hour=1))
    await tells(ledger, an_alert())
    wall.refuses_edits = "edit_window_closed"
    for second in range(60, 3_700):
        await tells(ledger, OVER, at_s=second)

    assert [
        "The disk is nearly full",
        "more than 1",
        "Resolved after 1 minute: The disk is nearly full",
    ] == wall.told
    assert ["1.0"] == wall.edited


@pytest.mark.parametrize("word", ["is_inactive", "channel_not_found"])
async def test_a_channel_that_is_out_of_reach_is_tried_again_and_says_why(
    ledger: Ledger, wall: Wall, word: str
) -> None:
    await tells(ledger, an_alert())
    wall.refuses_edits = word
    await tells(ledger, OVER, at_s=60)
    assert "It cannot be edited." == ledger.trouble
    assert not ledger.is_finished
    wall.refuses_edits = ""
    await tells(ledger, OVER, at_s=600)

    assert "Resolved after 1 minute: The disk is nearly full" == wall.told[-1]
    assert (True, None) == (ledger.is_finished, ledger.trouble)


async def test_a_former_channel_that_is_out_of_reach_is_left_alone(ledger: Ledger, wall: Wall) -> None:
    await tells(ledger, an_alert())
    wall.refuses_edits = "is_inactive"
    await ledger.tell([OVER], NOW + timedelta(minutes=1), looks=9, is_current=False)

    assert (True, None) == (ledger.is_finished, ledger.trouble)


async def test_what_lasts_is_told_anew_where_somebody_asked_for_alerts_again(ledger: Ledger, wall: Wall) -> None:
    lag_over = Alert(0, AlertKind.LAG, "Late.", NOW, NOW + timedelta(seconds=30))
    await tells(ledger, an_alert(), replace(lag_over, until=None))
    await tells(ledger, an_alert(), replace(lag_over, until=None), at_s=1)
    await tells(ledger, an_alert(), lag_over, at_s=30)
    ledger.tell_anew()
    for second in range(60, 90):
        await tells(ledger, an_alert(), lag_over, at_s=second)
    await tells(ledger, OVER, lag_over, at_s=90)

    assert [
        "The disk is nearly full",
        "Changes arrive late",
        "Resolved after 30 seconds: Changes arrive late",
        "The disk is nearly full",
        "Told anew further down: The disk is nearly full",
        "Resolved after 1 minute: The disk is nearly full",
    ] == wall.told
    assert ["2.0", "1.0", "4.0"] == wall.edited


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
