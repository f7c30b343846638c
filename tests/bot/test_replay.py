"""Dead letters once more: what can be read now is applied and leaves, what is outdated changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.commit import commit_entries
from bot.entries import entry_of, entry_of_member
from bot.payloads import MAX_PAYLOAD_CHARS, payload_text
from bot.replay import CUT, NOT_KEPT, Replayed, replay, replay_all
from db import Store
from db.records import DeadLetter, Source
from tests.support.factories import TEAM, a_user_payload, an_event
from tests.support.memory import NOW, a_letter, all_changes, find_user, get_user, install, put_aside, rev_of

NOW_S = NOW.timestamp()


@pytest.fixture
async def memory(store: Store) -> Store:
    await install(store, TEAM)
    return store


async def take(store: Store, payload: dict[str, Any]) -> None:
    """Commit an event as the service does."""
    await commit_entries(store, [entry_of(payload, now_s=NOW_S)], now=NOW)


async def letters(store: Store) -> tuple[DeadLetter, ...]:
    async with store.reading() as rx:
        return await rx.dead_letters.list_oldest(100)


async def replayed(store: Store) -> list[Replayed]:
    return [each async for each in replay_all(store, clock=lambda: NOW)]


async def keep_readable(store: Store, payload: dict[str, Any], *, source: Source = Source.EVENT) -> None:
    """Put aside what an older usersync could not read, and today's can."""
    await put_aside(store, a_letter(f"event:{payload.get('event_id')}", payload=json.dumps(payload), source=source))


async def test_what_can_be_read_today_is_applied_and_leaves(memory: Store) -> None:
    await keep_readable(memory, an_event(a_user_payload("U1", title="Countess")))

    (done,) = await replayed(memory)

    assert done.reason is None
    assert ["U1"] == [change.user_id for change in done.changes]
    assert "Countess" == (await get_user(memory, "U1")).title
    assert () == await letters(memory)


async def test_an_outdated_letter_changes_nothing_and_leaves(memory: Store) -> None:
    await take(memory, an_event(a_user_payload("U1", title="New", updated=1_700_000_900), event_id="Ev2"))
    before = (await get_user(memory, "U1"), await rev_of(memory), await all_changes(memory))
    await keep_readable(memory, an_event(a_user_payload("U1", title="Old", updated=1_700_000_100), event_id="Ev1"))

    (done,) = await replayed(memory)

    assert (None, ()) == (done.reason, done.changes)
    assert before == (await get_user(memory, "U1"), await rev_of(memory), await all_changes(memory))
    assert () == await letters(memory)


async def test_an_event_without_a_time_of_its_own_is_no_younger_than_its_letter(memory: Store) -> None:
    old = an_event(a_user_payload("U1", title="Old"), event_id="Ev1")
    del old["event"]["event_ts"]
    await keep_readable(memory, old)
    later = an_event(a_user_payload("U1", title="New"), event_id="Ev2", event_ts=f"{NOW_S + 60:.6f}")
    await commit_entries(memory, [entry_of(later, now_s=NOW_S + 60)], now=NOW)

    await replayed(memory)

    assert "New" == (await get_user(memory, "U1")).title


async def test_what_still_cannot_be_read_stays_with_todays_reason(memory: Store) -> None:
    await take(memory, an_event({"id": "not an id"}, event_id="Ev1"))
    (before,) = await letters(memory)

    (done,) = await replayed(memory)

    (after,) = await letters(memory)
    assert before == after
    assert before.reason == done.reason
    assert 1 == after.times


async def test_what_is_refused_again_is_no_younger_and_came_no_more_often(store: Store) -> None:
    await take(store, an_event(a_user_payload("U1")))
    (before,) = await letters(store)

    for _ in range(3):
        (done,) = [each async for each in replay_all(store, clock=lambda: NOW + timedelta(days=30))]
        assert "has not installed" in str(done.reason)

    assert (before,) == await letters(store)


async def test_a_letter_of_a_workspace_that_is_installed_by_now_is_applied(store: Store) -> None:
    await take(store, an_event(a_user_payload("U1")))
    assert "has not installed" in (await letters(store))[0].reason
    await install(store, TEAM)

    (done,) = await replayed(store)

    assert done.reason is None
    assert await find_user(store, "U1") is not None
    assert () == await letters(store)


async def test_a_letter_of_a_page_is_applied_as_older_than_whatever_else_is_of_its_second(memory: Store) -> None:
    await take(memory, an_event(a_user_payload("U1", title="Event", updated=1_700_000_000)))
    for user_id in ("U1", "U2"):
        member = a_user_payload(user_id, title="Page", updated=1_700_000_000)
        await put_aside(memory, a_letter(f"{user_id}:digest", payload=json.dumps(member), source=Source.RUN))

    done = await replayed(memory)

    assert [None, None] == [each.reason for each in done]
    assert "Event" == (await get_user(memory, "U1")).title
    assert "Page" == (await get_user(memory, "U2")).title


async def test_an_unreadable_entry_of_a_page_stays(memory: Store) -> None:
    entry = entry_of_member({"id": "U1", "profile": 5}, team_id=TEAM, moment=0, now_s=NOW_S)
    await commit_entries(memory, [entry], now=NOW)

    (done,) = await replayed(memory)

    assert done.reason == (await letters(memory))[0].reason
    assert 1 == len(await letters(memory))


@pytest.mark.parametrize(("payload", "reason"), [("", NOT_KEPT), ('{"a":"' + "x" * MAX_PAYLOAD_CHARS, CUT)])
async def test_a_payload_that_was_not_kept_whole_says_so(memory: Store, payload: str, reason: str) -> None:
    await put_aside(memory, a_letter(payload=payload[:MAX_PAYLOAD_CHARS]))

    (done,) = await replayed(memory)

    assert reason == done.reason


async def test_one_letter_is_replayed_and_the_others_left(memory: Store) -> None:
    for number in (1, 2):
        await keep_readable(memory, an_event(a_user_payload(f"U{number}"), event_id=f"Ev{number}"))
    first, second = await letters(memory)

    await replay(memory, second, clock=lambda: NOW)

    assert (first,) == await letters(memory)
    assert await find_user(memory, "U1") is None


async def test_hundreds_are_replayed_each_once(memory: Store) -> None:
    for number in range(205):
        stays = number % 50 == 0
        await keep_readable(
            memory, an_event({"id": "?"} if stays else a_user_payload(f"U{number}"), event_id=f"Ev{number}")
        )

    done = await replayed(memory)

    assert 205 == len(done)
    assert 5 == len(await letters(memory))


SECRETS = [
    "xoxb-1-2-abc", "xapp-1-A1-2-abc", "xoxe.xoxb-1-abc", "xoxp-12-ab", "xwfp-1-ab",
    "https://hooks.slack.com/services/T1/B1/abc", "wss://wss-primary.slack.com/link/?ticket=abc",
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "place",
    [
        "token",
        "bot_access_token",
        "client_secret",
        "accessToken",
        "response_url",
        "title",
        "anything",
        "in a list",
        "a key",
    ],
)
def test_no_secret_is_kept_with_a_payload(secret: str, place: str) -> None:
    inside = {"in a list": {"rows": [{"x": [f"see {secret}!"]}]}, "a key": {secret: 1}}.get(place, {place: secret})

    text = payload_text({"event": {"user": {"id": "U1", "profile": inside}}, **inside})

    assert secret not in text
    assert '"id":"U1"' in text


def test_slacks_own_verification_token_is_not_kept_and_the_rest_is() -> None:
    payload = {**an_event(a_user_payload("U1", title="Token ring engineer")), "token": "Jhj5dZrVaK7ZwHHjRyZWjbDl"}

    text = payload_text(payload)

    assert {**payload, "token": "(taken out)"} == json.loads(text)
