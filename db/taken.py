"""The statements by which those whom a search finds are counted; written once for all that are typed alike. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

import sqlalchemy as sa

from db.blanks import Kept, Words, kept, shared
from db.dialects import row_number
from db.filters import COUNTED_TO, UserFilter
from db.narrowing import at_hand
from db.sampling import JOINED, NUMBER, SAMPLED, TITLE, since_how_many
from db.search import apart
from db.sight import Sight
from db.tables import users

BEHIND, AT_MOST = "behind_row", "at_most"
"""Parameters of `further`: the number of the row behind which is counted, and how many at most."""
COLUMNS_OF_SAMPLE = (*SAMPLED, JOINED, TITLE, NUMBER)
_COUNT = sa.func.count()


def sampled(user_filter: UserFilter, sight: Sight, days: Sequence[date]) -> tuple[Kept, Words]:
    """Count by the columns of a sample the first of whom a filter finds, as many as are counted and one."""
    q, words = apart(user_filter.q)
    return shared(_sampled, words)(replace(user_filter, q=q), sight, tuple(days)), words


def further(user_filter: UserFilter, sight: Sight) -> tuple[Kept, Words]:
    """Count whom a filter finds, behind the number of a row where rows have them."""
    q, words = apart(user_filter.q)
    return shared(_further, words)(replace(user_filter, q=q), sight), words


@lru_cache(maxsize=16)
def _sampled(user_filter: UserFilter, sight: Sight, days: tuple[date, ...]) -> Kept:
    columns = [users.c[name] for name in (*SAMPLED, "joined_at", "title")]
    found = sa.select(*columns, row_number().label(NUMBER)).where(*at_hand(user_filter, sight))
    rows = found.limit(COUNTED_TO + 1).subquery()
    by = [*(rows.c[name] for name in SAMPLED), since_how_many(rows.c.joined_at, days)]
    # Backwards, for what differs most is soonest told apart: nearly everybody is of one kind and state.
    grouped = sa.select(*by, sa.func.min(rows.c.title), sa.func.max(rows.c[NUMBER]), _COUNT).group_by(*reversed(by))
    return kept(grouped)


@lru_cache(maxsize=16)
def _further(user_filter: UserFilter, sight: Sight) -> Kept:
    behind = sa.bindparam(BEHIND, type_=sa.Integer)
    found = sa.select(sa.literal(1).label("one")).where(*at_hand(user_filter, sight, behind=behind))
    some = found.limit(sa.bindparam(AT_MOST, type_=sa.Integer)).subquery()
    return kept(sa.select(_COUNT).select_from(some))
