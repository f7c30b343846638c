"""What is served to readers: a file that a first pass filled, its copies, and the words that are searched for."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from lines import Figures
from pages import served
from passes import product

from bot.housekeeping import drop_old_contact
from bot.settings import Settings
from db import Store

HERE = Path(__file__).parent


def written_by() -> str:
    """Tell the code that fills a file: a few letters that are others when it changes."""
    root = HERE.parent
    sources = sorted([*root.glob("db/**/*.py"), *root.glob("bot/**/*.py")])
    return hashlib.blake2b(b"".join(each.read_bytes() for each in sources), digest_size=4).hexdigest()


def filled(room: Path, users: int) -> Path:
    """Fill a file by a first pass of today's code over so many people, unless it is there."""
    file = room / f"usersync-{users}-{written_by()}.sqlite3"
    if file.exists() and _figures_of(file).exists():
        return file
    unfinished = room / f"filling-{users}.sqlite3"
    for left in [*room.glob(f"usersync-{users}-*.sqlite3"), unfinished]:
        remove(left)
    print(f"Filling {file} …", file=sys.stderr, flush=True)
    with served(users, room) as port:
        figures = product(f"sqlite:///{unfinished.absolute()}", port)
    asyncio.run(_kept_house(f"sqlite:///{unfinished.absolute()}"))
    _figures_of(file).write_text(json.dumps(figures))
    unfinished.rename(file)
    remove(unfinished)
    return file


async def _kept_house(url: str) -> None:
    """Have the file as a service has it that ran for a while: with nothing left to drop of people who left long ago."""
    store = await Store.open(url)
    keep = timedelta(seconds=Settings.model_fields["contact_keep"].default)
    await drop_old_contact(store, now=datetime.now(UTC), contact_keep=keep)
    await store.close()


def figures_of_fill(room: Path, users: int) -> Figures:
    """Tell the figures of the pass that filled the file, which is made unless it is there."""
    return json.loads(_figures_of(filled(room, users)).read_text())


def _figures_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def remove(file: Path) -> None:
    """Remove a file with its log and whatever else was kept beside it."""
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


def to_be_written(file: Path) -> Path:
    """Copy a file, and take from everybody's row what Slack says of them: a pass has to write all of it again."""
    copy = file.with_name(f"to-be-written-{file.name}")
    remove(copy)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as connection:
        source.backup(connection)
        connection.execute("UPDATE users SET page_digest = NULL, tz_label = 'somewhere'")
        connection.commit()
    return copy


@dataclass(frozen=True, slots=True)
class Words:
    """What is searched for: ends of handles, which are one person's, last names of many, what one in six matches.

    There are fewer last names than questions, so they are spelled in many ways; each word is searched for once.
    """

    rare: list[str]
    surnames: list[str]
    common: str
    common_found: int


def words_of(file: Path, many: int) -> Words:
    """Find so many of each sort among active members."""
    with closing(sqlite3.connect(file)) as connection:
        of_members = "FROM users WHERE state = 'active' AND kind = 'member'"
        rows = connection.execute(f"SELECT real_name, title {of_members}")
        people, names, titles = 0, Counter[str](), Counter[str]()
        for people, (name, title) in enumerate(rows, start=1):  # noqa: B007 - the last number is how many they are
            *first, last = (name or "").split() or [""]
            names.update([last] if first and last.isascii() and last.isalpha() else ())
            titles.update({word.lower() for word in (title or "").split()})
        handles = connection.execute(f"SELECT name {of_members} ORDER BY id LIMIT 4000")
        rare = [handle.rpartition(".")[2] for (handle,) in handles]
    common, found = min(titles.items(), key=lambda each: abs(each[1] - people / 6))
    surnames = list(islice(_spelled([name for name, _ in names.most_common()]), many))
    return Words(rare[:: max(len(rare) // many, 1)][:many], surnames, common, found)


def _spelled(words: list[str]) -> Iterator[str]:
    """Give the words, then each of them spelled in another way; to a search they are the same."""
    yield from words
    yield from map(str.upper, words)
    yield from map(str.swapcase, words)
