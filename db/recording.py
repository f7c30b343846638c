"""The one write path: lock, read, merge, write. Events and runs alike come through here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from db.derive import derived
from db.dialects import Said
from db.errors import StillActive
from db.held import hold
from db.merge import Merged, contact_dropped, first, may_be_known_again, merge, missed, purged
from db.records import STATUS_FIELDS, Change, Observation, Source, State, User
from db.store import Transaction
from db.traces import Gone
from db.user_fields import copied
from db.visibility import CONTACT, UNTOLD

BREATH_USERS = 50
"""Of a page, merged between two turns of everybody else in the process; events that wait for an ack go first."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch of observations did: the changes, and how many rows were new, moved, or left alone."""

    changes: tuple[Change, ...]
    inserted: int
    updated: int
    watermarks: int
    seen: int


async def record(
    tx: Transaction, team_id: str, observations: Sequence[Observation], *, now: datetime, is_backfill: bool = False
) -> Recorded:
    """Apply observations of one workspace, in their order. Raises UnknownWorkspace.

    A backfill tells no change of each user, only one reset: nobody has changed, we have only begun to look.
    """
    last_rev, stored = await hold(tx, team_id, {observation.id for observation in observations})
    batch = _Batch(stored, tells_new=not is_backfill)
    for number, observation in enumerate(observations, start=1):
        batch.apply(observation)
        if number % BREATH_USERS == 0 and observation.source is Source.RUN:
            await asyncio.sleep(0)
    rev = last_rev + 1
    if is_backfill and batch.changes:
        changes = [Change(team_id, rev, 0, None, {}, {}, Source.RUN, now)]
    else:
        changes = _numbered(batch.changes, team_id, rev, now)
    for user_id in sorted(batch.erased):
        await _forget(tx, team_id, user_id, stored.get(user_id), now=now)
    rewritten = await _write(tx, batch, rev=rev, now=now)
    await tx.users.keep_digests(team_id, batch.digests_alone)
    await _tell(tx, team_id, rev, changes, after=rewritten)
    return Recorded(
        changes=tuple(changes),
        inserted=len(batch.new),
        updated=len(batch.changed - batch.new),
        watermarks=len(batch.touched - batch.changed),
        seen=len(observations),
    )


async def mark_missing(
    tx: Transaction, team_id: str, user_ids: Sequence[str], *, since: datetime, now: datetime
) -> tuple[Change, ...]:
    """Mark users as missing since a moment, but for those of whom something was heard after it.

    Raises UnknownWorkspace.
    """
    last_rev, stored = await hold(tx, team_id, user_ids)
    batch = _Batch(stored)
    for user_id in sorted(stored):
        batch.miss(user_id, since=since)
    rev = last_rev + 1
    changes = _numbered(batch.changes, team_id, rev, now)
    rewritten = await _write(tx, batch, rev=rev, now=now)
    await _tell(tx, team_id, rev, changes, after=rewritten)
    return tuple(changes)


async def purge(tx: Transaction, team_id: str, user_id: str, *, now: datetime) -> Gone | None:
    """Erase one user for good, with everything recorded of them; tell what else went than the row.

    An id without a row leaves a tombstone, too, if anything speaks of it; None where nothing does. Once more is once,
    and notes that the bytes are to be wiped again. Raises UnknownWorkspace, StillActive.
    """
    workspace = await tx.workspaces.lock(team_id)
    stored = (await tx.users.find_users(team_id, [user_id])).get(user_id)
    if stored is not None and stored.state is State.ACTIVE and not stored.is_forgotten:
        raise StillActive(f"({team_id}/{user_id})")
    rev = workspace.rev + 1
    merged = purged(stored, team_id, user_id)
    is_told = stored is None or not stored.is_forgotten
    gone = await tx.traces.forget(team_id, user_id, stored, keeps_changes=not is_told)
    if stored is None and not gone:
        return None
    row = replace(merged.user, rev=rev, changed_at=now) if is_told else merged.user
    if stored is None:
        await tx.users.insert([replace(row, first_seen_at=now)])
    else:
        await tx.users.update([row])
    await tx.user_fields.replace_of([row])
    await tx.wipes.note(team_id, user_id, erased_at=now)
    await _tell(tx, team_id, rev, _numbered([(user_id, merged, Source.OPERATOR)] if is_told else [], team_id, rev, now))
    return gone


async def set_hidden(tx: Transaction, team_id: str, user_id: str, *, is_hidden: bool, now: datetime) -> bool:
    """Keep a user out of every surface, or no longer; False where that is so already, or nobody is there to hide.

    Every reader is told to start again, and not of whom. Raises UnknownWorkspace.
    """
    workspace = await tx.workspaces.lock(team_id)
    stored = (await tx.users.find_users(team_id, [user_id])).get(user_id)
    if stored is None or stored.is_forgotten or (stored.hidden_at is not None) is is_hidden:
        return False
    rev = workspace.rev + 1
    row = derived(replace(stored, hidden_at=now if is_hidden else None, rev=rev))
    await tx.users.update([row])
    await tx.user_fields.replace_of([row])
    await _tell(tx, team_id, rev, [Change(team_id, rev, 0, None, {}, {}, Source.OPERATOR, now)])
    return True


async def drop_contact(
    tx: Transaction, team_id: str, user_ids: Sequence[str], *, left_before: datetime, now: datetime
) -> int:
    """Take the contact data of those who left before a moment, from what is recorded of them as well; count them.

    Raises UnknownWorkspace.
    """
    last_rev, stored = await hold(tx, team_id, user_ids)
    rev = last_rev + 1
    merged = {key: contact_dropped(stored[key], left_before=left_before, now=now) for key in sorted(stored)}
    due = {key: each for key, each in merged.items() if each.user is not stored[key]}
    told = [(key, each, Source.RETENTION) for key, each in due.items() if each.before]
    rows = [replace(each.user, rev=rev) if each.before else each.user for each in due.values()]
    await tx.users.update(rows)
    await tx.user_fields.replace_of(rows)
    if due:
        await tx.traces.drop_fields(team_id, list(due), CONTACT)
    await _tell(tx, team_id, rev, _numbered(told, team_id, rev, now))
    return len(due)


async def _forget(tx: Transaction, team_id: str, user_id: str, stored: User | None, *, now: datetime) -> None:
    """Take out what is recorded of somebody whom Slack erased; of whom nothing was known, nothing is to be wiped."""
    gone = await tx.traces.forget(team_id, user_id, stored)
    if stored is not None or gone:
        await tx.wipes.note(team_id, user_id, erased_at=now)


async def _tell(
    tx: Transaction, team_id: str, rev: int, changes: Sequence[Change], *, after: Sequence[Said] = ()
) -> None:
    """Append the changes and count the commit, together with what is to be done before."""
    counted = tx.workspaces.counting(team_id, rev) if changes else []
    await tx.say([*after, *tx.changes.appending(changes), *counted])
    if changes:
        tx.rings()


class _Batch:
    """Rows as they become while observations are merged in turn; each row is written once, at the end."""

    def __init__(self, stored: dict[str, User], *, tells_new: bool = True) -> None:
        """Where it `tells_new`, a change of somebody new says all that is known of them."""
        self.stored = stored
        self._tells_new = tells_new
        self.rows = dict(stored)
        self.new: set[str] = set()
        self.changed: set[str] = set()
        self.told: set[str] = set()
        """Those of whom something changed that all may be told who see everything usual."""
        self.touched: set[str] = set()
        self.erased: set[str] = set()
        self.changes: list[tuple[str, Merged, Source]] = []
        self.digests: dict[str, int] = {}

    @property
    def digests_alone(self) -> dict[str, int]:
        """Those of rows that stay as they are otherwise."""
        return {user_id: digest for user_id, digest in self.digests.items() if user_id not in self.touched}

    def apply(self, observation: Observation) -> None:
        before = self.rows.get(observation.id)
        is_quiet = before is None and not self._tells_new
        merged = Merged(first(observation), {}, {}) if is_quiet else merge(before, observation)
        self._know_again(before, merged.user, observation)
        if merged.user is before:
            return
        self.rows[observation.id] = merged.user
        self.touched.add(observation.id)
        if before is None:
            self.new.add(observation.id)
        if before is None or merged.before:
            self.changed.add(observation.id)
            self.changes.append((observation.id, merged, observation.source))
        if before is None or merged.before.keys() - _untold(merged.user):
            self.told.add(observation.id)
        if merged.user.is_forgotten and (before is None or not before.is_forgotten):
            self.erased.add(observation.id)
            self.changes = [each for each in self.changes if each[0] != observation.id or each[1] is merged]

    def _know_again(self, before: User | None, row: User, observation: Observation) -> None:
        """Keep the digest of the last that a row repeats, until it says something else."""
        if observation.digest is not None and may_be_known_again(before, row, observation):
            self.digests[row.id] = observation.digest
        elif row is not before:
            self.digests.pop(row.id, None)

    def has_other_fields(self, user: User) -> bool:
        return copied(user) != copied(self.stored.get(user.id))

    def has_other_words(self, user: User) -> bool:
        stored = self.stored.get(user.id)
        return stored is None or stored.search_text != user.search_text

    def miss(self, user_id: str, *, since: datetime) -> None:
        merged = missed(self.rows[user_id], since=since)
        if merged.before:
            self.rows[user_id] = merged.user
            self.touched.add(user_id)
            self.changed.add(user_id)
            self.told.add(user_id)
            self.changes.append((user_id, merged, Source.RUN))


def _untold(user: User) -> frozenset[str]:
    """Name what moves no `changed_at` of a user: contact data of whoever is not active are for admins alone."""
    return UNTOLD if user.state is State.ACTIVE else UNTOLD | CONTACT


def _numbered(merged: Iterable[tuple[str, Merged, Source]], team_id: str, rev: int, now: datetime) -> list[Change]:
    found: list[Change] = []
    for user_id, each, source in merged:
        for before, after, is_status in _parts(each):
            found.append(Change(team_id, rev, len(found), user_id, before, after, source, now, is_status))
    return found


def _parts(merged: Merged) -> Iterable[tuple[dict[str, object], dict[str, object], bool]]:
    """Part a custom status from the rest: it is told live and forgotten within the hour."""
    lasting = merged.after.keys() - STATUS_FIELDS
    if lasting or not merged.before:
        yield _only(merged.before, lasting), _only(merged.after, lasting), False
    if merged.before and (passing := merged.after.keys() - lasting):
        yield _only(merged.before, passing), _only(merged.after, passing), True


def _only(values: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name in names}


async def _write(tx: Transaction, batch: _Batch, *, rev: int, now: datetime) -> list[Said]:
    """Write what moved, in the order of the keys, and say what rewrites the rows that were there, and tidies up.

    `changed_at` moves only with what its readers are told.
    """
    rows = [batch.rows[key] for key in sorted(batch.changed)]
    new = [row for row in rows if row.id in batch.new]
    of_new = {"rev": rev, "changed_at": now, "first_seen_at": now}
    await tx.users.insert(new, digests=batch.digests, shared=of_new)
    await tx.user_fields.replace_of([user for user in rows if batch.has_other_fields(user)])
    silent = [batch.rows[key] for key in sorted(batch.touched - batch.changed)]
    await tx.users.move_watermarks(silent, digests=batch.digests)
    rewriting = tx.users.rewriting(
        [row for row in rows if row.id not in batch.new],
        batch.stored,
        rev=rev,
        changed_at=dict.fromkeys(batch.told, now),
        digests=batch.digests,
    )
    return [*rewriting, *tx.users.tidying(sum(batch.has_other_words(user) for user in rows))]
