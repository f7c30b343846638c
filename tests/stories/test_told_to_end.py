"""SIGTERM: what is under way is committed and acked, a run is left where it stands, sockets say goodbye, all in 10 s."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.service import Service
from bot.simulator import Simulator
from db.engine import parse_url
from db.tables import workspaces
from tests.conftest import QUICK, settings_for
from tests.support.killing import cursors, opened, runs_of, serving, unlike_slack
from tests.support.program import Program
from tests.support.waiting import eventually

WITHIN_S = 10
"""What `docker stop` grants before it kills."""

on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@contextlib.asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Hold the lock that every write needs, from outside."""
    engine = create_async_engine(parse_url(url), isolation_level=None)
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            await connection.execute(sa.select(workspaces).with_for_update())
        yield
        await connection.rollback()
    await engine.dispose()
