"""The simulator's contract about users: what each verb tells the app, in which shape, and who lives in the crowd."""

import asyncio
import random
from collections import Counter
from typing import Any

import aiohttp
import pytest

from bot.simulator import ABSENT, PretendUser, Simulator, tell
from bot.simulator.people import People


def told(sim: Simulator) -> list[dict[str, Any]]:
    """The inner events raised so far; nobody needs to listen for them to exist."""
    return [envelope.payload["event"] for envelope in sim.envelopes]


def test_somebody_who_joins_is_told_with_the_whole_object():
    sim = Simulator()
    ada = sim.joins("Ada Lovelace", title="Engineer", tz="Europe/London")
    [event] = told(sim)

    assert {"type", "user", "cache_ts", "event_ts"} == event.keys()
    assert "team_join" == event["type"]
    assert ada.payload() == event["user"]
    assert ("Engineer", "Europe/London") == (event["user"]["profile"]["title"], event["user"]["tz"])
    assert event["user"]["updated"] == event["cache_ts"]


def test_somebody_added_is_there_without_any_event():
    sim = Simulator()
    grace = sim.adds("Grace Hopper")

    assert [] == told(sim)
    assert grace.payload() in sim.users()


def test_a_change_stands_where_slack_puts_the_field():
    sim = Simulator()
    ada = sim.adds("Ada Lovelace")
    sim.changes(
        ada, real_name="Ada King", title="Countess", is_restricted=True, status_emoji=":palm_tree:", pronouns=ABSENT
    )
    user = told(sim)[0]["user"]
    profile = user["profile"]

    assert ("Ada King", "Ada King", "Ada", "King") == (
        user["real_name"],
        profile["real_name_normalized"],
        profile["first_name"],
        profile["last_name"],
    )
    assert ("Countess", True) == (profile["title"], user["is_restricted"])
    assert [{"emoji_name": "palm_tree", "display_url": "", "unicode": "1f334"}] == profile["status_emoji_display_info"]
    assert "pronouns" not in profile


def test_a_quiet_change_is_an_event_that_got_lost():
    sim = Simulator()
    ada = sim.adds("Ada Lovelace")
    sim.changes(ada, quietly=True, title="Countess")

    assert [] == told(sim)
    assert "Countess" == ada.payload()["profile"]["title"]


def test_a_deactivation_is_told_shortly_but_listed_fully():
    sim = Simulator()
    ada = sim.adds("Ada Lovelace", title="Engineer", face=3)
    sim.deactivates(ada)
    user = told(sim)[0]["user"]
    listed = ada.payload()

    assert {"id", "team_id", "name", "deleted", "profile", "is_bot", "is_app_user", "updated"} == user.keys()
    assert user["deleted"] is True
    names = {"real_name", "real_name_normalized", "display_name", "display_name_normalized", "first_name", "last_name"}
    others = {"avatar_hash", "is_custom_image", "team"}
    assert names | others == {key for key in user["profile"] if not key.startswith("image_")}
    assert ("Engineer", True) == (listed["profile"]["title"], listed["deleted"])


def test_somebody_reactivated_is_told_with_the_whole_object_again():
    sim = Simulator()
    ada = sim.adds("Ada Lovelace")
    sim.deactivates(ada)
    sim.reactivates(ada)

    assert told(sim)[1]["user"] == ada.payload()
    assert ada.payload()["deleted"] is False


def test_somebody_forgotten_keeps_no_personal_data():
    sim = Simulator()
    ada = sim.adds("Ada Lovelace", title="Engineer", phone="+44 1632 960001", face=1)
    sim.forgets(ada)

    for user in (told(sim)[0]["user"], ada.payload()):
        assert (True, True) == (user["deleted"], user["is_forgotten"])
        assert not any(word in str(user) for word in ("Ada", "ada.", "Lovelace", "Engineer", "960001", "/faces/"))


def test_updated_has_whole_seconds_and_never_goes_back_while_event_ts_always_rises():
    now = [1_790_000_000.5]
    sim = Simulator(clock=lambda: now[0])
    ada = sim.adds("Ada Lovelace")
    for moment in (1_790_000_001.2, 1_790_000_001.2, 1_789_999_000.0, 1_790_000_002.9):
        now[0] = moment
        sim.changes(ada, title=str(moment))
    events = told(sim)
    stamps = [event["event_ts"] for event in events]

    assert [1_790_000_001, 1_790_000_001, 1_790_000_001, 1_790_000_002] == [
        event["user"]["updated"] for event in events
    ]
    assert sorted(set(stamps)) == stamps
    assert all(6 == len(stamp.partition(".")[2]) for stamp in stamps)


def test_slackbot_and_the_apps_own_bot_live_in_every_workspace():
    sim = Simulator()
    slackbot, bot = sim.users()

    assert ("USLACKBOT", 0, None, False) == (slackbot["id"], slackbot["updated"], slackbot["tz"], slackbot["is_bot"])
    assert (sim.bot_user_id, True, sim.bot_id) == (bot["id"], bot["is_bot"], bot["profile"]["bot_id"])


def test_the_email_is_left_out_of_events_without_its_scope():
    sim = Simulator()
    sim.scopes.discard("users:read.email")
    sim.joins("Ada Lovelace")

    assert "email" not in told(sim)[0]["user"]["profile"]


def test_an_event_of_any_kind_goes_out_as_it_is():
    sim = Simulator()
    event_id = sim.sends({"type": "user_change", "user": "odd"}, team_id="T0ELSE0001", event_time="late")
    payload = sim.envelope(event_id).payload

    assert {"type": "user_change", "user": "odd"} == payload["event"]
    assert ("T0ELSE0001", "late", event_id) == (payload["team_id"], payload["event_time"], payload["event_id"])


def test_the_same_seed_and_index_give_the_same_person_whoever_was_asked_before():
    one, other = People(7), People(7)
    crowd = [one.person(index) for index in range(30)]

    assert crowd[::-1] == [other.person(index) for index in reversed(range(30))]
    assert crowd != [People(8).person(index) for index in range(30)]


def test_a_crowd_is_as_mixed_as_a_real_workspace():
    users = Simulator(crowd=1000).users()[2:]
    share = Counter[str]()
    for user in users:
        profile = user["profile"]
        share["face"] += profile.get("is_custom_image", False)
        share["bot"] += user["is_bot"]
        share["guest"] += user["is_restricted"]
        share["guest with an end"] += "guest_expiration_ts" in profile
        share["deactivated"] += user["deleted"]
        share["untitled"] += not profile["title"]
        share["status"] += bool(profile["status_emoji"])
        share["mononym"] += bool(profile["first_name"]) and not profile["last_name"] and not user["is_bot"]
        share["no display name"] += not profile["display_name"]
    letters = set("".join(user["real_name"] for user in users))

    assert 500 < share["face"] < 700
    assert 10 < share["bot"] < 50
    assert 20 < share["guest with an end"] <= share["guest"] < 80
    assert 20 < share["deactivated"] < 80
    assert all(share[kind] for kind in ("untitled", "mononym"))
    assert 300 < share["status"] < 500
    assert 400 < share["no display name"] < 700
    assert set("łøßæ'-é") <= {letter.lower() for letter in letters}
    for start, end in (("\u0590", "\u05ff"), ("\u0600", "\u06ff"), ("\u4e00", "\u9fff"), ("\uac00", "\ud7a3")):
        assert any(start <= letter <= end for letter in letters)


def test_no_two_users_share_a_handle_or_an_address():
    sim = Simulator(crowd=1500)
    for _ in range(50):
        sim.adds()
    sim.adds("Ada Lovelace")
    sim.adds("Ada Lovelace")
    users = sim.users()

    assert len(users) == len({user["name"] for user in users})
    emails = [user["profile"]["email"] for user in users if "email" in user["profile"]]
    assert len(emails) == len(set(emails))


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


class Pretender:
    """An app at the raw wire that acks what it hears, with a payload where one is accepted."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def run(self) -> None:
        async for message in self.socket:
            frame = message.json()
            if "envelope_id" in frame:
                self.heard.append(frame)
                ack = {"envelope_id": frame["envelope_id"]}
                await self.socket.send_json(
                    ack | ({"payload": {"text": "ok"}} if frame["accepts_response_payload"] else {})
                )


async def connected(sim: Simulator, session: aiohttp.ClientSession) -> tuple[Pretender, asyncio.Task[None]]:
    headers = {"Authorization": f"Bearer {sim.app_token}"}
    async with session.post(sim.api_url + "apps.connections.open", headers=headers) as response:
        url = (await response.json())["url"]
    pretender = Pretender(await session.ws_connect(url))
    return pretender, asyncio.create_task(pretender.run())


async def respond(session: aiohttp.ClientSession, url: str, **message: Any) -> tuple[int, dict[str, Any]]:
    async with session.post(url, json=message) as response:
        return response.status, await response.json()


async def test_a_slash_command_shows_what_its_ack_carried(session):
    async with Simulator() as sim:
        ada = sim.adds("Ada Lovelace")
        app, running = await connected(sim, session)
        command = await sim.types(ada, "/usersync resync now")
        await app.socket.close()
        await running

    [frame] = app.heard
    assert ("slash_commands", True) == (frame["type"], frame["accepts_response_payload"])
    assert "retry_attempt" not in frame
    assert ("/usersync", "resync now", ada.id) == tuple(frame["payload"][key] for key in ("command", "text", "user_id"))
    assert ({"text": "ok"}, None) == (command.ack_payload, command.error)
    assert [{"response_type": "ephemeral", "text": "ok"}] == command.visible


async def test_a_response_url_takes_five_posts_and_honours_replacing_and_deleting(session):
    async with Simulator() as sim:
        ada = sim.adds("Ada Lovelace")
        app, running = await connected(sim, session)
        command = await sim.types(ada, "/usersync resync")
        url = app.heard[0]["payload"]["response_url"]
        answers = [
            await respond(session, url, text="one"),
            await respond(session, url, text="two", replace_original=True),
            await respond(session, url, text="three", response_type="in_channel"),
            await respond(session, url, delete_original=True),
            await respond(session, url, text="five"),
            await respond(session, url, text="six"),
        ]
        await command.answered(5)
        await app.socket.close()
        await running

    assert [200] * 5 + [404] == [status for status, _ in answers]
    assert {"ok": False, "error": "used_url"} == answers[5][1]
    assert ["ok", "two", "five"] == [message["text"] for message in command.visible]
    assert (5, 1) == (len(command.messages), command.refused_posts)


async def test_a_response_url_expires_after_half_an_hour(session):
    now = [1_790_000_000.0]
    async with Simulator(clock=lambda: now[0]) as sim:
        app, running = await connected(sim, session)
        await sim.types(sim.adds("Ada Lovelace"), "/usersync")
        now[0] += 1801
        _, answer = await respond(session, app.heard[0]["payload"]["response_url"], text="late")
        await app.socket.close()
        await running

    assert "expired_url" == answer["error"]


async def test_a_response_url_fails_only_if_it_is_named(session):
    async with Simulator() as sim:
        url = f"{sim.url}/response/{sim.board.open_response_url().id}"
        sim.faults.fail("*", http_status=503)
        sim.faults.fail("response_url", http_status=502)
        answers = [await respond(session, url, text="one"), await respond(session, url, text="two")]

    assert [502, 200] == [status for status, _ in answers]


async def test_a_command_nobody_acks_fails_and_is_not_sent_again():
    async with Simulator() as sim:
        command = await sim.types(sim.adds("Ada Lovelace"), "/usersync")

    assert "dispatch_failed" == command.error
    assert command.ack_payload is None
    assert [] == command.visible


async def test_a_button_on_the_home_tab_sends_its_view(session):
    async with Simulator() as sim:
        ada = sim.adds("Ada Lovelace")
        view = sim.board.publish_home(ada.id, {"type": "home", "blocks": []}, expected_hash=None)
        app, running = await connected(sim, session)
        sim.opens_home(ada)
        await sim.presses(ada, "resync", view=view, value="all")
        await sim.eventually_acked()
        await app.socket.close()
        await running

    home, press = (frame["payload"] for frame in app.heard)
    assert ("app_home_opened", ada.id, "home") == tuple(home["event"][key] for key in ("type", "user", "tab"))
    assert ("block_actions", view["id"]) == (press["type"], press["view"]["id"])
    assert ("resync", "all") == (press["actions"][0]["action_id"], press["actions"][0]["value"])


async def told_story(*, crowd: int, beats: int) -> Simulator:
    sim = Simulator(crowd=crowd, seed=3)
    left = [beats]

    async def sleep(_seconds: float) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await tell(sim, rng=random.Random(5), sleep=sleep)
    return sim


async def test_the_story_is_plausible_and_neither_empties_nor_floods_the_place():
    sim = await told_story(crowd=200, beats=3000)
    users = sim.users()
    active = [user for user in users if not user["deleted"]]
    kinds = Counter(event["type"] for event in told(sim))

    assert 150 < len(active) < 250
    assert kinds["user_change"] > 5 * kinds["team_join"] > 0
    assert 3000 * 0.8 < sum(kinds.values()) <= 3000
    assert all(isinstance(sim.user(user["id"]), PretendUser) for user in users)


async def test_the_story_can_be_told_in_an_empty_workspace():
    sim = await told_story(crowd=0, beats=200)

    assert 0 < len(sim.users()) < 20
