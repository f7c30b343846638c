"""Absence is only a suspicion: whoever the list left out is asked for by name before anybody counts as missing.

Facts: docs.slack.dev, users.info (tier 4; `user_not_found`, `user_not_visible`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.runs.patience import Json, PassFailed, Patience, Refused
from bot.slack import SlackClient
from db import Snapshot
from db.records import Kind, State

_NOT_FOUND = frozenset({"user_not_found", "users_not_found"})
_NOT_VISIBLE = frozenset({"user_not_visible"})
"""They exist, and we may not see them: nothing is known, so nothing is marked."""

MANY, MANY_SHARE = 50, 0.05
"""More absentees than this, and more than this share of the active, are not believed."""


def is_implausible(absent: int, *, active: int) -> bool:
    """Say whether so many absentees look like a broken list rather than like people who left."""
    return absent > MANY and absent > active * MANY_SHARE


def active_of(tally: Mapping[tuple[Kind, State], int]) -> int:
    """Count the active, of whom a share may be absent; external people are never listed, so they do not count."""
    return sum(
        count
        for (kind, state), count in tally.items()
        if state is State.ACTIVE and kind not in (Kind.EXTERNAL, Kind.ERASED)
    )


@dataclass(slots=True)
class Absent:
    """Whom neither the list nor anything since has named."""

    active: int
    """How many of all users count as active."""
    is_confirmed: bool
    """True where somebody said that so many may be gone."""
    count: int = 0
    gone: int = 0
    """How many of the absent are active."""
    user_ids: list[str] = field(default_factory=list)
    """All of them, unless they are too many to be believed."""

    @property
    def is_held(self) -> bool:
        """Whether they are too many for anybody to be marked."""
        return is_implausible(self.count, active=self.active) and not self.is_confirmed


async def absent_of(rx: Snapshot, team_id: str, *, since: int, listed: Container[str], is_confirmed: bool) -> Absent:
    """Look through everybody, a stretch at a time: neither they nor the list are ever in hand as a whole."""
    absent = Absent(active_of(await rx.users.tally(team_id)), is_confirmed)
    after: str | None = ""
    while after is not None:
        some, after = await rx.users.list_unseen(team_id, since=since, listed=listed, after=after)
        absent.count += len(some)
        absent.gone += await rx.users.count_active(team_id, some)
        absent.user_ids = [] if absent.is_held else absent.user_ids + some
    return absent


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack says of somebody whom it did not list, and its now (epoch seconds) when it was asked."""

    member: Any
    asked_at_s: float


@dataclass(slots=True)
class Asked:
    """What came of asking for all of them."""

    not_found: list[str] = field(default_factory=list)
    found: list[Answer] = field(default_factory=list)


async def ask_for(
    client: SlackClient, patience: Patience, user_ids: Sequence[str], *, on_asked: Callable[[int], None]
) -> Asked:
    """Ask for each by `users.info`; `on_asked` hears how many were. Raises PassFailed at the first unclean answer."""
    asked = Asked()
    for number, user_id in enumerate(user_ids, start=1):
        answer = await _ask(client, patience, user_id)
        if answer is None:
            asked.not_found.append(user_id)
        elif answer.member is not None:
            asked.found.append(answer)
        on_asked(number)
    return asked


async def _ask(client: SlackClient, patience: Patience, user_id: str) -> Answer | None:
    asked_at_s = 0.0

    async def call() -> Any:
        nonlocal asked_at_s
        asked_at_s = client.clock.now_s()
        return await client.users_info(user=user_id, include_locale=True)

    def check(answer: Json) -> str | None:
        user = answer.get("user")
        is_user = isinstance(user, dict) and isinstance(user.get("id"), str)
        return None if is_user else "Slack's answer holds no user."

    try:
        answer = await patience.ask(call, final=_NOT_FOUND | _NOT_VISIBLE, check=check)
    except Refused as error:
        if error.word in _NOT_FOUND:
            return None
        if error.word in _NOT_VISIBLE:
            return Answer(None, asked_at_s)
        raise PassFailed(f"Somebody whom the list left out could not be asked for. {error}") from error
    # Slack may answer with the id that an enterprise gave them: they exist, and this row is not theirs to fill.
    return Answer(answer["user"] if answer["user"]["id"] == user_id else None, asked_at_s)
