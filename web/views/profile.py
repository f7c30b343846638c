"""One person: the clock, what Slack knows of them, and what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from db import looking
from db.records import Change, Kind, State, User, Workspace
from web.clocks import WORK_ENDS, WORK_STARTS, local_time, offset_words, zone_of
from web.clocks import difference as clock_difference
from web.names import first_name_of, plain
from web.news import Sentence, city_of, history_of
from web.overlap import Piece, overlap
from web.positions import encode
from web.rows import card_link, phone_link, row_of
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import brand, frame, window_of
from web.words import When, day, on_day, when

HISTORY_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the history."""

    day: str
    at: When
    sentence: Sentence


async def profile(request: Request) -> Response:
    """Show one person."""
    window, zone = window_of(request), zone_of_viewer(request)
    team_id, user_id = request.path_params["team_id"], request.path_params["user_id"]
    sight = sight_of(request)
    async with looking(window.store, sight) as seen:
        position = await seen.find_position()
        workspaces = await seen.list_workspaces()
        user = await seen.find_user(team_id, user_id)
        changes = await seen.list_history(team_id, user_id, HISTORY_SHOWN)
    if user is None or user.kind is Kind.ERASED:
        raise HTTPException(404)
    now = window.clock()
    workspace = next((each for each in workspaces if each.team_id == team_id), Workspace(team_id))
    values = frame(window, now, zone, workspaces, viewer_of(request), choices=window.chooser.of(request))
    values |= _person(user, now, zone, shows_title=sight.sees("title"))
    values |= {
        "clock": _clock(user, now, zone),
        "facts": facts_of(user, workspace, now, zone, is_one=len(workspaces) == 1),
        "history": _history(changes, user, workspace, now, zone),
        "stream": f"/live?view=directory&after={encode(position)}",
    }
    return window.templates.page("profile.html", **values)


def _person(user: User, now: datetime, zone: ZoneInfo | None, *, shows_title: bool) -> dict[str, Any]:
    row, email = row_of(user, now, zone, shows_title=shows_title), (user.email or "").strip()
    return {
        "row": row,
        "page_title": plain(row.plain_name),
        "first_name": first_name_of(user),
        "title": (user.title or "").strip(),
        "email": email,
        "email_parts": (email[: email.find("@")], email[email.find("@") :]),
        "phone": (user.phone or "").strip(),
        "phone_href": phone_link(user.phone),
        "handle": (user.name or "").strip(),
        "tz_label": user.tz or "",
        "card_href": card_link(user.team_id, user.id),
        "news": (),
    }


def _clock(user: User, now: datetime, viewer: ZoneInfo | None) -> dict[str, Any] | None:
    """Compute the clock panel; None for who has no day here: no known zone, a bot, or gone."""
    time, zone = local_time(user.tz, now, viewer), zone_of(user.tz)
    if time is None or zone is None or user.state is not State.ACTIVE or user.kind is Kind.BOT:
        return None
    there = now.astimezone(zone)
    city = city_of(user.tz)
    ahead = offset_words(clock_difference(zone, viewer, now)) if viewer else ""
    place = f"{format_datetime(there, 'EEEE', locale='en')}{f' in {city}' if city else ''}"
    beside = "" if viewer is None else f"{ahead} of you" if ahead.endswith("ahead") else f"{ahead} you"
    return {
        "time": time,
        "iso": f"{there:%Y-%m-%dT%H:%M%z}",
        "place": place,
        "beside": beside if ahead else ("" if viewer is None else "your time"),
        "words": time.words[:1].upper() + time.words[1:],
        "overlap": overlap(zone, viewer, now) if viewer and not time.is_weekend else None,
        "own_day": Piece(WORK_STARTS, WORK_ENDS),
    }


def facts_of(
    user: User, workspace: Workspace, now: datetime, zone: ZoneInfo | None, *, is_one: bool
) -> list[tuple[str, str]]:
    """List what is known beside contact details, the exceptions first; what is empty is not listed."""
    today = now.astimezone(zone or UTC).date()
    found = [
        ("Display name", (user.display_name or "").strip()),
        ("Role in Slack", _rank(user)),
        ("Started", _started(user.start_date)),
        ("Workspace", "" if is_one else brand(None, [workspace])),
        ("Joined", day(user.joined_at.astimezone(zone or UTC).date(), today) if user.joined_at else ""),
        ("Left", day(user.left_at.astimezone(zone or UTC).date(), today) if user.left_at else ""),
        ("Missing since", on_day(user.missing_since, now, zone) if user.missing_since else ""),
        ("Time zone", city_of(user.tz)),
    ]
    return [(label, words) for label, words in found if words]


def _rank(user: User) -> str:
    ranks = {
        "Primary owner": user.is_primary_owner,
        "Owner": user.is_owner,
        "Admin": user.is_admin,
        "External": user.kind is Kind.EXTERNAL,
        "Bot": user.kind is Kind.BOT,
        "Guest of one channel": user.is_ultra_restricted,
        "Guest": user.kind is Kind.GUEST,
    }
    return next((words for words, holds in ranks.items() if holds), "")


def _started(text: str | None) -> str:
    """Write Slack's `2025-03-03` as a date, and leave anything else as it was typed."""
    try:
        return str(format_date(datetime.strptime(text or "", "%Y-%m-%d").replace(tzinfo=UTC), "d MMMM y", locale="en"))
    except ValueError:
        return text or ""


def _history(
    changes: tuple[Change, ...], user: User, workspace: Workspace, now: datetime, zone: ZoneInfo | None
) -> list[Moment]:
    name = brand(None, [workspace])
    today = now.astimezone(zone or UTC).date()
    return [
        Moment(day(change.at.astimezone(zone or UTC).date(), today), when(change.at, now, zone), sentence)
        for change in changes
        for sentence in history_of(change, user, workspace=name)
    ]
