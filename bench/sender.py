"""As much of Slack as sends events: its few calls, its sockets, and when each envelope was sent and acked.

Leaner than the simulator, which keeps every envelope and every delivery: whoever measures must not be what is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.simulator import Simulator
from bot.simulator.payloads import in_event

Json = dict[str, Any]

TEAM, APP, BOT = "T0SIM00001", "A0SIM00001", "U0BENCHBOT"
BOT_TOKEN, APP_TOKEN = "xoxb-bench", "xapp-bench"
PAGE = 999
WORD = "Bench"
"""Begins every title that an event brings; a number follows, the event's own."""


class People:
    """Everybody, as the JSON that Slack would send of them now; each event gives one of them another title."""

    def __init__(self, count: int) -> None:
        crowd = Simulator(team_id=TEAM, crowd=count, seed=7).crowd
        self._users = [in_event(user) for _, user in crowd.listed_from(0) if not user["is_bot"]]
        self._texts = [json.dumps(user) for user in self._users]
        self._numbers = itertools.count(1)
        self.admin_id = next(user["id"] for user in self._users if user["is_admin"])

    def __len__(self) -> int:
        return len(self._users)

    def user(self, user_id: str) -> str | None:
        """Give one of them."""
        found = (text for user, text in zip(self._users, self._texts, strict=True) if user["id"] == user_id)
        return next(found, None)

    def page(self, start: int, size: int) -> str:
        """Give some of them as a list."""
        return f"[{','.join(self._texts[start : start + size])}]"

    def change(self) -> tuple[int, str]:
        """Change the title of the next one in turn; give the event's number and its envelope."""
        number = next(self._numbers)
        at = number % len(self._users)
        user = self._users[at]
        user["profile"]["title"] = f"{WORD} {number}"
        user["updated"] = int(time.time())
        self._texts[at] = json.dumps(user)
        return number, _envelope(number, self._texts[at])

    def change_quietly(self) -> None:
        """Give everybody another phone number, of which no event tells: the next pass finds it."""
        for at, user in enumerate(self._users):
            user["profile"]["phone"] = f"+44 20 {time.time_ns() // 1000 % 10**8 + at:08}"
            user["updated"] = int(time.time())
            self._texts[at] = json.dumps(user)


def _envelope(number: int, user: str) -> str:
    now = time.time()
    event = f'{{"type":"user_change","user":{user},"cache_ts":{int(now)},"event_ts":"{now:.6f}"}}'
    authorization = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True}
    payload = (
        f'{{"token":"bench","team_id":"{TEAM}","context_team_id":"{TEAM}","api_app_id":"{APP}","event":{event},'
        f'"type":"event_callback","event_id":"Ev{number:09}","event_time":{int(now)},'
        f'"authorizations":[{json.dumps(authorization)}],"is_ext_shared_channel":false}}'
    )
    return (
        f'{{"envelope_id":"{number}","payload":{payload},"type":"events_api","accepts_response_payload":false,'
        '"retry_attempt":0,"retry_reason":""}'
    )


class Sender:
    """A pretend Slack on a port of its own; times are of `time.perf_counter`, in seconds."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.sent: dict[str, float] = {}
        self.acked: dict[str, float] = {}
        self.lists = 0
        """Pages of `users.list` that were asked for."""
        self.last_listed = 0
        """How often the last page was among them."""
        self.listed_at = 0.0
        """When the last of them was asked for."""
        self._sockets: deque[web.WebSocketResponse] = deque()
        self._moved = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def sockets(self) -> int:
        return len(self._sockets)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/{method}", self._answer)
        app.router.add_get("/api/{method}", self._answer)
        app.router.add_post("/response", self._hear)
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def send(self, number: int, frame: str) -> None:
        """Send an envelope on the next socket in turn."""
        socket = self._sockets[0]
        self._sockets.rotate()
        self.sent[str(number)] = time.perf_counter()
        await socket.send_str(frame)

    async def command(self, text: str) -> None:
        """Type `/usersync` and a word, as an admin."""
        payload = {
            "token": "bench",
            "team_id": TEAM,
            "api_app_id": APP,
            "channel_id": "C0BENCH001",
            "user_id": self.people.admin_id,
            "command": "/usersync",
            "text": text,
            "response_url": f"http://127.0.0.1:{self._port}/response",
            "trigger_id": "1.1.bench",
        }
        envelope = {"envelope_id": "command", "payload": payload, "type": "slash_commands"}
        await self._sockets[0].send_str(json.dumps({**envelope, "accepts_response_payload": True}))

    async def burst(self, events: int, *, window: int) -> float:
        """Send so many with at most `window` unacked, each made beforehand; tell the seconds until the last ack."""
        frames = deque(self.people.change() for _ in range(events))
        mine = [str(number) for number, _ in frames]
        begun, acked_before = time.perf_counter(), len(self.acked)
        sent = 0
        while frames:
            if sent - (len(self.acked) - acked_before) >= window:
                await self._ack()
                continue
            await self.send(*frames.popleft())
            sent += 1
        await self.settled(mine)
        return max(self.acked[each] for each in mine) - begun

    async def steady(self, events: int, *, a_second: float) -> list[float]:
        """Send so many at that pace; tell the seconds from each one's sending to its ack."""
        begun, mine = time.perf_counter(), []
        for index in range(events):
            number, frame = self.people.change()
            if (early := begun + index / a_second - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            mine.append(str(number))
            await self.send(number, frame)
        await self.settled(mine)
        return [self.acked[each] - self.sent[each] for each in mine]

    async def settled(self, envelope_ids: Iterable[str], *, within_s: float = 60) -> None:
        """Wait until all of these are acked. Raises TimeoutError: what is committed late never is, none is resent."""
        mine = list(envelope_ids)
        try:
            async with asyncio.timeout(within_s):
                for each in mine:
                    while each not in self.acked:
                        await self._ack()
        except TimeoutError:
            missing = sum(each not in self.acked for each in mine)
            raise TimeoutError(f"{missing} of {len(mine)} events were not acked.") from None

    async def _ack(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    async def _hear(self, request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"ok": True})

    async def _answer(self, request: web.Request) -> web.Response:
        told = {**request.query, **await request.post()}
        match request.match_info["method"]:
            case "apps.connections.open":
                url = f"ws://127.0.0.1:{self._port}/link?app_id={APP}"
                return web.json_response({"ok": True, "url": url})
            case "auth.test":
                return web.json_response({"ok": True, "team_id": TEAM, "team": "Bench", "user_id": BOT, "bot_id": "B1"})
            case "users.list":
                return self._list(int(str(told.get("cursor") or 0)), int(str(told.get("limit") or PAGE)))
            case "users.info" if (user := self.people.user(str(told.get("user")))) is not None:
                return web.Response(text=f'{{"ok":true,"user":{user}}}', content_type="application/json")
            case _:
                return web.json_response({"ok": False, "error": "missing_scope"})

    def _list(self, start: int, size: int) -> web.Response:
        self.lists += 1
        self.listed_at = time.perf_counter()
        is_last = start + size >= len(self.people)
        self.last_listed += is_last
        cursor = "" if is_last else str(start + size)
        metadata = json.dumps({"next_cursor": cursor})
        text = f'{{"ok":true,"members":{self.people.page(start, size)},"response_metadata":{metadata}}}'
        return web.Response(text=text, content_type="application/json")

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        hello = {"type": "hello", "num_connections": len(self._sockets) + 1, "connection_info": {"app_id": APP}}
        await socket.send_str(json.dumps(hello))
        self._sockets.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.acked.setdefault(json.loads(message.data)["envelope_id"], time.perf_counter())
                    self._moved.set()
        finally:
            self._sockets.remove(socket)
        return socket
