"""Every surface in Slack on which somebody may read of people, and viewers of each kind to look at them.

A new surface is one line in SURFACES (what one person is shown), or in POSTED (what stands before a whole channel).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.blocks.home import home
from bot.channels import Channels
from bot.command.condition import Condition
from bot.command.finder import Finder
from bot.command.invitation import Invitation
from bot.command.news import News
from bot.command.report import Report
from bot.command.roles import Roles
from bot.command.terms import Terms
from bot.command.typed import read_typed
from bot.command.unreadable import Unreadable
from bot.digest import Digest
from bot.home.contents import Contents
from bot.home.opened import Viewer
from bot.home.sheet import Sheet
from bot.home.upkeep import Upkeep
from bot.runs.runner import Finished, Runner
from bot.runs.schedule import Rhythm, Schedule
from bot.signin_links import OpenLinks
from bot.simulator import Simulator
from bot.slack import SlackClient, SlackClock, make_client, open_session
from db import Store
from db.filters import CustomField
from db.posting import Place, Purpose
from db.visibility import Policy
from tests.web.conftest import TEAM, Clock

BASE = "https://people.example.org"
CHANNEL = "C0PEOPLE01"
VIEWERS = {"a member": "UMEMBER", "a guest": "UGUEST", "an admin": "UADMIN"}
CHANNEL_READERS = "whoever reads the channel"


@dataclass(frozen=True)
class Desk:
    """What answers in Slack, over one memory and under one policy."""

    store: Store
    contents: Contents
    finder: Finder
    news: News
    report: Report
    unreadable: Unreadable
    digest: Digest
    slack: Simulator


Surface = Callable[[Desk, Viewer], Awaitable[Any]]


def the_home(**moves: Any) -> Surface:
    """A Home on which somebody has done something."""

    async def look(desk: Desk, viewer: Viewer) -> Any:
        parts, _ = await desk.contents.make(Sheet(viewer, **moves))
        return home(parts)

    return look


def typed(text: str) -> Surface:
    """The answer to a command."""

    async def look(desk: Desk, viewer: Viewer) -> Any:
        asked = read_typed({"team_id": viewer.team_id, "user_id": viewer.user_id, "text": text})
        return await (desk.finder if text.startswith("find") else desk.news).answer(asked)

    return look


async def the_status(desk: Desk, viewer: Viewer) -> Any:
    """The answer to `/usersync status`, which is the same for everybody."""
    return await desk.report.answer(viewer.team_id)


async def the_letters(desk: Desk, viewer: Viewer) -> Any:
    """The answer to `/usersync dead-letters`, which only admins are given."""
    return await desk.unreadable.answer(viewer.team_id) if viewer.user_id == VIEWERS["an admin"] else ""


async def the_digest(desk: Desk) -> Any:
    """What the first digest tells."""
    async with desk.store.transaction() as tx:
        await tx.places.put(Place(TEAM, Purpose.DIGEST, CHANNEL))
    await desk.digest.look()
    return desk.slack.board.messages[CHANNEL][-1]["blocks"]


SURFACES: Mapping[str, Surface] = {
    "the Home": the_home(),
    "the Home, with people found": the_home(sought="known"),
    "the Home, with somebody mentioned": the_home(sought="<@UWHOLE>"),
    "the Home, with its unreadable events": the_home(shows_letters=True),
    "/usersync find": typed("find known"),
    "/usersync find, somebody mentioned": typed("find <@UWHOLE>"),
    "/usersync changes": typed("changes 7d"),
    "/usersync status": the_status,
    "/usersync dead-letters": the_letters,
}
POSTED: Mapping[str, Callable[[Desk], Awaitable[Any]]] = {"the digest": the_digest}


async def everything_told(desk: Desk) -> dict[str, dict[str, str]]:
    """Tell what each viewer reads on each surface, and whoever reads a channel."""
    told = {
        name: {surface: _text(await look(desk, Viewer(TEAM, user_id))) for surface, look in SURFACES.items()}
        for name, user_id in VIEWERS.items()
    }
    return told | {CHANNEL_READERS: {surface: _text(await look(desk)) for surface, look in POSTED.items()}}


async def searched(desk: Desk, user_id: str, q: str) -> list[str]:
    """Tell what a search finds, on the Home and by command."""
    looks = (the_home(sought=q), typed(f"find {q}"))
    return [_text(await look(desk, Viewer(TEAM, user_id))) for look in looks]


def _text(shown: Any) -> str:
    return json.dumps(shown, ensure_ascii=False)


@asynccontextmanager
async def a_desk(store: Store, clock: Clock, policy: Policy, fields: tuple[CustomField, ...]) -> AsyncIterator[Desk]:
    """Put it together; guests may come in, and every picture may be shown."""
    async with Simulator() as slack, open_session() as session:
        slack.channels.opens("people", channel_id=CHANNEL)
        client = make_client(
            token=slack.bot_token, api_url=slack.api_url, proxy=None, session=session, clock=SlackClock()
        )
        yield _desk(store, clock, Terms("1.0", policy=policy, public_url=BASE, fields=fields), client, slack)


def _desk(store: Store, clock: Clock, terms: Terms, client: SlackClient, slack: Simulator) -> Desk:
    told = {"policy": terms.policy, "base": terms.public_url, "clock": clock}
    roles = Roles(store, client, clock=clock)
    invitation = Invitation(OpenLinks(store, lambda: BASE).make, roles, may_guests=True)
    finder = Finder(store, invitation, **told)
    unreadable = Unreadable(store, policy=terms.policy, clock=clock)
    contents = Contents(
        store,
        roles=roles,
        invitation=invitation,
        finder=finder,
        upkeep=Upkeep(_schedule(store, clock, client), unreadable, clock=clock),
        is_known=lambda _: True,
        condition=_condition,
        clock=clock,
        terms=Terms("1.0", policy=terms.policy, public_url=BASE, shown_picture=lambda picture: picture or ""),
    )
    return Desk(
        store,
        contents,
        finder,
        News(store, invitation, fields=terms.fields, **told),
        Report(store, condition=_condition, clock=clock, version="1.0"),
        unreadable,
        Digest(store, Channels(client), team_id=lambda: TEAM, is_token_bad=lambda: False, fields=terms.fields, **told),
        slack,
    )


def _schedule(store: Store, clock: Clock, client: SlackClient) -> Schedule:
    async def team_id() -> str:
        return TEAM

    async def nothing(_finished: Finished | None = None) -> None:
        """Nobody waits for a run here."""

    runner = Runner(store, client, verb="serve", clock=clock)
    return Schedule(
        runner, store, team_id=team_id, not_ready=lambda: None, on_ended=nothing, on_seen=nothing, rhythm=Rhythm()
    )


def _condition(_team_id: str) -> Condition:
    return Condition("Meridian", sockets=2, sockets_wanted=2)
