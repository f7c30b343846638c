"""Rows that have one of many words, by each engine's own index of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from db.dialects.matching import AllOf, AnyOf, Match, Token, as_fts5, as_fulltext, as_tsquery, spelt

LOOKED_AT = 20_000
"""Rows that have one of the words: nothing but their places is read, until the first of them are enough."""

_WORDS = "array_to_tsvector(string_to_array(btrim({row}.search_text), ' '))"
GIN = f"""
users.ctid = ANY (ARRAY (
    SELECT of_all.ctid FROM users AS of_all
    WHERE {_WORDS.format(row="of_all")} @@ (
        SELECT CAST(string_agg(each.asked, ' | ') AS tsquery)
        FROM unnest(:asked) AS each (asked)
        CROSS JOIN LATERAL (
            SELECT 1 FROM users AS one WHERE {_WORDS.format(row="one")} @@ CAST(each.asked AS tsquery) LIMIT 1
        ) AS somebody
    )
    LIMIT {LOOKED_AT}
))
"""  # noqa: S608 - our own names, and a number of ours
"""By itself, where only the index of words can answer: many words are thought to be those of nearly everybody.

Of hundreds of words hardly any is anybody's. Those are found one by one first: the index compares each row that has one
of them with all that are asked for, which takes seconds where one is a crowd's.
"""
FULLTEXT = "MATCH(users.search_text) AGAINST (:any_word IN BOOLEAN MODE)"


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
    words are tagged and folded, so they are letters and digits alone.
    """
    if dialect in ("mariadb", "mysql"):
        return _on_mariadb(statement, words, whole=whole, beside=beside)
    tokens = tuple(Token(word, is_whole=whole) for word in sorted(set(words)))
    if dialect == "postgresql":
        asked = [as_tsquery(AllOf((beside, token)) if beside else token) for token in tokens]
        return statement.where(sa.text(GIN).bindparams(sa.bindparam("asked", asked, type_=sa.ARRAY(sa.Text))))
    any_word: Match = AnyOf(tokens)
    wanted = AllOf((beside, any_word)) if beside else any_word
    search = sa.table("users_search", sa.column("rowid"))
    is_match = sa.literal_column("users_search").op("MATCH")(as_fts5(wanted))
    # Written down first, or SQLite walks an index of everybody and asks of each whether they are among the found.
    found = sa.select(search.c.rowid).where(is_match).limit(LOOKED_AT).cte("found").prefix_with("MATERIALIZED")
    return statement.join(found, sa.literal_column("users.row_id") == found.c.rowid)


def _on_mariadb(
    statement: sa.Select[tuple[Any, ...]], words: Iterable[str], *, whole: bool, beside: Match | None
) -> sa.Select[tuple[Any, ...]]:
    """Narrow it; words that its index cannot tell are left out, for each of them would cost a look at everybody."""
    text: sa.ColumnElement[str] = sa.literal_column("users.search_text", sa.Text())
    tokens = (Token(word, is_whole=whole) for word in sorted(set(words)))
    told = [said for token in tokens if (said := as_fulltext(token))]
    if not told:
        return statement.where(sa.false())
    others = as_fulltext(beside) if beside else None
    asked = f"+({' '.join(told)})" + (f" +{others}" if others else "")
    found = statement.where(sa.text(FULLTEXT).bindparams(any_word=asked))
    return found.where(spelt(beside, text)) if beside else found
