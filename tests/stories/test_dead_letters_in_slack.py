"""`/usersync dead-letters` and its buttons: unreadable events once more, or never, for admins; no payload is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from bot.simulator.interactions import Interaction
from db.records import DeadLetter, Source
from tests.stories.test_a_change_in_slack import find
from tests.support.away import database_away
from tests.support.factories import a_user_payload, an_event
from tests.support.locks import held
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of, seen

BAD: dict[str, Any] = {"type": "user_change", "user": {"id": "U0BAD", "name": 5, "secret": "of the payload"}}


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run."""
    return slack.adds("Grace Hopper")


async def put_aside(service: Service, slack: Simulator, user_id: str, *, reason: str = "it was odd") -> None:
    """Keep an event that today's code can read."""
    now = datetime.now(UTC)
    event = an_event(a_user_payload(user_id, updated=int(now.timestamp()), real_name=f"Late {user_id}"))
    key = f"event:{user_id}"
    async with service.store.transaction() as tx:
        letter = DeadLetter(0, key, slack.team_id, user_id, reason, json.dumps(event), Source.EVENT, now)
        await tx.dead_letters.put_aside(letter)


async def listed(slack: Simulator, user: PretendUser) -> Interaction:
    asked = await slack.types(user, "/usersync dead-letters")
    await answer_to(asked)
    return asked


def numbers(asked: Interaction, action_id: str = "replay_letter") -> Sequence[str]:
    return [each["value"] for each in buttons_of(asked.visible[-1]) if each["action_id"] == action_id]


async def count(service: Service) -> int:
    async with service.store.reading() as rx:
        return await rx.dead_letters.count_letters()


async def test_none_is_said_in_words(slack: Simulator, ada: PretendUser, service: Service) -> None:
    asked = await listed(slack, ada)

    assert "No unreadable events" in seen(asked)
    assert [] == buttons_of(asked.visible[0])


async def test_the_newest_are_shown_with_their_reason_and_never_what_they_hold(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    for number in range(7):
        slack.sends({**BAD, "user": {**BAD["user"], "id": f"U0BAD{number}"}})
    await slack.eventually_acked()

    asked = await listed(slack, ada)

    assert "*7 unreadable events*" in seen(asked)
    assert "*U0BAD6* · from an event, just now" in seen(asked)
    assert "and 2 more" in seen(asked)
    assert "secret" not in json.dumps(asked.messages)
    assert 5 == len(numbers(asked))
    for number in range(50):
        await put_aside(service, slack, f"U0LATE{number}")
    assert "and 52 more" in seen(await listed(slack, ada)), "also of more than are looked at"
    assert 1 == len(numbers(asked, "replay_alike"))
    drop = next(each for each in buttons_of(asked.visible[0]) if each["action_id"] == "drop_letter")
    assert ("Drop this event?", "danger") == (drop["confirm"]["title"]["text"], drop["style"])


async def test_one_that_can_be_read_today_is_applied_and_leaves_in_place(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    await put_aside(service, slack, "U0LATE")
    slack.sends(BAD)
    await slack.eventually_acked()
    stays, applied = numbers(await listed(slack, ada))

    kept = await slack.presses(ada, "replay_letter", value=stays)
    assert "cannot be read yet, and stays" in await answer_to(kept)
    left = await slack.presses(ada, "replay_letter", value=applied)
    assert "Read this time, and applied." in await answer_to(left)
    gone = await slack.presses(ada, "replay_letter", value=applied)
    assert "It is not here any more" in await answer_to(gone)

    for pressed in (kept, left, gone):
        assert pressed.messages[0]["replace_original"]
        assert "response_type" not in pressed.messages[0]
        assert not pressed.ack_payload
    assert [stays] == numbers(gone)
    user = await find(service, slack, "U0LATE")
    assert user is not None
    assert "Late U0LATE" == user.real_name
    assert 1 == await count(service)


async def test_all_of_the_same_reason_are_tried_at_once(slack: Simulator, ada: PretendUser, service: Service) -> None:
    for number in range(6):
        await put_aside(service, slack, f"U0LATE{number}")
    await put_aside(service, slack, "U0OTHER", reason="it was odder")
    slack.sends(BAD)
    await slack.eventually_acked()
    (first,) = numbers(await listed(slack, ada), "replay_alike")

    pressed = await slack.presses(ada, "replay_alike", value=first)

    assert "6 were applied." in await answer_to(pressed)
    assert 2 == await count(service)
    assert await find(service, slack, "U0LATE0") is not None
    assert await find(service, slack, "U0OTHER") is None


async def test_one_is_dropped_and_not_applied(slack: Simulator, ada: PretendUser, service: Service) -> None:
    await put_aside(service, slack, "U0LATE")
    (number,) = numbers(await listed(slack, ada))

    dropped = await slack.presses(ada, "drop_letter", value=number)
    assert "Dropped, and not applied." in await answer_to(dropped)
    again = await slack.presses(ada, "drop_letter", value=number)

    assert "It is not here any more" in await answer_to(again)
    assert 0 == await count(service)
    assert await find(service, slack, "U0LATE") is None


@pytest.mark.parametrize("deed", ["replay_letter", "replay_alike", "drop_letter"])
async def test_others_are_refused_by_the_table_and_by_slack(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service, deed: str
) -> None:
    await put_aside(service, slack, "U0LATE")
    (number,) = numbers(await listed(slack, ada))
    slack.changes(ada, quietly=True, is_admin=False)

    for user in (grace, ada):
        pressed = await slack.presses(user, deed, value=number)
        assert "admins and owners" in await answer_to(pressed)
        assert not pressed.messages[0].get("replace_original")
    assert "admins and owners" in seen(await listed(slack, grace))
    assert 1 == await count(service)


async def test_an_admin_of_the_table_may_while_slack_cannot_tell(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    await put_aside(service, slack, "U0LATE")
    (number,) = numbers(await listed(slack, ada))
    slack.faults.fail("users.info", http_status=503, times=None)

    refused = await slack.presses(grace, "drop_letter", value=number)
    applied = await slack.presses(ada, "replay_letter", value=number)

    assert "cannot be told right now" in await answer_to(refused)
    assert "Read this time, and applied." in await answer_to(applied)


async def test_another_workspaces_letters_are_neither_shown_nor_touched(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    now = datetime.now(UTC)
    async with service.store.transaction() as tx:
        await tx.dead_letters.put_aside(DeadLetter(0, "k", "T0OTHER", "U1", "odd", "{}", Source.EVENT, now))
    async with service.store.reading() as rx:
        (letter,) = await rx.dead_letters.list_newest(1)

    pressed = await slack.presses(ada, "drop_letter", value=str(letter.letter_id))

    told = seen(await listed(slack, ada))
    assert "No unreadable events of this workspace" in told
    assert "1 unreadable" not in told
    assert "No unreadable events of this workspace" in await answer_to(await slack.types(ada, "/usersync status"))
    assert "It is not here any more" in await answer_to(pressed)
    assert 1 == await count(service)


async def test_names_and_reasons_that_hold_markup_call_nobody(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    hostile = slack.joins("<!channel> *Boom*")
    await slack.eventually_acked()
    await put_aside(service, slack, hostile.id, reason="<!here> `no` <@U1> & <https://evil.example|x>")

    told = seen(await listed(slack, ada))

    assert "*&lt;!channel&gt; Boom*" in told
    assert "&lt;!here&gt; no &lt;@U1&gt; &amp; &lt;https://evil.example|x&gt;" in told
    assert "<" not in told


async def test_two_who_press_at_once_do_it_once(slack: Simulator, ada: PretendUser, service: Service) -> None:
    await put_aside(service, slack, "U0LATE")
    (number,) = numbers(await listed(slack, ada))

    pressed = [await slack.presses(ada, "drop_letter", value=number) for _ in range(3)]

    told = [await answer_to(each) for each in pressed]
    assert 1 == sum("Dropped, and not applied." in each for each in told)
    assert 2 == sum("It is not here any more" in each for each in told)


async def test_while_the_database_is_locked_nothing_is_done_and_that_is_said(
    slack: Simulator, ada: PretendUser, service: Service, database_url: str
) -> None:
    await put_aside(service, slack, "U0LATE")
    (number,) = numbers(await listed(slack, ada))
    async with held(database_url):
        pressed = await slack.presses(ada, "drop_letter", value=number)
        assert "may not have been done" in await answer_to(pressed, within_s=40)
    assert 1 == await count(service)


async def test_while_the_database_is_away_nothing_is_done_and_that_is_said(
    slack: Simulator, ada: PretendUser, service: Service, database_url: str
) -> None:
    async with database_away(service, database_url):
        pressed = await slack.presses(ada, "drop_letter", value="1")
        assert "may not have been done" in await answer_to(pressed)
        asked = await slack.types(ada, "/usersync dead-letters")
        assert "cannot be looked at right now" in await answer_to(asked)


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "9" * 40, "١", "1; DROP TABLE users", "2147483648999"])
async def test_a_number_that_is_none_finds_nothing(
    slack: Simulator, ada: PretendUser, service: Service, value: str
) -> None:
    pressed = await slack.presses(ada, "drop_letter", value=value)

    assert "It is not here any more" in await answer_to(pressed)


async def test_a_button_that_nobody_knows_is_acked_and_does_nothing(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    for action_id in ("open_directory", "of_tomorrow", "cancel_run_now", ""):
        pressed = await slack.presses(ada, action_id, value="1")
        assert pressed.error is None
        assert [] == pressed.messages
    assert 0 == service.errands.under_way


@pytest.mark.parametrize(
    "payload",
    [
        {"actions": [{"action_id": "drop_letter"}]},
        {"actions": [{"action_id": "drop_letter", "value": 5}], "user": None, "team": [], "response_url": 7},
        {"actions": [{"action_id": "cancel_run"}], "user": {"id": 5}, "team": {"id": ["T"]}},
        {"actions": []},
        {"actions": None, "user": "U1"},
        {},
    ],
    ids=str,
)
async def test_a_press_of_an_odd_shape_is_acked_and_ends_nothing(
    slack: Simulator, service: Service, payload: dict[str, Any]
) -> None:
    envelope = slack._wire.outbox.post("interactive", {"type": "block_actions", **payload})
    await eventually(lambda: envelope.is_settled, of="the ack")
    await eventually(lambda: not service.errands.under_way, within_s=40, of="the end of the answer")

    assert [] != envelope.acks
    assert not service.failed.done()
