"""What a stream says: changes as JSON or as HTML for our own page, resets, heartbeats; bytes of Server-Sent Events."""

from __future__ import annotations

import json
import re
from datetime import UTC
from enum import StrEnum
from zoneinfo import ZoneInfo

from db import Sight
from db.records import STATUS_FIELDS, Change, Kind, Position, User
from web.census import Census
from web.fresh import dot_of, foot_of, freshness_of, standing_of
from web.news import news_of
from web.ports import Clock, StatusReader
from web.positions import encode
from web.rows import row_of
from web.strip import entry_of
from web.templating import Templates

_LINE_END = re.compile(r"\r\n|\r|\n")
COMMENT = b": still here\n\n"
MEMBERSHIP = frozenset({"deleted", "missing_since", "is_restricted", "is_ultra_restricted", "is_stranger", "is_bot"})
"""Fields by which a user changes kind or state."""


class View(StrEnum):
    """For whom a stream speaks."""

    CHANGES = "changes"
    DIRECTORY = "directory"
    CARDS = "cards"
    """The same page, its people laid out as cards."""

    @property
    def is_page(self) -> bool:
        """Whether our own page reads it."""
        return self is not View.CHANGES


class Telling:
    """Turns changes into frames, as one reader may see them."""

    def __init__(self, *, templates: Templates, clock: Clock, status: StatusReader, census: Census) -> None:
        self._templates = templates
        self._clock = clock
        self._status = status
        self._census = census

    def frame(
        self,
        view: View,
        zone: ZoneInfo | None,
        sight: Sight,
        change: Change,
        user: User | None,
        position: Position,
    ) -> bytes:
        """Tell one change, `user` being its user as they are now; only the place where nothing of it may be seen."""
        position, seen, shown = sight.position(position), sight.change(change, user), sight.user(user)
        if seen is None:
            return id_frame(position)
        if seen.is_reset:
            return self.reset(position)
        if view is View.CHANGES:
            entry = _told(seen, is_erased=shown is not None and shown.kind is Kind.ERASED)
            return _frame(json.dumps(entry), position=position) if entry else id_frame(position)
        if shown is None:
            return id_frame(position)
        if shown.kind is Kind.ERASED:
            row = row_of(shown, self._clock(), zone)
            return _frame(self._templates.render("erased.html", row=row), position=position)
        return _frame(self._page_parts(view, zone, sight, seen, shown), position=position)

    def reset(self, position: Position) -> bytes:
        """Say that more changed than is worth listing: read the whole again."""
        return _frame("{}", position=position, event="reset")

    def heartbeat(self, view: View, zone: ZoneInfo | None, sight: Sight) -> bytes:
        """Keep the connection alive; our own page also learns how fresh it is."""
        return _frame(self._page_parts(view, zone, sight)) if view.is_page else COMMENT

    def pulse(self) -> tuple[object, ...]:
        """Tell how the service stands, in a form that changes when pages must be told."""
        dot, _, notes, wrong = standing_of(self._status(), self._clock(), None)
        return dot, notes, wrong

    def _page_parts(
        self,
        view: View,
        zone: ZoneInfo | None,
        sight: Sight,
        change: Change | None = None,
        user: User | None = None,
    ) -> str:
        now, status = self._clock(), self._status()
        row = entry = None
        if change is not None and user is not None:
            row = row_of(user, now, zone, is_fresh=True, shows_title=sight.sees("title"))
            sentence = news_of(change, user)
            entry = entry_of(change, user, sentence, now, zone) if sentence else None
        return self._templates.render(
            "fragment.html",
            rows=[row] if row else [],
            news=[entry] if entry else [],
            dot=dot_of(status, now, zone),
            fresh=freshness_of(status, now, zone),
            foot=foot_of(status, now, zone, self._census.known(sight)),
            changed=" ".join(change.fields) if change else "",
            came=change is not None and _may_have_come(change),
            is_live=True,
            is_cards=view is View.CARDS,
        )


def _may_have_come(change: Change) -> bool:
    """Say whether a change may bring somebody into a list that they were not in."""
    return change.is_new_user or bool(MEMBERSHIP & change.after.keys())


def id_frame(position: Position) -> bytes:
    """Give a reader its place without a message."""
    return f"id: {encode(position)}\n\n".encode()


def is_reset(frame: bytes) -> bool:
    """Say whether a frame tells to start again: of what it leaves untold, anything may have happened to anybody."""
    return b"\nevent: reset\n" in frame


def _frame(text: str, *, position: Position | None = None, event: str = "") -> bytes:
    lines = [f"id: {encode(position)}"] if position else []
    lines += [f"event: {event}"] if event else []
    lines += [f"data: {line}" for line in _LINE_END.split(text) if line.strip()]
    return ("\n".join(lines) + "\n\n").encode()


def _told(change: Change, *, is_erased: bool) -> dict[str, object] | None:
    """Write a change as an entry; None for a mere custom status: a stream that can be kept is no record of those."""
    fields = [name for name in change.fields if name not in STATUS_FIELDS]
    if not fields and not change.is_new_user:
        return None
    return {
        "team_id": change.team_id,
        "user_id": change.user_id,
        "rev": change.rev,
        "seq": change.seq,
        **({"kind": Kind.ERASED.value} if is_erased else {"fields": fields}),
        "at": f"{change.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "source": change.source.value,
    }
