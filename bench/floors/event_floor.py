"""The least program that acks events once they are committed: a WebSocket, group commit, one table with its search.

    python bench/floors/event_floor.py FILE API_URL

No Bolt, no merge, no change log, no second connection. Needs orjson (bench/requirements.txt). It ends when killed.
"""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import sys
from pathlib import Path
from typing import Any

import aiohttp
import orjson

sys.path.insert(0, str(Path(__file__).parent))

from pass_floor import COLUMNS, digest_of, row_of

SETS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
UPSERT = (
    f"INSERT INTO users ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    f" ON CONFLICT (id) DO UPDATE SET {SETS}"
)
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS users (
    row_id INTEGER PRIMARY KEY, id TEXT UNIQUE, {", ".join(name for name in COLUMNS if name != "id")}
);
CREATE VIRTUAL TABLE IF NOT EXISTS users_search USING fts5(
    search_text, content='users', content_rowid='row_id', tokenize='ascii', prefix='3 4', detail='none'
);
CREATE TRIGGER IF NOT EXISTS a_new_row AFTER INSERT ON users BEGIN
    INSERT INTO users_search (rowid, search_text) VALUES (new.row_id, new.search_text);
END;
CREATE TRIGGER IF NOT EXISTS a_changed_row AFTER UPDATE OF search_text ON users
WHEN old.search_text IS NOT new.search_text BEGIN
    INSERT INTO users_search (users_search, rowid, search_text) VALUES ('delete', old.row_id, old.search_text);
    INSERT INTO users_search (rowid, search_text) VALUES (new.row_id, new.search_text);
END;
"""
Waiting = tuple[str, dict[str, Any]]


def open_table(file: str) -> sqlite3.Connection:
    """Open the file as the product opens its own."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-16384")
    connection.executescript(SCHEMA)
    return connection


def write(connection: sqlite3.Connection, users: list[dict[str, Any]]) -> None:
    """Commit some users in one transaction."""
    rows = [row_of(user, digest_of(user)) for user in users]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(UPSERT, rows)
    connection.execute("COMMIT")


async def fill(connection: sqlite3.Connection, session: aiohttp.ClientSession, api_url: str) -> None:
    """Read everybody once."""
    cursor = "0"
    while cursor:
        async with session.post(f"{api_url}users.list", data={"limit": "999", "cursor": cursor}) as answer:
            page = orjson.loads(await answer.read())
        write(connection, page["members"])
        cursor = page["response_metadata"]["next_cursor"]


async def commit_all(
    connection: sqlite3.Connection, socket: aiohttp.ClientWebSocketResponse, arrived: asyncio.Queue[Waiting]
) -> None:
    """Commit whatever waits, then ack it; what arrives meanwhile is the next batch."""
    while True:
        batch = [await arrived.get()]
        while not arrived.empty():
            batch.append(arrived.get_nowait())
        await asyncio.to_thread(write, connection, [user for _, user in batch])
        for envelope_id, _ in batch:
            await socket.send_str(f'{{"envelope_id":"{envelope_id}"}}')


async def main(file: str, api_url: str) -> None:
    connection = open_table(file)
    arrived: asyncio.Queue[Waiting] = asyncio.Queue()
    async with aiohttp.ClientSession() as session:
        await fill(connection, session, api_url)
        async with session.post(f"{api_url}apps.connections.open") as answer:
            url = orjson.loads(await answer.read())["url"]
        async with session.ws_connect(url, max_msg_size=0) as socket:
            committer = asyncio.create_task(commit_all(connection, socket, arrived))
            async for message in socket:
                told = orjson.loads(message.data)
                if told["type"] == "events_api":
                    arrived.put_nowait((told["envelope_id"], told["payload"]["event"]["user"]))
            committer.cancel()


if __name__ == "__main__":
    gc.freeze()  # the product has the collector look as seldom
    gc.set_threshold(10_000)
    asyncio.run(main(*sys.argv[1:3]))
