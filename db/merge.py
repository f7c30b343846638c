"""merge(stored, observation): what the row becomes. Pure; used by events and runs alike; the heart.

Each field holds the value of the newest observation that carried it, by `Mark`. The row keeps one mark, the watermark;
`field_marks` lists only the fields whose mark is another one. So for a field
  - listed there, its mark is what the list says;
  - not listed and None, nobody has ever carried it: any observation may set it;
  - not listed and anything else, its mark is the watermark.
A carried null is therefore always listed. Slack sends few of them, so the list is null for nearly every row.

The order in which observations arrive makes no difference, with one exception: after contact data was dropped by its
age, a return that arrives later than a newer leaving lifts nothing, so the contact data stays away; in the other order
the return brings it in, and the leaving lets it stay until it is dropped again. What was withheld meanwhile is nowhere
to be had, and of the two the exception keeps less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from db.derive import derived, derived_fields, state_of
from db.records import SLACK_FIELDS, Mark, Observation, Source, State, User
from db.visibility import CONTACT
from db.words import WORDED

Marks = dict[str, tuple[int, int] | None]

IMPERSONAL = frozenset({"home_team_id", "deleted", "is_forgotten", "is_bot", "enterprise_id"})
"""All that is kept of an erased user."""

_NAMES = tuple(each.name for each in fields(User))
_AT = {name: index for index, name in enumerate(_NAMES)}
_ALL_OF, _SLACK_OF = attrgetter(*_NAMES), attrgetter(*SLACK_FIELDS)
_TOLD = (*SLACK_FIELDS, "joined_at", "missing_since")
_TOLD_OF = attrgetter(*_TOLD)


class Merged(NamedTuple):
    """The row to keep, and which fields it says differently; `user is stored` where there is nothing to write."""

    user: User
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def merge(stored: User | None, observation: Observation) -> Merged:
    """Apply one observation. `before` is empty for a user who was unknown; both are empty where no field moved."""
    if stored is None:
        merged = first(observation)
        return Merged(merged, {}, _carried(merged))
    if observation.source is Source.RUN and _is_repeated(stored, observation):
        return Merged(stored, {}, {})

    merged = _heeded(stored, observation, Mark(stored.updated, stored.moment))
    before, after = _difference(stored, merged)
    if before:
        return Merged(_filled(merged, WORDED.isdisjoint(before)), before, after)
    return Merged(merged if merged != stored else stored, {}, {})


def first(observation: Observation) -> User:
    """Make the row of somebody unknown: what `merge` makes of an empty one, in one go, for a million of them."""
    said = {
        **observation.values,
        "team_id": observation.team_id,
        "id": observation.id,
        "updated": observation.updated or 0,
        "moment": observation.moment,
    }
    if None in observation.values.values():
        mark = (observation.updated or 0, observation.moment)
        said["field_marks"] = {field: mark for field, value in observation.values.items() if value is None}
    if observation.joined:
        said["joined_at"] = _at(observation.moment)
    user = User.of(said)
    if user.is_forgotten:
        return derived(_erased(user))
    return _filled(user)


def missed(stored: User, *, since: datetime) -> Merged:
    """Mark a user as missing, unless something was heard of them since then."""
    if stored.missing_since is not None or _at(stored.moment) >= since:
        return Merged(stored, {}, {})
    merged = derived(replace(stored, missing_since=since))
    return Merged(merged, {"missing_since": None}, {"missing_since": since})


def purged(stored: User | None, team_id: str, user_id: str) -> Merged:
    """Erase by the operator's word: the same tombstone as Slack's own; of an id without a row as well."""
    merged = derived(_erased(stored or User(team_id=team_id, id=user_id, deleted=True)))
    if stored is None:
        return Merged(merged, {}, _carried(merged))
    return Merged(merged, *_difference(stored, merged))


def contact_dropped(stored: User, *, left_before: datetime, now: datetime) -> Merged:
    """Take the contact data of a user who left before a moment; the change says that it went, and no value.

    The mark that stays keeps it from coming back for as long as they are away. It is set in silence on a row that has
    none: a later page might bring some.
    """
    if not _left_before(stored, left_before):
        return Merged(stored, {}, {})
    marks = {field: mark for field, mark in (stored.field_marks or {}).items() if field not in CONTACT}
    blank: dict[str, Any] = dict.fromkeys(CONTACT)
    merged = derived(replace(stored, **blank, field_marks=marks or None, contact_dropped_at=now))
    if all(getattr(stored, field) is None for field in CONTACT):
        return Merged(merged, {}, {})
    return Merged(merged, {"contact_dropped_at": None}, {"contact_dropped_at": now})


def mark_of(user: User, field: str) -> Mark | None:
    """When the field's value was true; None if nobody has ever said."""
    if user.field_marks and field in user.field_marks:
        mark = user.field_marks[field]
        return Mark(*mark) if mark else None
    return None if getattr(user, field) is None else Mark(user.updated, user.moment)


def may_be_known_again(stored: User | None, row: User, observation: Observation) -> bool:
    """Say whether a page's entry that equals this one to the letter would write nothing, for as long as the row stays.

    `row` is what the stored one has become by it; whoever was unknown says what it says, and nothing else. Of the
    erased, and of whoever lost their contact data, no digest is kept: from one could be guessed what went.
    """
    return (
        observation.source is Source.RUN
        and not row.is_forgotten
        and row.contact_dropped_at is None
        and (stored is None or _is_repeated(row, observation))
    )


def _is_repeated(stored: User, observation: Observation) -> bool:
    """Say whether a run's page only repeats the row as of the same `updated`, whenever it was asked for.

    A resync of a quiet workspace must write nothing at all, so such a page does not even move the watermark. What that
    gives up is an order between moments inside one second of Slack's clock, and only against a page; the next pass
    would see the difference.
    """
    if observation.updated not in (None, stored.updated) or stored.missing_since is not None:
        return False
    heeds_all = not stored.is_forgotten and stored.contact_dropped_at is None
    return all(
        _is_said(stored, field, value)
        for field, value in observation.values.items()
        if heeds_all or _is_heeded(stored, field)
    )


def _is_said(user: User, field: str, value: object) -> bool:
    """Say whether a row has the value, as of its own `updated`."""
    if getattr(user, field) != value:
        return False
    if user.field_marks and field in user.field_marks:
        mark = user.field_marks[field]
        return mark is not None and mark[0] == user.updated
    return value is not None


def _is_heeded(stored: User, field: str) -> bool:
    """Of the erased a page still tells placeholders, and of whoever left long ago their contact data."""
    if stored.is_forgotten:
        return field in IMPERSONAL
    return stored.contact_dropped_at is None or field not in CONTACT


def _filled(user: User, keeps_words: bool = False) -> User:
    """Fill in the derived fields of a row just made, in place: nobody has seen it, so it needs no second copy.

    To lay out words takes longer than all the rest, and a custom status, which changes most often, is none of them.
    """
    vars(user).update(derived_fields(user, keeps_words=keeps_words))
    return user


def _heeded(stored: User, observation: Observation, watermark: Mark) -> User:
    """Apply an observation; contact data that was dropped comes in again only with whatever brings its owner back."""
    if stored.contact_dropped_at is None:
        return _apply(stored, observation, watermark)
    values = {field: value for field, value in observation.values.items() if field not in CONTACT}
    merged = _apply(stored, replace(observation, values=values), watermark)
    if state_of(merged) is not State.ACTIVE:
        return merged
    return replace(_apply(stored, observation, watermark), contact_dropped_at=None)


def _left_before(user: User, moment: datetime) -> bool:
    """Say whether somebody left before a moment, and still has their contact data."""
    if user.is_forgotten or user.contact_dropped_at is not None or state_of(user) is State.ACTIVE:
        return False
    since = (user.left_at or user.changed_at) if user.deleted else user.missing_since
    return since is not None and since < moment


def _apply(user: User, observation: Observation, watermark: Mark) -> User:
    updated = user.updated if observation.updated is None else observation.updated
    mark = Mark(updated, observation.moment)
    newest = max(watermark, mark)
    said, listed = observation.values, user.field_marks or {}
    values: dict[str, Any] = {}
    marks: Marks = {}
    for field, value in zip(SLACK_FIELDS, _SLACK_OF(user), strict=True):
        # As `mark_of` tells it, without a call for each of fifty fields.
        known = listed.get(field, None if value is None else watermark)
        if field in said and (known is None or mark >= known):
            value, known = said[field], mark
            values[field] = value
        if known is not None and (value is None or known != newest):
            marks[field] = tuple(known)  # type: ignore[assignment]
    values |= {
        "updated": newest.updated,
        "moment": newest.moment,
        "field_marks": marks or None,
        "joined_at": _joined_at(user, observation),
        "missing_since": _missing_since(user, observation),
    }
    merged = _with(user, values)
    if user.is_forgotten or observation.values.get("is_forgotten"):
        merged = _erased(merged)
    return merged


def _with(user: User, values: Mapping[str, Any]) -> User:
    """Replace some fields, as `dataclasses.replace` does, which takes thrice as long over so many."""
    every = list(_ALL_OF(user))
    for name, value in values.items():
        every[_AT[name]] = value
    return User(*every)


def _joined_at(user: User, observation: Observation) -> datetime | None:
    if not observation.joined:
        return user.joined_at
    joined_at = _at(observation.moment)
    return joined_at if user.joined_at is None else min(user.joined_at, joined_at)


def _missing_since(user: User, observation: Observation) -> datetime | None:
    """Whoever is seen after they went missing is back."""
    since = user.missing_since
    return None if since is None or _at(observation.moment) >= since else since


def _erased(user: User) -> User:
    """Erasure has no way back, and no older or newer observation brings a person's words in again."""
    blank = dict.fromkeys(set(SLACK_FIELDS) - IMPERSONAL)
    marks = {field: mark for field, mark in (user.field_marks or {}).items() if field in IMPERSONAL}
    times = dict.fromkeys(("joined_at", "hidden_at", "contact_dropped_at"))
    return replace(user, **blank, **times, is_forgotten=True, field_marks=marks or None)  # type: ignore[arg-type]


def _difference(stored: User, merged: User) -> tuple[dict[str, Any], dict[str, Any]]:
    pairs = zip(_TOLD, _TOLD_OF(stored), _TOLD_OF(merged), strict=True)
    moved = [field for field, before, after in pairs if before != after]
    if merged.is_forgotten:
        moved = [field for field in moved if field in IMPERSONAL or field == "missing_since"]
    return {field: getattr(stored, field) for field in moved}, {field: getattr(merged, field) for field in moved}


def _carried(user: User) -> dict[str, Any]:
    return {field: value for field in SLACK_FIELDS if (value := getattr(user, field)) is not None}


def _at(moment: int) -> datetime:
    return datetime.fromtimestamp(moment / 1_000_000, UTC)
