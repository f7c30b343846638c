"""The index by which each engine finds words: what it is made of, and how it is asked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from db.dialects.tidying import tidy_by_commits

FTS5 = """
CREATE VIRTUAL TABLE IF NOT EXISTS users_search USING fts5(
    search_text, content='users', content_rowid='row_id', tokenize='ascii', prefix='3 4', detail='none'
);;
CREATE TRIGGER IF NOT EXISTS users_search_of_a_new_row AFTER INSERT ON users BEGIN
    INSERT INTO users_search (rowid, search_text) VALUES (new.row_id, new.search_text);
END;;
CREATE TRIGGER IF NOT EXISTS users_search_of_a_changed_row AFTER UPDATE OF search_text ON users
WHEN old.search_text IS NOT new.search_text BEGIN
    INSERT INTO users_search (users_search, rowid, search_text) VALUES ('delete', old.row_id, old.search_text);
    INSERT INTO users_search (rowid, search_text) VALUES (new.row_id, new.search_text);
END;;
CREATE TRIGGER IF NOT EXISTS users_search_of_a_gone_row AFTER DELETE ON users BEGIN
    INSERT INTO users_search (users_search, rowid, search_text) VALUES ('delete', old.row_id, old.search_text);
END;;
INSERT INTO users_search (users_search) VALUES ('rebuild')
"""
"""A table of SQLite's for full text (sqlite.org/fts5.html), kept by triggers: only words that change cost.

Beginnings of one and two letters behind the tag have entries of their own, for many words begin so; what is longer is
read from the words that do, which for a word of 16,000 people takes 2 ms in the place of 0.4. Each further length costs
a first fill a tenth to a fifth of its index, and every change as much. A file keeps the lengths that its index was made
with: they tell how quickly it answers, not what.
"""

_TRIGGERS = ("new", "changed", "gone")

GIN = """
CREATE INDEX IF NOT EXISTS users_search ON users
USING gin (array_to_tsvector(string_to_array(btrim(search_text), ' '))) WITH (gin_pending_list_limit = 128)
"""
"""Words as they are: no dictionary, no language, and no extension that a database may lack.

What was written lately is kept in a list that each search reads whole, so the list (in kB) is a short one
(postgresql.org/docs/current/gin-implementation.html, GIN Fast Update Technique).
"""


FULLTEXT = """
SET SESSION innodb_ft_enable_stopword = OFF;;
ALTER TABLE users FORCE;;
CREATE FULLTEXT INDEX users_search ON users (search_text)
"""
"""Every word: those that MariaDB thinks too common are names and titles (mariadb.com/kb, Full-Text Index Stopwords).

The table is made anew before: of rows that were written after an older index was dropped, a new one finds none.
Words of fewer than three letters are left out, and none of ours is so short, for each has its tag.
"""
_STATEMENTS = {"sqlite": FTS5, "postgresql": GIN, "mariadb": FULLTEXT, "mysql": FULLTEXT}


def build_search(connection: sa.Connection) -> None:
    """Make the index, filled; one that is there already is left as it is."""
    if connection.dialect.name in ("mariadb", "mysql") and _is_whole_on_mariadb(connection):
        return  # MySQL cannot be told to make it only where it is missing
    for statement in _STATEMENTS[connection.dialect.name].split(";;"):
        connection.exec_driver_sql(statement)
    tidy_by_commits(connection)


def drop_search(connection: sa.Connection) -> None:
    """Take the index away; the words stay in the rows."""
    if connection.dialect.name == "sqlite":
        for trigger in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS users_search_of_a_{trigger}_row")
        connection.exec_driver_sql("DROP TABLE IF EXISTS users_search")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP INDEX IF EXISTS users_search")
    elif _is_whole_on_mariadb(connection):
        connection.exec_driver_sql("DROP INDEX users_search ON users")


def is_of_search(table: str) -> bool:
    """Say whether a table is the index, or one of those that SQLite keeps it in."""
    return table == "users_search" or table.startswith("users_search_")


def mend_search(connection: sa.Connection) -> None:
    """Make the index anew where it is not there or has been left behind, as by a copy of the tables alone.

    Whether its newest row is the table's newest is told at once, however many there are.
    """
    if not _IS_WHOLE[connection.dialect.name](connection):
        drop_search(connection)
        build_search(connection)
    tidy_by_commits(connection)


def _is_whole_on_sqlite(connection: sa.Connection) -> bool:
    named = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'users_search_of_%' OR name = 'users_search'"
    if connection.exec_driver_sql(named).scalar_one() != 1 + len(_TRIGGERS):
        return False
    newest = "SELECT (SELECT max(id) FROM users_search_docsize) IS (SELECT max(row_id) FROM users)"
    return bool(connection.exec_driver_sql(newest).scalar_one())


def _is_whole_on_postgresql(connection: sa.Connection) -> bool:
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('users_search')"
    return bool(connection.exec_driver_sql(valid).scalar())


def _is_whole_on_mariadb(connection: sa.Connection) -> bool:
    named = "table_schema = DATABASE() AND table_name = 'users' AND index_name = 'users_search'"
    found = connection.exec_driver_sql(f"SELECT count(*) FROM information_schema.statistics WHERE {named}")  # noqa: S608 - our own names
    return bool(found.scalar_one())


_IS_WHOLE = {
    "sqlite": _is_whole_on_sqlite,
    "postgresql": _is_whole_on_postgresql,
    "mariadb": _is_whole_on_mariadb,
    "mysql": _is_whole_on_mariadb,
}


def number_rows(connection: sa.Connection) -> None:
    """Give each row of `users` a number that stays, where the index knows rows by number: on SQLite.

    Its own row numbers may be given anew by a VACUUM (sqlite.org/lang_vacuum.html), unless a column is made of them.
    """
    if connection.dialect.name != "sqlite" or _has_row_id(connection):
        return
    columns = connection.exec_driver_sql("PRAGMA table_info(users)").all()
    names = ", ".join(f'"{row[1]}"' for row in columns)
    told = ", ".join(_told(row) for row in columns)
    connection.exec_driver_sql(
        f"CREATE TABLE users_numbered (row_id INTEGER NOT NULL PRIMARY KEY, {told}, UNIQUE (team_id, id))"
    )
    connection.exec_driver_sql(f"INSERT INTO users_numbered ({names}) SELECT {names} FROM users ORDER BY team_id, id")  # noqa: S608 - the table's own names
    connection.exec_driver_sql("DROP TABLE users")
    connection.exec_driver_sql("ALTER TABLE users_numbered RENAME TO users")


def _has_row_id(connection: sa.Connection) -> bool:
    return any(row[1] == "row_id" for row in connection.exec_driver_sql("PRAGMA table_info(users)"))


def _told(row: sa.Row[Any]) -> str:
    """Write a column as it was declared."""
    _, name, type_, is_needed, default, _ = tuple(row)
    needed = " NOT NULL" if is_needed else ""
    return f'"{name}" {type_}{needed}' + (f" DEFAULT {default}" if default is not None else "")
