"""Every surface on which somebody may read of people, and viewers of each kind to look at them.

A new surface is one line in SURFACES (what can be asked at any time) or STREAMS (what tells as it happens).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from db import Store
from tests.web.conftest import TEAM, Clock
from tests.web.test_live import position_of
from web.positions import decode, encode

EVERYBODY = urlencode(
    [("kind", each) for each in ("member", "guest", "bot", "external")]
    + [("state", each) for each in ("active", "deactivated", "missing")]
)


@dataclass(frozen=True)
class Place:
    """Whom and from where on a surface is asked for."""

    user_ids: tuple[str, ...]
    start: str
    """A position before everything that was planted."""
    end: int
    """The workspace's `rev` after it."""


Surface = Callable[[httpx.AsyncClient, Place], Awaitable[str]]


def page(path: str) -> Surface:
    """What one answer holds."""

    async def look(client: httpx.AsyncClient, _place: Place) -> str:
        return (await client.get(path)).text

    return look


def of_each(path: str) -> Surface:
    """What the answers about each person hold."""

    async def look(client: httpx.AsyncClient, place: Place) -> str:
        return "\n".join([(await client.get(path.format(TEAM, each))).text for each in place.user_ids])

    return look


def after(path: str) -> Surface:
    """What the API tells of what was."""

    async def look(client: httpx.AsyncClient, place: Place) -> str:
        return (await client.get(path, params={"limit": 200, "after": place.start})).text

    return look


def replay(path: str) -> Surface:
    """What a stream tells of what was."""

    async def look(client: httpx.AsyncClient, place: Place) -> str:
        async with client.stream("GET", path, headers={"Last-Event-ID": place.start}) as answer:
            return await until(answer.aiter_lines(), place.end)

    return look


SURFACES: Mapping[str, Surface] = {
    "the list": page("/"),
    "the list of everybody": page(f"/?{EVERYBODY}"),
    "the cards of everybody": page(f"/?view=cards&{EVERYBODY}"),
    "the print sheet": page(f"/print?{EVERYBODY}"),
    "a profile": of_each("/users/{}/{}"),
    "a contact card": of_each("/users/{}/{}/card.vcf"),
    "the CSV": page(f"/export.csv?{EVERYBODY}"),
    "the JSON": page(f"/export.json?{EVERYBODY}"),
    "the contact cards": page(f"/export.vcf?{EVERYBODY}"),
    "the API's list": page(f"/api/v1/users?limit=200&{EVERYBODY}"),
    "the API's user": of_each("/api/v1/users/{}/{}"),
    "the API's changes": after("/api/v1/changes"),
    "what is new": page("/whats-new"),
    "the runs": page("/runs"),
    "the dead letters": page("/dead-letters"),
    "the stream of changes, replayed": replay("/live"),
    "the page's stream, replayed": replay("/live?view=directory"),
    "the stream of a page of cards, replayed": replay("/live?view=directory&shape=cards"),
}
STREAMS = ("/live", "/live?view=directory", "/live?view=directory&shape=cards")
VIEWERS = ("a member", "an admin", "an admin who sees as members do", "anybody, where the directory is open")


async def until(lines: AsyncIterator[str], end: int) -> str:
    """Read a stream up to the message that bears the place of a `rev`, and the rest of that message."""
    text, is_there = "", False
    async for line in lines:
        text += line + "\n"
        if line.startswith("id: "):
            is_there = decode(line.removeprefix("id: ")).marks[TEAM][0] >= end
        if is_there and not line:
            return text
    raise AssertionError(f"the stream has ended before {end}: {text}")


async def come_in(viewer: str, client: httpx.AsyncClient, store: Store, clock: Clock) -> httpx.AsyncClient:
    """Let a client be one of VIEWERS."""
    if "open" in viewer:
        return client
    async with store.transaction() as tx:
        token = await tx.signins.make(TEAM, "UMEMBER" if viewer == "a member" else "UADMIN", now=clock())
    origin = {"Origin": str(client.base_url).rstrip("/")}
    assert 303 == (await client.post("/signin", data={"token": token}, headers=origin)).status_code
    if "as members" in viewer:
        assert 303 == (await client.post("/view-as", data={"as": "everyone"}, headers=origin)).status_code
    return client


async def here(store: Store) -> tuple[str, int]:
    """Tell the newest position, as a stream writes it, and its `rev`."""
    position = await position_of(store)
    return encode(position), position.marks[TEAM][0]
