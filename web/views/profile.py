"""One person: the clock, what Slack knows of them, and what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from db import looking
from db.filters import CustomField
from db.records import Change, Kind, State, User, Workspace
from web.clocks import LocalTime, local_time, offset_words, zone_of
from web.clocks import difference as clock_difference
from web.etags import holds_until
from web.facts import People, Said, facts_of, named_in, standing_of
from web.history import history_of
from web.names import first_name_of, plain
from web.news import Sentence, city_of
from web.overlap import Overlap, begins_again, overlap
from web.positions import encode
from web.rows import card_link, phone_link, row_of, web_link
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import brand, frame, window_of
from web.words import When, day, weekday, when

HISTORY_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the history."""

    day: str
    at: When
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class ClockPanel:
    """What the panel with somebody's clock shows."""

    time: LocalTime
    iso: str
    day: str
    city: str
    beside: str
    """How that clock is to the viewer's, in words; empty where theirs is unknown."""
    words: str
    overlap: Overlap | None
    viewer: str
    """The viewer's zone by its name."""
    begins: str
    """The day on which working hours begin again, on a weekend there."""


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
        said = [user.fields if user else None, *_fields_in(changes)]
        people = await seen.get_users(named_in(team_id, said, window.custom_fields)) if user else {}
    if user is None or user.kind is Kind.ERASED:
        raise HTTPException(404)
    now = window.clock()
    workspace = next((each for each in workspaces if each.team_id == team_id), Workspace(team_id))
    facts = facts_of(
        user, workspace, now, zone, is_one=len(workspaces) == 1, marked=window.custom_fields, people=people
    )
    values = frame(window, now, zone, workspaces, viewer_of(request), choices=window.chooser.of(request))
    values |= _person(user, now, zone, shows_title=sight.sees("title"))
    values |= {
        "web_href": "" if values["is_invented"] else web_link(user, workspace),
        "clock": _clock(user, now, zone),
        "no_clock": _no_clock(user) if sight.sees("tz") else "",
        "facts": facts,
        "history": _history(changes, user, workspace, now, zone, marked=window.custom_fields, people=people),
        "stream": f"/live?view=directory&after={encode(position)}",
    }
    status = values["row"].status
    holds_until(request, [status.ends] if status else [])
    return window.templates.page("profile.html", **values)


def _person(user: User, now: datetime, zone: ZoneInfo | None, *, shows_title: bool) -> dict[str, Any]:
    row, email = row_of(user, now, zone, shows_title=shows_title), (user.email or "").strip()
    return {
        "row": row,
        "page_title": plain(row.plain_name),
        "first_name": first_name_of(user),
        "standing": standing_of(user, now, zone),
        "told": when(datetime.fromtimestamp(user.moment / 1_000_000, UTC), now, zone) if user.moment else None,
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


def _clock(user: User, now: datetime, viewer: ZoneInfo | None) -> ClockPanel | None:
    """Compute the clock panel; None for who has no day here: no known zone, a bot, or gone."""
    time, zone = local_time(user.tz, now, viewer), zone_of(user.tz)
    if time is None or zone is None or user.state is not State.ACTIVE or user.kind is Kind.BOT:
        return None
    there = now.astimezone(zone)
    ahead = offset_words(clock_difference(zone, viewer, now)) if viewer else ""
    return ClockPanel(
        time=time,
        iso=f"{there:%Y-%m-%dT%H:%M%z}",
        day=weekday(there),
        city=city_of(user.tz),
        beside=_beside(ahead) if viewer else "",
        words=time.words[:1].upper() + time.words[1:],
        overlap=overlap(zone, viewer, now) if viewer else None,
        viewer=viewer.key if viewer else "",
        begins=begins_again(zone, viewer, now) if time.is_weekend else "",
    )


def _beside(ahead: str) -> str:
    """Say how that clock is to the viewer's."""
    return f"{ahead} of you" if ahead.endswith("ahead") else f"{ahead} you" if ahead else "your time"


def _no_clock(user: User) -> str:
    """Say why there is no local time of somebody who would have one."""
    if user.state is not State.ACTIVE or user.kind is Kind.BOT or zone_of(user.tz):
        return ""
    return "This time zone is not known here" if (user.tz or "").strip() else "No time zone set"


def _fields_in(changes: tuple[Change, ...]) -> list[Said]:
    """List the custom fields on both sides of changes."""
    return [values["fields"] for each in changes for values in (each.before, each.after) if values.get("fields")]


def _history(
    changes: tuple[Change, ...],
    user: User,
    workspace: Workspace,
    now: datetime,
    zone: ZoneInfo | None,
    *,
    marked: tuple[CustomField, ...],
    people: People,
) -> list[Moment]:
    name = brand(None, [workspace])
    today = now.astimezone(zone or UTC).date()
    return [
        Moment(day(change.at.astimezone(zone or UTC).date(), today), when(change.at, now, zone), sentence)
        for change in changes
        for sentence in history_of(change, user, workspace=name, marked=marked, people=people)
    ]
