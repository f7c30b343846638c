"""A crowd of which every filter finds some, and what a filter finds of it, told by going through all of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from db import Store
from db.derive import LACKS
from db.filters import Sort, UserFilter
from db.records import Kind, Observation, State, User
from db.user_fields import values_of
from tests.support.factories import an_observation
from tests.support.memory import NOW, keep

TITLES = ("Engineer", "engineer", "Ingénieur", "Analyst", "", "Head of Ärger")
ZONES = ("Europe/Lisbon", "Asia/Tokyo", "America/New_York", None)
DEPARTMENTS = ("Design", "design", "Sales", None, {"value": "https://x.example/ops", "alt": "Ops"})
OFFICES = ("Lisbon", "Tokyo", None)


async def gather(store: Store, team_id: str, *, many: int = 60, seed: int = 7) -> None:
    """Record people of every kind and state, a few at a time, so that they came and changed at different moments."""
    rng = random.Random(f"{team_id} {seed}")
    people = [_somebody(rng, f"U{number:03}", team_id) for number in range(many)]
    for start in range(0, many, 7):
        await keep(store, *people[start : start + 7], now=NOW + timedelta(minutes=start))


def _somebody(rng: random.Random, user_id: str, team_id: str) -> Observation:
    department, office = rng.choice(DEPARTMENTS), rng.choice(OFFICES)
    told = {"Xf1": department if isinstance(department, dict) else {"value": department}, "Xf2": {"value": office}}
    values: dict[str, Any] = {
        "real_name": rng.choice(("Ada", "Grace", "Zoë", "Alan")),
        "title": rng.choice(TITLES),
        "tz": rng.choice(ZONES),
        "email": rng.choice((f"{user_id}@x.example", "")),
        "phone": rng.choice(("+351 1", "")),
        "is_custom_image": rng.random() < 0.5,
        "deleted": rng.random() < 0.25,
        "is_bot": rng.random() < 0.15,
        "is_restricted": rng.random() < 0.15,
        "is_stranger": rng.random() < 0.15,
        "fields": {field_id: value for field_id, value in told.items() if value.get("value")} or None,
    }
    joined = rng.random() < 0.4
    moment = int((NOW - timedelta(days=rng.randrange(90))).timestamp() * 1_000_000)
    return an_observation(user_id, team_id=team_id, joined=joined, moment=moment, **values)


def found_of(people: Iterable[User], wanted: UserFilter) -> list[User]:
    """Go through all of them, and put those that fit in order."""
    return sorted((user for user in people if _fits(user, wanted)), key=_ORDERS[wanted.sort])


def _fits(user: User, wanted: UserFilter) -> bool:
    values = {(field_id, value.value_key) for field_id, value in values_of(user.fields).items()}
    since = wanted.joined_since and datetime.combine(wanted.joined_since, time.min, UTC)
    return (
        user.hidden_at is None
        and user.kind in (wanted.kinds or frozenset(Kind))
        and user.state in (wanted.states or frozenset(State))
        and (not wanted.team_ids or user.team_id in wanted.team_ids)
        and (not wanted.titles or user.title_key in wanted.titles)
        and (not wanted.zones or user.tz in wanted.zones)
        and all(user.traits & LACKS[lack] for lack in wanted.lacks)
        and (since is None or (user.joined_at is not None and user.joined_at >= since))
        and all(
            any((field_id, key) in values for other, key in wanted.fields if other == field_id)
            for field_id, _ in wanted.fields
        )
    )


def _by_time(name: str) -> Callable[[User], Any]:
    def key(user: User) -> Any:
        moment: datetime | None = getattr(user, name)
        backwards = tuple(tuple(-ord(letter) for letter in word) for word in (user.team_id, user.id))
        return moment is None, -moment.timestamp() if moment else 0, backwards

    return key


def _by_name(user: User) -> Any:
    return user.sort_key, user.team_id, user.id


_ORDERS: dict[Sort, Callable[[User], Any]] = {
    Sort.BEST: _by_name,
    Sort.NAME: _by_name,
    Sort.NEWEST: _by_time("first_seen_at"),
    Sort.CHANGED: _by_time("changed_at"),
}
