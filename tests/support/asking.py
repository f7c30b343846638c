"""Asks any database a question in plain SQL, past our own questions."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from db.engine import parse_url


def rows(url: str, question: str) -> list[tuple[Any, ...]]:
    """Return all rows of an answer; beside the loop, so that it can stand in any expression."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, _rows(url, question)).result()


async def _rows(url: str, question: str) -> list[tuple[Any, ...]]:
    engine = create_async_engine(parse_url(url), poolclass=sa.pool.NullPool)
    try:
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(sa.text(question))]
    finally:
        await engine.dispose()
