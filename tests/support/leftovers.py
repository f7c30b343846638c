"""Looks for words wherever a database may still hold them: every cell of every table, every byte beside a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from db.engine import parse_url


async def leftovers(url: str, words: Collection[str]) -> dict[str, list[str]]:
    """Tell which words are still to be found, and where; read with an engine of its own, past our own questions."""
    cells = await _cells(url)
    places = {f"table {table}": text.encode() for table, text in cells.items()}
    database = parse_url(url)
    if database.get_backend_name() == "sqlite":
        file = Path(str(database.database))
        places |= {f"file {path.name}": await _bytes(path) for path in _files_beside(file)}
    found = {
        place: [word for word in words if any(form in held.lower() for form in _forms(word))]
        for place, held in places.items()
    }
    return {place: each for place, each in found.items() if each}


def _files_beside(file: Path) -> list[Path]:
    return [path for path in file.parent.iterdir() if path.is_file()]


async def _bytes(path: Path) -> bytes:
    """Read a file in another process: closing it here would let go of the locks that SQLite holds on it here."""
    process = await asyncio.create_subprocess_exec("cat", path, stdout=asyncio.subprocess.PIPE)
    held, _ = await process.communicate()
    return held


async def _cells(url: str) -> dict[str, str]:
    engine = create_async_engine(parse_url(url), poolclass=sa.pool.NullPool)
    try:
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
            quoted = {name: connection.dialect.identifier_preparer.quote(name) for name in names}
            return {
                name: "\n".join(
                    str(cell)
                    for row in await connection.execute(sa.text(f"SELECT * FROM {quoted[name]}"))
                    for cell in row
                )
                for name in names
            }
    finally:
        await engine.dispose()


def _forms(word: str) -> tuple[bytes, bytes]:
    """Give a word as it stands in a text, and in JSON; small letters, as what is derived for searching has them."""
    return word.lower().encode(), json.dumps(word)[1:-1].lower().encode()
