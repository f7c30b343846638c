"""A driver's error as one of ours: why the database cannot be used, in words, and whether that may pass by itself."""

from __future__ import annotations

import sqlalchemy as sa

from db.dialects import Ailment, ailment_of, is_unreadable_cell
from db.errors import StoreAway, StoreFull, StoreLocked, StoreReadOnly, StoreRefusesUs, StoreUnavailable

_ERRORS = {
    Ailment.AWAY: StoreAway,
    Ailment.LOCKED: StoreLocked,
    Ailment.FULL: StoreFull,
    Ailment.READ_ONLY: StoreReadOnly,
    Ailment.REFUSES_US: StoreRefusesUs,
    Ailment.OTHER: StoreUnavailable,
}


def unavailable(error: BaseException) -> StoreUnavailable:
    """Name what the driver met."""
    return _ERRORS[ailment_of(error)](words_of(error))


def words_of(error: BaseException) -> str:
    """Tell the driver's own words, which name no row and no password."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if is_unreadable_cell(cause):  # the driver quotes the cell
        return "(a cell holds bytes that are no text)"
    return f"({type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else 'no answer'})"


def kind_of(error: BaseException) -> str:
    """Tell the kind of a refusal alone: a driver's own words about a row may quote what stands in it."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return f"({type(cause).__name__}{f' {code}' if code else ''})"
