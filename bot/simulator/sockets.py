"""The Socket Mode endpoint: single-use tickets, `hello`, pings, at most ten sockets, and all ways to end one."""

import asyncio
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from bot.simulator.clocks import SlackTime
from bot.simulator.waiting import Watch

Json = dict[str, Any]

MOST_SOCKETS = 10
"""Open connections that Slack allows an app (Slack's page on Socket Mode)."""

PING_EVERY_SECONDS = 10.0
HOST = "applink-pretend-0"
CLOSE = object()
ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


@dataclass(frozen=True)
class Ending:
    """How a socket ended: with the code of its client's close frame, or None where the line was cut without one."""

    socket: int
    close_code: int | None


class Socket:
    """One open connection; what is put goes out in order, unless the socket is deaf: then nothing goes in or out."""

    def __init__(self, number: int, ws: web.WebSocketResponse, request: web.Request, *, app_id: str) -> None:
        self.number = number
        self.app_id = app_id
        self.is_deaf = False
        self.takes_payloads = True
        self.close_code: int | None = None
        self.gone = asyncio.Event()
        self._ws = ws
        self._request = request
        self._outgoing: asyncio.Queue[object] = asyncio.Queue()

    def put(self, frame: str, *, on_left: Callable[[], None] | None = None) -> None:
        """Send as soon as the line takes it; `on_left` hears when that was, or that it is lost on a line that ended."""
        self._outgoing.put_nowait((frame, on_left or _nobody_waits))

    def close_soon(self) -> None:
        """Close properly once everything put before has gone out."""
        self.takes_payloads = False
        self._outgoing.put_nowait(CLOSE)

    def drop(self) -> None:
        """Cut the line (TCP reset), without a word."""
        self.takes_payloads = False
        self.gone.set()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def serve(self, hear: Callable[[Json, "Socket"], None]) -> None:
        """Until either side ends it: write what is put, answer pings, pass on each frame heard."""
        writer = asyncio.create_task(self._write(), name=f"pretend-slack-socket-{self.number}")
        try:
            await self._read(hear)
        finally:
            self.takes_payloads = False
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            while not self._outgoing.empty():
                _left(self._outgoing.get_nowait())

    async def _read(self, hear: Callable[[Json, "Socket"], None]) -> None:
        while (message := await self._ws.receive()).type not in ENDS:
            if self.is_deaf:
                continue
            if message.type is WSMsgType.PING:
                await self._ws.pong(message.data)
            elif message.type is WSMsgType.TEXT and isinstance(frame := _parsed(message.data), dict):
                hear(frame, self)
        if self.is_deaf:
            await self._hold_on()
            return
        if message.type is WSMsgType.CLOSE:
            self.close_code = message.data
        if not self._ws.closed:
            await self._ws.close()

    async def _hold_on(self) -> None:
        """A half-open line does not even answer a close; it ends when the other side tears it down."""
        while not self.gone.is_set() and self._request.transport is not None:
            try:
                async with asyncio.timeout(0.05):
                    await self.gone.wait()
            except TimeoutError:
                continue

    async def _write(self) -> None:
        while True:
            try:
                # Not wait_for: in Python 3.11 it can swallow the cancellation that ends this task.
                async with asyncio.timeout(PING_EVERY_SECONDS):
                    frame = await self._outgoing.get()
            except TimeoutError:
                frame = None
            try:
                if not self.is_deaf:
                    await self._send(frame)
            except ConnectionError:
                return  # the reader sees the end too, and says so to everybody
            finally:
                _left(frame)

    async def _send(self, frame: object) -> None:
        match frame:
            case None:
                await self._ws.ping(b"still here?")
            case (str(text), _):
                await self._ws.send_str(text)
            case _:
                await self._ws.close()


def _nobody_waits() -> None:
    """Nothing depends on when this frame leaves."""


def _left(outgoing: object) -> None:
    match outgoing:
        case (str(), on_left) if callable(on_left):
            on_left()


@dataclass(frozen=True)
class Ticket:
    """Leave to open one connection until a moment (epoch seconds)."""

    app_id: str
    valid_until: float


class Sockets:
    """All connections of the app, and the tickets with which they are opened."""

    def __init__(self, *, app_id: str, time: SlackTime, watch: Watch, seed: int, ticket_lifetime: float) -> None:
        self._app_id = app_id
        self._time = time
        self._watch = watch
        self._dice = random.Random(f"{seed}/sockets")
        self._ticket_lifetime = ticket_lifetime
        self._tickets: dict[str, Ticket] = {}
        self._used: set[str] = set()
        self._refusals: list[int] = []
        self._refusing: int | None = None
        self.open: list[Socket] = []
        self.endings: list[Ending] = []
        self.hellos = 0
        self.turned_away = 0
        self.fewest = 0
        self.on_open: Callable[[], None] = lambda: None
        self.on_frame: Callable[[Json, Socket], None] = lambda _frame, _socket: None

    def issue(self, base_url: str, *, app_id: str) -> str:
        """A `ws://` address with a ticket that opens one connection of that app, soon."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = Ticket(app_id, self._time.now() + self._ticket_lifetime)
        return f"{base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={app_id}"

    def pick(self) -> Socket | None:
        """The socket for the next payload: any open one, with no pattern, as Slack warns."""
        open_ones = [each for each in self.open if each.takes_payloads and each.app_id == self._app_id]
        return self._dice.choice(open_ones) if open_ones else None

    def refuse(self, *, http_status: int, times: int | None) -> None:
        """Answer the next handshakes with this HTTP status; `times` None means until `accept()`."""
        if times is None:
            self._refusing = http_status
        else:
            self._refusals.extend([http_status] * times)

    def accept(self) -> None:
        self._refusing = None
        self._refusals.clear()

    def disconnect(self, reason: str, *, closes_after: float) -> None:
        """Say goodbye to every socket and close it some seconds later. After a mere `warning` payloads still come."""
        frame = _disconnect_frame(reason)
        for socket in self.open:
            socket.put(frame)
            socket.takes_payloads = reason == "warning"
            asyncio.get_running_loop().call_later(closes_after, socket.close_soon)

    @property
    def listening(self) -> int:
        """Open connections that are not deaf."""
        return len([each for each in self.open if not each.is_deaf])

    def deafen(self, count: int | None) -> None:
        """Make so many of the open ones deaf, the oldest first; None for all."""
        for socket in self.open[:count]:
            socket.is_deaf = True
        self.count_fewest()

    def drop(self, count: int | None) -> None:
        """Cut so many of the open ones, the oldest first; None for all."""
        for socket in self.open[:count]:
            socket.drop()

    def count_fewest(self, *, anew: bool = False) -> None:
        self.fewest = self.listening if anew else min(self.fewest, self.listening)

    async def close(self) -> None:
        """End them all, deaf ones by cutting the line."""
        for socket in list(self.open):
            if socket.is_deaf:
                socket.drop()
            else:
                socket.close_soon()
        try:
            await self._watch.until(lambda: not self.open, within=1.0, or_say=lambda: "some sockets stay open")
        except TimeoutError:
            for socket in self.open:
                socket.drop()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """`GET /link/`: the handshake, and then the whole life of the connection."""
        granted = self._tickets.get(request.query.get("ticket", ""))
        if (refusal := self._refusal(request)) is not None or granted is None:
            self.turned_away += 1
            return web.Response(status=refusal or 404)
        ws = web.WebSocketResponse(autoping=False, autoclose=False, timeout=1.0, max_msg_size=0)
        await ws.prepare(request)
        if self._count(granted.app_id) >= MOST_SOCKETS:
            self.turned_away += 1
            await ws.send_str(_disconnect_frame("too_many_websockets"))
            await ws.close()
            return ws
        await self._live(Socket(self.hellos + 1, ws, request, app_id=granted.app_id))
        return ws

    async def _live(self, socket: Socket) -> None:
        self.open.append(socket)
        self.hellos += 1
        socket.put(self._hello(socket.app_id))
        self.on_open()
        self._watch.moved()
        try:
            await socket.serve(self.on_frame)
        finally:
            self.open.remove(socket)
            self.endings.append(Ending(socket.number, socket.close_code))
            self.count_fewest()
            self._watch.moved()

    def _refusal(self, request: web.Request) -> int | None:
        """The HTTP status for a handshake that is turned away; Slack is seen to answer 408 and 404."""
        if self._refusals:
            return self._refusals.pop(0)
        if self._refusing is not None:
            return self._refusing
        ticket = request.query.get("ticket", "")
        granted = self._tickets.pop(ticket, None)
        if granted is None:
            return 408 if ticket in self._used else 404
        self._used.add(ticket)
        return None if self._time.now() <= granted.valid_until else 408

    def _count(self, app_id: str) -> int:
        return len([each for each in self.open if each.app_id == app_id])

    def _hello(self, app_id: str) -> str:
        return json.dumps(
            {
                "type": "hello",
                "num_connections": self._count(app_id),
                "debug_info": {
                    "host": HOST,
                    "build_number": 1,
                    "approximate_connection_time": 18060,
                    "started": f"{self._time.now():.3f}",
                },
                "connection_info": {"app_id": app_id},
            }
        )


def _disconnect_frame(reason: str) -> str:
    return json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
