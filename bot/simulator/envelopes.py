"""Outstanding envelopes: each goes to one open socket, comes back if not acked in time, and is given up in the end."""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from bot.simulator.clocks import SlackTime
from bot.simulator.waiting import Watch

Json = dict[str, Any]


class State(StrEnum):
    """Where an envelope stands."""

    WAITING = "waiting"  # for an open socket
    OUTSTANDING = "outstanding"  # sent, and the deadline or the pause before the next try is running
    ACKED = "acked"
    GIVEN_UP = "given_up"


class Line(Protocol):
    """A socket as the outbox sees it."""

    @property
    def number(self) -> int: ...

    def put(self, frame: str, *, on_left: Callable[[], None] | None = None) -> None: ...


@dataclass
class Delivery:
    """One copy of an envelope: when it left (epoch seconds), on which socket, as which attempt (0 is the first)."""

    envelope_id: str
    at: float
    socket: int
    attempt: int
    is_overdue: bool = False


@dataclass(frozen=True)
class Ack:
    """One ack heard: when (epoch seconds), on which socket, with which response payload, and whether too late."""

    envelope_id: str
    at: float
    socket: int
    payload: Json | None
    late: bool


@dataclass
class Envelope:
    """One payload on its way, with everything that happened to it. `key` is its `event_id` if it has one."""

    key: str
    type: str
    payload: Json
    accepts_response_payload: bool
    raised_at: float = 0.0
    state: State = State.WAITING
    deliveries: list[Delivery] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None

    @property
    def is_event(self) -> bool:
        return self.type == "events_api"

    @property
    def is_settled(self) -> bool:
        return self.state in (State.ACKED, State.GIVEN_UP)

    def frame(self, delivery: Delivery) -> str:
        """The text sent. Every copy has an envelope id of its own, since only `event_id` is promised to stay."""
        outer: Json = {
            "envelope_id": delivery.envelope_id,
            "payload": self.payload,
            "type": self.type,
            "accepts_response_payload": self.accepts_response_payload,
        }
        if self.is_event:
            # Real first deliveries carry both keys as well (slackapi/python-slack-events-api#93).
            outer |= {"retry_attempt": delivery.attempt, "retry_reason": "timeout" if delivery.attempt else ""}
        return json.dumps(outer)


class Outbox:
    """Delivers and redelivers; needs a running loop from `start()` on, before that envelopes only wait.

    Slack documents three more tries, almost at once, after one and after five minutes, for events alone. Durations are
    seconds. A late ack settles nothing: whether Slack would take it is unknown, and a redelivery is the harder case.
    """

    def __init__(
        self,
        *,
        time: SlackTime,
        pick: Callable[[], Line | None],
        watch: Watch,
        ack_deadline: float,
        retry_delays: tuple[float, ...],
        gap_window: float,
        remembered: int,
    ) -> None:
        self._time = time
        self._pick = pick
        self._watch = watch
        self._ack_deadline = ack_deadline
        self._retry_delays = retry_delays
        self._gap_window = gap_window
        self._remembered = remembered
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: deque[Envelope] = deque()
        self._sent: dict[str, tuple[Envelope, Delivery]] = {}
        self.envelopes: dict[str, Envelope] = {}
        self.open_keys: set[str] = set()
        self.unknown_acks: list[Json] = []

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        for envelope in self._due:
            self._wait_for_socket(envelope)
        # Nobody can ack any more what was in flight when the simulator was stopped.
        for envelope in self.envelopes.values():
            if envelope.state is State.OUTSTANDING:
                self._overdue(envelope)
        self.pump()

    def stop(self) -> None:
        self._loop = None
        for envelope in self.envelopes.values():
            _stop_timer(envelope)

    def post(self, type_: str, payload: Json, *, key: str | None = None) -> Envelope:
        """Send a payload as soon as a socket is open; events wait for one, all else is given up at once."""
        key = key or str(payload.get("event_id") or uuid.uuid4())
        envelope = Envelope(key, type_, payload, type_ != "events_api", self._time.now())
        self.envelopes[key] = envelope
        self.open_keys.add(key)
        self._forget_oldest()
        self._make_due(envelope)
        return envelope

    def pump(self) -> None:
        """Hand what is due to open sockets, in order, as long as there is one."""
        while self._loop and self._due and (line := self._pick()):
            self._deliver(self._due.popleft(), line)

    def ack(self, frame: Json, *, socket: int) -> None:
        """Take an ack as it came: `envelope_id` and perhaps a `payload`."""
        envelope, delivery = self._sent.get(str(frame.get("envelope_id")), (None, None))
        if envelope is None or delivery is None:
            self.unknown_acks.append(frame)
            self._watch.moved()
            return
        late = delivery.is_overdue
        envelope.acks.append(Ack(delivery.envelope_id, self._time.now(), socket, frame.get("payload"), late))
        if not late and not envelope.is_settled:
            self._settle(envelope, State.ACKED)
        self._watch.moved()

    def _deliver(self, envelope: Envelope, line: Line) -> None:
        _stop_timer(envelope)
        delivery = Delivery(str(uuid.uuid4()), self._time.now(), line.number, attempt=len(envelope.deliveries))
        envelope.deliveries.append(delivery)
        envelope.state = State.OUTSTANDING
        self._sent[delivery.envelope_id] = (envelope, delivery)
        line.put(envelope.frame(delivery), on_left=lambda: self._left(envelope, delivery))
        self._watch.moved()

    def _left(self, envelope: Envelope, delivery: Delivery) -> None:
        """Begin to wait for the ack: a copy that is queued behind thousands has not been sent yet."""
        if envelope.state is State.OUTSTANDING and envelope.deliveries[-1] is delivery:
            delivery.at = self._time.now()
            self._later(envelope, self._ack_deadline, self._overdue)

    def _overdue(self, envelope: Envelope) -> None:
        attempts = len(envelope.deliveries)
        envelope.deliveries[-1].is_overdue = True
        if not envelope.is_event or attempts > len(self._retry_delays):
            self._settle(envelope, State.GIVEN_UP)
        else:
            self._later(envelope, self._retry_delays[attempts - 1], self._make_due)
        self._watch.moved()

    def _make_due(self, envelope: Envelope) -> None:
        envelope.state = State.WAITING
        self._due.append(envelope)
        self.pump()
        if envelope.state is State.WAITING and self._loop:
            self._wait_for_socket(envelope)

    def _wait_for_socket(self, envelope: Envelope) -> None:
        self._later(envelope, self._gap_window if envelope.is_event else 0, self._waited_in_vain)

    def _waited_in_vain(self, envelope: Envelope) -> None:
        self._due.remove(envelope)
        self._settle(envelope, State.GIVEN_UP)
        self._watch.moved()

    def _settle(self, envelope: Envelope, state: State) -> None:
        _stop_timer(envelope)
        envelope.state = state
        if state is State.ACKED:
            self.open_keys.discard(envelope.key)

    def _later(self, envelope: Envelope, seconds: float, then: Callable[[Envelope], None]) -> None:
        if self._loop:
            _stop_timer(envelope)
            envelope.timer = self._loop.call_later(seconds, then, envelope)

    def _forget_oldest(self) -> None:
        """A demo runs for days: what was settled long ago is dropped."""
        while len(self.envelopes) > self._remembered:
            oldest = next(iter(self.envelopes.values()))
            if not oldest.is_settled:
                return
            del self.envelopes[oldest.key]
            for delivery in oldest.deliveries:
                del self._sent[delivery.envelope_id]


def _stop_timer(envelope: Envelope) -> None:
    if envelope.timer is not None:
        envelope.timer.cancel()
        envelope.timer = None
