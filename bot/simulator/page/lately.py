"""What this Slack saw lately: the calls of the app, and the envelopes it was sent, with what became of each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.simulator.calls import Call
from bot.simulator.envelopes import Envelope, State
from bot.simulator.slack import Simulator

MOST_LINES = 12
MOST_READ = 60
NOW_SECONDS, A_MINUTE, AN_HOUR = 5, 60, 3600


@dataclass(frozen=True, slots=True)
class Line:
    """One line: which way it went, what it was, what became of it (`ok`, `bad` or `wait`), when, and how often."""

    key: str
    way: str
    what: str
    outcome: str
    tone: str
    at: float
    times: int = 1
    whom: str = ""


def lately(sim: Simulator) -> list[Line]:
    """Newest first; the same call with the same outcome, again and again, is one line."""
    lines = [*map(_of_call, sim.recent_calls(MOST_READ)), *map(_of_envelope, sim.recent_envelopes(MOST_READ))]
    lines.sort(key=lambda line: line.at, reverse=True)
    return list(_folded(lines))[:MOST_LINES]


def ago(seconds: float) -> str:
    """An age in words, in steps coarse enough that a line is rarely written anew."""
    if seconds < NOW_SECONDS:
        return "just now"
    if seconds < A_MINUTE:
        return f"{int(seconds // NOW_SECONDS) * NOW_SECONDS} s ago"
    return f"{int(seconds // A_MINUTE)} min ago" if seconds < AN_HOUR else f"{int(seconds // AN_HOUR)} h ago"


def _of_call(call: Call) -> Line:
    tone = "ok" if call.outcome == "ok" else "bad"
    return Line(f"c{call.at:.6f}{call.method}", "call", call.method, call.outcome, tone, call.at)


def _of_envelope(envelope: Envelope) -> Line:
    payload = envelope.payload
    event = payload.get("event") or {}
    what = payload.get("command") or event.get("type") or payload.get("type") or envelope.type
    whom = str(payload.get("text") or "") or _whose(event.get("user"))
    outcome, tone = _became(envelope)
    return Line(f"e{envelope.key}", "sent", str(what), outcome, tone, envelope.raised_at, whom=whom)


def _became(envelope: Envelope) -> tuple[str, str]:
    if envelope.state is State.ACKED:
        ack = next(ack for ack in envelope.acks if not ack.late)
        delivery = next(each for each in envelope.deliveries if each.envelope_id == ack.envelope_id)
        again = f" at try {delivery.attempt + 1}" if delivery.attempt else ""
        return f"acked in {max(0, round((ack.at - delivery.at) * 1000))} ms{again}", "ok"
    if envelope.state is State.GIVEN_UP:
        return "never acked", "bad"
    return ("waits for a connection" if not envelope.deliveries else "not acked yet"), "wait"


def _whose(user: object) -> str:
    """The name in a user object, which a deactivation tells in the profile alone."""
    if not isinstance(user, dict):
        return ""
    profile = user.get("profile")
    name = user.get("real_name") or (profile.get("real_name") if isinstance(profile, dict) else "")
    return str(name or "")


def _folded(lines: list[Line]) -> Iterator[Line]:
    last: Line | None = None
    for line in lines:
        if last and line.way == "call" and (line.what, line.outcome) == (last.what, last.outcome):
            last = replace(last, times=last.times + 1, key=line.key)
            continue
        if last:
            yield last
        last = line
    if last:
        yield last
