"""A memory too simple to be wrong: it keeps everything it was told, and shares no code with `db/merge.py`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from db.records import SLACK_FIELDS, Mark, Observation, Source

CONTACT = {"email", "phone", "is_email_confirmed"}
KEPT_OF_THE_ERASED = {"home_team_id", "deleted", "is_forgotten", "is_bot", "enterprise_id"}
STATUS = {"status_text", "status_emoji", "status_expiration", "status_emoji_url"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(moment: int) -> datetime:
    """Tell the time of a moment, which is in epoch microseconds."""
    return _EPOCH + timedelta(microseconds=moment)


@dataclass
class Model:
    """One user: every observation, and for each field the question who carried it last. No watermark, no marks."""

    kept: list[Observation] = field(default_factory=list)
    missing_since: datetime | None = None
    is_purged: bool = False
    contact_dropped_at: datetime | None = None

    def see(self, observation: Observation) -> None:
        """Keep it; one without a clock of its own takes the user's."""
        if observation.updated is None:
            observation = replace(observation, updated=self.watermark.updated if self.kept else 0)
        if self._is_only_repeated_by(observation):
            return
        self.kept.append(observation)
        if self.missing_since is not None and at(observation.moment) >= self.missing_since:
            self.missing_since = None
        if self.contact_dropped_at is not None:
            if self.is_gone:
                self.kept[-1] = _without_contact(observation)
            else:
                self.contact_dropped_at = None

    def miss(self, since: datetime) -> None:
        """Note that no list has them, unless the newest word of them is younger."""
        if self.kept and self.missing_since is None and at(self.watermark.moment) < since:
            self.missing_since = since

    def drop_contact(self, before: datetime, now: datetime) -> None:
        """Forget the contact data of who left before, whoever said it."""
        left_at = at(self.watermark.updated * 1_000_000) if self.watermark.updated else now
        since = left_at if self.value("deleted") else self.missing_since
        if self.is_gone and not self.is_erased and self.contact_dropped_at is None and since and since < before:
            self.kept = [_without_contact(each) for each in self.kept]
            self.contact_dropped_at = now

    @property
    def is_gone(self) -> bool:
        return bool(self.value("deleted") or self.missing_since)

    @property
    def is_erased(self) -> bool:
        return self.is_purged or any(each.values.get("is_forgotten") for each in self.kept)

    @property
    def watermark(self) -> Mark:
        return max(self._mark(each) for each in self.kept)

    @property
    def joined_at(self) -> datetime | None:
        if self.is_erased:
            return None
        return min((at(each.moment) for each in self.kept if each.joined), default=None)

    def carrier(self, name: str) -> Observation | None:
        if self.is_erased and name not in KEPT_OF_THE_ERASED:
            return None
        found: Observation | None = None
        for each in self.kept:
            if name in each.values and (found is None or self._mark(each) >= self._mark(found)):
                found = each
        return found

    def value(self, name: str) -> Any:
        if name == "is_forgotten" and self.is_erased:
            return True
        carrier = self.carrier(name)
        return None if carrier is None else carrier.values[name]

    @property
    def said(self) -> dict[str, Any]:
        return {name: self.value(name) for name in SLACK_FIELDS}

    @property
    def row(self) -> dict[str, Any]:
        return {**self.said, "updated": self.watermark.updated, "moment": self.watermark.moment}

    @staticmethod
    def _mark(observation: Observation) -> Mark:
        assert observation.updated is not None
        return Mark(observation.updated, observation.moment)

    def _is_only_repeated_by(self, observation: Observation) -> bool:
        """A page that says again, as of the same second, what is known as of that second, was never there."""
        if observation.source is not Source.RUN or not self.kept or self.missing_since is not None:
            return False
        if observation.updated != self.watermark.updated:
            return False
        for name, value in observation.values.items():
            if self.is_erased and name not in KEPT_OF_THE_ERASED:
                continue  # placeholders
            if self.contact_dropped_at is not None and name in CONTACT:
                continue
            carrier = self.carrier(name)
            if carrier is None or carrier.updated != observation.updated or self.value(name) != value:
                return False
        return True


def _without_contact(observation: Observation) -> Observation:
    return replace(observation, values={name: each for name, each in observation.values.items() if name not in CONTACT})


Move = tuple[int, str, dict[str, Any], dict[str, Any], bool]
"""A line of the change log: rev, user, before, after, and whether it is of a custom status."""


@dataclass
class Directory:
    """The users of a workspace, and what moved with each batch."""

    users: dict[str, Model] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    rev: int = 0

    def see(self, batch: list[Observation]) -> None:
        """Take what is committed together."""
        moves: list[Move] = []
        for observation in batch:
            model = self.users.get(observation.id)
            before, was_erased = (_snapshot(model), model.is_erased) if model else (None, False)
            model = self.users.setdefault(observation.id, Model())
            model.see(observation)
            if model.is_erased and not was_erased:
                self.moves = [move for move in self.moves if move[1] != observation.id]
                moves = [move for move in moves if move[1] != observation.id]
            moves += self._moves(observation.id, before, model)
        self._append(moves)

    def miss(self, user_ids: list[str], since: datetime) -> None:
        """Note in one go that no list has them."""
        moves: list[Move] = []
        for user_id in sorted(set(user_ids) & self.users.keys()):
            model = self.users[user_id]
            before = _snapshot(model)
            model.miss(since)
            moves += self._moves(user_id, before, model)
        self._append(moves)

    def purge(self, user_id: str) -> bool:
        """Erase at the operator's word whoever is known and gone; say whether that was possible."""
        model = self.users.get(user_id)
        if model is None or not (model.is_gone or model.is_erased):
            return False
        if not model.is_erased:
            before = _snapshot(model)
            model.is_purged = True
            model.contact_dropped_at = None
            self.moves = [move for move in self.moves if move[1] != user_id]
            self._append(self._moves(user_id, before, model))
        return True

    def drop_contact(self, before: datetime, now: datetime) -> None:
        """Forget the contact data of everybody who left before, in what was recorded of them as well."""
        moves: list[Move] = []
        for user_id, model in sorted(self.users.items()):
            held = any(model.value(name) is not None for name in CONTACT)
            was = model.contact_dropped_at
            model.drop_contact(before, now)
            if model.contact_dropped_at == was:
                continue
            self.moves = [each for move in self.moves if (each := _left_of(move, user_id))]
            if held:
                told = ({"contact_dropped_at": None}, {"contact_dropped_at": now.isoformat()})
                moves.append((self.rev + 1, user_id, *told, False))
        self._append(moves)

    def is_erased(self, user_id: str) -> bool:
        return user_id in self.users and self.users[user_id].is_erased

    def _append(self, moves: list[Move]) -> None:
        self.moves += moves
        self.rev += bool(moves)

    def _moves(self, user_id: str, before: dict[str, Any] | None, model: Model) -> list[Move]:
        """Say what moved: of somebody new all but the status, of the erased what is kept of them, else two lines."""
        after = _snapshot(model)
        if before is None:
            carried = {name: value for name, value in model.said.items() if value is not None and name not in STATUS}
            return [(self.rev + 1, user_id, {}, carried, False)]
        moved = {name for name in after if before[name] != after[name]}
        if model.is_erased:
            moved &= KEPT_OF_THE_ERASED | {"missing_since"}
        return [
            (self.rev + 1, user_id, _only(before, part), _only(after, part), part <= STATUS)
            for part in (moved - STATUS, moved & STATUS)
            if part
        ]


def _left_of(move: Move, user_id: str) -> Move | None:
    """Take contact data out of a line of the log; None where it told of nothing else."""
    rev, whose, before, after, is_status = move
    if whose != user_id:
        return move
    kept = before.keys() - CONTACT
    if before and not kept:
        return None
    return rev, whose, _only(before, kept), _only(after, after.keys() - CONTACT), is_status


def _snapshot(model: Model) -> dict[str, Any]:
    times = {"joined_at": model.joined_at, "missing_since": model.missing_since}
    return {**model.said, **{name: time.isoformat() if time else None for name, time in times.items()}}


def _only(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}
