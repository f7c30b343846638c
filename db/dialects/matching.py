"""What is asked of the words of a row, said in each engine's own language: to its index, or to the row itself.

Words hold letters, digits and vowel signs alone, so none of these languages can take a part of one for a sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.blanks import asked


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its tag, or the beginning of one."""

    text: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these is there; one at least is given."""

    parts: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these are there; one at least is given."""

    parts: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class But:
    """The one is there, the other is not."""

    wanted: Match
    unwanted: Match


Match: TypeAlias = Token | AnyOf | AllOf | But
_COMPARISON = "?"
NOWHERE: sa.ColumnElement[Any] = sa.null()


def indexed(
    match: Match, text: sa.ColumnElement[str], *, at_most: int | None = None, behind: sa.ColumnElement[int] = NOWHERE
) -> sa.ColumnElement[bool]:
    """Make a condition on `users`, whose words are in `text`, that the index answers where the engine has one.

    With `at_most`, it may leave out rows beyond so many; it leaves out those up to the number of a row that they are
    `behind`, as `row_number` tells it, where the index knows rows by number.
    """
    limit = sa.literal(-1 if at_most is None else at_most)
    told = as_fulltext(match)
    by_words = () if told is None else (asked(told),)
    return _Indexed(asked(as_fts5(match)), asked(as_tsquery(match)), limit, spelt(match, text), behind, *by_words)


def row_number() -> sa.ColumnElement[int]:
    """Tell the number of a row of `users`, in the order of which the index of words gives rows; 0 where it does not."""
    return _RowNumber()


def spelt(match: Match, text: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Make the same condition for one who has the row at hand already."""
    patterns: list[str] = []
    shape = _shape(match, patterns)
    return _Spelt(text, sa.literal_column(shape), *map(asked, patterns))


def _shape(match: Match, patterns: list[str]) -> str:
    """Write a condition with a sign in the place of each comparison, and add what is compared with."""
    match match:
        case Token(word, is_whole):
            patterns.append(f"% {word} %" if is_whole else f"% {word}%")
            return _COMPARISON
        case AnyOf(parts):
            return f"({' OR '.join(_shape(part, patterns) for part in parts)})"
        case AllOf(parts):
            return f"({' AND '.join(_shape(part, patterns) for part in parts)})"
        case But(wanted, unwanted):
            return f"({_shape(wanted, patterns)} AND NOT {_shape(unwanted, patterns)})"


def whole(match: Match) -> Match:
    """Ask for whole words where beginnings were asked for; what is not wanted stays as it is."""
    match match:
        case Token(word):
            return Token(word, is_whole=True)
        case AnyOf(parts):
            return AnyOf(tuple(map(whole, parts)))
        case AllOf(parts):
            return AllOf(tuple(map(whole, parts)))
        case But(wanted, unwanted):
            return But(whole(wanted), unwanted)


def as_fts5(match: Match) -> str:
    """Say it as SQLite's FTS5 reads it (sqlite.org/fts5.html, section 3)."""
    match match:
        case Token(word, is_whole):
            return f'"{word}"' if is_whole else f'"{word}"*'
        case AnyOf(parts):
            return _together(as_fts5, parts, " OR ")
        case AllOf(parts):
            return _together(as_fts5, parts, " AND ")
        case But(wanted, unwanted):
            return f"({as_fts5(wanted)} NOT {as_fts5(unwanted)})"


def as_tsquery(match: Match) -> str:
    """Say it as PostgreSQL writes a `tsquery`."""
    match match:
        case Token(word, is_whole):
            return f"'{word}'" if is_whole else f"'{word}':*"
        case AnyOf(parts):
            return _together(as_tsquery, parts, " | ")
        case AllOf(parts):
            return _together(as_tsquery, parts, " & ")
        case But(wanted, unwanted):
            return f"({as_tsquery(wanted)} & !{as_tsquery(unwanted)})"


def as_fulltext(match: Match) -> str | None:
    """Say it as MariaDB's full text reads it (mariadb.com/kb, Full-Text Index Overview): finds all of them, and more.

    None where its index cannot tell: it reads signs that are no letters by rules of its own, and leaves out what is
    beyond Unicode's first plane. What it finds is compared with the row (`spelt`).
    """
    match match:
        case Token(word, is_whole):
            return None if is_untold(word) else word if is_whole else f"{word}*"
        case AnyOf(parts):
            said = [as_fulltext(part) for part in parts]
            return None if None in said else f"({' '.join(filter(None, said))})"
        case AllOf(parts):
            told = [f"+{each}" for part in parts if (each := as_fulltext(part))]
            return f"({' '.join(told)})" if told else None
        case But(wanted, _):
            return as_fulltext(wanted)


_UNTOLD = re.compile(r"\W|_|[^\x00-\uffff]")


def is_untold(word: str) -> bool:
    """Say whether MariaDB's index cannot tell a word."""
    return _UNTOLD.search(word) is not None


def _together(say: Callable[[Match], str], parts: tuple[Match, ...], sign: str) -> str:
    return f"({sign.join(map(say, parts))})"


class _Spelt(FunctionElement[bool]):
    """Comparisons of one text: its shape, and what it is compared with.

    A search asks for some words in a dozen places, and SQLAlchemy takes longer to make an expression of each than the
    engine to compare them.
    """

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy names it
        """Stand as it is: it brings its own brackets."""
        return self


@compiles(_Spelt)
def _compared(element: _Spelt, compiler: SQLCompiler, **options: Any) -> str:
    text, shape, *patterns = element.clauses
    comparisons = iter([f"{compiler.process(text, **options)} LIKE {compiler.process(p, **options)}" for p in patterns])
    return f"({re.sub(re.escape(_COMPARISON), lambda _: next(comparisons), str(shape))})"


class _Indexed(FunctionElement[bool]):
    """The condition in all languages at once; each engine's compiler takes its own."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy names it
        """Stand as it is: compared with 1, as functions are on SQLite, it would be asked of every row."""
        return self


@compiles(_Indexed, "sqlite")
def _of_sqlite(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    words, _, limit, _, behind, *_ = element.clauses
    further = "" if isinstance(behind, sa.Null) else f" AND rowid > {compiler.process(behind, **options)}"
    found = f"users_search MATCH {compiler.process(words, **options)}{further}"
    where = f"{found} LIMIT {compiler.process(limit, **options)}"
    return f"users.row_id IN (SELECT rowid FROM users_search WHERE {where})"  # noqa: S608 - both are bound


class _RowNumber(FunctionElement[int]):
    """Where the engine numbers rows for its index of words."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_RowNumber, "sqlite")
def _numbered(*_: Any, **__: Any) -> str:
    return "users.row_id"


@compiles(_RowNumber)
def _unnumbered(*_: Any, **__: Any) -> str:
    return "0"


@compiles(_Indexed, "postgresql")
def _of_postgresql(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    _, words, *_ = element.clauses
    query = f"CAST({compiler.process(words, **options)} AS tsquery)"
    return f"array_to_tsvector(string_to_array(btrim(users.search_text), ' ')) @@ {query}"


@compiles(_Indexed)
def _of_mariadb(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    _, _, _, by_row, _, *by_words = element.clauses
    compared = f"({compiler.process(by_row, **options)})"
    for words in by_words:
        found = f"MATCH(users.search_text) AGAINST ({compiler.process(words, **options)} IN BOOLEAN MODE)"
        return f"({found} AND {compared})"
    return compared
