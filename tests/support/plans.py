"""How an engine would answer what was asked of it: every statement of a question, with the plan that is made for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa

from db import Store

GROWS = ("users", "user_fields", "changes", "users_search", "signins", "ended_sessions")
"""Tables that hold as many rows as there are people, or more."""


class Asked(NamedTuple):
    """A statement as the driver got it."""

    sql: str
    parameters: Any


@contextmanager
def listening(store: Store) -> Iterator[list[Asked]]:
    """Write down what is asked of the database meanwhile."""
    asked: list[Asked] = []

    def note(_: Any, __: Any, sql: str, parameters: Any, *___: Any) -> None:
        if sql.lstrip().upper().startswith(("SELECT", "WITH")):
            asked.append(Asked(sql, parameters))

    engine = store._reader.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def walks(store: Store, asked: Asked) -> list[str]:
    """Name what of a plan reads a growing table from its beginning; nothing where it begins at an index."""
    async with store._reader.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.sql}", asked.parameters)
            return [line for row in found if _walks_on_sqlite(line := str(row[3]))]
        # Where a table is short, or nearly everybody matches, to read on from its beginning is the shorter way; what is
        # asked here is whether there is another.
        for way in ("seqscan", "mergejoin", "hashjoin"):
            await connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        rows = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {asked.sql}", asked.parameters)
        told = rows.scalar_one()
        plan = json.loads(told) if isinstance(told, str) else told
        return [line for node in _nodes(plan[0]["Plan"]) if (line := _walks_on_postgresql(node))]


FROM_THE_END = "changes_in_time"
"""The newest lines are read from the end of the log until there are enough."""


def _walks_on_sqlite(line: str) -> bool:
    """`SCAN` begins at the first row (sqlite.org/eqp.html); of the index of words it asks nothing else, and says so."""
    words = line.split()
    is_asked = "VIRTUAL TABLE INDEX" in line and not line.endswith("INDEX 0:")
    return words[0] == "SCAN" and words[1] in GROWS and not is_asked and words[-1] != FROM_THE_END


def _walks_on_postgresql(node: dict[str, Any]) -> str:
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWS:
        return f"Seq Scan on {node['Relation Name']}: {node.get('Filter')}"
    is_whole = "Index" in node["Node Type"] and "Index Cond" not in node and node.get("Relation Name") in GROWS
    if is_whole and node["Index Name"] != FROM_THE_END:
        return f"{node['Node Type']} of the whole of {node['Index Name']}: {node.get('Filter')}"
    return ""


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
