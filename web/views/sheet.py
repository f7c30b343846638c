"""The print sheet: everybody under the filter of the query string, on paper, up to a number that is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from db import Seen, looking
from db.filters import UserFilter
from db.records import User
from web import query
from web.asked import asked_of
from web.fresh import freshness_of
from web.names import name_of
from web.rail import described
from web.rows import Badge, badges_of
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import frame, window_of
from web.words import counted
from web.words import people as in_words

MOST = 2000
"""People on one sheet: some forty sides of paper. Whoever wants more wants a file."""
READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """What paper shows of one person."""

    name: str
    pronouns: str
    badges: tuple[Badge, ...]
    details: tuple[str, ...]
    """Title, e-mail and phone, where there are any."""


async def sheet(request: Request) -> Response:
    """Show the people who fit the filter, ready for paper."""
    window, zone, sight = window_of(request), zone_of_viewer(request), sight_of(request)
    now, user_filter = window.clock(), asked_of(request)
    async with looking(window.store, sight) as seen:
        workspaces = await seen.list_workspaces()
        people, meant, has_more = await _first(seen, user_filter)
        total = await seen.count_total(replace(user_filter, q=meant or user_filter.q))
    values = frame(window, now, zone, workspaces, viewer_of(request), choices=window.chooser.of(request))
    return window.templates.page(
        "sheet.html",
        **values,
        lines=[_line(user, now, zone) for user in people],
        among=described(user_filter),
        q=meant or user_filter.q,
        total_words=in_words(total),
        most=counted(MOST, "person", "people") if has_more else "",
        as_of=freshness_of(window.status(), now, zone).as_of,
        back_href=query.link(user_filter),
    )


async def _first(seen: Seen, user_filter: UserFilter) -> tuple[list[User], str, bool]:
    """Read as many as fit, what was looked for instead where nobody matched, and whether there are more."""
    people: list[User] = []
    meant, after = "", None
    while True:
        page = await seen.list_users(user_filter, after=after, limit=READ_AT_ONCE)
        people += page.users
        meant, after = meant or page.meant, page.next_cursor
        if after is None or len(people) >= MOST:
            return people[:MOST], meant, after is not None


def _line(user: User, now: datetime, zone: ZoneInfo | None) -> Line:
    details = ((user.title or "").strip(), (user.email or "").strip(), (user.phone or "").strip())
    return Line(
        name=name_of(user),
        pronouns=(user.pronouns or "").strip(),
        badges=badges_of(user, now, zone),
        details=tuple(each for each in details if each),
    )
