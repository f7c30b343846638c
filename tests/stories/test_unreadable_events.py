"""A payload that cannot be read is put aside with its reason, is acked, and spoils no neighbour."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import find
from tests.support.factories import a_user_payload
from tests.support.locks import held
from tests.support.refusing import refuse
from tests.support.waiting import eventually


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = {"deeper": value}
    return value


BAD_USERS = {
    "no user": ...,
    "user: null": None,
    "a user that is text": "U1",
    "a user that is a list": [],
    "no id": {"name": "x"},
    "an id that is a number": a_user_payload(5),  # type: ignore[arg-type]
    "an id in small letters": a_user_payload("u123"),
    "an id of another kind": a_user_payload("B123"),
    "an id with a line break": a_user_payload("U1\n"),
    "an empty id": a_user_payload(""),
    "a title that is a number": a_user_payload(title=5),
    "a title that is a list": a_user_payload(title=["x"]),
    "deleted that is text": a_user_payload(deleted="yes"),
    "a profile that is text": {**a_user_payload(), "profile": "x"},
    "a NUL byte": a_user_payload(title="a\0b"),
    "a lone surrogate": a_user_payload(title="a\ud800b"),
    "a huge number": a_user_payload(updated=10**30),
    "a huge offset": a_user_payload(tz_offset=-(10**30)),
    "a megabyte": a_user_payload(real_name="x" * 1_000_000),
    "deep nesting": a_user_payload(title=deep(200)),
    "deep nesting where nobody looks": {**a_user_payload(), "extra": deep(200)},
    "the year 3000": a_user_payload(updated=32_503_680_000),
    "custom fields that are a number": a_user_payload(fields=7),
}


@pytest.mark.parametrize("name", BAD_USERS)
async def test_a_bad_user_becomes_a_dead_letter_and_is_acked(slack: Simulator, service: Service, name: str) -> None:
    event = {"type": "user_change", "user": BAD_USERS[name]}
    if event["user"] is ...:
        del event["user"]

    event_id = slack.sends(event)
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()

    async with service.store.reading() as rx:
        letters = await rx.dead_letters.list_newest(10)
    assert [f"event:{event_id}"] == [letter.key for letter in letters]
    assert letters[0].reason
    assert len(letters[0].payload) <= 64_000
    assert 1 == slack.deliveries(event_id)
    assert await find(service, slack, ada.id) is not None


async def test_bad_and_good_events_of_one_burst_part_cleanly(slack: Simulator, service: Service) -> None:
    good = []
    for number, user in enumerate(BAD_USERS.values()):
        good.append(slack.joins(f"Ada {number}"))
        slack.sends({"type": "team_join", "user": None if user is ... else user})
    await slack.eventually_acked(timeout=60)

    async with service.store.reading() as rx:
        known = await rx.users.find_users(slack.team_id, {each.id for each in good})
        letters = await rx.dead_letters.count_letters()
    assert len(good) == len(known)
    assert len(BAD_USERS) == letters


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "event_callback", "event": None},
        {"type": "event_callback", "event": []},
        {"type": "event_callback", "event": {"type": 5}},
        {
            "type": "event_callback",
            "authorizations": "none",
            "event": {"type": "user_change", "user": a_user_payload()},
        },
        {"type": "event_callback", "authorizations": [5], "event": {"type": "user_change", "user": a_user_payload()}},
        {"type": "event_callback", "team_id": {"a": 1}, "event": {"type": "user_change", "user": a_user_payload()}},
        {"type": "event_callback", "enterprise": 5, "event": {"type": "user_change", "user": a_user_payload()}},
        {"ssl_check": "1", "type": "event_callback", "event": {"type": "user_change", "user": None}},
    ],
)
async def test_a_payload_beyond_the_usual_is_put_aside_and_acked(
    slack: Simulator, service: Service, payload: dict[str, Any]
) -> None:
    slack.sends_payload({"event_id": "EvODD", **payload})
    await slack.eventually_acked()

    async with service.store.reading() as rx:
        assert 1 == await rx.dead_letters.count_letters()


async def test_an_event_of_a_workspace_that_did_not_install_us_is_put_aside(slack: Simulator, service: Service) -> None:
    slack.sends_payload(
        {
            "type": "event_callback",
            "event_id": "EvELSEWHERE",
            "team_id": "T0ELSE",
            "authorizations": [{"team_id": "T0ELSE"}],
            "event": {"type": "user_change", "user": a_user_payload("U5")},
        }
    )
    await slack.eventually_acked()

    async with service.store.reading() as rx:
        letter = (await rx.dead_letters.list_newest(1))[0]
    assert "its workspace has not installed usersync" == letter.reason


async def test_an_event_we_did_not_ask_for_is_acked_and_kept_nowhere(slack: Simulator, service: Service) -> None:
    slack.sends({"type": "reaction_added", "user": "U1"})
    await slack.eventually_acked()

    async with service.store.reading() as rx:
        assert 0 == await rx.dead_letters.count_letters()


async def test_a_frame_that_is_no_json_hurts_nothing(slack: Simulator, service: Service) -> None:
    slack.sends_frame("{" * 50_000)
    slack.sends_frame("[1, 2]")
    slack.sends_frame(json.dumps({"envelope_id": "e1", "type": "events_api"}))
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()

    assert await find(service, slack, ada.id) is not None


async def test_the_bots_own_row_follows_its_changes(slack: Simulator, service: Service) -> None:
    async with service.store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(slack.team_id)
    assert workspace is not None
    bot_user_id = str(workspace.bot_user_id)
    before = await find(service, slack, bot_user_id)
    assert before is not None

    slack.sends(
        {
            "type": "user_change",
            "user": {**a_user_payload(bot_user_id, updated=before.updated + 5), "real_name": "People"},
        }
    )
    await slack.eventually_acked()

    after = await find(service, slack, bot_user_id)
    assert after is not None
    assert "People" == after.real_name


async def test_a_row_that_the_database_refuses_is_put_aside_alone(
    slack: Simulator, service: Service, database_url: str
) -> None:
    await refuse(database_url, "INSERT", "users", when="NEW.title = 'poison'")

    before = [slack.joins(f"Ada {number}") for number in range(20)]
    poison = slack.joins("Poison", title="poison")
    after = [slack.joins(f"Grace {number}") for number in range(20)]
    await slack.eventually_acked(timeout=60)

    async with service.store.reading() as rx:
        known = await rx.users.find_users(slack.team_id, {user.id for user in (*before, poison, *after)})
        letters = await rx.dead_letters.list_newest(10)
    assert {user.id for user in (*before, *after)} == set(known)
    assert [poison.id] == [letter.user_id for letter in letters]
    assert "the database refuses it" in letters[0].reason


async def test_an_envelope_of_another_kind_that_nobody_can_read_is_acked(slack: Simulator, service: Service) -> None:
    hostile = [{"type": "block_actions", "actions": []}, {"type": "block_actions"}, {"type": 5}, {}]
    for number, payload in enumerate(hostile):
        for kind in ("interactive", "slash_commands", "x"):
            slack.sends_frame(json.dumps({"envelope_id": f"odd-{kind}-{number}", "type": kind, "payload": payload}))
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()

    await eventually(lambda: service.handler.received.acked > 3 * len(hostile), of="an ack for each")
    assert await find(service, slack, ada.id) is not None


async def test_no_word_about_somebody_erased_is_put_aside(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace")
    slack.forgets(ada)
    await slack.eventually_acked()

    slack.sends({"type": "user_change", "user": a_user_payload(ada.id, is_admin=7, real_name="Ada Lovelace")})
    await slack.eventually_acked()

    async with service.store.reading() as rx:
        letter = (await rx.dead_letters.list_newest(1))[0]
    assert "is_admin" in letter.reason
    assert "" == letter.payload


@pytest.mark.parametrize("outer", [{}, {"type": "something"}, {"type": None}, {"type": "app_rate_limited"}])
async def test_an_event_in_an_odd_wrapper_is_never_acked_and_forgotten(
    slack: Simulator, service: Service, outer: dict[str, Any]
) -> None:
    event = {"type": "user_change", "user": a_user_payload("U77", updated=1_700_000_000)}
    slack.sends_payload({"event_id": "EvODD", "team_id": slack.team_id, "event": event, **outer})
    await slack.eventually_acked()

    assert await find(service, slack, "U77") is not None


@pytest.mark.runs_on("sqlite", because="a server lets nobody write bytes that are no text")
async def test_a_cell_that_another_tool_filled_with_rubbish_costs_one_event_and_not_the_service(
    slack: Simulator, service: Service, database_url: str
) -> None:
    ada, grace = slack.joins("Ada Lovelace"), slack.joins("Grace Hopper")
    await slack.eventually_acked()
    async with held(database_url) as other:
        other.connection.execute("UPDATE users SET title = CAST(x'4dfc6c' AS TEXT) WHERE id = ?", (ada.id,))
        other.connection.commit()

    slack.changes(ada, title="Countess")
    slack.changes(grace, title="Admiral")
    await slack.eventually_acked(timeout=60)
    before = service.runs.finished
    service.runs.want("a test")
    await eventually(lambda: service.runs.finished > before or service.runs.trouble, within_s=40, of="a run's end")

    async with service.store.reading() as rx:
        letters = {each.user_id for each in await rx.dead_letters.list_newest(10)}
        found = await rx.users.find_user(slack.team_id, grace.id)
    assert not service.failed.done()
    assert {ada.id} == letters
    assert found is not None
    assert "Admiral" == found.title
