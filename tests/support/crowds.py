"""A crowd of which every filter finds some, and what a filter finds of it, told by going through all of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from db import Store
from db.derive import LACKS
from db.filters import Sort, UserFilter
from db.records import Change, Kind, Observation, Source, State, User
from db.tables import users
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


async def multiply(store: Store, team_id: str, *, many: int) -> None:
    """Copy whoever is there until they are many, each with a word of their own and one line in the log."""
    async with store.reading() as rx:
        ids = list(await rx.users._connection.scalars(sa.select(users.c.id).where(users.c.team_id == team_id)))
        some = list((await rx.users.find_users(team_id, ids)).values())
    people = [_copied(user, number) for number in range(many // len(some)) for user in some]
    lines = [
        Change(team_id, 1_000 + number // 900, number % 900, user.id, {"title": ""}, {"title": "x"}, Source.EVENT, NOW)
        for number, user in enumerate(people)
    ]
    async with store.transaction() as tx:
        await tx.users.insert(people)
        for start in range(0, len(people), 5_000):
            await tx.user_fields.replace_of(people[start : start + 5_000])
        await tx.changes.append(lines)
    if store.place.startswith("postgresql"):
        async with store._writer.begin() as connection:
            await connection.exec_driver_sql("ANALYZE")


def _copied(user: User, number: int) -> User:
    own = f"nwquincunx{number} nhquincunx{number}"
    return replace(
        user,
        id=f"{user.id}X{number}",
        sort_key=f"{user.sort_key} {number:05}",
        search_text=f" {user.search_text.strip()} {own} ",
        email_key=f"{number}{user.email_key}" if user.email_key else "",
    )


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
    return _ORDERS[wanted.sort]([user for user in people if _fits(user, wanted)])


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


def _by_time(name: str) -> Callable[[list[User]], list[User]]:
    def latest_first(found: list[User]) -> list[User]:
        backwards = sorted(found, key=lambda user: (user.team_id, user.id), reverse=True)
        return sorted(backwards, key=lambda user: -(getattr(user, name) or _EVER).timestamp())

    return latest_first


_EVER = datetime(1970, 1, 2, tzinfo=UTC)


def _by_name(found: list[User]) -> list[User]:
    return sorted(found, key=lambda user: (user.sort_key, user.team_id, user.id))


_ORDERS: dict[Sort, Callable[[list[User]], list[User]]] = {
    Sort.BEST: _by_name,
    Sort.NAME: _by_name,
    Sort.NEWEST: _by_time("first_seen_at"),
    Sort.CHANGED: _by_time("changed_at"),
}
