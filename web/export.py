"""The list as a file to take away: what the viewer may see of whom the filter finds, in short reads, row by row."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from db import Sight, Store, looking
from db.filters import Page, UserFilter
from db.records import SLACK_FIELDS, STATUS_FIELDS, User

READ_AT_ONCE = 300
"""Rows of one read: no transaction is held open while a slow reader takes its file."""
OURS = ("kind", "state", "joined_at", "left_at", "missing_since", "rev")
COLUMNS = ("team_id", "id", *(name for name in SLACK_FIELDS if name not in STATUS_FIELDS), "updated", *OURS)
"""Slack's own fields, then ours. Custom statuses are no part of anything that is kept."""
BOM = "\ufeff"
"""Without it Excel takes a file for one in the code page of its country, and spoils every accent."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula, and run."""


@dataclass(frozen=True, slots=True)
class List:
    """Whom a file holds: a filter, and the sight of whoever takes it away."""

    store: Store
    sight: Sight
    user_filter: UserFilter

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in COLUMNS if self.sight.sees(name))

    async def first(self) -> Page:
        """Read the first rows, so that a database that is away is told before the file. Raises StoreUnavailable."""
        return await self._read(None)

    async def rest(self, page: Page) -> AsyncIterator[tuple[User, ...]]:
        """Give a page and what comes after it. Raises StoreUnavailable: a file that breaks off is not a short list."""
        yield page.users
        while page.next_cursor is not None:
            page = await self._read(page.next_cursor)
            yield page.users

    async def _read(self, after: str | None) -> Page:
        # Shielded: whoever breaks off a download must not break off a question to the database in the middle.
        reading = asyncio.create_task(self._page(after), name="export read")
        reading.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be nobody's any more
        return await asyncio.shield(reading)

    async def _page(self, after: str | None) -> Page:
        async with looking(self.store, self.sight) as seen:
            return await seen.list_users(self.user_filter, after=after, limit=READ_AT_ONCE)

    def values(self, user: User) -> dict[str, Any]:
        """Give what is seen of one user, by column; what is hidden of this one alone is left out."""
        hidden = self.sight.hidden_of(user)
        return {name: _plain(getattr(user, name)) for name in self.columns if name not in hidden}


async def as_csv(wanted: List, page: Page) -> AsyncIterator[bytes]:
    """Write a table for spreadsheets (RFC 4180)."""
    yield (BOM + _lines([wanted.columns])).encode()
    async for users in wanted.rest(page):
        rows = (wanted.values(user) for user in users)
        yield _lines([_cell(row.get(name)) for name in wanted.columns] for row in rows).encode()


async def as_json(wanted: List, page: Page) -> AsyncIterator[bytes]:
    """Write an array of objects, one a line."""
    comma = ""
    yield b"["
    async for users in wanted.rest(page):
        lines = [json.dumps(wanted.values(user), ensure_ascii=False) for user in users]
        if lines:
            yield (comma + "\n" + ",\n".join(lines)).encode()
            comma = ","
    yield b"\n]\n"


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Write a value so that no spreadsheet runs it; what begins with a sign and is a number stays one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return list(value) if isinstance(value, tuple) else value
