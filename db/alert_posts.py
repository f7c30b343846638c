"""The questions about messages that tell of alerts, so that a later process can edit them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.posting import AlertPost
from db.tables import alert_posts, alerts

_COLUMNS = tuple(alert_posts.c)


class AlertPostReader:
    """What can be asked of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_unfinished(self) -> tuple[AlertPost, ...]:
        """List those that do not say yet that their alert is over, oldest alert first."""
        of_them = sa.select(*_COLUMNS).where(alert_posts.c.is_over.is_(False))
        return await self._list(of_them.order_by(alert_posts.c.alert_id, alert_posts.c.channel_id))

    async def list_of(self, alert_ids: Collection[int]) -> tuple[AlertPost, ...]:
        """List those about some alerts, oldest alert first."""
        of_them = sa.select(*_COLUMNS).where(alert_posts.c.alert_id.in_(alert_ids))
        return await self._list(of_them.order_by(alert_posts.c.alert_id, alert_posts.c.channel_id))

    async def list_channels(self) -> frozenset[tuple[str, str]]:
        """List the workspaces and channels, or addresses, of which some is kept: there a post has worked."""
        found = await self._connection.execute(sa.select(alert_posts.c.team_id, alert_posts.c.channel_id).distinct())
        return frozenset((row.team_id, row.channel_id) for row in found)

    async def _list(self, statement: sa.Select[Any]) -> tuple[AlertPost, ...]:
        return tuple(AlertPost(*row) for row in await self._connection.execute(statement))


class AlertPostWriter(AlertPostReader):
    """What can be done to them."""

    async def put(self, post: AlertPost) -> None:
        """Keep a message as it stands now."""
        key = (
            alert_posts.c.alert_id == post.alert_id,
            alert_posts.c.team_id == post.team_id,
            alert_posts.c.channel_id == post.channel_id,
        )
        await self._connection.execute(sa.delete(alert_posts).where(*key))
        await self._connection.execute(sa.insert(alert_posts).values(**asdict(post)))

    async def prune(self) -> None:
        """Drop those whose alert is kept no more."""
        kept = sa.select(alerts.c.alert_id).where(alerts.c.alert_id == alert_posts.c.alert_id).exists()
        await self._connection.execute(sa.delete(alert_posts).where(~kept))
