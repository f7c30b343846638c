"""A storm of events, most of them noise, and what it made a database write, counted by triggers from outside."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.simulator import PretendUser, Simulator, State
from tests.support.asking import rows
from tests.support.locks import written

HUDDLE = tuple({"profile": {"huddle_state": state}} for state in ("default_unset", "in_a_huddle"))
STATUS = ({"status_text": "", "status_emoji": ""}, {"status_text": "In a meeting", "status_emoji": ":calendar:"})
_COUNTING = """
CREATE TABLE storm_writes (id TEXT NOT NULL, fields_moved INTEGER NOT NULL);
CREATE TABLE storm_index_writes (id TEXT NOT NULL);
CREATE TRIGGER storm_counts_writes AFTER UPDATE ON users BEGIN
    INSERT INTO storm_writes VALUES (NEW.id, NEW.rev IS NOT OLD.rev);
END;
CREATE TRIGGER storm_counts_index_writes AFTER UPDATE OF sort_key, search_text, kind, state ON users BEGIN
    INSERT INTO storm_index_writes VALUES (NEW.id);
END;
"""
_COUNTING_ON_POSTGRESQL = """
CREATE TABLE storm_writes (id TEXT NOT NULL, fields_moved INTEGER NOT NULL);
CREATE TABLE storm_index_writes (id TEXT NOT NULL);
CREATE FUNCTION storm_counts_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO storm_writes VALUES (NEW.id, (NEW.rev IS DISTINCT FROM OLD.rev)::int);
    RETURN NULL;
END $$;
CREATE FUNCTION storm_counts_index_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO storm_index_writes VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER storm_counts_writes AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION storm_counts_write();
CREATE TRIGGER storm_counts_index_writes AFTER UPDATE OF sort_key, search_text, kind, state ON users
    FOR EACH ROW EXECUTE FUNCTION storm_counts_index_write();
"""
"""A trigger OF columns fires for each statement that sets them, be it to what they were: the index is touched then."""


def crowd(slack: Simulator, people: int) -> list[PretendUser]:
    """Add people of whom nobody has a status yet."""
    return [slack.adds(**STATUS[0]) for _ in range(people)]


@dataclass
class Storm:
    """Raises events by the dice: huddles, repeated payloads, statuses set and taken back, and a few real promotions."""

    slack: Simulator
    people: list[PretendUser]
    seed: int
    titles: dict[str, str] = field(default_factory=dict)
    """The one new title of whoever got one, by id."""
    raised: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(f"{self.seed}/storm")
        self._sides: dict[tuple[str, str], int] = defaultdict(int)

    async def rages(self, events: int, *, window: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Raise so many, as fast as `window` unacked ones at a time allow, and wait until Slack counts all as acked."""
        until = self.raised + events
        while self.raised < until:
            for _ in range(min(50, until - self.raised)):
                self._raise_one()
            meanwhile()
            await self.slack.until(lambda: self.slack.unacked_count < window, timeout=60)
        for user in self.people:  # whoever still has a status takes it back: from A to B to A
            if self._sides[user.id, "status"] % 2:
                self._flips_status(user)
        await self.slack.until(self._is_over(meanwhile), timeout=120)

    def _is_over(self, meanwhile: Callable[[], None]) -> Callable[[], bool]:
        def look() -> bool:
            meanwhile()
            return not self.slack.unacked_count

        return look

    def _raise_one(self) -> None:
        user, lot = self._dice.choice(self.people), self._dice.random()
        if lot < 0.55:
            self._tells(user, **HUDDLE[self._turned(user, "huddle")])
        elif lot < 0.85:
            self._tells(user)
        elif lot < 0.98:
            self._flips_status(user)
        else:
            self.titles.setdefault(user.id, f"Chief of {len(self.titles)}")
            self._tells(user, title=self.titles[user.id])

    def _flips_status(self, user: PretendUser) -> None:
        self._tells(user, **STATUS[self._turned(user, "status")])

    def _tells(self, user: PretendUser, **fields: Any) -> None:
        self.raised += 1
        self.slack.changes(user, **fields)

    def _turned(self, user: PretendUser, what: str) -> int:
        self._sides[user.id, what] += 1
        return self._sides[user.id, what] % 2


@dataclass(frozen=True)
class Books:
    """The database, as another process reads it and counts its writes."""

    url: str

    async def count_writes(self) -> None:
        """Begin to count what is written to the users."""
        await written(self.url, _COUNTING if self.url.startswith("sqlite") else _COUNTING_ON_POSTGRESQL)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Tell all rows that answer it."""
        return rows(self.url, question)

    def number(self, question: str) -> int:
        """Tell the one number that answers it."""
        return int(self.rows(question)[0][0])


def check_acks(slack: Simulator) -> None:
    """Every envelope was acked in time at its last delivery; each earlier one went unacked, or was acked too late."""
    assert [] == [each.key for each in slack.envelopes if each.state is not State.ACKED]
    for each in slack.envelopes:
        assert not each.deliveries[-1].is_overdue
        assert all(delivery.is_overdue for delivery in each.deliveries[:-1])


def check_rows(storm: Storm, books: Books) -> None:
    """Everybody is as Slack has them, up to the watermark."""
    truth = {
        user["id"]: (user["profile"]["title"], user["profile"]["status_text"], user["updated"])
        for user in storm.slack.users()
    }
    people = {user.id for user in storm.people}
    kept = {row[0]: row[1:] for row in books.rows("SELECT id, title, status_text, updated FROM users")}

    assert {user_id: truth[user_id] for user_id in people} == {user_id: kept[user_id] for user_id in people}


def check_writes(storm: Storm, books: Books) -> None:
    """`rev` moves as often as there are real changes, and an index is touched no more often: not by a mere status."""
    moved = books.number("SELECT count(*) FROM storm_writes WHERE fields_moved = 1")
    revs = books.number("SELECT count(DISTINCT rev) FROM changes WHERE rev > 1")  # the first is the backfill's reset

    _check_chains(storm, books)
    assert len(storm.titles) <= books.number("SELECT count(*) FROM storm_index_writes") <= moved
    assert moved == books.number("SELECT count(DISTINCT rev || user_id) FROM changes WHERE user_id IS NOT NULL")
    assert revs == books.number("SELECT rev FROM workspaces") - 1


def check_promotions(storm: Storm, books: Books) -> None:
    """Each is told once, however often it was sent. It may be more where a run read somebody within that second."""
    told = books.rows("SELECT user_id, after FROM changes WHERE user_id IS NOT NULL AND NOT is_status ORDER BY user_id")

    assert sorted(storm.titles.items()) == [(user_id, _read(after)["title"]) for user_id, after in told]


def _check_chains(storm: Storm, books: Books) -> None:
    """Each change begins where the one before it ended, tells something that moved, and the last tells the end."""
    told = books.rows("SELECT user_id, before, after FROM changes WHERE user_id IS NOT NULL ORDER BY rev, seq")
    stands: dict[str, dict[str, Any]] = defaultdict(lambda: dict(STATUS[0]))
    for user_id, before, after in told:
        values, left = stands[user_id], _read(before)
        assert left == {name: values.get(name, left[name]) for name in left}
        assert left != _read(after)
        values |= _read(after)
    assert all(STATUS[0].items() <= values.items() for values in stands.values())
    assert storm.titles == {user_id: values["title"] for user_id, values in stands.items() if "title" in values}


def _read(cell: Any) -> Any:
    """Read JSON, which a server's driver may have read already."""
    return json.loads(cell) if isinstance(cell, str) else cell
