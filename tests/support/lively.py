"""A directory with something in every table, through the write path, and with texts that engines like to change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from db import Store
from db.engine import open_source, open_writer, parse_url
from db.posting import Place, Purpose
from db.records import Observation, RunKind, Source, TokenScope
from db.slices import exact_tables
from tests.support.factories import TEAM, an_observation
from tests.support.memory import install, keep
from tests.support.planting import plant

OTHER = "T0OTHER001"
HOSTILE = {
    "UEMOJI": "👩🏽‍💻 Ada \U0001f9d1‍🚀 𝔄𝔡𝔞 \U0010ffff",
    "ULONG": "ü€" * 12_000,
    "UPLAIN": "Ada",
    "UBLANK": "Ada ",
    "UBLANKS": "Ada  ",
    "UCASE": "ADA",
    "UACCENT": "Adá",
    "UPARTED": "Ada\u0301",
    "ULINES": "Ada\r\nLovelace\n\tCountess\x01\x7f",
    "UQUOTES": """'; DROP TABLE users; -- \\ " ` % %s :name {x} \\u0041 \\n""",
    "URIGHT": "\u202eAda\u202c עדה",
    "UEMPTY": "",
    "UNULL": "null",
    "ubinary": "Ada \ufffd \ufeff \u2028",
}
"""What users are called, by id."""
AT = datetime(2026, 11, 23, 16, 42, 7, 123_457, tzinfo=UTC)
"""A moment with microseconds that no rounding hits."""


async def fill(store: Store) -> None:
    """Let something be in every table, and the run be at rest."""
    await install(store, TEAM, OTHER)
    await plant(store)
    async with store.transaction() as tx:
        workspace = await tx.workspaces.lock(TEAM)
        await tx.workspaces.save_workspace(replace(workspace, name="Größe & Söhne 🏭", domain="groesse"))
        await tx.workspaces.mark_walked(TEAM, at=AT)
    await keep(store, *(an_observation(user_id, real_name=name) for user_id, name in HOSTILE.items()), now=AT)
    await keep(store, *_kinds(), now=AT)
    await keep(store, *(an_observation(user_id, team_id=OTHER, title="Elsewhere") for user_id in ("U1", "UPLAIN")))
    await keep(store, an_observation("UPLAIN", real_name="Ada", title=None, tz_offset=-(2**40), updated=150), now=AT)
    await keep(store, an_observation("UPLAIN", status_text="lunch", status_emoji=":sushi:", updated=160), now=AT)
    async with store.transaction() as tx:
        await tx.wipes.note(TEAM, "UGONE", erased_at=AT)
        await tx.places.put(Place(TEAM, Purpose.ALERTS, "C1", AT))
        await tx.api_tokens.make("HR", frozenset(TokenScope), now=AT, lifetime=timedelta(days=1))
        run = await tx.runs.find_running(TEAM)
        assert run is not None
        await tx.runs.checkpoint(run.run_id, "x", number=0, ids=["U1", "UPLAIN"], values={"next_cursor": "dXNlcjpV"})
        await tx.runs.let_go(run.run_id, "x")
        await tx.runs.begin(
            OTHER, kind=RunKind.BACKFILL, instance="y", asked_by=None, is_confirmed=True, expected=3, at=AT
        )
        other = await tx.runs.find_running(OTHER)
        assert other is not None
        await tx.runs.give_up(other, at=AT, reason="It was interrupted.")


async def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Read every row of every table, JSON to the letter, in an order that is the same on every engine."""
    engine = open_source(parse_url(url))
    try:
        async with engine.begin() as connection:
            return {
                table.name: sorted((tuple(row) for row in await connection.execute(sa.select(table))), key=repr)
                for table in exact_tables()
            }
    finally:
        await engine.dispose()


async def say(url: str, *statements: str) -> Any:
    """Say something past our own questions; returns the first value of the last answer, if it gives any."""
    engine = open_writer(parse_url(url))
    try:
        async with engine.begin() as connection:
            answers = [await connection.exec_driver_sql(statement) for statement in statements]
            return answers[-1].scalar() if answers and answers[-1].returns_rows else None
    finally:
        await engine.dispose()


def _kinds() -> list[Observation]:
    """Users of every kind and state."""
    custom = {"Xf1": {"value": "Büro 7 ", "alt": ""}, "Xf2": {"value": "büro 7", "alt": "x"}}
    return [
        an_observation("UMEMBER", real_name="Member", fields=custom, has_2fa=True, enterprise_teams=["T1", "T2"]),
        an_observation("UGUEST", real_name="Guest", is_restricted=True, guest_expiration_ts=2**40),
        an_observation("UEXTERNAL", real_name="External", home_team_id="T9", is_external=True, is_stranger=False),
        an_observation("UBOT", real_name="Bot", is_bot=True, fields={}),
        an_observation("ULEFT", real_name="Left", deleted=True),
        an_observation("UFORGOTTEN", is_forgotten=True, deleted=True),
        an_observation("UFEED", real_name="Fed", source=Source.FEED, moment=AT.microsecond, updated=0),
    ]
