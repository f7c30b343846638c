"""How many the index of words finds: counted as far as is asked, and on SQLite without a look at any row."""

from __future__ import annotations

from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.blanks import asked
from db.dialects.matching import Match, as_fts5, indexed, whole


def how_many(match: Match, text: sa.Column[str], *, at_most: int) -> sa.ColumnElement[int]:
    """Count whom the index finds, no further than so many; where it knows rows by number, no row is looked at."""
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(text.table)
    some = found.where(indexed(match, text, at_most=at_most)).limit(at_most).subquery()
    by_rows = sa.select(sa.func.count()).select_from(some).scalar_subquery()
    return _HowMany(asked(as_fts5(match)), sa.literal(at_most), by_rows)


def has_more(match: Match, text: sa.Column[str], *, many: int) -> sa.ColumnElement[bool]:
    """Say whether the index finds more than so many.

    Whole words come first: those are not gathered from many places of the index before the first is told.
    """
    counts = [how_many(each, text, at_most=many + 1) for each in dict.fromkeys((whole(match), match))]
    return sa.case(*((count > many, sa.true()) for count in counts), else_=sa.false())  # one after the other


def gathers_all_first(engine: str) -> bool:
    """Say whether an engine gathers all whom a word finds before it tells the first: a crowd costs it each time."""
    return engine != "sqlite"


def indexed_few(match: Match, text: sa.Column[str], *, many: int) -> sa.ColumnElement[bool]:
    """Make the condition on `users` that the index answers, and that nobody meets where it finds more than so many."""
    is_crowd = has_more(match, text, many=many)
    return _IndexedFew(asked(as_fts5(match)), is_crowd, sa.and_(sa.not_(is_crowd), indexed(match, text)))


class _HowMany(FunctionElement[int]):
    """A number of people, told by whatever each engine has."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_HowMany, "sqlite")
def _of_index(element: _HowMany, compiler: SQLCompiler, **options: Any) -> str:
    words, limit, _ = element.clauses
    where = f"users_search MATCH {compiler.process(words, **options)} LIMIT {compiler.process(limit, **options)}"
    return f"(SELECT count(*) FROM (SELECT rowid FROM users_search WHERE {where}))"  # noqa: S608 - both are bound


@compiles(_HowMany)
def _of_rows(element: _HowMany, compiler: SQLCompiler, **options: Any) -> str:
    *_, by_rows = element.clauses
    return compiler.process(by_rows, **options)


class _IndexedFew(FunctionElement[bool]):
    """The condition with its bound."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy names it
        """Stand as it is, as `_Indexed` does."""
        return self


@compiles(_IndexedFew, "sqlite")
def _few_of_sqlite(element: _IndexedFew, compiler: SQLCompiler, **options: Any) -> str:
    words, is_crowd, _ = element.clauses
    limit = (
        f"CASE WHEN {compiler.process(is_crowd, **options)} THEN 0 ELSE -1 END"  # or it would look at each row first
    )
    where = f"users_search MATCH {compiler.process(words, **options)} LIMIT {limit}"
    return f"users.row_id IN (SELECT rowid FROM users_search WHERE {where})"  # noqa: S608 - all is bound


@compiles(_IndexedFew)
def _few(element: _IndexedFew, compiler: SQLCompiler, **options: Any) -> str:
    *_, by_rows = element.clauses
    return f"({compiler.process(by_rows, **options)})"
