"""The whole memory: transactions that write, snapshots that read, and the bell after a commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.alert_posts import AlertPostReader, AlertPostWriter
from db.alerts import AlertReader, AlertWriter
from db.api_tokens import ApiTokenReader, ApiTokenWriter
from db.bell import Bell
from db.bells import Bells, Pauses
from db.callers import CallerReader
from db.changes import ChangeReader, ChangeWriter
from db.copies import drop_copies
from db.dead_letters import DeadLetterReader, DeadLetterWriter
from db.dialects import Said, dirty_a_page, file_of, is_refusal_of_a_row, run_lock, say_together
from db.engine import ALONE, open_reader, open_writer, parse_url, place_of
from db.errors import RowRefused, RunTaken, StoreAway, StoreLocked, StoreUnavailable
from db.glance import GlanceReader
from db.instances import InstanceReader, InstanceWriter
from db.meaning import MeaningReader
from db.migrate import WRITE_NOTHING, check_ours, migrate
from db.news import NewsReader
from db.offers import Offers
from db.outages import kind_of, unavailable, words_of
from db.permission import refuse_unwritable
from db.places import PlaceReader, PlaceWriter
from db.runs import RunReader, RunWriter
from db.sessions import SessionReader, SessionWriter
from db.signins import SigninReader, SigninWriter
from db.tables import changes, users, workspaces
from db.traces import TraceReader, TraceWriter
from db.user_fields import UserFieldReader, UserFieldWriter
from db.user_writer import UserWriter
from db.users import UserReader
from db.wipes import WipeReader, WipeWriter
from db.wiping import Wiped, left_to_another, wipe, wiped_already, wiping_turn
from db.wishes import WishReader, WishWriter
from db.workspaces import WorkspaceReader, WorkspaceWriter

CLOSE_S = 2
NOTHING_OF_THE_WRITE_PATH: tuple[sa.Executable, ...] = (
    sa.select(workspaces.c.team_id).order_by(workspaces.c.team_id).with_for_update(),
    sa.update(users).where(sa.false()).values(rev=users.c.rev),
    sa.update(changes).where(sa.false()).values(seq=changes.c.seq),
)
"""Takes every lock that a commit of events takes, and moves nothing."""
"""For goodbyes to the server, which a silent one never answers."""


class Snapshot:
    """The repos as of one moment; nothing can be written through them."""

    def __init__(self, connection: AsyncConnection, offers: Offers) -> None:
        self.workspaces = WorkspaceReader(connection)
        self.users = UserReader(connection, offers)
        self.user_fields = UserFieldReader(connection)
        self.meanings = MeaningReader(connection)
        self.changes = ChangeReader(connection)
        self.dead_letters = DeadLetterReader(connection)
        self.runs = RunReader(connection)
        self.signins = SigninReader(connection)
        self.sessions = SessionReader(connection)
        self.callers = CallerReader(connection)
        self.alerts = AlertReader(connection)
        self.alert_posts = AlertPostReader(connection)
        self.instances = InstanceReader(connection)
        self.places = PlaceReader(connection)
        self.api_tokens = ApiTokenReader(connection)
        self.traces = TraceReader(connection)
        self.wipes = WipeReader(connection)
        self.news = NewsReader(connection)
        self.wishes = WishReader(connection)
        self.glance = GlanceReader(connection)


class Transaction:
    """The repos of one unit of work: all of it is committed, or nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.workspaces = WorkspaceWriter(connection)
        self.users = UserWriter(connection)
        self.user_fields = UserFieldWriter(connection)
        self.changes = ChangeWriter(connection)
        self.dead_letters = DeadLetterWriter(connection)
        self.runs = RunWriter(connection)
        self.signins = SigninWriter(connection)
        self.sessions = SessionWriter(connection)
        self.alerts = AlertWriter(connection)
        self.alert_posts = AlertPostWriter(connection)
        self.instances = InstanceWriter(connection)
        self.places = PlaceWriter(connection)
        self.api_tokens = ApiTokenWriter(connection)
        self.traces = TraceWriter(connection)
        self.wipes = WipeWriter(connection)
        self.wishes = WishWriter(connection)
        self.is_to_ring = False
        self.connection = connection

    async def say(self, statements: Sequence[Said]) -> None:
        """Run what repos said is to be done, in this order and together."""
        await say_together(self.connection, statements)

    def rings(self) -> None:
        """Ask for the bell once this is committed."""
        self.is_to_ring = True


class Store:
    """The memory of one process. Open it with `Store.open`, and close it."""

    def __init__(self, url: str, *, bell: Bell | None = None) -> None:
        self._url = parse_url(url)
        self._writer = open_writer(self._url)
        self._reader = open_reader(self._url)
        self._alone = self._reader.execution_options(**{ALONE: True})
        self._offers = Offers()
        self._trying: asyncio.Task[StoreUnavailable | None] | None = None
        self.bell = bell or Bell()
        self._bells = Bells(self._url, bell=self.bell)

    @classmethod
    async def open(cls, url: str, *, bell: Bell | None = None) -> Self:
        """Migrate if needed, then open. Raises UnusableUrl, ForeignTables, NewerSchema, StoreUnavailable."""
        refuse_unwritable(parse_url(url))
        await check_ours(parse_url(url))
        try:
            store = cls(url, bell=bell)
        except OSError as error:  # the folder of a SQLite file cannot be made
            raise StoreUnavailable(words_of(error)) from error
        migrator = open_writer(parse_url(url), statement_s=None)
        try:
            await migrate(migrator)
        except BaseException:
            await store.close()
            raise
        finally:
            await migrator.dispose()
        return store

    @property
    def place(self) -> str:
        """Tell where it is, with neither user nor password."""
        return place_of(self._url)

    async def close(self) -> None:
        """Let go of all connections, of those in use after it; a server that fell silent is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if file_of(self._url) else CLOSE_S):  # closing a file waits for nobody
                if self._trying is not None:
                    await asyncio.wait({self._trying}, timeout=CLOSE_S / 2)
                if file_of(self._url):  # closed at once, neither folded a long log into the file
                    await self._reader.dispose()
                    await self._writer.dispose()
                else:
                    await asyncio.gather(self._writer.dispose(), self._reader.dispose())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Do a unit of work: committed at the end, rolled back on any exception.

        Raises StoreUnavailable where the database is away, locked, full or read-only, and RowRefused where it refuses
        what this very transaction wants to write.
        """
        try:
            async with self._writer.begin() as connection:
                tx = Transaction(connection)
                yield tx
        except (sa.exc.SQLAlchemyError, OSError, OverflowError, UnicodeError) as error:
            if is_refusal_of_a_row(error):
                raise RowRefused(kind_of(error)) from error
            raise unavailable(error) from error
        if tx.is_to_ring:
            self._bells.ring()

    async def listen(self, pauses: Pauses) -> None:
        """Ring the bell at commits of other processes too, and theirs at ours, until cancelled.

        Where the engine cannot carry a ring this ends at once; `pauses` lie between tries to connect.
        """
        await self._bells.ring_together(pauses)

    async def why_not_written(self, *, within_s: float) -> StoreUnavailable | None:
        """Say why nothing can be written; None if it can: what is there already is written anew, and committed.

        A full disk refuses no more than the commit. Many may ask at once, and one try answers all. It is never
        cancelled: it ends by itself, by the engine's own waits.
        """
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._try_to_write(), name="trying to write")
        trying = self._trying
        await asyncio.wait({trying}, timeout=within_s)
        if trying.done():
            return trying.result()
        kind = StoreLocked if file_of(self._url) else StoreAway
        return kind(f"(no answer within {within_s:g} s)")

    async def _try_to_write(self) -> StoreUnavailable | None:
        try:
            async with self._writer.begin() as connection:
                for statement in NOTHING_OF_THE_WRITE_PATH:
                    await connection.execute(statement)
                await connection.execute(WRITE_NOTHING)
                await dirty_a_page(connection)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            return unavailable(error)
        return None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Snapshot]:
        """Look at one moment of the memory. Raises StoreUnavailable."""
        try:
            async with self._reader.begin() as connection:
                yield Snapshot(connection, self._offers)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise unavailable(error) from error

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Snapshot]:
        """Ask one question that is one statement, a moment by itself: two may be told of two. Raises StoreUnavailable.

        On SQLite that is one trip to its thread in the place of three.
        """
        try:
            async with self._alone.connect() as connection:
                yield Snapshot(connection, self._offers)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise unavailable(error) from error

    async def wipe(self, *, patience_s: float) -> Wiped:
        """Wipe the bytes of what was erased, and note that; what cannot be done now stays noted as due.

        `patience_s` is for others who hold the file, or wipe the same tables. Raises StoreUnavailable.
        """
        try:
            async with wiping_turn(self._url, patience_s=patience_s) as is_ours:
                return await self._wipe(patience_s) if is_ours else left_to_another(self._url)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise unavailable(error) from error

    async def _wipe(self, patience_s: float) -> Wiped:
        async with self.reading() as rx:
            due = await rx.wipes.list_due()
        if not due:
            return wiped_already(self._url)
        wiped = await wipe(self._url, patience_s=patience_s)
        if wiped.is_whole:
            async with self.transaction() as tx:
                await tx.wipes.resolve(due)
        return wiped

    async def drop_copies(self, *, before: datetime) -> list[Path]:
        """Delete our own copies of a SQLite file that were made before a moment; tell which.

        Raises StoreUnavailable.
        """
        file = file_of(self._url)
        try:
            return await asyncio.to_thread(drop_copies, file.absolute(), before=before) if file else []
        except OSError as error:
            raise unavailable(error) from error

    @contextmanager
    def run_lock(self, team_id: str) -> Iterator[bool]:
        """Hold the runs of a workspace for this process; yields whether nobody else can be at one.

        Raises RunTaken where another process holds them, StoreUnavailable.
        """
        with ExitStack() as stack:
            try:
                is_alone = stack.enter_context(run_lock(self._url, team_id))
            except BlockingIOError:
                raise RunTaken(f"({team_id})") from None
            except OSError as error:
                raise unavailable(error) from error
            yield is_alone
