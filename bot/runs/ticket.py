"""A run that somebody waits for: what was asked, how far it is, the wish that it ends early, and its end."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from bot.runs.claim import Order
from bot.runs.halt import Halt
from bot.runs.progress import Progress
from bot.runs.runner import Finished


@dataclass(slots=True)
class Ticket:
    """One run, from the moment it is wanted."""

    order: Order
    progress: Progress | None = None
    """From the moment it begins."""
    joined: Order | None = None
    """What somebody asked for while it was under way."""
    ticket_id: str = field(default_factory=lambda: secrets.token_hex(8))
    """By which a button cancels this run and no later one."""
    halt: Halt = field(default_factory=Halt)
    ended: asyncio.Future[Finished] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Raises AlreadyRunning, PassFailed, RunCancelled, StoreError."""

    def __post_init__(self) -> None:
        self.ended.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody listens
