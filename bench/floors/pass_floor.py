"""The least program that makes the same pass: one process, one table without indexes of its own, no merge, no events.

    python bench/floors/pass_floor.py FILE PORT     the first time it fills; later it compares digests
    python bench/floors/pass_floor.py - PORT        no database: it fetches and parses each page

Needs orjson (bench/requirements.txt). The figures are printed as JSON, like the product's.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))

from peak import peak_mib

TEAM = "T0SIM00001"
TOP = (
    "name", "deleted", "color", "tz", "tz_label", "tz_offset", "locale", "is_admin", "is_owner", "is_primary_owner",
    "is_restricted", "is_ultra_restricted", "is_bot", "is_app_user", "is_email_confirmed", "updated",
)  # fmt: skip
PROFILE = (
    "real_name", "display_name", "first_name", "last_name", "title", "email", "phone", "pronouns", "start_date",
    "status_text", "status_emoji", "status_expiration", "avatar_hash", "image_72", "image_192", "image_512",
    "image_1024", "image_original", "is_custom_image", "bot_id", "api_app_id", "guest_expiration_ts",
)  # fmt: skip
SEARCHED = ("real_name", "display_name", "title", "email", "phone")
COLUMNS = ("id", *TOP, *PROFILE, "search_text", "digest")
INSERT = f"INSERT INTO users ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


def row_of(member: dict[str, Any], digest: bytes) -> tuple[Any, ...]:
    top, profile = member.get, member["profile"].get
    text = " ".join(filter(None, (profile(name) for name in SEARCHED))).casefold()
    return (member["id"], *map(top, TOP), *map(profile, PROFILE), text, digest)


def digest_of(member: dict[str, Any]) -> bytes:
    return hashlib.blake2b(orjson.dumps(member), digest_size=16).digest()


def take(connection: sqlite3.Connection, members: list[dict[str, Any]]) -> None:
    """Read the digests of a page, and write whom they do not know."""
    asked = ",".join("?" * len(members))
    ids = [member["id"] for member in members]
    known = dict(connection.execute(f"SELECT id, digest FROM users WHERE id IN ({asked})", ids))
    rows = [row_of(member, digest) for member in members if known.get(member["id"]) != (digest := digest_of(member))]
    if rows:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")


def open_table(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    columns = ", ".join(name for name in COLUMNS if name != "id")
    connection.execute(f"CREATE TABLE IF NOT EXISTS users (row_id INTEGER PRIMARY KEY, id TEXT UNIQUE, {columns})")
    return connection


def build_search(connection: sqlite3.Connection) -> None:
    connection.executescript(
        "BEGIN; CREATE VIRTUAL TABLE users_search USING fts5(search_text, content='users', content_rowid='row_id',"
        "tokenize='ascii', prefix='3 4', detail='none');"
        "INSERT INTO users_search (users_search) VALUES ('rebuild'); COMMIT;"
    )


async def pages(port: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Ask for one page after the other."""
    cursor = ""
    async with aiohttp.ClientSession() as session:
        while True:
            asked = {"limit": "999", "cursor": cursor}
            async with session.post(f"http://127.0.0.1:{port}/api/users.list", data=asked) as answer:
                page = orjson.loads(await answer.read())
            yield page["members"]
            cursor = page["response_metadata"]["next_cursor"]
            if not cursor:
                return


async def main(file: str, port: str) -> None:
    connection = None if file == "-" else open_table(file)
    is_first = connection is not None and not connection.execute("SELECT 1 FROM users LIMIT 1").fetchall()
    wall, cpu = time.perf_counter(), time.process_time()
    seen = 0
    async for members in pages(port):
        if connection is not None:
            take(connection, members)
        seen += len(members)
    if connection is not None and is_first:
        build_search(connection)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if connection is not None:
        connection.close()
    print(
        json.dumps(
            {
                "pass": "fetch" if connection is None else "fill" if is_first else "compare",
                "users": seen,
                "users_a_second": round(seen / wall),
                "users_a_cpu_second": round(seen / cpu),
                "wall_s": round(wall, 3),
                "cpu_s": round(cpu, 3),
                "peak_mib": round(peak_mib(), 1),
            }
        )
    )


if __name__ == "__main__":
    gc.freeze()  # the product has the collector look as seldom
    gc.set_threshold(10_000)
    asyncio.run(main(*sys.argv[1:3]))
