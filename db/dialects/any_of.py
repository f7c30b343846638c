"""Rows that have one of many words, by each engine's own index of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from db.dialects.matching import AllOf, AnyOf, Match, Token, as_fts5, as_tsquery

INDEXED = frozenset({"sqlite", "postgresql"})
"""The engines that have an index of words; elsewhere every row would have to be read."""
LOOKED_AT = 20_000
"""Rows that have one of the words: nothing but their places is read, until the first of them are enough."""

GIN = f"""
users.ctid = ANY (ARRAY (
    SELECT of_all.ctid FROM users AS of_all
    WHERE array_to_tsvector(string_to_array(btrim(of_all.search_text), ' ')) @@ CAST(:asked AS tsquery)
    LIMIT {LOOKED_AT}
))
"""  # noqa: S608 - a number of ours
"""By itself, where only the index of words can answer: many words are thought to be those of nearly everybody."""


def with_any_word(
    statement: sa.Select[tuple[Any, ...]],
    dialect: str,
    words: Iterable[str],
    *,
    whole: bool,
    beside: Match | None = None,
) -> sa.Select[tuple[Any, ...]]:
    """Narrow a statement about `users` to rows with one of these words in `search_text`, or with one that begins so.

    `beside` is what the same rows have to match: the index is asked both at once, for either alone may be a crowd. The
    words are tagged and folded, so they are letters and digits alone; `dialect` is one of `INDEXED`.
    """
    any_word: Match = AnyOf(tuple(Token(word, is_whole=whole) for word in sorted(set(words))))
    wanted = AllOf((beside, any_word)) if beside else any_word
    if dialect == "postgresql":
        return statement.where(sa.text(GIN).bindparams(asked=as_tsquery(wanted)))
    search = sa.table("users_search", sa.column("rowid"))
    is_match = sa.literal_column("users_search").op("MATCH")(as_fts5(wanted))
    # Written down first, or SQLite walks an index of everybody and asks of each whether they are among the found.
    found = sa.select(search.c.rowid).where(is_match).limit(LOOKED_AT).cte("found").prefix_with("MATERIALIZED")
    return statement.join(found, sa.literal_column("users.row_id") == found.c.rowid)
