"""Into which channels a post has worked: a wrong one in the settings is to be found before the first disaster."""

from __future__ import annotations

from collections.abc import Set

from bot.telling.kept_posts import Key
from db import Store


class Tried:
    """Knows from the table of messages what this and earlier processes have posted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._posted: frozenset[Key] = frozenset()
        self._is_read = False

    async def learn(self, wanted: Set[Key]) -> None:
        """Ask the table again as long as some of the channels are in doubt. Raises StoreError."""
        if wanted <= self._posted:
            return
        async with self._store.reading() as rx:
            self._posted = await rx.alert_posts.list_channels()
        self._is_read = True

    def is_in_doubt(self, key: Key) -> bool:
        """Say whether nothing was ever posted there; as long as the table was not read, nothing is said of that."""
        return self._is_read and key not in self._posted
