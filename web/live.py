"""The one reader of the change log for all open pages: a change is read once, and told as each reader may see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from db import Bell, Sight, Store, looking
from db.errors import PositionTooOld, StoreUnavailable
from db.records import Change, Position, User
from web.census import Census
from web.frames import Telling, View, id_frame
from web.positions import covers, moved
from web.shielded import to_its_end

LOOK_EVERY_S = 1.0
"""How long a lost ring of the bell can hide a change."""
HEARTBEAT_S = 15.0
READ_AT_ONCE = 500
"""A page that missed as many is told to start again: reading it anew is quicker than being told."""

STANDING = frozenset(
    {
        "deleted", "missing_since", "is_forgotten", "is_restricted", "is_ultra_restricted", "is_bot", "is_external",
        "is_stranger", "home_team_id", "is_admin", "is_owner", "is_primary_owner",
    }
)  # fmt: skip
"""What decides whether a viewer may look, and at what."""

_ALL = Sight()
"""Of every workspace; changes are read whole, and told through the sight of each reader."""

Users = Mapping[tuple[str, str], User]
Pulse = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A frame on its way to a reader, with the change it tells (None for what has no place in the log)."""

    frame: bytes
    change: Change | None = None


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream. Its queue is bounded: who falls behind is dropped and comes back with the last id."""

    view: View
    zone: ZoneInfo | None
    sight: Sight
    queue: asyncio.Queue[Told]
    viewer: tuple[str, str] | None = None
    heartbeat_s: float = HEARTBEAT_S
    pulse: Pulse = ()
    """What it was last told of the service."""
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


class Live:
    """Follows the change log while `run` runs; `stream` is what a page reads; `close` ends every stream."""

    def __init__(
        self,
        *,
        store: Store,
        bell: Bell,
        telling: Telling,
        census: Census,
        queue_size: int = 256,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._bell = bell
        self._telling = telling
        self._census = census
        self._queue_size = queue_size
        self._look_every_s = look_every_s
        self._readers: set[Reader] = set()
        self._position: Position | None = None
        self._counted: Position | None = None
        self._beats: dict[tuple[object, ...], bytes] = {}
        self._is_closed = False

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return len(self._readers)

    async def run(self) -> None:
        """Follow the log until `close`: at every ring of the bell, and now and then in case one was lost."""
        while not self._is_closed:
            generation = self._bell.generation
            if self._readers:
                await self._follow()
            else:
                self._position = None  # nobody is told, so nothing is read: whoever comes first settles it anew
                self._beats.clear()
            await self._bell.wait(after=generation, timeout_s=self._look_every_s)

    async def _follow(self) -> None:
        try:
            while await self._look():
                pass
            await self._count()
        except StoreUnavailable:
            pass  # the pages keep what they have; the next look catches up
        self._beats.clear()
        self._tell_pulse()

    async def close(self) -> None:
        """End every stream; they never end by themselves."""
        self._is_closed = True
        for reader in tuple(self._readers):
            self._drop(reader)

    def dismiss(self, viewer: tuple[str, str]) -> None:
        """End the streams of a viewer who signs out; whoever is still signed in elsewhere comes back by themselves."""
        for reader in tuple(self._readers):
            if reader.viewer == viewer:
                self._drop(reader)

    async def stream(
        self,
        view: View,
        zone: ZoneInfo | None,
        after: Position | None,
        *,
        sight: Sight,
        is_lost: bool = False,
        viewer: tuple[str, str] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> AsyncGenerator[bytes]:
        """Tell one reader what comes after a position (or from now on), until it leaves, lags or we close.

        What its sight does not let through only moves its place; of workspaces that it does not see it hears nothing.

        A reader who is lost, because its position is none of ours, is told to start again.
        A `viewer` (`team_id`, `id`) whose standing changes is dropped: as they come back, the door looks at them anew.
        """
        reader = Reader(view, zone, sight, asyncio.Queue(self._queue_size), viewer, heartbeat_s)
        reader.pulse = self._pulse_for(reader)
        if self._is_closed:
            return
        # Joined before the replay, so nothing falls between the two; what comes twice is passed over below.
        self._readers.add(reader)
        try:
            await self._begin()
            position = after
            async for told_until, frame in self._replay(reader, after, is_lost=is_lost):
                position = told_until
                yield frame
            if view.is_page:  # it may have shown that it lost us, and takes that back now
                yield self._beat(reader)
            while (told := await self._next(reader)) is not None:
                if told.change is None or position is None or not covers(position, told.change):
                    yield told.frame
        except StoreUnavailable:
            return  # the reader comes back by itself, with its last id
        finally:
            self._readers.discard(reader)

    async def _replay(
        self, reader: Reader, after: Position | None, *, is_lost: bool
    ) -> AsyncIterator[tuple[Position, bytes]]:
        sight, position = reader.sight, after and reader.sight.position(after)
        while True:
            newest, changes, users = await self._read(position, sight)
            if is_lost or changes is None or (reader.view.is_page and len(changes) >= READ_AT_ONCE):
                yield sight.position(newest), self._telling.reset(sight.position(newest))
                return
            if position is None:
                yield sight.position(newest), id_frame(sight.position(newest))
                return
            for change in changes:
                position = moved(position, change)
                user = _user(users, change)
                yield position, self._telling.frame(reader.view, reader.zone, sight, change, user, position)
            if len(changes) < READ_AT_ONCE:
                yield position, id_frame(position)
                return

    async def _read(self, position: Position | None, sight: Sight) -> tuple[Position, tuple[Change, ...] | None, Users]:
        """Read the newest position and what came after one; None where that is no longer kept."""
        return await to_its_end(self._read_whole(position, sight.team_ids), name="live read")

    async def _read_whole(
        self, position: Position | None, team_ids: frozenset[str] | None
    ) -> tuple[Position, tuple[Change, ...] | None, Users]:
        async with self._store.reading() as rx:
            newest = await rx.workspaces.find_position()
            if position is None:
                return newest, (), {}
            try:
                changes = await rx.changes.list_changes(position, limit=READ_AT_ONCE, team_ids=team_ids)
            except PositionTooOld:
                return newest, None, {}
            return newest, changes, await rx.users.get_users(_keys(changes)) if self._readers else {}

    async def _next(self, reader: Reader) -> Told | None:
        """Wait for the next frame; a heartbeat if none comes, None at the end."""
        if reader.is_over.is_set():
            return None
        try:
            async with asyncio.timeout(reader.heartbeat_s):
                told = await reader.queue.get()
        except TimeoutError:
            return Told(self._beat(reader))
        return None if reader.is_over.is_set() else told

    async def _begin(self) -> Position:
        """Settle once from where the log is followed: no later than the first reader has read it."""
        if self._position is None:
            newest, *_ = await self._read(None, _ALL)
            if self._position is None:  # and nobody else was quicker
                self._position = newest
        return self._position

    async def _look(self) -> bool:
        """Read and tell what is new; say whether there may be more."""
        position = await self._begin()
        newest, changes, users = await self._read(position, _ALL)
        if changes is None:
            self._position = newest
            self._tell_reset(newest)
            return False
        for change in changes:
            self._position = position = moved(position, change)
            self._tell_change(change, _user(users, change), position)
            # Rendering for many zones is work; streams and sockets get their turn in between.
            await asyncio.sleep(0)
        return len(changes) == READ_AT_ONCE

    def _tell_change(self, change: Change, user: User | None, position: Position) -> None:
        frames: dict[tuple[View, ZoneInfo | None, Sight], bytes] = {}
        for reader in tuple(self._readers):
            if reader.viewer == (change.team_id, change.user_id) and STANDING & set(change.fields):
                self._drop(reader)
                continue
            if not reader.sight.sees_workspace(change.team_id):
                continue
            key = (reader.view, reader.zone, reader.sight)
            if key not in frames:
                frames[key] = self._telling.frame(*key, change, user, position)
            self._put(reader, Told(frames[key], change))

    def _tell_reset(self, newest: Position) -> None:
        for reader in tuple(self._readers):
            self._put(reader, Told(self._telling.reset(reader.sight.position(newest))))

    async def _count(self) -> None:
        """Count the people for the foot of the pages, once after a change."""
        if self._counted == self._position:
            return
        position = self._position
        sights = {reader.sight.team_ids: reader.sight for reader in self._readers if reader.view.is_page}
        for sight in sights.values():
            async with looking(self._store, sight) as seen:
                await self._census.renew(seen, await seen.list_workspaces())
        self._counted = position

    def _tell_pulse(self) -> None:
        """Tell pages when something about the service, or the number of people, is not as they were told."""
        pulse = self._telling.pulse()
        for reader in tuple(self._readers):
            if reader.view.is_page and reader.pulse != (told := self._pulse_for(reader, pulse)):
                reader.pulse = told
                self._put(reader, Told(self._beat(reader)))

    def _pulse_for(self, reader: Reader, pulse: Pulse | None = None) -> Pulse:
        return (self._telling.pulse() if pulse is None else pulse), self._census.known(reader.sight)

    def _beat(self, reader: Reader) -> bytes:
        """Make a heartbeat; readers of the same sight and zone share it, for a thousand may be due at once."""
        key = (reader.view, reader.zone, reader.sight, self._pulse_for(reader))
        if key not in self._beats:
            self._beats[key] = self._telling.heartbeat(reader.view, reader.zone, reader.sight)
        return self._beats[key]

    def _put(self, reader: Reader, told: Told) -> None:
        try:
            reader.queue.put_nowait(told)
        except asyncio.QueueFull:
            self._drop(reader)

    def _drop(self, reader: Reader) -> None:
        self._readers.discard(reader)
        reader.is_over.set()
        if reader.queue.empty():
            reader.queue.put_nowait(Told(b""))


def _keys(changes: Iterable[Change]) -> set[tuple[str, str]]:
    return {(change.team_id, change.user_id) for change in changes if change.user_id is not None}


def _user(users: Users, change: Change) -> User | None:
    return None if change.user_id is None else users.get((change.team_id, change.user_id))
