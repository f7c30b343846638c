"""What a search that finds nobody meant, where a slip of one letter in one word explains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import how_many, with_any_word
from db.filters import UserFilter
from db.narrowing import at_hand
from db.search import may_be_found, search_of
from db.sight import Sight
from db.slips import beginnings, best_of, corrected, could_be_slip, variants
from db.tables import users
from db.words import CUSTOM, NAME, TITLE, values_in_words

READ = 1_000
"""People whose words are looked at: enough to tell which word is the common one."""


class Way(NamedTuple):
    """Where a better word is looked for, and what it may be."""

    in_fields: bool
    """In custom fields; else in names and titles."""
    whole: bool
    wanted: Callable[[str], Set[str]]


WAYS = (
    Way(in_fields=False, whole=True, wanted=variants),
    Way(in_fields=True, whole=True, wanted=variants),
    Way(in_fields=False, whole=False, wanted=beginnings),
)
"""The better ones first."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A word that may be wrong, and the others, which are taken as they are."""

    word: str
    others: str


class MeaningReader:
    """Reads what was meant from the words of those people whom this reader would find."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_meant(self, user_filter: UserFilter, sight: Sight) -> str:
        """Write the search that was meant; empty where none is.

        The whole search has found nobody. One word is forgiven, whatever it finds by itself, among those whom all the
        others find: a whole word of somebody's name or title is better than one of a custom field, that is better than
        the beginning of a name, and of each the one that most people have.
        """
        slips = await self._slips(user_filter.q, sight)
        for way in WAYS:
            for slip in slips:
                if better := await self._best(slip, way, user_filter, sight):
                    return corrected(user_filter.q, slip.word, better)
        return ""

    async def _slips(self, typed: str, sight: Sight) -> list[Slip]:
        """Tell which words may be wrong: where two find nobody, none is, for one alone is forgiven."""
        search = search_of(typed, sight.searched_tags(gone=False))
        words = search.words if search else ()
        found: list[Slip] = []
        for word in filter(could_be_slip, words):
            others = " ".join(each for each in words if each != word)
            if await self._is_of_somebody(others, sight):
                found.append(Slip(word, others))
        return found

    async def _is_of_somebody(self, others: str, sight: Sight) -> bool:
        search = search_of(others, sight.searched_tags(gone=False))
        return search is None or bool(
            await self._connection.scalar(sa.select(how_many(search.match, users.c.search_text, at_most=1)))
        )

    async def _best(self, slip: Slip, way: Way, user_filter: UserFilter, sight: Sight) -> str:
        if way.in_fields and not sight.sees("fields"):
            return ""
        wanted, among = way.wanted(slip.word), replace(user_filter, q=slip.others)
        statement = words_of_people(wanted, among, sight, dialect=self._connection.dialect.name, way=way)
        rows = (await self._connection.execute(statement)).all()
        texts = [_seen(row[0], sight) for row in rows] if way.in_fields else [tuple(row) for row in rows]
        return best_of(texts, wanted, whole=way.whole)


def words_of_people(
    wanted: Set[str], among: UserFilter, sight: Sight, *, dialect: str, way: Way
) -> sa.Select[tuple[Any, ...]]:
    """Select what has one of the wanted words, and perhaps more, of people whom the filter finds.

    It is their custom fields, or their names and the title if this reader may search it.
    """
    sources = {CUSTOM: [users.c.fields]} if way.in_fields else _names(sight)
    tagged = (f"{tag}{word}" for tag in sources for word in wanted)
    where = at_hand(replace(among, q=""), sight)
    others = search_of(among.q, sight.searched_tags(gone=False))
    if others:
        of_gone = replace(others, tags=sight.searched_tags(gone=True))
        where.append(may_be_found(others.match, of_gone.match))
    columns = [column for of_tag in sources.values() for column in of_tag]
    statement = sa.select(*columns).where(*where).limit(READ)
    return with_any_word(statement, dialect, tagged, whole=way.whole, beside=others.match if others else None)


def _names(sight: Sight) -> dict[str, list[sa.Column[Any]]]:
    names: dict[str, list[sa.Column[Any]]] = {NAME: [users.c.real_name, users.c.display_name, users.c.name]}
    return names | ({TITLE: [users.c.title]} if TITLE in sight.searched_tags(gone=False) else {})


def _seen(fields: Mapping[str, Any] | None, sight: Sight) -> Sequence[str]:
    """Give the values of those custom fields that this reader sees."""
    return [value for field_id, value in values_in_words(fields) if sight.sees_field(field_id)]
