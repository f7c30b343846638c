"""The bells of all processes on one database ring together, where the engine can carry a ring to the others."""

from __future__ import annotations

import secrets
from typing import Protocol

import sqlalchemy as sa

from db.bell import Bell
from db.dialects import Line, a_line, can_listen

CHECK_EVERY_S = 15.0
ANSWER_S = 5.0
"""A line on which nothing is answered for so long is dead, whatever its router thinks."""


class Pauses(Protocol):
    """How long to wait before another try; growing, and not the same for all who lost the same server."""

    def reset(self) -> None:
        """Begin again with the shortest pause."""

    async def pause(self) -> None:
        """Wait."""


class Bells:
    """Tells other processes of our commits, and rings our bell at theirs.

    A commit is told after it is made, on a line of its own: told within its transaction, it would wait at its end for
    every other that tells something on the same server, and fail where nothing more can be told. What is lost so is a
    ring, and whoever waits for one looks by themselves before long.
    """

    def __init__(
        self, url: sa.URL, *, bell: Bell, check_every_s: float = CHECK_EVERY_S, answer_s: float = ANSWER_S
    ) -> None:
        self._url = url
        self._bell = bell
        self._check_every_s = check_every_s
        self._answer_s = answer_s
        self._ours = Bell()
        """Rings at our own commits alone: told on whatever rings, a commit would be told to and fro for ever."""
        self._told = 0
        self._name = secrets.token_hex(8)

    def ring(self) -> None:
        """Ring at a commit of ours."""
        self._ours.ring()
        self._bell.ring()

    async def ring_together(self, pauses: Pauses) -> None:
        """Ring with the others until cancelled; returns at once where the engine carries nothing."""
        while can_listen(self._url.get_backend_name()):
            try:
                async with a_line(self._url, answer_s=self._answer_s) as line:
                    await line.listen(self._hear, on_end=self._ours.ring)  # which has the dead line tried
                    self._bell.ring()  # for all that was missed until now
                    pauses.reset()
                    await self._tell(line)
            except (sa.exc.SQLAlchemyError, OSError):
                await pauses.pause()

    async def _tell(self, line: Line) -> None:
        """Tell each commit, those that were made meanwhile together; raises where the line is dead."""
        while True:
            if await self._ours.wait(after=self._told, timeout_s=self._check_every_s):
                said = self._ours.generation
                await line.say(self._name)
                self._told = said  # and not before: what could not be said is said on the next line
            else:
                await line.check()

    def _hear(self, name: str) -> None:
        if name != self._name:
            self._bell.ring()
