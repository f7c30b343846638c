"""The list as a file to take away: what the viewer may see of whom the filter finds, in short reads, row by row."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from db import Sight, Store, looking
from db.filters import CustomField, Page, UserFilter
from db.records import SLACK_FIELDS, STATUS_FIELDS, User, Workspace
from web.facts import Said, said_in
from web.pictures import Pictures
from web.shielded import to_its_end
from web.vcard import card_of

READ_AT_ONCE = 300
"""Rows of one read: no transaction is held open while a slow reader takes its file."""
OURS = ("kind", "state", "joined_at", "left_at", "missing_since", "rev")
WRITE_AT_ONCE = 50
COLUMNS = ("team_id", "id", *(name for name in SLACK_FIELDS if name not in STATUS_FIELDS), "updated", *OURS)
"""Slack's own fields, then ours. Custom statuses are no part of anything that is kept."""
BOM = "\ufeff"
"""Without it Excel takes a file for one in the code page of its country, and spoils every accent."""
_UNSEEN = r"\s\x00-\x1f\x7f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
_SIGNS = r"=+\-@\u2212\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b"
"""Also in full width and small: there are spreadsheets that take them for the plain ones."""
FORMULA = re.compile(rf"\A(?:[{_UNSEEN}]*[{_SIGNS}]|[\t\r])|(?<=[;\t\r\n])(?:(?![\t\r\n])[{_UNSEEN}])*[{_SIGNS}]")
"""What a spreadsheet would take for the beginning of a formula, and run; blanks before it are passed over.

Where lists are written with semicolons, Excel parts a cell of ours at each, whatever its quotes say.
"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is read before the first byte of a file: the first rows, and the workspaces that the reader sees."""

    page: Page
    workspaces: tuple[Workspace, ...]


@dataclass(frozen=True, slots=True)
class List:
    """Whom a file holds: a filter, and the sight of whoever takes it away."""

    store: Store
    sight: Sight
    user_filter: UserFilter
    custom_fields: tuple[CustomField, ...] = ()
    """Those that the operator marked: a table has a column for each, beside the one that holds all of them."""

    @property
    def marked(self) -> dict[str, CustomField]:
        """Name the columns of the marked fields that are seen; one that has a name already bears its id as well."""
        found: dict[str, CustomField] = {}
        for field in self.custom_fields:
            if self.sight.sees_field(field.field_id):
                is_taken = field.label in COLUMNS or field.label in found
                found[f"{field.label} ({field.field_id})" if is_taken else field.label] = field
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in COLUMNS if self.sight.sees(name))

    async def begin(self) -> Beginning:
        """Read the first rows, so that a database that is away is told before the file. Raises StoreUnavailable."""
        return await to_its_end(self._begin(), name="export read")

    async def rest(self, page: Page) -> AsyncIterator[tuple[User, ...]]:
        """Give a page and what comes after it. Raises StoreUnavailable: a file that breaks off is not a short list."""
        for users in _stretches(page):
            yield users
        while page.next_cursor is not None:
            page = await to_its_end(self._page(page.next_cursor), name="export read")
            for users in _stretches(page):
                yield users
                await asyncio.sleep(0)  # others get their turn, however quick the reader is

    async def _begin(self) -> Beginning:
        async with looking(self.store, self.sight) as seen:
            page = await seen.list_users(self.user_filter, limit=READ_AT_ONCE)
            return Beginning(page, await seen.list_workspaces())

    async def _page(self, after: str) -> Page:
        async with looking(self.store, self.sight) as seen:
            return await seen.list_users(self.user_filter, after=after, limit=READ_AT_ONCE)

    def values(self, user: User) -> dict[str, Any]:
        """Give what is seen of one user, by column; what is hidden of this one alone is left out."""
        hidden = self.sight.hidden_of(user)
        return {name: _plain(getattr(user, name)) for name in self.columns if name not in hidden}


Writer = Callable[[List, Beginning], AsyncIterator[bytes]]


async def as_csv(wanted: List, begun: Beginning) -> AsyncIterator[bytes]:
    """Write a table for spreadsheets (RFC 4180)."""
    columns, marked = wanted.columns, wanted.marked
    yield (BOM + _line([*columns, *marked])).encode()
    async for users in wanted.rest(begun.page):
        rows = ((user.fields, wanted.values(user)) for user in users)
        yield "".join(
            _line([*map(row.get, columns), *(_told(fields, each) for each in marked.values())]) for fields, row in rows
        ).encode()


async def as_json(wanted: List, begun: Beginning) -> AsyncIterator[bytes]:
    """Write an array of objects, one a line."""
    comma = ""
    yield b"["
    async for users in wanted.rest(begun.page):
        lines = [json.dumps(wanted.values(user), ensure_ascii=False) for user in users]
        if lines:
            yield (comma + "\n" + ",\n".join(lines)).encode()
            comma = ","
    yield b"\n]\n"


def as_cards(pictures: Pictures) -> Writer:
    """Give what writes contact cards, one after another in one file; an address book takes them all in at once."""

    async def write(wanted: List, begun: Beginning) -> AsyncIterator[bytes]:
        houses = {each.team_id: each.name or "" for each in begun.workspaces}
        async for users in wanted.rest(begun.page):
            yield b"".join(card_of(user, houses.get(user.team_id, ""), pictures) for user in users)

    return write


def _stretches(page: Page) -> Iterable[tuple[User, ...]]:
    """Part a page into what is written without a pause."""
    return (page.users[start : start + WRITE_AT_ONCE] for start in range(0, len(page.users), WRITE_AT_ONCE))


def _line(values: Iterable[Any]) -> str:
    return ",".join(map(_cell, values)) + "\r\n"


def _told(fields: Said, field: CustomField) -> str:
    return said_in(fields, field, "value") or said_in(fields, field, "alt")


def _cell(value: Any) -> str:
    """Write a value so that no spreadsheet runs it; what begins with a sign and is a number stays one."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    # An apostrophe would be no JSON any more, and a sign written by its number is the same text.
    text = (
        FORMULA.sub(r"'\g<0>", value)
        if isinstance(value, str)
        else FORMULA.sub(_escaped, json.dumps(value, ensure_ascii=False))
    )
    return '"' + text.replace('"', '""') + '"'


def _escaped(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\u{ord(found[0][-1]):04x}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return list(value) if isinstance(value, tuple) else value
