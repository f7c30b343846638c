"""Rows that have one of many words, by each engine's own index of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

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
    statement: sa.Select[tuple[Any, ...]], dialect: str, words: Iterable[str], *, whole: bool
) -> sa.Select[tuple[Any, ...]]:
    """Narrow a statement about `users` to rows with one of these words in `search_text`, or with one that begins so.

    The words are tagged and folded, so they are letters and digits alone; `dialect` is one of `INDEXED`.
    """
    wanted = sorted(set(words))
    if dialect == "postgresql":
        asked = " | ".join(f"'{word}'" if whole else f"'{word}':*" for word in wanted)
        return statement.where(sa.text(GIN).bindparams(asked=asked))
    matched = " OR ".join(f'"{word}"' if whole else f'"{word}"*' for word in wanted)
    search = sa.table("users_search", sa.column("rowid"))
    is_match = sa.literal_column("users_search").op("MATCH")(matched)
    # Written down first, or SQLite walks an index of everybody and asks of each whether they are among the found.
    found = sa.select(search.c.rowid).where(is_match).limit(LOOKED_AT).cte("found").prefix_with("MATERIALIZED")
    return statement.join(found, sa.literal_column("users.row_id") == found.c.rowid)
