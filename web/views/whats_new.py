"""What's new: who joined, moved and left within the last 30 days, and whose years are full this week."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from db import looking
from db.filters import COUNTED_TO, Sort, UserFilter
from db.records import User
from db.seen import Seen
from web import latest
from web.query import link
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import frame, window_of
from web.words import day, number

SHOWN = 50
"""Of each list."""


async def whats_new(request: Request) -> Response:
    """Show what is new to this viewer."""
    window, zone, sight = window_of(request), zone_of_viewer(request), sight_of(request)
    now = window.clock()
    today, since = latest.today_of(now, zone), latest.begin_of(now, zone)
    joined_since = latest.joined_since(now, zone)
    async with looking(window.store, sight) as seen:
        workspaces = await seen.list_workspaces()
        joined = await seen.latest.joined(joined_since, limit=SHOWN)
        joined_count = await seen.latest.count_joined(joined_since)
        left = await seen.latest.left(since, limit=SHOWN + 1)
        marked = [each.field_id for each in window.custom_fields]
        movers = await seen.latest.moved(since, limit=SHOWN + 1, field_ids=marked)
        started = await _started(seen, today)
    moves = latest.moves_of(movers, window.custom_fields, now, zone)
    years = [each for user, on in started if (each := latest.anniversary_of(user, on, today)) is not None]
    values = frame(window, now, zone, workspaces, viewer_of(request), choices=window.chooser.of(request)) | {
        "here_new": "page"
    }
    return window.templates.page(
        "whats_new.html",
        begin=day(since.date(), today),
        joined=[latest.arrival_of(user, now, zone) for user in joined],
        joined_count=_capped(joined_count, COUNTED_TO),
        joined_more=_capped(joined_count - len(joined), COUNTED_TO) if joined_count > len(joined) else "",
        joined_link=link(UserFilter(joined_since=joined_since.date(), sort=Sort.NEWEST)),
        shows_titles=sight.sees("title"),
        moves=moves[:SHOWN],
        moves_count=_capped(len(moves), SHOWN),
        left=[latest.leaving_of(user, now, zone) for user in left[:SHOWN]],
        left_count=_capped(len(left), SHOWN),
        years=years[:SHOWN],
        years_count=_capped(len(years), SHOWN),
        shows_years=sight.sees("start_date"),
        most=SHOWN,
        **values,
    )


async def _started(seen: Seen, today: date) -> list[tuple[User, date]]:
    """List whose years are full on which day of the week, up to one more than is shown."""
    found: list[tuple[User, date]] = []
    for on in latest.week_of(today):
        left = SHOWN + 1 - len(found)
        if left <= 0:
            break
        found += [(user, on) for user in await seen.latest.started_on(on, limit=left)]
    return found


def _capped(count: int, most: int) -> str:
    """Write a count; "50+" for more than are counted."""
    return f"{number(most)}+" if count > most else number(count)
