"""SQLite's index of words, merged a little with each commit that writes words, so that none of them takes long.

FTS5 leaves a piece of the index with each commit. By itself it merges pieces with every 64th page that it writes, and
then hundreds of pages at once, for which everybody waits who wants to write. Told not to, it merges as much as it is
asked to, and by itself only where sixteen pieces of a size have come together (sqlite.org/fts5.html, The 'merge'
Command, The 'automerge' and 'crisismerge' Configuration Options).
"""

from __future__ import annotations

import sqlalchemy as sa

from db.dialects.together import Said

_MERGE = "INSERT INTO users_search (users_search, rank) VALUES ('merge', ?)"
_STOP = "INSERT INTO users_search (users_search, rank) VALUES ('automerge', 0)"
_IS_STOPPED = "SELECT count(*) FROM users_search_config WHERE k = 'automerge' AND v = 0"

_PAGES_OF_A_COMMIT, _PAGES_OF_A_ROW = 4, 1
"""At most, and each takes some 50 µs. A page that a commit wrote is written again for each size of pieces that it grows
into, of which a million people have six; forty new words, each with its beginnings, are a fifth of a page."""


def tidying(dialect: sa.Dialect, rows: int) -> list[Said]:
    """Say what merges pieces of the index, beside so many rows whose words are written in this commit."""
    if dialect.name != "sqlite" or not rows:
        return []
    return [(_MERGE, [(_PAGES_OF_A_COMMIT + _PAGES_OF_A_ROW * rows,)])]


def tidy_by_commits(connection: sa.Connection) -> None:
    """Have the index merge nothing by itself, which its file remembers."""
    if connection.dialect.name == "sqlite" and not connection.exec_driver_sql(_IS_STOPPED).scalar_one():
        connection.exec_driver_sql(_STOP)
