"""The directory: who fits the filter, fifty at a time, as a list or as cards, and what just happened."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from db import Seen, Sight, looking
from db.filters import Counts, CustomField, Page, Sort, UserFilter
from db.records import User, Workspace
from db.workspaces import position_of
from web import query
from web.asked import asked_of
from web.choices import SHAPE, Choices, Shape
from web.etags import holds_until, workspaces_of
from web.fresh import foot_of, freshness_of, progress
from web.names import margin_letter
from web.pieces import Piece, Printed
from web.positions import encode
from web.rail import Rail, asked_columns, described, spans
from web.recall import Moment, Recall
from web.rows import READ, Row, row_of
from web.sights import sight_for
from web.strip import LOOKED_AT, Told, entries, told_of
from web.viewer import Viewer, sight_of, viewer_of, zone_of_viewer
from web.window import Window, frame, window_of
from web.words import number, people, up_to

PAGE_SIZE = 50
SHAPES = {Shape.LIST: "List", Shape.CARDS: "Cards"}
SORTS = {Sort.BEST: "best match", Sort.NAME: "name", Sort.NEWEST: "newest", Sort.CHANGED: "recently changed"}
SPOTS = ("fresh_spot", "foot_spot", "news_spot")
"""What a page tells seconds in."""
REFRESH_S = 2
"""How often the page that waits for the first people looks again."""


@dataclass(frozen=True, slots=True)
class People:
    """Whom a filter finds, and what is counted beside them."""

    page: Page
    counts: Counts
    wider: int
    """How many the same search finds among everybody; 0 where it was not asked."""
    everybody: int


@dataclass(frozen=True, slots=True)
class Recent:
    """What just happened, as far as it is told."""

    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at the memory found for a page."""

    workspaces: tuple[Workspace, ...]
    people: People
    recent: Recent


@dataclass(frozen=True, slots=True)
class LaidOut:
    """People as everybody of one zone is shown them who looks with the same eyes."""

    page: Page
    people: Piece
    endings: tuple[int, ...]
    """When a custom status of them ends, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class LaidOutRail:
    """The filters beside them, which are the same beside every page of a list."""

    rail: Rail
    piece: Piece


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

    @property
    def key(self) -> Hashable:
        """All of it that an answer depends on within a minute, but for the zone."""
        return self.sight, self.custom_fields, self.longer


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
    found = _found_before(window.found, workspaces_of(request), user_filter, after, look)
    if found is None:
        async with looking(window.store, sight) as seen:
            found = await _look(seen, user_filter, after, look, window.found)
    viewer = viewer_of(request)
    values = frame(window, now, zone, found.workspaces, viewer, choices=choices) | {"here": "page"}
    if not found.people.everybody:
        return _nobody(window, values, found)
    values |= _filter_values(user_filter, found, look) | _list_values(user_filter, found, after)
    values |= _shape_values(user_filter, found, choices, sight) | _sight_values(sight)
    # A commit that touches nobody on a page leaves their rows as they are.
    moment = window.laid_out.at((), now)
    laid_out = _laid_out(window, moment, user_filter, after, found, look, choices.shape)
    parts = {"people": laid_out.people, "rail": _rail(window, moment, user_filter, found, look)}
    pieces = window.templates.printed("directory.html", pieces=parts, spots=SPOTS, **values)
    printed = Printed(pieces, partial(_written, window, zone, viewer, found.recent), laid_out.endings)
    holds_until(request, laid_out.endings)
    answer = printed.answer(request, now)
    window.chooser.keep_shape(request, answer)
    return answer


def _found_before(
    recall: Recall, workspaces: tuple[Workspace, ...], user_filter: UserFilter, after: str | None, look: Look
) -> Found | None:
    """Give what was found for such a page in this state of the workspaces; None where not all of it is there."""
    moment = recall.on_day(workspaces, look.now)
    people, recent = moment.find((user_filter, after, look.key)), moment.find(_recent_of(look))
    if not isinstance(people, People) or not isinstance(recent, Recent):
        return None
    return Found(workspaces, people, recent)


async def _look(seen: Seen, user_filter: UserFilter, after: str | None, look: Look, recall: Recall) -> Found:
    workspaces = await seen.list_workspaces()
    moment = recall.on_day(workspaces, look.now)
    people = await moment.get((user_filter, after, look.key), lambda: _find(seen, user_filter, after, look, moment))
    return Found(workspaces, people, await moment.get(_recent_of(look), lambda: _find_recent(seen)))


def _recent_of(look: Look) -> Hashable:
    """Name what just happened, for a minute: what is kept for an hour leaves the log without a commit's saying so."""
    return "recent", look.sight, f"{look.now:%H:%M}"


async def _find(seen: Seen, user_filter: UserFilter, after: str | None, look: Look, moment: Moment) -> People:
    page = await seen.list_users(user_filter, after=after, limit=PAGE_SIZE, showing=READ)
    # What is counted beside the people is about the people that are shown, wherever in their order the page is.
    shown = replace(user_filter, q=page.meant or user_filter.q, sort=query.DEFAULT.sort)
    counts = await moment.get(("counts", shown, look.key), lambda: _count(seen, shown, look))
    wider = everybody = counts.total
    if not counts.total:
        everybody = await moment.get(("everybody", seen.sight), lambda: seen.count_total(query.EVERYBODY))
    if user_filter.q and (page.meant or not counts.total):
        wider = await seen.count_total(replace(query.EVERYBODY, q=user_filter.q))
    return People(page, counts, wider, everybody)


async def _count(seen: Seen, shown: UserFilter, look: Look) -> Counts:
    field_ids = [each.field_id for each in look.custom_fields]
    days = tuple(spans(look.now.astimezone(UTC).date()).values())
    return await seen.count_users(shown, field_ids=field_ids, longer=look.longer, days=days)


async def _find_recent(seen: Seen) -> Recent:
    return Recent(told_of(*await seen.list_recent_of(LOOKED_AT)))


def _laid_out(
    window: Window,
    moment: Moment,
    user_filter: UserFilter,
    after: str | None,
    found: Found,
    look: Look,
    shape: Shape,
) -> LaidOut:
    """Print the people, unless just they were printed for somebody else in this minute."""
    key, page = ("people", user_filter, after, shape, look.key, look.zone), found.people.page
    kept = moment.find(key)
    if isinstance(kept, LaidOut) and kept.page == page and all(each > look.now.timestamp() for each in kept.endings):
        return kept
    has_letters = not user_filter.q and user_filter.sort in (Sort.BEST, Sort.NAME)
    rows = rows_of(page.users, page.meant or user_filter.q, look, has_letters=has_letters)
    name = "cards.html" if shape is Shape.CARDS else "rows.html"
    made = LaidOut(
        page=page,
        people=Piece(window.templates.part(name, rows=rows, is_live=False)),
        endings=tuple(row.status.ends for row in rows if row.status and row.status.ends),
    )
    moment.keep(key, made)
    return made


def _rail(window: Window, moment: Moment, user_filter: UserFilter, found: Found, look: Look) -> Piece:
    """Print the filters, unless that was done for somebody else in this minute."""
    key, rail = ("rail", user_filter, look.key), _rail_of(user_filter, found, look)
    kept = moment.find(key)
    if isinstance(kept, LaidOutRail) and kept.rail == rail:
        return kept.piece
    made = Piece(window.templates.part("rail.html", groups=rail.groups(), chips=rail.chips()))
    moment.keep(key, LaidOutRail(rail, made))
    return made


def _rail_of(user_filter: UserFilter, found: Found, look: Look) -> Rail:
    counts, today = found.people.counts, look.now.astimezone(UTC).date()
    return Rail(user_filter, counts, today, look.custom_fields, look.longer, counts.joined)


def _written(
    window: Window, zone: ZoneInfo | None, viewer: Viewer | None, found: Recent, now: datetime
) -> dict[str, str]:
    """Write what tells seconds: as of when the people are, at the top and at the foot, and what just happened."""
    status, people = window.status(), window.census.known(sight_for(window.policy, viewer))
    part = window.templates.part
    return {
        "fresh_spot": part("fresh.html", fresh=freshness_of(status, now, zone), is_live=False),
        "foot_spot": part("foot.html", foot=foot_of(status, now, zone, people), is_live=False),
        "news_spot": part("news.html", news=entries(found.told, now, zone), is_live=False),
    }


def _filter_values(user_filter: UserFilter, found: Found, look: Look) -> dict[str, Any]:
    return {
        "q": user_filter.q,
        "chips": _rail_of(user_filter, found, look).chips(),
        "kept": query.pairs(user_filter, without_q=True) + ([("more", look.more)] if look.longer else []),
        "default_href": query.link(replace(query.DEFAULT, q=user_filter.q)),
        "clear_href": query.link(replace(user_filter, q="")),
        "first_href": query.link(user_filter),
        "page_href": query.link(user_filter, more=look.more if look.longer else ""),
        "wider_href": query.link(replace(query.EVERYBODY, q=user_filter.q)),
        "wider": people(found.people.wider) if found.people.wider else "",
        "narrowed_by": user_filter.q or ("filters" if query.without_details(user_filter) != user_filter else ""),
        "among": described(user_filter),
        "none_of": _none_of(user_filter) if found.people.wider else "Nobody",
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
    after = encode(position_of(found.workspaces))
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
        "stream": f"/live?view=directory{'&shape=cards' if is_cards else ''}&after={after}",
    }


def _list_values(user_filter: UserFilter, found: Found, after: str | None) -> dict[str, Any]:
    meant, next_cursor = found.people.page.meant, found.people.page.next_cursor
    return {
        "rows": found.people.page.users,
        "meant": meant,
        "meant_href": query.link(replace(user_filter, q=meant)),
        "total": up_to(found.people.counts.total),
        "total_words": people(found.people.counts.total),
        "shown": number(len(found.people.page.users)),
        "next_href": query.link(user_filter, after=next_cursor) if next_cursor else "",
        "page_size": PAGE_SIZE,
        "is_first": not after,
        "exports": query.exports(user_filter),
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
