"""Whatever optional scopes a workspace declines: everybody is read, and only what the scopes are for is missing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from bot.scopes import SCOPES
from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import find
from tests.support.waiting import eventually

Start = Callable[..., Any]
REQUIRED = {scope.name for scope in SCOPES if scope.is_required}
OPTIONAL = [scope.name for scope in SCOPES if not scope.is_required]
SUBSETS = [set(chosen) for size in range(len(OPTIONAL) + 1) for chosen in combinations(OPTIONAL, size)]


def named(granted: set[str]) -> str:
    return " and ".join(sorted(granted)) or "none"


@pytest.mark.parametrize("granted", SUBSETS, ids=named)
async def test_with_any_choice_of_optional_scopes_everybody_is_read(
    slack: Simulator, start: Start, granted: set[str]
) -> None:
    slack.scopes.clear()
    slack.scopes.update(REQUIRED | granted)
    ada = slack.adds("Ada Lovelace", email="ada@meridian.example")

    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")
    grace = slack.joins("Grace Hopper", email="grace@meridian.example")
    await slack.eventually_acked()

    people = [await find(service, slack, user_id) for user_id in (ada.id, grace.id)]
    emails = ["ada@meridian.example", "grace@meridian.example"] if "users:read.email" in granted else [None, None]
    assert ["Ada Lovelace", "Grace Hopper"] == [user and user.real_name for user in people]
    assert emails == [user and user.email for user in people]
    assert service.status().trouble is None
    (workspace,) = service.installations.list_workspaces()
    assert slack.team_name == workspace.name
    assert (slack.domain if "team:read" in granted else None) == workspace.domain


async def test_a_scope_granted_later_brings_what_was_missing(slack: Simulator, start: Start) -> None:
    slack.scopes.discard("users:read.email")
    ada = slack.adds("Ada Lovelace", email="ada@meridian.example")
    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")
    assert (await find(service, slack, ada.id)).email is None  # type: ignore[union-attr]

    slack.scopes.add("users:read.email")
    service.runs.want("the scope was granted")
    await eventually(lambda: service.runs.finished > 1, within_s=40, of="the next walk")

    assert "ada@meridian.example" == (await find(service, slack, ada.id)).email  # type: ignore[union-attr]
