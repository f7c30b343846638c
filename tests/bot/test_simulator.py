"""The simulator's contract at the socket: envelopes, acks, redelivery, and every way a connection begins and ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import SHUT_RDWR
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Ending, Simulator, State

HASTY = {"ack_deadline": 0.5, "retry_delays": (0.0, 0.05, 0.05), "gap_window": 5.0}


@pytest.fixture(autouse=True)
def no_proxy_anywhere(monkeypatch):
    """The raw SDK would send even local calls through a proxy that the environment names."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(**HASTY) as simulator:
        yield simulator


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class Listener:
    """The unmodified Socket Mode client of Slack's SDK; acks everything, unless told otherwise."""

    def __init__(self, sim: Simulator) -> None:
        web = AsyncWebClient(base_url=sim.api_url)
        self.client = SocketModeClient(app_token=sim.app_token, web_client=web, ping_interval=0.2)
        self.client.socket_mode_request_listeners.append(self.hear)
        self.heard: list[SocketModeRequest] = []
        self.acks = True
        self.ack_payload: dict[str, Any] | None = None

    async def hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if self.acks:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self.ack_payload))

    def payloads(self) -> list[dict[str, Any]]:
        return [request.payload for request in self.heard]


@asynccontextmanager
async def listening(sim: Simulator) -> AsyncIterator[Listener]:
    listener = Listener(sim)
    before = sim.hellos
    try:
        await listener.client.connect()
        await sim.until(lambda: sim.hellos > before)
        yield listener
    finally:
        await listener.client.close()


async def ticket_url(sim: Simulator, session: aiohttp.ClientSession) -> str:
    headers = {"Authorization": f"Bearer {sim.app_token}"}
    async with session.post(sim.api_url + "apps.connections.open", headers=headers) as response:
        return str((await response.json())["url"])


async def open_socket(sim: Simulator, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    return await session.ws_connect(await ticket_url(sim, session))


async def test_a_connection_begins_with_a_hello(sim, session):
    async with await open_socket(sim, session) as socket:
        hello = await socket.receive_json(timeout=20)

    assert "hello" == hello["type"]
    assert 1 == hello["num_connections"]
    assert {"app_id": sim.app_id} == hello["connection_info"]
    assert {"host", "started", "build_number", "approximate_connection_time"} == hello["debug_info"].keys()


async def test_a_ticket_opens_one_connection_only(sim, session):
    url = await ticket_url(sim, session)
    async with session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as again:
            await session.ws_connect(url)

    assert 408 == again.value.status
    assert 1 == sim.hellos


async def test_an_unknown_ticket_is_refused(sim, session):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(f"{sim.url}/link/?ticket=made-up")

    assert 404 == refused.value.status


async def test_a_ticket_is_short_lived(session):
    now = [1_790_000_000.0]
    async with Simulator(clock=lambda: now[0], ticket_lifetime=30) as sim:
        url = await ticket_url(sim, session)
        now[0] += 31
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)

    assert 408 == refused.value.status


async def test_the_eleventh_socket_is_sent_away(sim, session):
    ten = [await open_socket(sim, session) for _ in range(10)]
    await sim.connected(10)

    eleventh = await open_socket(sim, session)
    goodbye = await eleventh.receive_json(timeout=20)
    end = await eleventh.receive(timeout=20)

    assert ("disconnect", "too_many_websockets") == (goodbye["type"], goodbye["reason"])
    assert aiohttp.WSMsgType.CLOSE == end.type
    assert 10 == sim.sockets
    assert 1 == sim.turned_away
    for socket in ten:
        await socket.close()


async def test_an_event_is_delivered_once_and_acked(sim):
    async with listening(sim) as listener:
        sim.joins("Ada Lovelace")
        await sim.eventually_acked()

    [request] = listener.heard
    [event_id] = sim.acked()
    assert "team_join" == request.payload["event"]["type"]
    assert "Ada Lovelace" == request.payload["event"]["user"]["real_name"]
    assert (0, "") == (request.retry_attempt, request.retry_reason)
    assert event_id == request.payload["event_id"]
    assert 1 == sim.deliveries(event_id)
    assert [] == sim.unacked()


async def test_the_wrapper_has_the_keys_that_slack_sends(sim):
    async with listening(sim) as listener:
        sim.joins("Ada Lovelace")
        await sim.eventually_acked()

    payload = listener.heard[0].payload
    expected = {"token", "team_id", "api_app_id", "event", "type", "event_id", "event_time", "event_context"}
    assert expected | {"authorizations", "is_ext_shared_channel"} <= payload.keys()
    assert "event_callback" == payload["type"]
    assert payload["event_id"].startswith("Ev")
    [authorization] = payload["authorizations"]
    assert {"enterprise_id", "team_id", "user_id", "is_bot", "is_enterprise_install"} == authorization.keys()


async def test_an_unacked_envelope_comes_back_after_its_listener_died(sim):
    async with listening(sim) as first:
        first.acks = False
        sim.joins("Ada Lovelace")
        await sim.until(lambda: sim.deliveries(sim.unacked()[0]) == 1)
    [event_id] = sim.unacked()

    async with listening(sim) as second:
        await sim.eventually_acked()

    [again] = second.heard
    assert event_id == again.payload["event_id"]
    assert (1, "timeout") == (again.retry_attempt, again.retry_reason)
    assert [event_id] == sim.acked()


async def test_an_envelope_nobody_acks_is_given_up_after_three_redeliveries(sim):
    async with listening(sim) as listener:
        listener.acks = False
        event_id = sim.sends({"type": "user_change"})
        await sim.until(lambda: sim.envelope(event_id).state is State.GIVEN_UP)
        with pytest.raises(TimeoutError, match=event_id):
            await sim.eventually_acked(timeout=0.1)

    assert [0, 1, 2, 3] == [request.retry_attempt for request in listener.heard]
    assert {event_id} == {request.payload["event_id"] for request in listener.heard}
    assert [event_id] == sim.unacked()


async def test_a_late_ack_is_recorded_as_late_and_settles_nothing(sim, session):
    async with await open_socket(sim, session) as socket:
        await socket.receive_json(timeout=20)
        event_id = sim.sends({"type": "user_change"})
        first = await socket.receive_json(timeout=20)
        second = await socket.receive_json(timeout=20)
        await socket.send_json({"envelope_id": first["envelope_id"]})
        await sim.until(lambda: len(sim.envelope(event_id).acks) == 1)
        state_after_late_ack = sim.envelope(event_id).state
        await socket.send_json({"envelope_id": second["envelope_id"]})
        await sim.eventually_acked()

    assert State.OUTSTANDING == state_after_late_ack
    assert [True, False] == [ack.late for ack in sim.envelope(event_id).acks]


async def test_an_ack_on_another_socket_counts_and_is_recorded_there(sim, session):
    async with await open_socket(sim, session) as one, await open_socket(sim, session) as other:
        await sim.connected(2)
        event_id = sim.sends({"type": "user_change"})
        await sim.until(lambda: sim.deliveries(event_id) == 1)
        [delivery] = sim.envelope(event_id).deliveries
        silent = {1: other, 2: one}[delivery.socket]
        await silent.send_json({"envelope_id": delivery.envelope_id})
        await sim.eventually_acked()

    [ack] = sim.envelope(event_id).acks
    assert {1, 2} == {ack.socket, delivery.socket}


async def test_an_ack_for_an_envelope_nobody_sent_is_remembered(sim, session):
    async with await open_socket(sim, session) as socket:
        await socket.send_json({"envelope_id": "made-up"})
        await sim.until(lambda: bool(sim.unknown_acks))

    assert [{"envelope_id": "made-up"}] == sim.unknown_acks


async def test_each_payload_goes_to_exactly_one_socket_and_all_sockets_get_some(sim):
    async with listening(sim) as one, listening(sim) as two, listening(sim) as three:
        for number in range(60):
            sim.joins(f"Person {number}")
        await sim.eventually_acked()

    shares = [len(listener.heard) for listener in (one, two, three)]
    heard = [payload["event_id"] for listener in (one, two, three) for payload in listener.payloads()]
    assert 60 == sum(shares)
    assert sorted(sim.acked()) == sorted(heard)
    assert all(shares)


async def test_what_happens_with_no_socket_open_waits_for_one(sim):
    sim.joins("Ada Lovelace")
    sim.joins("Grace Hopper")

    async with listening(sim) as listener:
        await sim.eventually_acked()

    assert ["Ada Lovelace", "Grace Hopper"] == [p["event"]["user"]["real_name"] for p in listener.payloads()]
    assert [0, 0] == [request.retry_attempt for request in listener.heard]


async def test_what_waited_too_long_for_a_socket_is_lost():
    async with Simulator(gap_window=0.05) as sim:
        event_id = sim.sends({"type": "user_change"})
        await sim.until(lambda: sim.envelope(event_id).state is State.GIVEN_UP)

        async with listening(sim) as listener:
            sim.joins("Ada Lovelace")
            await sim.until(lambda: len(sim.acked()) == 1)

    assert ["team_join"] == [payload["event"]["type"] for payload in listener.payloads()]
    assert [event_id] == sim.unacked()


async def test_what_was_in_flight_when_slack_itself_went_away_comes_back(sim):
    async with listening(sim) as listener:
        listener.acks = False
        event_id = sim.sends({"type": "user_change"})
        await sim.until(lambda: sim.deliveries(event_id) == 1)
        await sim.stop()
        listener.acks = True
        await sim.start()
    async with listening(sim):
        await sim.eventually_acked()

    assert [event_id] == sim.acked()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_a_disconnect_is_followed_by_a_new_connection(sim, reason):
    async with listening(sim) as listener:
        sim.disconnects(reason)
        await sim.until(lambda: sim.hellos == 2)
        sim.joins("Ada Lovelace")
        await sim.eventually_acked()

    assert 2 == len(sim.calls("apps.connections.open"))
    assert 1 == len(listener.heard)


async def test_a_disconnected_socket_is_closed_if_its_client_does_not(sim, session):
    async with await open_socket(sim, session) as socket:
        await socket.receive_json(timeout=20)
        sim.disconnects("refresh_requested", closes_after=0.05)
        goodbye = await socket.receive_json(timeout=20)
        end = await socket.receive(timeout=20)

    assert ("disconnect", "refresh_requested") == (goodbye["type"], goodbye["reason"])
    assert aiohttp.WSMsgType.CLOSE == end.type


async def test_dropped_sockets_are_noticed_and_replaced(sim):
    async with listening(sim) as listener:
        sim.drops_sockets()
        await sim.until(lambda: sim.hellos == 2)
        sim.joins("Ada Lovelace")
        await sim.eventually_acked()

    assert 1 == len(listener.heard)


async def test_a_socket_that_its_client_closes_ends_with_the_code_of_its_close_frame(sim, session):
    socket = await open_socket(sim, session)
    await socket.receive_json(timeout=20)
    await socket.close(code=1001)
    await sim.until(lambda: sim.endings)

    assert [Ending(1, close_code=1001)] == sim.endings


async def test_a_line_that_is_cut_ends_without_a_close_frame(sim, session):
    killed = await open_socket(sim, session)
    cut_by_its_client(killed)
    await sim.until(lambda: len(sim.endings) == 1)
    await open_socket(sim, session)
    sim.drops_sockets()
    await sim.until(lambda: len(sim.endings) == 2)

    assert [Ending(1, close_code=None), Ending(2, close_code=None)] == sim.endings


def cut_by_its_client(socket: aiohttp.ClientWebSocketResponse) -> None:
    """What the other end sees of a process that was killed."""
    socket.get_extra_info("socket").shutdown(SHUT_RDWR)


async def test_a_deaf_socket_hears_no_close_frame(sim, session):
    socket = await session.ws_connect(await ticket_url(sim, session), timeout=aiohttp.ClientWSTimeout(ws_close=0.1))
    await socket.receive_json(timeout=20)
    sim.goes_deaf()
    await socket.close()
    await sim.until(lambda: sim.endings)

    assert [Ending(1, close_code=None)] == sim.endings


async def test_a_ping_is_answered(sim, session):
    socket = await session.ws_connect(await ticket_url(sim, session), autoping=False)
    await socket.receive_json(timeout=20)
    await socket.ping(b"are you there")
    pong = await socket.receive(timeout=20)
    await socket.close()

    assert (aiohttp.WSMsgType.PONG, b"are you there") == (pong.type, pong.data)


async def test_a_deaf_socket_still_counts_but_answers_nothing_and_loses_what_it_gets(sim, session):
    socket = await session.ws_connect(
        await ticket_url(sim, session), autoping=False, timeout=aiohttp.ClientWSTimeout(ws_close=0.1)
    )
    await socket.receive_json(timeout=20)
    sim.goes_deaf()
    event_id = sim.sends({"type": "user_change"})
    await socket.ping(b"are you there")
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)
    still_open = sim.sockets
    await socket.close()
    await sim.until(lambda: sim.sockets == 0)

    assert 1 == still_open
    assert 1 <= sim.deliveries(event_id)
    assert [event_id] == sim.unacked()


async def test_it_counts_how_few_sockets_ever_listened(sim, session):
    async with await open_socket(sim, session), await open_socket(sim, session) as second:
        await sim.connected(2)
        sim.watches_sockets()
        sim.goes_deaf(1)
        once_deaf = (sim.listening, sim.fewest_listening)
        await second.close()
        await sim.until(lambda: sim.sockets == 1)
        async with await open_socket(sim, session):
            await sim.until(lambda: sim.listening == 1)

            assert 0 == sim.fewest_listening
        sim.drops_sockets()
    assert (1, 1) == once_deaf


async def test_the_sdk_replaces_a_socket_that_went_deaf(sim):
    async with listening(sim):
        sim.goes_deaf()
        await sim.until(lambda: sim.hellos >= 2, timeout=15)
        sim.joins("Ada Lovelace")
        await sim.eventually_acked()


async def test_refused_handshakes_give_the_status_ordered(sim, session):
    sim.refuses_sockets(http_status=503, times=1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await open_socket(sim, session)
    async with await open_socket(sim, session) as socket:
        hello = await socket.receive_json(timeout=20)

    assert 503 == refused.value.status
    assert "hello" == hello["type"]


async def test_a_raw_frame_arrives_as_it_is(sim, session):
    async with await open_socket(sim, session) as socket:
        await socket.receive_json(timeout=20)
        sim.sends_frame("{not json")
        frame = await socket.receive_str(timeout=20)

    assert "{not json" == frame


async def test_a_rate_limit_notice_has_no_inner_event(sim):
    async with listening(sim) as listener:
        sim.limits_events()
        await sim.eventually_acked()

    [payload] = listener.payloads()
    assert {"type", "team_id", "minute_rate_limited", "api_app_id", "token"} == payload.keys()


async def test_a_second_workspace_shares_the_sockets_but_not_the_token(sim):
    other = sim.installs(team_id="T0OTHER001", team_name="Other", bot_token="xoxb-other")
    async with listening(sim) as listener:
        other.joins("Ada Lovelace")
        await sim.eventually_acked()
    answer = await AsyncWebClient(token="xoxb-other", base_url=sim.api_url).auth_test()

    assert ["T0OTHER001"] == [payload["team_id"] for payload in listener.payloads()]
    assert "T0OTHER001" == answer["team_id"]


async def test_the_address_is_local_and_nothing_is_left_running_after_stop():
    sim = Simulator()
    await sim.start()
    async with listening(sim):
        await sim.stop()
    others = [task for task in asyncio.all_tasks() if "pretend-slack" in task.get_name()]

    assert sim.url.startswith("http://127.0.0.1:")
    assert 0 == sim.sockets
    assert [] == others


async def test_letters_of_every_script_survive_the_wire(sim):
    async with listening(sim) as listener:
        sim.joins("欧阳 晓梅 😀 עברית")
        await sim.eventually_acked()

    assert "欧阳 晓梅 😀 עברית" == listener.payloads()[0]["event"]["user"]["real_name"]
    assert json.loads(json.dumps(listener.payloads()))


async def test_patience_begins_when_a_copy_has_left_and_not_when_it_was_queued(
    sim: Simulator, session: aiohttp.ClientSession
) -> None:
    """Thousands at once are more than a line takes in a moment."""
    ws = await open_socket(sim, session)
    for number in range(3_000):
        sim.sends_payload({"type": "event_callback", "event_id": f"Ev{number}", "filling": "x" * 4_000})
    queued = [envelope for envelope in sim.envelopes if envelope.timer is None and envelope.deliveries]
    await sim.until(lambda: sim.envelopes[0].timer is not None)
    waiting = sum(envelope.timer is None for envelope in sim.envelopes)
    await ws.close()

    assert 3_000 == len(queued)
    assert 0 < waiting < 3_000


async def test_what_had_not_left_a_line_that_is_cut_comes_over_another(session: aiohttp.ClientSession) -> None:
    async with Simulator(ack_deadline=3, retry_delays=(0.0,) * 20, gap_window=60) as sim:
        first = await open_socket(sim, session)
        for number in range(3_000):
            sim.sends_payload({"type": "event_callback", "event_id": f"Ev{number}", "filling": "x" * 4_000})
        sim.drops_sockets()
        await first.close()

        async with listening(sim):
            await sim.eventually_acked(timeout=60)

        assert 3_000 == len(sim.acked())
