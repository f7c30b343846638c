"""Rows whose key is one of many: asked as one value, so that the statement stays the same however many there are."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

WANTED = "wanted_among"
"""The parameter of a statement that was made before anybody knew which rows it will be asked for."""


def among(name: str, column: sa.Column[str], texts: Collection[str]) -> sa.ColumnElement[bool]:
    """Make a condition that the column's index answers; MariaDB is asked for each of them."""
    wanted = asked_among(name, texts)
    if name == "sqlite":
        return _is_in_json(column, sa.literal(wanted, sa.Text))
    if name == "postgresql":
        return column == sa.any_(sa.literal(wanted, sa.ARRAY(sa.Text)))
    return column.in_(wanted)


def among_asked(name: str, column: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Make the same condition once for all; its parameter is `WANTED`, as `asked_among` writes it."""
    if name == "sqlite":
        return _is_in_json(column, sa.bindparam(WANTED, type_=sa.Text))
    if name == "postgresql":
        return column == sa.any_(sa.bindparam(WANTED, type_=sa.ARRAY(sa.Text)))
    return column.in_(sa.bindparam(WANTED, expanding=True))


def asked_among(name: str, texts: Collection[str]) -> Any:
    """Write the keys as the parameter takes them."""
    return json.dumps(sorted(texts)) if name == "sqlite" else sorted(texts)


def _is_in_json(column: sa.Column[str], listed: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return column.in_(sa.select(sa.column("value", sa.Text)).select_from(sa.func.json_each(listed)))
