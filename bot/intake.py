"""The ingest boundary: an event's payload comes in, is read, and is committed or put aside; or nobody acks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.entries import Entry, entry_of
from bot.ingest import Ingest, Outcome
from bot.lag import Lag
from bot.slack import SlackClock
from db.records import Source

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Intake:
    """Reads payloads and hands them to ingest."""

    ingest: Ingest
    clock: SlackClock
    lag: Lag = field(default_factory=Lag)

    async def take(
        self, payload: Mapping[str, Any], *, received_at: float | None = None, source: Source = Source.EVENT
    ) -> Outcome:
        """Return once the payload is applied or put aside. Raises NotCommitted.

        `received_at` is the loop's time at which its envelope came in.
        """
        try:
            entry = entry_of(payload, now_s=self.clock.now_s(), source=source)
        except Exception:  # the ingest boundary: a stumble of ours must cost one event a detour, not its loss
            log.exception("a payload could not be read")
            entry = _unread(payload)
        outcome = await self.ingest.accept(entry, received_at=received_at)
        if entry.observation is not None and source is Source.EVENT:
            self.lag.note(self.clock.now_s() - entry.observation.moment / 1_000_000)
        return outcome


def _unread(payload: Mapping[str, Any]) -> Entry:
    return Entry(None, None, None, payload, Source.EVENT).put_aside("usersync stumbled over it")
