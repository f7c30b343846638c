"""What a search that finds nobody meant, where a slip of one letter in one word explains it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import INDEXED, with_any_word
from db.filters import UserFilter
from db.fold import folded_words
from db.narrowing import at_hand
from db.search import MAX_WORDS
from db.sight import Sight
from db.slips import beginnings, best_of, corrected, could_be_slip, variants
from db.tables import users
from db.users import UserReader
from db.words import NAME, TITLE

READ = 1_000
"""People whose words are looked at: enough to tell which word is the common one."""


class MeaningReader:
    """Reads what was meant from the words of those people whom this reader would find."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_meant(self, user_filter: UserFilter, sight: Sight) -> str:
        """Write the search that was meant; empty where none is, or the engine has no index of words to ask.

        The whole search has found nobody. One word is forgiven, and only one that finds nobody by itself: a whole word
        of somebody's name or title is better than the beginning of one, and of either the one that most people have.
        """
        words = list(dict.fromkeys(folded_words(user_filter.q)))[:MAX_WORDS]
        could_be = [word for word in words if could_be_slip(word)]
        if not could_be or self._connection.dialect.name not in INDEXED:
            return ""
        nobodys = words if len(words) == 1 else await self._nobodys(could_be, user_filter, sight)
        if len(nobodys) != 1:
            return ""
        wrong = nobodys[0]
        among = replace(user_filter, q=" ".join(word for word in words if word != wrong))
        better = await self._best(variants(wrong), among, sight, whole=True)
        better = better or await self._best(beginnings(wrong), among, sight, whole=False)
        return corrected(user_filter.q, wrong, better) if better else ""

    async def _nobodys(self, words: list[str], user_filter: UserFilter, sight: Sight) -> list[str]:
        """Keep the words that find nobody by themselves; two are as good as many."""
        found: list[str] = []
        for word in words:
            page = await UserReader(self._connection).list_users(replace(user_filter, q=word), limit=1, sight=sight)
            found += [] if page.users else [word]
            if len(found) > 1:
                break
        return found

    async def _best(self, wanted: Set[str], among: UserFilter, sight: Sight, *, whole: bool) -> str:
        statement = words_of_people(wanted, among, sight, dialect=self._connection.dialect.name, whole=whole)
        rows = (await self._connection.execute(statement)).all()
        return best_of([tuple(row) for row in rows], wanted, whole=whole)


def words_of_people(
    wanted: Set[str], among: UserFilter, sight: Sight, *, dialect: str, whole: bool
) -> sa.Select[tuple[Any, ...]]:
    """Select the names, and the titles if this reader may search them, of whom the filter finds and who match."""
    columns = [users.c.real_name, users.c.display_name, users.c.name]
    tags = {NAME}
    if TITLE in sight.searched_tags(gone=False):
        columns.append(users.c.title)
        tags.add(TITLE)
    tagged = (f"{tag}{word}" for tag in tags for word in wanted)
    statement = sa.select(*columns).where(*at_hand(among, sight)).limit(READ)
    return with_any_word(statement, dialect, tagged, whole=whole)
