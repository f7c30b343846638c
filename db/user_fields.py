"""Custom profile fields as rows of their own, so that an index finds who has which value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.derive import value_key_of
from db.records import User
from db.tables import could_be_id, user_fields

VALUE_CHARS = 1000


class Value(NamedTuple):
    """A value folded, and as people read it."""

    value_key: str
    value: str


@dataclass(frozen=True, slots=True)
class UserField:
    """One custom field of one user, as it is told to whoever asks what is kept of them."""

    field_id: str
    value_key: str
    value: str


def values_of(fields: Mapping[str, Any] | None) -> dict[str, Value]:
    """Read the values that are not blank, by the field's id; of a link its words are what people read. Pure."""
    found = {}
    for field_id, told in sorted((fields or {}).items()):
        value = _words_of(told)[:VALUE_CHARS]
        if (key := value_key_of(value)) and could_be_id(field_id):
            found[field_id] = Value(key, value)
    return found


class UserFieldReader:
    """What can be asked of the custom fields."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_of(self, team_id: str, user_id: str) -> list[UserField]:
        """List those of one user, by the field's id."""
        columns = (user_fields.c.field_id, user_fields.c.value_key, user_fields.c.value)
        of_user = (user_fields.c.team_id == team_id, user_fields.c.id == user_id)
        statement = sa.select(*columns).where(*of_user).order_by(user_fields.c.field_id)
        return [UserField(*row) for row in await self._connection.execute(statement)]


class UserFieldWriter(UserFieldReader):
    """What can be done to them."""

    async def replace_of(self, rows: Sequence[User]) -> None:
        """Write those of some users anew; of whoever has none any more, none stay."""
        of_team: dict[str, list[User]] = defaultdict(list)
        for user in rows:
            of_team[user.team_id].append(user)
        for team_id, of_these in of_team.items():
            ids = [user.id for user in of_these]
            is_theirs = (user_fields.c.team_id == team_id, user_fields.c.id.in_(ids))
            await self._connection.execute(sa.delete(user_fields).where(*is_theirs))
        told = [_row(user, field_id, value) for user in rows for field_id, value in values_of(user.fields).items()]
        if told:
            await self._connection.execute(sa.insert(user_fields), told)


def copied(user: User | None) -> tuple[object, ...]:
    """Tell what of a user's row stands in these rows as well."""
    if user is None:
        return None, None
    return user.fields, (user.kind, user.state, user.sort_key, user.traits) if user.fields else None


def _row(user: User, field_id: str, value: Value) -> dict[str, Any]:
    return {
        "team_id": user.team_id,
        "id": user.id,
        "field_id": field_id,
        **value._asdict(),
        "kind": user.kind.value,
        "state": user.state.value,
        "sort_key": user.sort_key,
        "traits": user.traits,
    }


def _words_of(told: object) -> str:
    """Take what people read; no server stores a NUL or half a surrogate pair as text."""
    if not isinstance(told, Mapping):
        return ""
    text = next((text for name in ("alt", "value") if isinstance(text := told.get(name), str) and text.strip()), "")
    return text.replace("\0", "").encode(errors="ignore").decode().strip()
