"""What other processes on the database have done, read from it about once a second and kept in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.runs.progress import Progress, progress_of
from db import Store
from db.errors import StoreError
from db.glance import Glance
from db.records import Run

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.5
REST_S = 0.5
"""A storm of rings must not become a storm of questions."""


class Elsewhere:
    """Looks at the tables at the ring of the bell, and every second or two in case it is not heard here."""

    def __init__(
        self,
        store: Store,
        *,
        refresh: Sequence[Callable[[], Awaitable[None]]] = (),
        look_every_s: float = LOOK_EVERY_S,
        rest_s: float = REST_S,
    ) -> None:
        """`refresh` reads anew what else is kept in memory, each by itself."""
        self._store = store
        self._refresh = refresh
        self._look_every_s = look_every_s
        self._rest_s = rest_s
        self._blind_for = ""
        """Why nothing could be read at the last look; empty where it could."""
        self.glance = Glance()
        """What the tables last told."""

    def progress(self, *, after: Run | None) -> Progress | None:
        """How far a run is, by its row: the one under way, unless `after`, which has ended here, is no older."""
        run = self.glance.run
        return progress_of(run) if run and (after is None or run.run_id > after.run_id) else None

    async def run(self) -> None:
        """Look until cancelled."""
        bell = self._store.bell
        while True:
            generation = bell.generation
            await self.look()
            await asyncio.sleep(self._rest_s)
            await bell.wait(after=generation, timeout_s=self._look_every_s - self._rest_s)

    async def look(self) -> None:
        """Look once; what cannot be read now stays as it was."""
        blind_for = ""
        for refresh in (self._take_a_glance, *self._refresh):
            try:
                await refresh()
            except StoreError as error:
                blind_for = blind_for or error.plain
        if blind_for and blind_for != self._blind_for:
            log.warning("what other processes do cannot be read", reason=blind_for)
        self._blind_for = blind_for

    async def _take_a_glance(self) -> None:
        async with self._store.reading() as rx:
            self.glance = await rx.glance.take()
