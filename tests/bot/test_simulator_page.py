"""The page of the pretend Slack at the wire: whom it answers, what it refuses, and what each button does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest

from bot.simulator import Simulator
from bot.simulator.page import SlackPage
from tests.support.html import read
from tests.support.waiting import eventually

Json = dict[str, Any]


class Stage:
    """A pretend Slack with three people and its page, and a browser of sorts."""

    def __init__(self, sim: Simulator, page: SlackPage, client: httpx.AsyncClient) -> None:
        self.sim, self.page, self.client = sim, page, client
        self.owner, self.member = sim.adds("Olga Owner", is_owner=True), sim.adds("Mia Member")
        self.guest = sim.adds("Gus Guest", is_restricted=True)

    async def post(self, path: str, *, headers: Json | None = None, **form: str) -> httpx.Response:
        sent = {"Origin": self.sim.url, **(headers or {})}
        return await self.client.post(self.sim.url + path, data={"as": self.owner.id, **form}, headers=sent)

    async def get(self, path: str = "/", **more: Any) -> httpx.Response:
        return await self.client.get(self.sim.url + path, **more)

    async def live(self, user_id: str = "", tab: str = "talk") -> Json:
        answer = await self.get("/page/state", params={"as": user_id or self.owner.id, "tab": tab})
        return dict(answer.json()["live"])

    async def says(self, name: str = "talk", **more: str) -> str:
        return words((await self.live(**more))[name])


def words(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    children = tree[2] if tree and isinstance(tree[0], str) else tree
    return " ".join(filter(None, map(words, children)))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    sim = Simulator(ack_deadline=1)
    page = SlackPage(sim, refused_seconds=0.1)
    async with sim, httpx.AsyncClient(trust_env=False) as client:
        yield Stage(sim, page, client)
        await page.close()


@asynccontextmanager
async def an_app(sim: Simulator, answer: Callable[[Json], Json | None]) -> AsyncIterator[list[Json]]:
    """Connect as an app does: it acks whatever comes, and answers what has a response URL."""
    heard: list[Json] = []

    async def listen(session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = message.json()
            if "envelope_id" not in frame:
                continue
            await socket.send_json({"envelope_id": frame["envelope_id"]})
            heard.append(frame["payload"])
            if (url := frame["payload"].get("response_url")) and (said := answer(frame["payload"])):
                await session.post(url, json=said)

    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {sim.app_token}"}
        async with session.post(sim.api_url + "apps.connections.open", headers=headers) as response:
            url = (await response.json())["url"]
        async with session.ws_connect(url) as socket:
            listening = asyncio.create_task(listen(session, socket))
            await sim.connected()
            yield heard
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def echo(payload: Json) -> Json:
    return {"text": f"You said *{payload.get('text', 'press')}*"}


async def test_the_page_is_only_there_where_it_is_asked_for(slack: Simulator) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert 404 == (await client.get(slack.url)).status_code


async def test_the_page_says_what_it_is_and_whom_one_may_be(stage: Stage) -> None:
    answer = await stage.get()
    text = read(answer.text).text

    assert "This is not Slack" in text
    for name in ("Olga Owner", "Mia Member", "Gus Guest"):
        assert name in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "style=" not in answer.text


async def test_a_workspace_without_people_has_a_page_that_says_so() -> None:
    sim = Simulator()
    SlackPage(sim)
    async with sim, httpx.AsyncClient(trust_env=False) as client:
        assert "Nobody is in this workspace" in (await client.get(sim.url)).text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "[::2]", "[", ""])
async def test_a_host_that_is_not_this_machine_is_not_answered(stage: Stage, host: str) -> None:
    for path in ("/", "/page/state", "/page/page.js"):
        assert (await stage.get(path, headers={"Host": host})).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:80", "[::1]:80", "127.0.0.1"])
async def test_the_names_of_this_machine_are_answered(stage: Stage, host: str) -> None:
    assert 200 == (await stage.get(headers={"Host": host})).status_code


@pytest.mark.parametrize("path", ["/page/type", "/page/press", "/page/home", "/page/happen"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
async def test_what_another_page_sends_changes_nothing(stage: Stage, path: str, origin: str) -> None:
    before = len(stage.sim.envelopes), len(stage.sim.users())
    form = {"typed": "/usersync help", "happening": "joins", "place": "home", "press": "0-0:x"}

    answer = await stage.post(path, headers={"Origin": origin}, **form)

    assert 403 == answer.status_code
    assert before == (len(stage.sim.envelopes), len(stage.sim.users()))


@pytest.mark.parametrize("path", ["/page/type", "/page/press", "/page/home", "/page/happen"])
async def test_nothing_changes_by_a_mere_look(stage: Stage, path: str) -> None:
    assert 405 == (await stage.get(path)).status_code


async def test_more_than_anybody_types_is_refused(stage: Stage) -> None:
    assert 413 == (await stage.post("/page/type", typed="x" * 20_000)).status_code


async def test_of_what_has_no_length_it_is_said_so(stage: Stage) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"typed=x"

    url, headers = f"{stage.sim.url}/page/type", {"Origin": stage.sim.url}
    answer = await stage.client.post(url, content=parts(), headers=headers)

    assert 411 == answer.status_code
    assert "Nothing was sent" in answer.text


@pytest.mark.parametrize("who", ["", "U0NOBODY", "USLACKBOT"])
async def test_nobody_else_can_act(stage: Stage, who: str) -> None:
    form = {"as": who, "typed": "/usersync help", "happening": "joins"}

    for path, status in (("type", 400), ("press", 400), ("home", 400), ("happen", 404)):
        assert status == (await stage.post(f"/page/{path}", **form)).status_code
    assert [] == stage.sim.envelopes


async def test_a_command_is_answered_in_the_conversation_of_who_typed_it(stage: Stage) -> None:
    async with an_app(stage.sim, echo):
        answer = await stage.post("/page/type", typed=" /usersync find <b> ")

        assert 303 == answer.status_code
        assert f"/?as={stage.owner.id}&tab=talk" == answer.headers["Location"]
        assert "You said find <b>" in " ".join((await stage.says()).split())
        assert "Only visible to you" in await stage.says()
        assert "You said" not in await stage.says(user_id=stage.member.id)


async def test_a_later_answer_takes_the_place_of_the_first(stage: Stage) -> None:
    async with an_app(stage.sim, lambda _payload: {"text": "Reading …"}) as heard:
        await stage.post("/page/type", typed="/usersync resync")
        await stage.client.post(heard[0]["response_url"], json={"text": "Done.", "replace_original": True})

    said = await stage.says()
    assert "Done." in said
    assert "Reading" not in said


async def test_a_command_that_nobody_acks_fails_as_in_slack(stage: Stage) -> None:
    await stage.post("/page/type", typed="/usersync help")

    assert "dispatch_failed" in await stage.says()


@pytest.mark.parametrize(
    ("typed", "expected"), [("hello", "Begin with /usersync"), ("/giphy cat", "not a valid command")]
)
async def test_what_is_no_command_of_the_app_does_not_reach_it(stage: Stage, typed: str, expected: str) -> None:
    await stage.post("/page/type", typed=typed)

    assert expected in await stage.says()
    assert [] == stage.sim.envelopes


async def test_what_the_app_writes_to_a_channel_all_see_and_a_direct_message_one(stage: Stage) -> None:
    stage.sim.board.post("C0GENERAL01", {"text": "for all"})
    stage.sim.board.post(stage.member.id, {"text": "for Mia"})
    stage.sim.board.whisper("C0GENERAL01", stage.member.id, {"text": "hush"})

    owner, member = await stage.says(), await stage.says(user_id=stage.member.id)

    assert "#general" in owner
    assert "for all" in owner
    assert "for Mia" not in owner
    assert "hush" not in owner
    assert "Direct message" in member
    assert "for Mia" in member
    assert "hush" in member


def a_button(**more: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, **more}


async def test_a_button_presses_back_into_the_app_and_the_answer_takes_its_place(stage: Stage) -> None:
    def answer(payload: Json) -> Json:
        if payload.get("type") == "block_actions":
            return {"text": "Gone.", "replace_original": True}
        return {"text": "", "blocks": [{"type": "actions", "block_id": "b", "elements": [a_button(value="7")]}]}

    async with an_app(stage.sim, answer) as heard:
        await stage.post("/page/type", typed="/usersync")
        pressed = await stage.post("/page/press", place="t1.0", press="0-0:go")
        stale = await stage.post("/page/press", place="t1.0", press="0-0:go", headers={"Accept": "application/json"})

    assert 303 == pressed.status_code
    [told] = heard[1]["actions"]
    assert ("go", "b", "7", "button") == (told["action_id"], told["block_id"], told["value"], told["type"])
    assert stage.owner.id == heard[1]["user"]["id"]
    assert "Gone." in await stage.says()
    assert 409 == stale.status_code
    assert "not there any more" in stale.json()["error"]


async def test_what_a_button_answers_in_private_only_who_pressed_sees_and_in_its_place_all(stage: Stage) -> None:
    says = {"text": "Only for Olga"}
    posted = stage.sim.board.post("C0GENERAL01", {"blocks": [{"type": "actions", "elements": [a_button()]}]})
    place = f"mC0GENERAL01.{posted['ts']}"
    async with an_app(stage.sim, lambda _payload: says):
        await stage.post("/page/press", place=place, press="0-0:go")
        assert "Only for Olga" in await stage.says()
        assert "Only for Olga" not in await stage.says(user_id=stage.member.id)
        says |= {"text": "Settled", "replace_original": "true"}
        await stage.post("/page/press", place=place, press="0-0:go")

    for user in (stage.owner, stage.member):
        said = await stage.says(user_id=user.id)
        assert "Settled" in said
        assert "Go" not in said
        assert "#general" in said


async def test_home_is_empty_until_the_app_publishes_it_and_tells_what_stands_in_its_fields(stage: Stage) -> None:
    field = {"type": "plain_text_input", "action_id": "name"}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Welcome"}},
        {"type": "input", "block_id": "who", "label": {"type": "plain_text", "text": "Whom"}, "element": field},
        {"type": "actions", "elements": [a_button()]},
    ]
    async with an_app(stage.sim, lambda _payload: None) as heard:
        opened = await stage.post("/page/home")
        assert "tab=home" in opened.headers["Location"]
        await eventually(lambda: heard, of="the event")
        assert "The app has published nothing here." in await stage.says("home", tab="home")
        stage.sim.board.publish_home(stage.owner.id, {"type": "home", "blocks": blocks}, expected_hash=None)

        await stage.post("/page/press", place="home", press="2-0:go", **{"in-1-0": "anna"})

    assert ("app_home_opened", stage.owner.id) == (heard[0]["event"]["type"], heard[0]["event"]["user"])
    assert "Welcome" in await stage.says("home", tab="home")
    assert "anna" == heard[1]["view"]["state"]["values"]["who"]["name"]["value"]


async def test_a_modal_stands_before_whom_it_was_opened_for_until_they_close_it(stage: Stage) -> None:
    link = a_button(url="https://people.example/")
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "The directory"},
        "close": {"type": "plain_text", "text": "Not now"},
        "blocks": [{"type": "actions", "elements": [link]}],
    }
    async with an_app(stage.sim, lambda _payload: None) as heard:
        stage.sim.board.open_modal(stage.sim.board.trigger(stage.owner.id), view)
        seen, others = await stage.says("modal", tab="home"), await stage.says("modal", user_id=stage.member.id)
        await stage.post("/page/press", place="modal", press="0-0:go")
        await eventually(lambda: heard, of="the press")
        await stage.post("/page/press", place="modal", press="close")

    assert "The directory Not now" in seen
    assert "" == others
    assert ("view", "modal") == (heard[0]["container"]["type"], heard[0]["view"]["type"])
    assert "" == await stage.says("modal", tab="home")


async def test_a_press_in_home_that_nobody_acks_is_told(stage: Stage) -> None:
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [a_button()]}]}
    stage.sim.board.publish_home(stage.owner.id, view, expected_hash=None)

    await stage.post("/page/press", place="home", press="0-0:go")

    assert "did not answer" in await stage.says("home", tab="home")


async def test_someone_joins_changes_and_leaves_but_nobody_whom_one_acts_as(stage: Stage) -> None:
    await stage.get()  # the cast is chosen
    stage.page.leads_to("http://127.0.0.1:8000/")
    for happening in ("joins", "title", "status", "leaves"):
        await stage.post("/page/happen", happening=happening)

    newest = stage.sim.users()[-1]
    events = [each.payload["event"] for each in stage.sim.envelopes]
    assert ["team_join", "user_change", "user_change", "user_change"] == [event["type"] for event in events]
    assert {newest["id"]} == {event["user"]["id"] for event in events}
    assert newest["profile"]["title"] == events[1]["user"]["profile"]["title"]
    assert newest["profile"]["status_text"]
    assert newest["deleted"]
    assert f"http://127.0.0.1:8000/users/{stage.sim.team_id}/{newest['id']}" in str((await stage.live())["told"])


async def test_where_nobody_is_left_the_page_says_so(stage: Stage) -> None:
    await stage.get()
    await stage.post("/page/happen", happening="leaves")

    assert "Nobody is left" in await stage.says("told")


async def test_dropped_sockets_are_let_in_again_after_a_moment(stage: Stage) -> None:
    async with an_app(stage.sim, echo):
        await stage.post("/page/happen", happening="drop")
        await stage.sim.until(lambda: not stage.sim.sockets)
        assert "0 connections" in await stage.says("weather")
        assert "1 connection was cut" in await stage.says("told")

    async def comes_in() -> bool:
        try:
            async with an_app(stage.sim, echo):
                return True
        except aiohttp.WSServerHandshakeError:
            return False

    assert not await comes_in()
    await eventually(comes_in, of="a new connection")


async def test_a_revoked_token_is_refused_until_it_is_given_back(stage: Stage) -> None:
    async def called() -> Json:
        headers = {"Authorization": f"Bearer {stage.sim.bot_token}"}
        return dict((await stage.client.post(stage.sim.api_url + "auth.test", headers=headers)).json())

    await stage.post("/page/happen", happening="token")
    refused, troubles = await called(), await stage.says("troubles")
    weather, saw = await stage.says("weather"), await stage.says("lately")
    await stage.post("/page/happen", happening="token")

    assert "token_revoked" == refused["error"]
    assert "Give the token back" in troubles
    assert "Token revoked" in weather
    assert "auth.test" in saw
    assert "token_revoked" in saw
    assert (await called())["ok"]
    assert "Revoke the token" in await stage.says("troubles")


async def test_page_two_of_the_next_pass_comes_without_its_people_and_the_one_after_is_whole(stage: Stage) -> None:
    async def pages() -> list[int]:
        counts, cursor = [], ""
        while True:
            form = {"token": stage.sim.bot_token, "limit": "999", "cursor": cursor}
            answer = (await stage.client.post(stage.sim.api_url + "users.list", data=form)).json()
            counts.append(len(answer["members"]))
            if not (cursor := answer["response_metadata"]["next_cursor"]):
                return counts

    for number in range(175):
        stage.sim.adds(f"Ada {number}")
    for _ in range(2):  # an impatient second press asks for no second trouble
        await stage.post("/page/happen", happening="page")
    lost, before = await stage.says("weather"), await pages()

    assert "Page 2 will be lost" in lost
    assert [60, 0, 60] == before
    assert [60, 60, 60] == await pages()
    assert "Page 2" not in await stage.says("weather")


async def test_an_unreadable_event_is_sent(stage: Stage) -> None:
    await stage.post("/page/happen", happening="unreadable")

    [envelope] = stage.sim.envelopes
    assert isinstance(envelope.payload["event"]["user"]["profile"], str)
    assert "put aside" in await stage.says("told")
    assert "waits for a connection" in await stage.says("lately")


async def test_the_log_tells_how_soon_an_envelope_was_acked(stage: Stage) -> None:
    async with an_app(stage.sim, echo):
        await stage.post("/page/happen", happening="joins")
        await stage.sim.eventually_acked()

    said = await stage.says("lately")
    assert "team_join" in said
    assert "acked in" in said


@pytest.mark.parametrize("name", ["", "nothing", "__class__"])
async def test_an_unknown_happening_is_refused(stage: Stage, name: str) -> None:
    answer = await stage.post("/page/happen", happening=name, headers={"Accept": "application/json"})

    assert 404 == answer.status_code
    assert "cannot be made to happen" in answer.json()["error"]


async def test_names_and_words_never_become_markup(stage: Stage) -> None:
    evil = "<img src=x onerror=alert(1)>"
    stage.sim.changes(stage.owner, real_name=evil)
    stage.sim.board.post("C0GENERAL01", {"text": evil.replace("<", "&lt;")})
    await stage.post("/page/type", typed=evil)

    text = (await stage.get(params={"as": stage.owner.id, "typed": f'"{evil}'})).text

    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


async def test_static_files_are_those_of_the_page_alone(stage: Stage) -> None:
    assert "text/css" in (await stage.get("/page/page.css")).headers["Content-Type"]
    assert "javascript" in (await stage.get("/page/page.js")).headers["Content-Type"]
    assert 404 == (await stage.get("/page/routes.py")).status_code
    assert 404 == (await stage.get("/page/..%2froutes.py")).status_code
