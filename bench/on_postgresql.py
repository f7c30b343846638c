"""The product's first pass on PostgreSQL beside its own on SQLite: seconds of its processor, the server's not counted.

    python bench/on_postgresql.py --users 100000 --rounds 3 --url postgresql://postgres@127.0.0.1/postgres

The address names a server where a database may be made and dropped again; each round makes one of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from lines import Figures, Line, heading, medians, show
from pages import served
from passes import ROOM, product, tell

from db.engine import parse_url


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """Make an empty database on a server until the block ends; yields its address."""
    name = f"usersync_bench_{os.getpid()}"
    asyncio.run(_say(server, f'CREATE DATABASE "{name}"'))
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(_say(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _say(server: str, statement: str) -> None:
    engine = create_async_engine(parse_url(server), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()


def lines(users: int, many: int, room: Path, server: str) -> Iterator[Line]:
    """Measure both engines in turns."""
    found: dict[str, list[Figures]] = {"sqlite": [], "postgresql": []}
    with served(users, room) as port:
        for _ in range(many):
            with tempfile.TemporaryDirectory(dir=room) as folder:
                file = f"sqlite:///{folder}/usersync.sqlite3"
                found["sqlite"].append(tell("product first on SQLite", product(file, port)))
            with a_database(server) as url:
                found["postgresql"].append(tell("product first on PostgreSQL", product(url, port)))
    there, here = medians(found["postgresql"]), medians(found["sqlite"])
    what = f"first pass of {users:,} on PostgreSQL"
    yield Line(f"{what}, cpu; on SQLite", there["cpu_s"], here["cpu_s"], 1.2, unit="s")
    yield Line(f"{what}, from beginning to end; on SQLite", there["wall_s"], here["wall_s"], None, unit="s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--room", type=Path, default=ROOM, help="a folder that keeps the pages")
    parser.add_argument("--url", required=True, help="a server where a database may be made and dropped")
    given = parser.parse_args()
    print(heading())
    show(lines(given.users, given.rounds, given.room, given.url))


if __name__ == "__main__":
    main()
