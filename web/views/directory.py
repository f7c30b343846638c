"""The directory: who fits the filter, fifty at a time, and what just happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from db import Seen, Sight, looking
from db.filters import Counts, Page, UserFilter
from db.records import Change, Position, User, Workspace
from web import query
from web.fresh import progress
from web.names import margin_letter
from web.positions import encode
from web.rows import Row, row_of
from web.strip import LOOKED_AT, entries
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import Window, frame, window_of
from web.words import counted, number

PAGE_SIZE = 50
REFRESH_S = 2
"""How often the page that waits for the first people looks again."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at the memory found for a page."""

    workspaces: tuple[Workspace, ...]
    position: Position
    page: Page
    counts: Counts
    recent: tuple[Change, ...]
    users: dict[tuple[str, str], User]
    wider: int
    """How many the same search finds among everybody; 0 where it was not asked."""
    everybody: int


async def directory(request: Request) -> Response:
    """Show the people who fit the filter."""
    window, zone = window_of(request), zone_of_viewer(request)
    now, user_filter, after = window.clock(), query.parse(request.query_params), request.query_params.get("after")
    sight = sight_of(request)
    async with looking(window.store, sight) as seen:
        found = await _look(seen, user_filter, after)
    values = frame(window, now, zone, found.workspaces, viewer_of(request)) | {"here": "page"}
    if not found.everybody:
        return _nobody(window, values, found)
    values |= _filter_values(user_filter, found) | _list_values(user_filter, found, after, now, zone, sight)
    values |= _sight_values(sight)
    return window.templates.page("directory.html", **values)


async def _look(seen: Seen, user_filter: UserFilter, after: str | None) -> Found:
    # The position first: whatever is committed while we look comes again over the stream, never not at all.
    position = await seen.find_position()
    workspaces = await seen.list_workspaces()
    page = await seen.list_users(user_filter, after=after, limit=PAGE_SIZE)
    counts = await seen.count_users(user_filter)
    recent = await seen.list_recent(LOOKED_AT)
    users = await seen.get_users({(change.team_id, change.user_id) for change in recent if change.user_id})
    wider = everybody = counts.total
    if not counts.total:
        everybody = (await seen.count_users(query.EVERYBODY)).total
        if user_filter.q:
            wider = (await seen.count_users(replace(query.EVERYBODY, q=user_filter.q))).total
    return Found(workspaces, position, page, counts, recent, users, wider, everybody)


def _filter_values(user_filter: UserFilter, found: Found) -> dict[str, Any]:
    chips = query.chips(user_filter)
    return {
        "q": user_filter.q,
        "groups": query.groups(user_filter, found.counts),
        "chips": chips,
        "kept": query.pairs(user_filter, without_q=True),
        "default_href": query.link(replace(query.DEFAULT, q=user_filter.q)),
        "clear_href": query.link(replace(user_filter, q="")),
        "first_href": query.link(user_filter),
        "wider_href": query.link(replace(query.EVERYBODY, q=user_filter.q)),
        "wider": counted(found.wider, "person", "people") if found.wider else "",
        "among": query.described(user_filter),
        "kinds": " ".join(sorted(user_filter.kinds)),
        "states": " ".join(sorted(user_filter.states)),
    }


def _list_values(
    user_filter: UserFilter, found: Found, after: str | None, now: datetime, zone: ZoneInfo | None, sight: Sight
) -> dict[str, Any]:
    rows = rows_of(found.page.users, user_filter.q, now, zone, shows_title=sight.sees("title"))
    next_cursor = found.page.next_cursor
    return {
        "rows": rows,
        "total": number(found.counts.total),
        "total_words": counted(found.counts.total, "person", "people"),
        "shown": number(len(rows)),
        "next_href": query.link(user_filter, after=next_cursor) if next_cursor else "",
        "is_first": not after,
        "exports": query.exports(user_filter),
        "news": entries(found.recent, found.users, now, zone),
        "stream": f"/live?view=directory&after={encode(found.position)}",
    }


def _sight_values(sight: Sight) -> dict[str, Any]:
    """Tell what the page has no place for, and name what can be searched."""
    searched = {"title": "title", "email": "e-mail", "phone": "phone"}
    return {
        "searched": ", ".join(["Name", *(words for column, words in searched.items() if sight.sees(column))]),
        "has_clocks": sight.sees("tz"),
        "has_statuses": sight.sees("status_text"),
    }


def rows_of(
    users: tuple[User, ...], q: str, now: datetime, zone: ZoneInfo | None, *, shows_title: bool = True
) -> list[Row]:
    """Lay out the list; a letter stands in the margin where the names begin with another one, but not in a search."""
    rows, previous = [], ""
    for user in users:
        letter = "" if q else margin_letter(user.sort_key)
        shown = letter if letter != previous else ""
        rows.append(row_of(user, now, zone, q=q, letter=shown, shows_title=shows_title))
        previous = letter
    return rows


def _nobody(window: Window, values: dict[str, Any], found: Found) -> Response:
    """Show why there are no people yet; the page looks again by itself, also without script."""
    status = window.status()
    is_known = status.is_connected or bool(found.workspaces)
    values |= {"refresh_s": REFRESH_S, "is_reading": status.walk is not None, "trouble": status.trouble}
    values["is_known"] = is_known
    values["seen"] = progress(status.walk) if status.walk and status.walk.seen else ""
    return window.templates.page("nobody.html", **values)
