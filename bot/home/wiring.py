"""The Homes put together from their parts, for the desk of the command, which shares most of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.command.answers import Answers
from bot.command.condition import Condition
from bot.command.finder import Finder
from bot.command.invitation import Invitation
from bot.command.resyncs import Resyncs
from bot.command.roles import Roles
from bot.command.terms import Terms
from bot.command.unreadable import Unreadable
from bot.errands import Errands
from bot.home.contents import Contents
from bot.home.desk import HomeDesk
from bot.home.door import Door
from bot.home.followed import Followed
from bot.home.publisher import Publisher
from bot.home.sheets import Sheets
from bot.home.upkeep import Upkeep
from bot.runs.schedule import Schedule
from bot.slack import SlackClient
from db import Store


def make_home_desk(
    store: Store,
    client: SlackClient,
    runs: Schedule,
    *,
    errands: Errands,
    answers: Answers,
    roles: Roles,
    invitation: Invitation,
    finder: Finder,
    resyncs: Resyncs,
    unreadable: Unreadable,
    is_known: Callable[[str], bool],
    condition: Callable[[str], Condition],
    clock: Callable[[], datetime],
    terms: Terms,
) -> HomeDesk:
    """Put them together."""
    contents = Contents(
        store,
        roles=roles,
        invitation=invitation,
        finder=finder,
        upkeep=Upkeep(runs, unreadable, clock=clock),
        is_known=is_known,
        condition=condition,
        clock=clock,
        terms=terms,
    )
    publisher = Publisher(client)
    sheets = Sheets(contents, publisher)
    return HomeDesk(
        errands,
        is_known=is_known,
        roles=roles,
        sheets=sheets,
        publisher=publisher,
        door=Door(client, roles, invitation, answers),
        followed=Followed(store, runs, resyncs, sheets, clock=clock),
        unreadable=unreadable,
    )
