"""The pretend Slack: one app, its wire, and at least one workspace, on a port of this machine alone."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from email.utils import formatdate
from itertools import islice
from typing import Any, Self

from aiohttp import web

from bot.simulator.api import Api, spoiled
from bot.simulator.calls import Call, Ledger, read_args
from bot.simulator.clocks import SlackTime
from bot.simulator.envelopes import Envelope, Outbox, State
from bot.simulator.faults import RESPONSE_URL, Faults
from bot.simulator.limits import RateLimits
from bot.simulator.openid import OpenIdSide
from bot.simulator.pictures import Pictures
from bot.simulator.sockets import Ending, Sockets
from bot.simulator.waiting import Watch
from bot.simulator.workspace import Wire, Workspace

Json = dict[str, Any]


class Simulator(Workspace):
    """Slack as a state machine at the wire. It is also its own first workspace; `installs` adds more.

    Durations are seconds. `clock` gives epoch seconds and rules every stamp and the `Date` header; deadlines and pauses
    run on the loop's own clock. `gap_window` is how long an event waits for a socket; `remembered` bounds what is kept.
    """

    def __init__(
        self,
        *,
        team_id: str = "T0SIM00001",
        team_name: str = "Meridian",
        app_id: str = "A0SIM00001",
        bot_token: str = "xoxb-pretend-bot",  # noqa: S107 opens nothing but this simulator
        app_token: str = "xapp-pretend-app",  # noqa: S107 likewise
        client_id: str = "1234567890.1234567890",
        client_secret: str = "pretend-client-secret",  # noqa: S107 likewise
        crowd: int = 0,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        ack_deadline: float = 3.0,
        retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0),
        rate_limits: bool = False,
        gap_window: float = 300.0,
        ticket_lifetime: float = 60.0,
        remembered: int = 20_000,
    ) -> None:
        slack_time, self._watch = SlackTime(clock), Watch()
        self.app_token = app_token
        self._apps = {app_token: app_id}
        self.faults = Faults()
        self.limits = RateLimits(slack_time, is_on=rate_limits)
        self._port = 0
        self._routes: list[web.RouteDef] = []
        self._runner: web.AppRunner | None = None
        self._ledger = Ledger(slack_time, remembered=remembered)
        self.openid = OpenIdSide(
            client_id=client_id,
            client_secret=client_secret,
            url=lambda: self.url,
            workspaces=lambda: self.workspaces,
            time=slack_time,
            faults=self.faults,
            ledger=self._ledger,
        )
        self._sockets = Sockets(
            app_id=app_id, time=slack_time, watch=self._watch, seed=seed, ticket_lifetime=ticket_lifetime
        )
        self._outbox = Outbox(
            time=slack_time,
            pick=self._sockets.pick,
            watch=self._watch,
            ack_deadline=ack_deadline,
            retry_delays=retry_delays,
            gap_window=gap_window,
            remembered=remembered,
        )
        self._sockets.on_open = self._outbox.pump
        self._sockets.on_frame = lambda frame, socket: self._outbox.ack(frame, socket=socket.number)
        wire = Wire(app_id, slack_time, self._watch, self._outbox, lambda: self.url)
        super().__init__(wire, team_id=team_id, team_name=team_name, bot_token=bot_token, crowd=crowd, seed=seed)
        self.workspaces: list[Workspace] = [self]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    def serves(self, routes: Iterable[web.RouteDef]) -> None:
        """Answer at more paths than Slack does, from the next `start` on."""
        self._routes.extend(routes)

    async def start(self, port: int = 0) -> None:
        """Listen on the port, or on any free one. OSError if it is taken."""
        app = web.Application(client_max_size=4_000_000)
        app.on_response_prepare.append(self._stamp_date)
        api = Api(
            find_workspace=self._workspace_of,
            apps=self._apps,
            open_socket=lambda app_id: self._sockets.issue(self.url, app_id=app_id),
            faults=self.faults,
            limits=self.limits,
            ledger=self._ledger,
        )
        app.add_routes(
            [
                web.post("/api/openid.connect.token", self.openid.handle_token),
                web.get("/openid/connect/keys", self.openid.handle_keys),
                web.get("/openid/connect/authorize", self.openid.handle_authorize),
                web.route("*", "/api/{method}", api.handle),
                web.get("/link/", self._sockets.handle),
                web.post("/response/{id}", self._handle_response),
                *Pictures(lambda: self.workspaces).routes(),
                *self._routes,
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = int(self._runner.addresses[0][1])
        self._outbox.start()

    async def stop(self) -> None:
        """Close every socket and the port. What happened stays readable, and `start` can follow."""
        self._outbox.stop()
        await self._sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def installs(self, *, team_id: str, team_name: str, bot_token: str, crowd: int = 0, seed: int = 2) -> Workspace:
        """A second workspace of the same app, with a token of its own; its events come over the same sockets."""
        workspace = Workspace(
            self._wire, team_id=team_id, team_name=team_name, bot_token=bot_token, crowd=crowd, seed=seed
        )
        self.workspaces.append(workspace)
        return workspace

    def knows_app(self, *, app_id: str, app_token: str) -> None:
        """Another app of the same Slack: its app token opens sockets of its own, to which no event of ours comes."""
        self._apps[app_token] = app_id

    def calls(self, method: str) -> list[Call]:
        """Every call of a method with a right token, oldest first; those that met a fault too."""
        return self._ledger.calls(method)

    def recent_calls(self, count: int) -> list[Call]:
        """The last so many calls of any method, newest first."""
        return self._ledger.recent(count)

    @property
    def sockets(self) -> int:
        """Open sockets, deaf ones included: Slack does not know that they are."""
        return len(self._sockets.open)

    @property
    def hellos(self) -> int:
        """Sockets ever opened."""
        return self._sockets.hellos

    @property
    def endings(self) -> list[Ending]:
        """How each socket that is open no more has ended, oldest first."""
        return list(self._sockets.endings)

    @property
    def listening(self) -> int:
        """Open sockets that are not deaf."""
        return self._sockets.listening

    @property
    def fewest_listening(self) -> int:
        """How few sockets were open and not deaf at any one time since `watches_sockets`."""
        return self._sockets.fewest

    def watches_sockets(self) -> None:
        """Begin anew to count how few are open."""
        self._sockets.count_fewest(anew=True)

    @property
    def turned_away(self) -> int:
        """Handshakes refused, and sockets closed at once because there were ten."""
        return self._sockets.turned_away

    @property
    def envelopes(self) -> list[Envelope]:
        """Everything raised so far, oldest first, with deliveries and acks."""
        return list(self._outbox.envelopes.values())

    @property
    def unknown_acks(self) -> list[Json]:
        """Frames heard whose envelope id nobody sent."""
        return list(self._outbox.unknown_acks)

    def recent_envelopes(self, count: int) -> list[Envelope]:
        """The last so many that were raised, newest first."""
        return list(islice(reversed(self._outbox.envelopes.values()), count))

    def envelope(self, event_id: str) -> Envelope:
        return self._outbox.envelopes[event_id]

    def unacked(self) -> list[str]:
        """Events that nobody acked in time yet, those given up included."""
        return [envelope.key for envelope in self.envelopes if envelope.is_event and envelope.state is not State.ACKED]

    @property
    def unacked_count(self) -> int:
        """How many envelopes nobody acked in time yet, told without going through them all."""
        return len(self._outbox.open_keys)

    def acked(self) -> list[str]:
        return [envelope.key for envelope in self.envelopes if envelope.is_event and envelope.state is State.ACKED]

    def deliveries(self, event_id: str) -> int:
        return len(self._outbox.envelopes[event_id].deliveries)

    async def eventually_acked(self, timeout: float = 20.0) -> None:  # noqa: ASYNC109 a deadline with words
        """Until every envelope raised so far is acked. TimeoutError names the missing or given up."""
        open_ones = deque(envelope for envelope in self.envelopes if envelope.state is not State.ACKED)
        lost: list[str] = []

        def nothing_is_open() -> bool:
            while open_ones and open_ones[0].is_settled:
                settled = open_ones.popleft()
                if settled.state is State.GIVEN_UP:
                    lost.append(_named(settled))
            return not open_ones

        def missing() -> str:
            return "not acked: " + ", ".join(_named(envelope) for envelope in open_ones if not envelope.is_settled)

        await self._watch.until(nothing_is_open, within=timeout, or_say=missing)
        if lost:
            raise TimeoutError(f"given up: {', '.join(lost)}")

    async def connected(self, n: int = 1, timeout: float = 20.0) -> None:  # noqa: ASYNC109 a deadline with words
        """Until at least `n` sockets are open. TimeoutError says how many are."""
        await self._watch.until(
            lambda: self.sockets >= n, within=timeout, or_say=lambda: f"{self.sockets} of {n} sockets are open"
        )

    async def until(self, met: Callable[[], bool], timeout: float = 20.0) -> None:  # noqa: ASYNC109 likewise
        """Until something about sockets, envelopes or messages is true; looked at whenever one of them moves."""
        await self._watch.until(met, within=timeout, or_say=lambda: "it did not come true")

    def sends_frame(self, text: str) -> None:
        """A raw frame to one open socket, whatever it says. RuntimeError if none is open."""
        socket = self._sockets.pick()
        if socket is None:
            raise RuntimeError("no socket is open")
        socket.put(text)

    def limits_events(self) -> str:
        """`app_rate_limited`: Slack dropped events for a minute. It has no inner event. The key of its envelope."""
        limited = {"minute_rate_limited": self.time.second() // 60 * 60, "api_app_id": self.app_id}
        return self.sends_payload({"type": "app_rate_limited", "team_id": self.team_id, "token": "", **limited})

    def goes_deaf(self, count: int | None = None) -> None:
        """So many open sockets, or all, become half-open: what is sent is lost, no answer, no ping, no close."""
        self._sockets.deafen(count)

    def drops_sockets(self, count: int | None = None) -> None:
        """Cut so many open sockets, the oldest first, or all of them, without a word."""
        self._sockets.drop(count)

    def disconnects(self, reason: str, *, closes_after: float = 10.0) -> None:
        """A `disconnect` frame to every socket: `warning`, `refresh_requested`, `link_disabled` or another reason."""
        self._sockets.disconnect(reason, closes_after=closes_after)

    def refuses_sockets(self, *, http_status: int = 408, times: int | None = None) -> None:
        """Turn handshakes away, so many times or until `accepts_sockets`."""
        self._sockets.refuse(http_status=http_status, times=times)

    def accepts_sockets(self) -> None:
        self._sockets.accept()

    def _workspace_of(self, token: str) -> Workspace | None:
        return next((workspace for workspace in self.workspaces if token and workspace.bot_token == token), None)

    async def _stamp_date(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(self.time.now(), usegmt=True)

    async def _handle_response(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.striking(RESPONSE_URL)
        if fault and (answer := await spoiled(request, fault)):
            return answer
        message = await read_args(request)
        response_id = request.match_info["id"]
        boards = [workspace.board for workspace in self.workspaces if response_id in workspace.board.response_urls]
        error = boards[0].respond(response_id, message) if boards else "invalid_url"
        if error:
            return web.json_response({"ok": False, "error": error}, status=404)
        return web.json_response({"ok": True})


def _named(envelope: Envelope) -> str:
    inner = envelope.payload.get("event", {})
    what = inner.get("type") or envelope.payload.get("command") or envelope.payload.get("type", envelope.type)
    return f"{what} {envelope.key}"
