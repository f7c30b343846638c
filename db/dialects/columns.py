"""Types of columns, where the engines differ: times in UTC, and text that is compared by code point."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; engines without zones store it naive, in UTC, to the microsecond."""

    impl = sa.DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a value is in Python; a decorator does not tell by itself."""
        return datetime

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


TABLE_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
"""MariaDB alone has character sets of its own; there, too, text is compared by code point."""


def exact_text(length: int) -> TypeEngine[str]:
    """Text compared and ordered by code point on every engine, so that keysets agree."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def long_text() -> TypeEngine[str]:
    """Text of any length, compared by code point; MariaDB's plain TEXT ends at 64 kB."""
    return (
        sa.Text()
        .with_variant(sa.Text(collation="C"), "postgresql")
        .with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    )


class _CastText(TypeDecorator[str]):
    """JSON of SQLite as text: a bare number comes as one otherwise."""

    impl = sa.Text
    cache_ok = True

    def column_expression(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(column, sa.Text)


class _CastJson(_CastText):
    """JSON of PostgreSQL as text, which takes none for it unless it is told so."""

    cache_ok = True

    def bind_expression(self, bindparam: sa.BindParameter[str]) -> sa.ColumnElement[Any]:
        from sqlalchemy.dialects import postgresql  # only who uses it has to load it

        return sa.cast(bindparam, postgresql.JSON)


def json_text() -> TypeEngine[str]:
    """JSON to the letter: its null stays apart from an empty cell, and keys and figures stay as they are written."""
    return mysql.LONGTEXT().with_variant(_CastText(), "sqlite").with_variant(_CastJson(), "postgresql")


def key_part(column: str, length: int) -> dict[str, Any]:
    """Say how much of a text column an index holds, for MariaDB, which cannot hold all of it."""
    return {f"{name}_length": {column: length} for name in ("mysql", "mariadb")}
