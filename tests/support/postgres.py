"""A PostgreSQL of one's own, in a temporary folder: it can be stopped, started, made read-only, and lose its lines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

GUARDED = "guarded"
"""A name that needs a password; all others are let in without."""
START_S = 60
"""How long the server may take to start or stop, on a busy machine too."""


def binaries() -> Path | None:
    """Find the newest server's programs, as scripts/with-test-servers does."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class PostgresServer:
    """A server on a port of this machine. Whatever a test did to it, `heal` undoes."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._is_read_only = False
        self.port = _spare_port()

    def make(self) -> None:
        """Make its files; once is enough."""
        self._folder.chmod(0o755)
        for name in ("data", "run"):
            (self._folder / name).mkdir(mode=0o700)
            if os.geteuid() == 0:
                shutil.chown(self._folder / name, "postgres")
        self._call("initdb", "-D", self._data, "-U", "usersync", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        rules = self._folder / "data" / "pg_hba.conf"
        rules.write_text(f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")

    def start_now(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self._folder / 'run'} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "run" / "log")
        self._call("pg_ctl", "-D", self._data, "-w", "-t", str(START_S), "-l", log, "-o", options, "start")

    def stop_now(self, mode: str = "immediate") -> None:
        """Stop it, if it runs."""
        if self.is_running:
            self._call("pg_ctl", "-D", self._data, "-m", mode, "-w", "-t", str(START_S), "stop")

    @property
    def is_running(self) -> bool:
        return (self._folder / "data" / "postmaster.pid").exists()

    async def start(self) -> None:
        """Start it again."""
        await asyncio.to_thread(self.start_now)

    async def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` says goodbye to its clients, `immediate` is a crash."""
        await asyncio.to_thread(self.stop_now, mode)

    async def restart(self, mode: str = "fast") -> None:
        """Stop and start it."""
        await self.stop(mode)
        await self.start()

    async def refuse_writes(self, *, refuses: bool = True) -> None:
        """Make every transaction read-only, as on a standby; or let them write again."""
        await self.say(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if refuses else 'off'}")
        await self.say("SELECT pg_reload_conf()")
        self._is_read_only = refuses

    async def end_connections(self) -> int:
        """Terminate everybody's connections; tells how many there were."""
        return int(
            await self.say(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )

    async def heal(self) -> None:
        """Undo whatever was done to it."""
        if not self.is_running:
            await self.start()
        if self._is_read_only:
            await self.refuse_writes(refuses=False)

    async def say(self, statement: str, *, database: str = "postgres") -> Any:
        """Say one statement as the owner of all; returns the first value of its answer."""
        connection = await asyncpg.connect(self.url(database))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Make an empty database, and drop it afterwards; yields its name."""
        name = f"usersync_{secrets.token_hex(6)}"
        await self.say(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            await self.heal()
            await self.say(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, database: str, *, port: int | None = None, user: str = "usersync") -> str:
        """Tell the address of a database; with `port`, by way of somebody who listens there."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _call(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: the server inherits it, and a pipe would never be closed.
        with (self._folder / "calls.log").open("ab") as log:
            subprocess.run(
                [*self._as, str(self._programs / program), *arguments], stdout=log, stderr=log, check=True, cwd="/"
            )


@contextlib.contextmanager
def a_postgres_server() -> Iterator[PostgresServer]:
    """Run a server until the block ends; the test is skipped, in words, where none is installed."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed, so nothing was tried on one that fails")
    folder = Path(tempfile.mkdtemp(prefix="usersync-postgres-"))
    server = PostgresServer(folder, programs)
    try:
        server.make()
        server.start_now()
        yield server
    finally:
        server.stop_now()
        shutil.rmtree(folder, ignore_errors=True)


def _spare_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
