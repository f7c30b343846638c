"""Events from a file, through the same path as Slack's: for trying things out, and for scripts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.entries import team_of
from bot.ingest import Ingest, Outcome
from bot.intake import Intake
from bot.parse import parse_team_id
from bot.slack import SlackClock
from db import Store
from db.records import Change, Source, Workspace

BUDGET_S = 30
"""Nobody counts seconds here as Slack does."""


class FeedError(Exception):
    """What was fed cannot be used as it is; nothing was written. The message is a sentence with its remedy."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What came of one event, and its words for the terminal."""

    outcome: Outcome
    words: str


def read_events(text: str) -> list[dict[str, Any]]:
    """Read one event, a list of them, or one on each line; each becomes the payload of an envelope. Raises FeedError.

    An event may be bare (`user` inside), a payload (`event` inside) or a whole envelope (`payload` inside).
    """
    documents = _documents(text)
    if not documents:
        raise FeedError("There is nothing in it. Give an event as JSON, such as Slack's user_change.")
    return [_payload(each, number) for number, each in enumerate(documents, start=1)]


async def feed(
    store: Store, payloads: list[dict[str, Any]], *, team_id: str | None, clock: Callable[[], datetime]
) -> AsyncIterator[Fed]:
    """Apply each event in turn and tell what came of it. Raises FeedError, NotCommitted, StoreError."""
    if team_id is not None and (parse_team_id(team_id) is None or not team_id.startswith("T")):
        raise FeedError(f"--team {team_id} is no workspace's id. It begins with T, like T01234567.")
    intake = Intake(Ingest(store, clock=clock, on_gap=_nobody_to_tell, budget_s=BUDGET_S), SlackClock())
    owners = await _owners(store, payloads, team_id)
    for payload, owner in zip(payloads, owners, strict=True):
        owned = {**payload, "authorizations": [{"team_id": owner}]}
        outcome = await intake.take(owned, source=Source.FEED)
        yield Fed(outcome, _words(owned, outcome))


async def _owners(store: Store, payloads: list[dict[str, Any]], team_id: str | None) -> list[str]:
    """Tell each event's workspace before any is applied; into an empty database the first brings its own along."""
    async with store.reading() as rx:
        stored = [each.team_id for each in await rx.workspaces.list_workspaces()]
    if team_id and stored and team_id not in stored:
        raise FeedError(f"Workspace {team_id} has not installed usersync. Known: {', '.join(stored)}.")
    known, owners = stored, []
    for payload in payloads:
        owners.append(_owner(payload, team_id, known))
        known = known or owners[:1]
    if known != stored:
        async with store.transaction() as tx:
            await tx.workspaces.save_workspace(Workspace(known[0]))
    return owners


def _owner(payload: dict[str, Any], team_id: str | None, known: list[str]) -> str:
    named = team_id or team_of(payload)
    if named or len(known) == 1:
        return named or known[0]
    if known:
        raise FeedError(f"The event names no workspace, and there are {len(known)}. Say which with --team {known[0]}.")
    event = payload.get("event")
    user = event.get("user") if isinstance(event, dict) else None
    home = parse_team_id(user.get("team_id")) if isinstance(user, dict) else None
    if home is None:
        raise FeedError(
            "The event names no workspace, and the database knows none yet. Say which with --team T01234567."
        )
    return home


def _documents(text: str) -> list[Any]:
    try:
        whole = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise FeedError(f"This is not JSON ({_place(error)}).") from None
        return [_line(line, number) for number, line in enumerate(lines, start=1)]
    return whole if isinstance(whole, list) else [whole]


def _line(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"Line {number} is not JSON ({_place(error)}). Nothing was applied.") from None


def _place(error: Exception) -> str:
    return (
        f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "nested too deep"
    )


def _payload(document: Any, number: int) -> dict[str, Any]:
    if isinstance(document, dict):
        inner = document.get("payload")
        found: dict[str, Any] = inner if isinstance(inner, dict) else document
        if "event" in found:
            return found
        if "user" in found:
            return {"event": {"type": "user_change", **found}}
    raise FeedError(f"Event {number} has neither an event nor a user in it. Nothing was applied.")


def _words(payload: dict[str, Any], outcome: Outcome) -> str:
    event = payload["event"] if isinstance(payload["event"], dict) else {}
    user = event.get("user")
    user_id = user.get("id") if isinstance(user, dict) else None
    if outcome.reason is not None:
        return f"put aside as a dead letter: {outcome.reason}"
    if not outcome.changes:
        return f"{user_id}: nothing new"
    return f"{user_id}: {', '.join(change_words(change) for change in outcome.changes)}"


def change_words(change: Change) -> str:
    """Say what a change did, as the terminal shows it."""
    return "is new" if change.is_new_user else f"changed {', '.join(change.fields)}"


def _nobody_to_tell(_reason: str) -> None:
    """A gap means something only while Slack is followed."""
