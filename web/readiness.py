"""Whether the service is ready: a judgement over figures, with a reason and its remedy for each thing amiss. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from web.ports import Status

SILENCE = timedelta(minutes=5)
"""An open connection gives a sign of life every few seconds; after this long, it is open in name only."""
MISSED_RUNS = 2
"""A last run older than this many times the promised pace is too old."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The judgement, and the figures it rests on."""

    reasons: tuple[str, ...]
    facts: dict[str, int | bool | str | None]
    warnings: tuple[str, ...] = ()
    """What is amiss beside that, and makes nobody unready."""

    @property
    def is_ready(self) -> bool:
        return not self.reasons


def judge(status: Status, now: datetime, *, database_answers: bool, why_not: str = "") -> Readiness:
    """Find every reason not to be ready; none means ready. `why_not` is what is known of a database's reasons."""
    database = None if database_answers else status.database_trouble or f"{_NO_DATABASE} {why_not or _CHECK_IT}"
    roots = [each for each in (database, status.rejected) if each]
    connection = _connection(status, now, roots)
    waits = _waits(status, [*roots, connection or ""])
    found = (*roots, connection, _backfill(status, waits), _freshness(status, now, waits))
    reasons = tuple(reason for reason in found if reason)
    return Readiness(reasons, _facts(status), _warnings(status, reasons))


def _warnings(status: Status, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Tell what no reason tells already."""
    return tuple(each for each in status.warnings if not any(each in reason for reason in reasons))


_NO_DATABASE = (
    "The database does not answer or cannot be written, so no event is acknowledged; Slack sends again for a while."
)
_CHECK_IT = "Check that it runs, that nothing else holds it, its disk, and DATABASE_URL."


def _connection(status: Status, now: datetime, told: Sequence[str]) -> str | None:
    if not status.is_connected:
        why = None if status.trouble in told else status.trouble
        if why and not status.is_followed:
            return why
        remedy = why or "It is tried again; if this lasts, run `usersync doctor`."
        return f"No connection to Slack is open, so changes do not arrive. {remedy}"
    heard_at = status.last_heard_at or status.connected_since
    if heard_at is not None and now - heard_at > SILENCE:
        return (
            f"Slack was not heard for {_long(now - heard_at)}, although connections count as open, so changes may not "
            "arrive. Check the network; start usersync again if this lasts."
        )
    return None


def _backfill(status: Status, waits: str) -> str | None:
    if status.is_backfilled:
        return None
    so_far = f" ({status.walk.seen:,} people so far)" if status.walk else ""
    return f"The first run has not ended{so_far}, so people are missing. {waits}"


def _freshness(status: Status, now: datetime, waits: str) -> str | None:
    if not status.is_backfilled or status.walked_at is None or status.reconcile_every_s is None:
        return None
    age, every = now - status.walked_at, timedelta(seconds=status.reconcile_every_s)
    if age <= MISSED_RUNS * every:
        return None
    return (
        f"The last finished run is {_long(age)} old, and one is due every {_long(every)}, so what was missed since is "
        f"not put right. {waits}"
    )


def _waits(status: Status, told: Sequence[str]) -> str:
    """Say what a run waits for: the trouble, unless a reason before tells it."""
    if not status.trouble:
        return "It comes by itself once Slack answers; if it does not, run `usersync doctor`."
    return "It comes by itself once that is mended." if any(status.trouble in each for each in told) else status.trouble


def _facts(status: Status) -> dict[str, int | bool | str | None]:
    return {
        "sockets": status.sockets,
        "sockets_wanted": status.sockets_wanted,
        "sockets_elsewhere": status.sockets_elsewhere,
        "backfilled": status.is_backfilled,
        "last_heard_at": _stamp(status.last_heard_at),
        "last_run_at": _stamp(status.walked_at),
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _long(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, one in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= 2 * size or size == 1:
            count = seconds // size
            return f"{count} {one}{'' if count == 1 else 's'}"
    return "no time"
