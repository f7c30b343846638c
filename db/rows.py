"""A row of `users` read whole, or some columns of it; and the value that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from db.ordering import ORDERS
from db.records import Kind, State, User
from db.tables import users

NAMES = tuple(each.name for each in fields(User))
COLUMNS = [users.c[name] for name in NAMES]
_ALWAYS = frozenset({"team_id", "id", "kind", "state", "hidden_at", *(order.column.name for order in ORDERS.values())})
"""Without which nobody can tell who it is, who may see them, and where they stand in a list."""
_KINDS, _STATES = {each.value: each for each in Kind}, {each.value: each for each in State}
"""To call an enum takes as long as to make a row of the rest."""


def with_always(names: Iterable[str]) -> tuple[str, ...]:
    """Name the columns that are read where these are shown, in the order of a whole row. Raises KeyError."""
    wanted = _ALWAYS.union(names)
    if unknown := wanted.difference(NAMES):
        raise KeyError(*unknown)
    return tuple(name for name in NAMES if name in wanted)


def user_of(row: Sequence[Any], names: Sequence[str] = NAMES) -> User:
    """Make a user of these columns; what was not read is as Slack had never said it."""
    values = dict(zip(names, row, strict=True))
    values["kind"], values["state"] = _KINDS[values["kind"]], _STATES[values["state"]]
    if (teams := values.get("enterprise_teams")) is not None:
        values["enterprise_teams"] = tuple(teams)
    if (marks := values.get("field_marks")) is not None:
        values["field_marks"] = {name: tuple(mark) if mark else None for name, mark in marks.items()}
    return User.of(values)
