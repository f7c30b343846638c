"""`usersync export --user`: all that is held of one person, as one JSON document, for whoever asks what we hold."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.operator import NobodyMeant, whom_or_id
from db import Snapshot, Store
from db.records import Change, DeadLetter, Run, User

ALL = 1_000_000
"""More than anybody's history has."""


class NotWritten(Exception):
    """The file could not be written. The message says why."""


class Access:
    """Answers what is held of one person."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def document(self, word: str) -> str:
        """Write it all down, indented for reading. Raises NobodyMeant, SeveralMeant, StoreUnavailable."""
        team_id, user_id = await whom_or_id(self._store, word.strip())
        async with self._store.reading() as rx:
            user = await rx.users.find_user(team_id, user_id)
            traces = await self._traces(rx, team_id, user_id, user)
        if user is None and not any(traces.values()):
            raise NobodyMeant(f"Nobody is known here as {team_id}/{user_id}, and nothing here speaks of that id.")
        held = {"written_at": self._clock(), "user": asdict(user) if user else None, **traces}
        return json.dumps(held, indent=2, ensure_ascii=False, default=_plain)

    async def _traces(self, rx: Snapshot, team_id: str, user_id: str, user: User | None) -> dict[str, list[Any]]:
        mentions = await rx.traces.find_mentions(team_id, user_id, user)
        letters = [
            await rx.dead_letters.find_letter(letter_id)
            for letter_id in await rx.traces.list_letter_ids(team_id, user_id, mentions)
        ]
        asked = [await rx.runs.find_run(run_id) for run_id in await rx.traces.list_run_ids(team_id, user_id)]
        alert_ids = await rx.traces.list_alert_ids(mentions)
        alerts = [each for each in await rx.alerts.list_newest(ALL) if each.alert_id in alert_ids]
        return {
            "custom_fields": [asdict(each) for each in await rx.user_fields.list_of(team_id, user_id)],
            "history": [_change(each) for each in await rx.changes.list_history(team_id, user_id, ALL)],
            "dead_letters": [_letter(each) for each in letters if each],
            "signin_links": [asdict(each) for each in await rx.traces.list_links(team_id, user_id)],
            "ended_sessions": [asdict(each) for each in await rx.traces.list_ended_sessions(team_id, user_id)],
            "runs_asked_for": [_run(each) for each in asked if each],
            "alerts": [asdict(each) for each in alerts],
        }


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises NotWritten."""
    try:
        descriptor, unfinished = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(unfinished).unlink()
            raise
    except OSError as error:
        raise NotWritten(
            f"{path} cannot be written ({error.strerror}). Check the folder, its mode and its room."
        ) from None


def _change(change: Change) -> dict[str, Any]:
    told = ("rev", "seq", "before", "after", "source", "at")
    return {name: getattr(change, name) for name in told}


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {name: value for name, value in asdict(letter).items() if name != "key"}


def _run(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in ("run_id", "kind", "state", "started_at", "ended_at")}


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
