"""A payload → an entry for ingest: an observation, or a dead letter with its reason. Total: it never raises."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from bot.parse import PARSER, parse_moment, parse_team_id, parse_user
from bot.payloads import payload_digest
from bot.wholesome import MalformedUser
from db.records import Observation, Source


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing for ingest to keep: what was observed, or, where `reason` is set, a payload to put aside."""

    key: str | None
    """Unique for the statement: an event's id, else a digest; a page's member gets one only when it is put aside."""
    team_id: str | None
    user_id: str | None
    payload: object
    source: Source
    observation: Observation | None = None
    reason: str | None = None

    def put_aside(self, reason: str) -> Entry:
        """Turn it into a dead letter."""
        key = self.key or f"{self.user_id or 'payload'}:{payload_digest(self.payload)}"
        return replace(self, key=key, observation=None, reason=reason)


def entry_of(payload: Mapping[str, Any], *, now_s: float, source: Source = Source.EVENT) -> Entry:
    """Read the payload of an envelope: its workspace, its event, its user. `now_s` is Slack's now in epoch seconds."""
    event = payload.get("event")
    user = event.get("user") if isinstance(event, dict) else None
    team_id = team_of(payload)
    entry = Entry(
        key=_key(payload),
        team_id=team_id,
        user_id=_user_id(user),
        payload=payload,
        source=source,
    )
    if not isinstance(event, dict):
        return entry.put_aside("there is no event in it")
    if team_id is None:
        return entry.put_aside("it names no workspace")
    try:
        observation = parse_user(
            user,
            team_id=team_id,
            moment=parse_moment(event, now_s=now_s),
            source=source,
            now_s=now_s,
            cache_ts=event.get("cache_ts"),
            joined=event.get("type") == "team_join",
        )
    except MalformedUser as error:
        return entry.put_aside(str(error))
    return replace(entry, observation=observation)


def entry_of_member(member: object, *, team_id: str, moment: int, now_s: float, digest: int | None = None) -> Entry:
    """Read an entry of a page of `users.list`."""
    try:
        observation = parse_user(member, team_id=team_id, moment=moment, source=Source.RUN, now_s=now_s, digest=digest)
    except MalformedUser as error:
        return Entry(None, team_id, _user_id(member), member, Source.RUN).put_aside(str(error))
    return Entry(None, team_id, observation.id, member, Source.RUN, observation)


def digest_of_member(member: Any) -> int | None:
    """Give 64 bits that tell whether an entry of a page is the same as another time, and is read in the same way.

    None for what is no entry. Python writes plain values to bytes many times as quickly as it reads a user out of them
    (docs.python.org, marshal: version 2 writes the same for the same, whoever else holds a value).
    """
    try:
        plain = marshal.dumps((PARSER, member), 2)
    except ValueError:  # nested without end
        return None
    return int.from_bytes(blake2b(plain, digest_size=8).digest(), signed=True)


def team_of(payload: Mapping[str, Any]) -> str | None:
    """Tell the installed workspace: of the authorization first, for in an enterprise the event may be another's."""
    authorizations = payload.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    candidates = (
        first.get("team_id") if isinstance(first, dict) else None,
        payload.get("context_team_id"),
        payload.get("team_id"),
    )
    return next((team_id for each in candidates if (team_id := parse_team_id(each))), None)


def _key(payload: Mapping[str, Any]) -> str:
    event_id = payload.get("event_id")
    if isinstance(event_id, str) and event_id.isascii() and event_id.isprintable() and 0 < len(event_id) <= 100:
        return f"event:{event_id}"
    return f"payload:{payload_digest(payload)}"


def _user_id(user: object) -> str | None:
    """Tell the id for the letter's own index, if it is one that any engine can hold."""
    found = user.get("id") if isinstance(user, dict) else None
    return found if isinstance(found, str) and found.isascii() and found.isalnum() and len(found) <= 64 else None
