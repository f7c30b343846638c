"""Rows that a database refuses, as a trigger or a policy of its owner may."""

from __future__ import annotations

from tests.support.locks import written

_BY_ENGINE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE {verb} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, 'no'); END",
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
        " CREATE TRIGGER refuse BEFORE {verb} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
    ),
}


async def refuse(url: str, verb: str, table: str, *, when: str = "1 = 1") -> None:
    """Let each INSERT or UPDATE of such a row fail from now on."""
    await written(url, _BY_ENGINE[url.partition(":")[0]].format(verb=verb, table=table, when=when))
