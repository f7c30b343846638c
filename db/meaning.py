"""What a search that finds nobody meant, where a slip of one letter in one word explains it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.derive import TAGS
from db.dialects import has_any_word
from db.filters import UserFilter
from db.fold import folded_words
from db.search import MAX_WORDS
from db.sight import Sight
from db.slips import beginnings, best_of, corrected, could_be_slip, variants
from db.tables import users
from db.users import conditions

READ = 1_000
"""People whose words are looked at: enough to tell which word is the common one."""


class MeaningReader:
    """Reads what was meant from the words of those people whom this reader would find."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_meant(self, user_filter: UserFilter, sight: Sight) -> str:
        """Write the search that was meant; empty where none is, or the engine has no index of words to ask.

        One word is forgiven, and only one that finds nobody by itself: a whole word of somebody's name or title is
        better than the beginning of one, and of either the one that most people have.
        """
        words = list(dict.fromkeys(folded_words(user_filter.q)))[:MAX_WORDS]
        nobodys = await self._nobodys([word for word in words if could_be_slip(word)], user_filter, sight)
        if len(nobodys) != 1:
            return ""
        wrong = nobodys[0]
        among = replace(user_filter, q=" ".join(word for word in words if word != wrong))
        better = await self._best(variants(wrong), among, sight, whole=True)
        better = better or await self._best(beginnings(wrong), among, sight, whole=False)
        return corrected(user_filter.q, wrong, better) if better else ""

    async def _nobodys(self, words: list[str], user_filter: UserFilter, sight: Sight) -> list[str]:
        """Keep the words that find nobody by themselves."""
        if not words or has_any_word(self._connection.dialect.name, words, whole=True) is None:
            return []
        anybody = (sa.select(users.c.id).where(*conditions(replace(user_filter, q=word), sight)) for word in words)
        found = (await self._connection.execute(sa.select(*map(sa.exists, anybody)))).one()
        return [word for word, is_somebodys in zip(words, found, strict=True) if not is_somebodys]

    async def _best(self, wanted: Collection[str], among: UserFilter, sight: Sight, *, whole: bool) -> str:
        """Choose among the names, and the titles if this reader may search them, of whom the other words find."""
        columns = [users.c.real_name, users.c.display_name, users.c.name]
        tags = {TAGS["real_name"]}
        if TAGS["title"] not in sight.hidden_tags(gone=False):
            columns.append(users.c.title)
            tags.add(TAGS["title"])
        tagged = (f"{tag}{word}" for tag in tags for word in wanted)
        has_word = has_any_word(self._connection.dialect.name, tagged, whole=whole)
        if has_word is None:
            return ""
        statement = sa.select(*columns).where(has_word, *conditions(among, sight)).limit(READ)
        rows = (await self._connection.execute(statement)).all()
        return best_of([tuple(row) for row in rows], wanted, whole=whole)
