"""Rows that have one of many words, by each engine's own index of them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY


def has_any_word(dialect: str, words: Iterable[str], *, whole: bool) -> sa.ColumnElement[bool] | None:
    """Say that a row of `users` has one of these words of `search_text`, or one that begins so; None: by no index.

    The words are tagged and folded, so they are letters and digits alone.
    """
    wanted = sorted(set(words))
    if not wanted:
        return None
    match dialect:
        case "sqlite":
            matched = " OR ".join(f'"{word}"' if whole else f'"{word}"*' for word in wanted)
            numbers = sa.text("SELECT rowid FROM users_search WHERE users_search MATCH :any_word")
            return sa.column("row_id").in_(numbers.bindparams(any_word=matched).columns(sa.column("rowid")))
        case "postgresql":
            matched = " | ".join(f"'{word}'" if whole else f"'{word}':*" for word in wanted)
            return sa.literal_column(
                "array_to_tsvector(string_to_array(btrim(users.search_text), ' '))", sa.Boolean
            ).op("@@", is_comparison=True)(sa.cast(sa.cast(matched, sa.Text), TSQUERY))
        case _:
            return None
