"""Why a database cannot be used, and whether it refused one row only: told by the drivers' own codes."""

from __future__ import annotations

import errno
import sqlite3
import ssl
from enum import Enum, auto

import sqlalchemy as sa

_ROW_REFUSALS_OF_POSTGRESQL = ("22", "23", "54", "P0")
"""Data exception, integrity violation, too long for an index or a document, raised by a trigger."""
_SIGNAL_OF_MARIADB = 1644  # raised by a trigger's SIGNAL


class Ailment(Enum):
    """Why a database cannot be used."""

    AWAY = auto()
    """Cannot be reached, is starting or stopping, takes no more connections, or does not answer in time."""
    LOCKED = auto()
    FULL = auto()
    READ_ONLY = auto()
    """Refuses every write, whatever refuses it below."""
    REFUSES_US = auto()
    """A wrong name or password, or no such database."""
    OTHER = auto()
    """Does not pass by itself, whatever it is."""


_AILMENTS_OF_POSTGRESQL = {
    "08": Ailment.AWAY,  # connection exceptions
    "57P": Ailment.AWAY,  # shutting down, crashed, starting up
    "53300": Ailment.AWAY,  # too many connections
    "55P03": Ailment.LOCKED,
    "40": Ailment.LOCKED,  # a deadlock
    "57014": Ailment.LOCKED,  # a statement took too long
    "53100": Ailment.FULL,
    "25006": Ailment.READ_ONLY,
    "58030": Ailment.READ_ONLY,  # an I/O error
    "28": Ailment.REFUSES_US,  # invalid authorization
    "3D": Ailment.REFUSES_US,  # invalid catalog name
}
"""By how an SQLSTATE begins."""
_AILMENTS_OF_MARIADB = {
    **dict.fromkeys((2002, 2003, 2005, 2006, 2013, 1040, 1203, 1226, 1053, 1927), Ailment.AWAY),
    **dict.fromkeys((1205, 1213, 3572), Ailment.LOCKED),
    **dict.fromkeys((1021, 1114), Ailment.FULL),
    **dict.fromkeys((1030, 1290, 1792, 1836), Ailment.READ_ONLY),
    **dict.fromkeys((1044, 1045, 1049, 1698), Ailment.REFUSES_US),
}
_AILMENTS_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: Ailment.LOCKED,
    sqlite3.SQLITE_LOCKED: Ailment.LOCKED,
    sqlite3.SQLITE_INTERRUPT: Ailment.AWAY,  # it did not answer in the time that a reader is given
    sqlite3.SQLITE_FULL: Ailment.FULL,
    sqlite3.SQLITE_READONLY: Ailment.READ_ONLY,
    sqlite3.SQLITE_IOERR: Ailment.READ_ONLY,  # what a disk says that turned read-only while the file was open
}
_AILMENTS_OF_THE_SYSTEM: dict[int | None, Ailment] = {
    errno.ENOSPC: Ailment.FULL,
    errno.EDQUOT: Ailment.FULL,
    errno.EROFS: Ailment.READ_ONLY,
}


def is_refusal_of_a_row(error: BaseException) -> bool:
    """Say whether the engine refused this very row, rather than being away, locked, full or read-only."""
    if isinstance(error, sa.exc.DataError | sa.exc.IntegrityError):
        return True
    cause = error.orig if isinstance(error, sa.exc.StatementError) else error
    if isinstance(cause, OverflowError | UnicodeError):  # the driver could not even send it
        return True
    if is_unreadable_cell(cause):
        return True
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_ROW_REFUSALS_OF_POSTGRESQL)
    return bool(cause and cause.args and cause.args[0] == _SIGNAL_OF_MARIADB)


def is_unreadable_cell(cause: BaseException | None) -> bool:
    """Say whether SQLite holds bytes that are no UTF-8 where text belongs: somebody else's tool wrote them."""
    has_no_code = isinstance(cause, sqlite3.OperationalError) and not getattr(cause, "sqlite_errorcode", None)
    return has_no_code and str(cause).startswith("Could not decode")


def ailment_of(error: BaseException) -> Ailment:
    """Say why the database cannot be used, by the driver's or the system's code."""
    cause = error.orig if isinstance(error, sa.exc.StatementError) and error.orig is not None else error
    if isinstance(cause, PermissionError | ssl.SSLError):
        return Ailment.OTHER
    if isinstance(cause, sa.exc.TimeoutError):  # all connections of ours are waiting for something
        return Ailment.LOCKED
    if isinstance(cause, OSError):
        return _AILMENTS_OF_THE_SYSTEM.get(getattr(cause, "errno", None), Ailment.AWAY)
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)  # none where Python itself refuses
        return (
            _AILMENTS_OF_SQLITE.get(code & 0xFF, Ailment.OTHER) if code else Ailment.OTHER
        )  # the rest tells the place
    number = cause.args[0] if cause.args else None
    if isinstance(number, int):
        return _AILMENTS_OF_MARIADB.get(number, Ailment.OTHER)
    state = str(getattr(cause, "sqlstate", None) or "")
    found = [ailment for prefix, ailment in _AILMENTS_OF_POSTGRESQL.items() if state.startswith(prefix)]
    if found:
        return found[0]
    is_cut = isinstance(error, sa.exc.DBAPIError) and (
        error.connection_invalidated or isinstance(error, sa.exc.InterfaceError)
    )
    return Ailment.AWAY if is_cut and not state else Ailment.OTHER
