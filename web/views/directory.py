"""The directory: who fits the filter, fifty at a time, as a list or as cards, and what just happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from db import Seen, Sight, looking
from db.filters import Counts, CustomField, Page, Sort, UserFilter
from db.records import Change, Position, User, Workspace
from web import query
from web.asked import asked_of
from web.choices import SHAPE, Choices, Shape
from web.etags import holds_until
from web.fresh import progress
from web.names import margin_letter
from web.positions import encode
from web.rail import Rail, asked_columns, described, spans
from web.rows import Row, row_of
from web.strip import LOOKED_AT, entries
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import Window, frame, window_of
from web.words import number, people, up_to

PAGE_SIZE = 50
SHAPES = {Shape.LIST: "List", Shape.CARDS: "Cards"}
SORTS = {Sort.BEST: "best match", Sort.NAME: "name", Sort.NEWEST: "newest", Sort.CHANGED: "recently changed"}
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
    joined: Mapping[date, int]
    """How many would be found of those who joined since each day that is offered."""


@dataclass(frozen=True, slots=True)
class Look:
    """When, where and with which eyes somebody looks at the people."""

    now: datetime
    zone: ZoneInfo | None
    sight: Sight
    custom_fields: tuple[CustomField, ...]
    """Those of the marked ones that are seen."""
    longer: str
    """The filter of which many values are shown."""
    more: str = ""
    """How the address calls it."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to lay out or to order the people, and the link to it."""

    key: str
    label: str
    href: str
    is_chosen: bool


async def directory(request: Request) -> Response:
    """Show the people who fit the filter."""
    window, zone = window_of(request), zone_of_viewer(request)
    now, user_filter, after = window.clock(), asked_of(request), request.query_params.get("after") or None
    sight, choices = sight_of(request), window.chooser.of(request)
    marked = tuple(each for each in window.custom_fields if sight.sees_field(each.field_id))
    params = request.query_params
    look = Look(now, zone, sight, marked, query.longer(params, marked), params.get("more", ""))
    async with looking(window.store, sight) as seen:
        found = await _look(seen, user_filter, after, look)
    values = frame(window, now, zone, found.workspaces, viewer_of(request), choices=choices) | {"here": "page"}
    if not found.everybody:
        return _nobody(window, values, found)
    values |= _filter_values(user_filter, found, look) | _list_values(user_filter, found, after, look)
    values |= _shape_values(user_filter, found, choices, sight) | _sight_values(sight)
    holds_until(request, (row.status.ends for row in values["rows"] if row.status))
    answer = window.templates.page("directory.html", **values)
    window.chooser.keep_shape(request, answer)
    return answer


async def _look(seen: Seen, user_filter: UserFilter, after: str | None, look: Look) -> Found:
    # The position first: whatever is committed while we look comes again over the stream, never not at all.
    position = await seen.find_position()
    workspaces = await seen.list_workspaces()
    page = await seen.list_users(user_filter, after=after, limit=PAGE_SIZE)
    # What is counted beside the people is about the people that are shown.
    shown = replace(user_filter, q=page.meant or user_filter.q)
    field_ids = [each.field_id for each in look.custom_fields]
    counts = await seen.count_users(shown, field_ids=field_ids, longer=look.longer)
    recent = await seen.list_recent(LOOKED_AT)
    users = await seen.get_users({(change.team_id, change.user_id) for change in recent if change.user_id})
    wider = everybody = counts.total
    if not counts.total:
        everybody = await seen.count_total(query.EVERYBODY)
    if user_filter.q and (page.meant or not counts.total):
        wider = await seen.count_total(replace(query.EVERYBODY, q=user_filter.q))
    days = spans(look.now.astimezone(UTC).date()).values()
    joined = {since: await seen.count_total(replace(shown, joined_since=since)) for since in days}
    return Found(workspaces, position, page, counts, recent, users, wider, everybody, joined)


def _filter_values(user_filter: UserFilter, found: Found, look: Look) -> dict[str, Any]:
    today = look.now.astimezone(UTC).date()
    rail = Rail(user_filter, found.counts, today, look.custom_fields, look.longer, found.joined)
    return {
        "q": user_filter.q,
        "groups": rail.groups(),
        "chips": rail.chips(),
        "kept": query.pairs(user_filter, without_q=True) + ([("more", look.more)] if look.longer else []),
        "default_href": query.link(replace(query.DEFAULT, q=user_filter.q)),
        "clear_href": query.link(replace(user_filter, q="")),
        "first_href": query.link(user_filter),
        "page_href": query.link(user_filter, more=look.more if look.longer else ""),
        "wider_href": query.link(replace(query.EVERYBODY, q=user_filter.q)),
        "wider": people(found.wider) if found.wider else "",
        "narrowed_by": user_filter.q or ("filters" if query.without_details(user_filter) != user_filter else ""),
        "among": described(user_filter),
        "none_of": _none_of(user_filter) if found.wider else "Nobody",
        "kinds": " ".join(sorted(user_filter.kinds)),
        "states": " ".join(sorted(user_filter.states)),
        "asked_columns": " ".join(sorted(asked_columns(user_filter))),
    }


def _none_of(user_filter: UserFilter) -> str:
    """Say who does not match where others do: "No active member or guest"."""
    usual = replace(query.DEFAULT, q=user_filter.q, sort=user_filter.sort)
    return "No active member or guest" if user_filter == usual else f"Nobody among {described(user_filter)}"


def _shape_values(user_filter: UserFilter, found: Found, choices: Choices, sight: Sight) -> dict[str, Any]:
    """Tell how the people are laid out and ordered, and the links to the other ways."""
    here, is_cards = query.link(user_filter), choices.shape is Shape.CARDS
    offered = {Sort.BEST: bool(user_filter.q), Sort.CHANGED: sight.sees_changing}
    sorts = [each for each in SORTS if offered.get(each, True)]
    chosen = user_filter.sort if user_filter.sort in sorts else Sort.NAME
    glue = "&" if "?" in here else "?"
    return {
        "is_cards": is_cards,
        "shapes": [
            Way(shape.value, label, f"{here}{glue}{SHAPE}={shape.value}", is_chosen=shape is choices.shape)
            for shape, label in SHAPES.items()
        ],
        "sorts": [
            Way(sort.value, SORTS[sort], query.link(replace(user_filter, sort=sort)), is_chosen=sort is chosen)
            for sort in sorts
        ],
        "sorted_by": SORTS[chosen],
        "print_href": f"/print{here.removeprefix('/')}",
        "stream": f"/live?view=directory{'&shape=cards' if is_cards else ''}&after={encode(found.position)}",
    }


def _list_values(user_filter: UserFilter, found: Found, after: str | None, look: Look) -> dict[str, Any]:
    meant, next_cursor = found.page.meant, found.page.next_cursor
    has_letters = not user_filter.q and user_filter.sort in (Sort.BEST, Sort.NAME)
    rows = rows_of(found.page.users, meant or user_filter.q, look, has_letters=has_letters)
    return {
        "rows": rows,
        "meant": meant,
        "meant_href": query.link(replace(user_filter, q=meant)),
        "total": up_to(found.counts.total),
        "total_words": people(found.counts.total),
        "shown": number(len(rows)),
        "next_href": query.link(user_filter, after=next_cursor) if next_cursor else "",
        "page_size": PAGE_SIZE,
        "is_first": not after,
        "exports": query.exports(user_filter),
        "news": entries(found.recent, found.users, look.now, look.zone),
    }


def _sight_values(sight: Sight) -> dict[str, Any]:
    """Tell what the page has no place for, and name what can be searched."""
    searched = {"title": "title", "email": "e-mail", "phone": "phone"}
    return {
        "searched": ", ".join(["Name", *(words for column, words in searched.items() if sight.sees(column))]),
        "has_clocks": sight.sees("tz"),
        "has_statuses": sight.sees("status_text"),
    }


def rows_of(users: tuple[User, ...], q: str, look: Look, *, has_letters: bool = True) -> list[Row]:
    """Lay out the people; in the order of names a letter stands in the margin where they begin with another one."""
    rows, previous, shows_title = [], "", look.sight.sees("title")
    for user in users:
        letter = margin_letter(user.sort_key) if has_letters else ""
        shown = letter if letter != previous else ""
        row = row_of(
            user, look.now, look.zone, q=q, custom_fields=look.custom_fields, letter=shown, shows_title=shows_title
        )
        rows.append(row)
        previous = letter
    return rows


def _nobody(window: Window, values: dict[str, Any], found: Found) -> Response:
    """Show why there are no people yet; the page looks again by itself, also without script."""
    status = window.status()
    is_known = status.is_connected or bool(found.workspaces)
    values |= {"refresh_s": REFRESH_S, "is_reading": status.walk is not None, "trouble": status.trouble}
    values["is_known"] = is_known
    values["read"], values["expected"] = (status.walk.seen, status.walk.expected or 0) if status.walk else (0, 0)
    values["seen"] = progress(status.walk) if status.walk and status.walk.seen else ""
    return window.templates.page("nobody.html", **values)
