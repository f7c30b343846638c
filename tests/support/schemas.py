"""Databases of an earlier shape: as an older usersync left them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from db.engine import open_writer, parse_url
from db.migrate import _config


async def make_older(url: str, revision: str, *, with_workspace: str = "T0OLD") -> None:
    """Make the tables of a revision in an empty database, with one workspace in them."""

    def upgrade(connection: sa.Connection) -> None:
        config: Config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        insert = sa.text("INSERT INTO workspaces (team_id, name) VALUES (:team_id, 'Of old')")
        connection.execute(insert, {"team_id": with_workspace})

    engine = open_writer(parse_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def set_revision(url: str, revision: str) -> None:
    """Let a database look as if another usersync had written it."""
    engine = open_writer(parse_url(url))
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE usersync_schema SET version_num = :it"), {"it": revision})
    await engine.dispose()
