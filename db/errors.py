"""What can go wrong with the memory; the docstring is the message.

StoreError
├── StoreUnavailable
│   ├── StoreAway
│   ├── StoreLocked
│   ├── StoreFull
│   ├── StoreReadOnly
│   └── StoreRefusesUs
├── RowRefused
├── ForeignTables
├── NewerSchema
├── UnusableUrl
├── UnknownWorkspace
├── StillActive
├── RunTaken
├── NotCopied
├── PerhapsCopied
├── BadCursor
└── PositionTooOld
"""

from __future__ import annotations

import inspect


class StoreError(Exception):
    """The database could not do what was asked."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        self.plain = " ".join(inspect.cleandoc(type(self).__doc__ or "").split())
        """The message without the driver's own words: those are for the log and the operator, not for everybody."""
        super().__init__(f"{self.plain} {detail}".strip())


class StoreUnavailable(StoreError):
    """The database cannot be reached, is locked, or refuses every write; nothing was changed."""

    passes = False
    """Whether it may pass without anybody mending the settings, so that waiting makes sense."""


class StoreAway(StoreUnavailable):
    """The database cannot be reached, or does not answer in time. See that it runs."""

    passes = True


class StoreLocked(StoreUnavailable):
    """Something else holds the database, and did not let go in time. Nothing was changed; end what holds it."""

    passes = True


class StoreFull(StoreUnavailable):
    """The disk of the database is full. Nothing was changed, and what is there can be read; make room on it."""

    passes = True


class StoreReadOnly(StoreUnavailable):
    """The database refuses every write: it or its disk is read-only, or the disk fails.

    Nothing was changed, and what is there can be read. Let it be written again.
    """


class StoreRefusesUs(StoreUnavailable):
    """The database server knows no such database, or not this name with this password.

    Nothing was changed. Mend DATABASE_URL, or make the database and grant it to that name.
    """


class RowRefused(StoreError):
    """The database refuses this very row; nothing of its transaction was written."""


class ForeignTables(StoreError):
    """The database holds tables that usersync did not make, so it was left untouched.

    Give usersync an empty database of its own in DATABASE_URL.
    """


class NewerSchema(StoreError):
    """The database was written by a newer usersync, so it was left untouched. Start that version."""


class UnusableUrl(StoreError):
    """DATABASE_URL cannot be used."""


class UnknownWorkspace(StoreError):
    """No such workspace has installed usersync."""


class StillActive(StoreError):
    """Whoever is still active in Slack cannot be purged: Slack would go on telling of them. Nothing was changed."""


class RunTaken(StoreError):
    """Another process is reading this workspace's people right now."""


class NotCopied(StoreError):
    """Nothing was copied; what had been begun was undone."""

    def __init__(self, detail: str = "", *, is_told: bool = False) -> None:
        super().__init__(detail)
        self.is_told = is_told
        """Whether it says of which database it speaks."""


class PerhapsCopied(StoreError):
    """TO was lost at the very last word. It holds the whole directory, checked, or nothing of it.

    Copy again: if it holds the directory, that will be said, and nothing is written over.
    """


class BadCursor(StoreError):
    """This page link is not one of ours, or was cut. Start again from the first page."""


class PositionTooOld(StoreError):
    """Changes that old are no longer kept. Start again from the whole table."""
