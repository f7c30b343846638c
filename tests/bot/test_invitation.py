"""The small line below the button that opens the directory: for whom the link is, and where it works."""

from __future__ import annotations

from typing import Any

import pytest

from bot.command.invitation import HINT, LOCAL_HINT, Invitation


async def _link(_team_id: str, _user_id: str) -> str:
    return "http://localhost:3000/"


@pytest.mark.parametrize("is_personal", [True, False])
@pytest.mark.parametrize("is_local", [True, False])
async def test_a_link_that_works_on_one_machine_alone_says_so(is_personal: bool, is_local: bool) -> None:
    roles: Any = None  # nobody's role is asked for a button that goes along with other words
    invitation = Invitation(_link, roles, may_guests=False, are_links_personal=is_personal, are_links_local=is_local)
    typed: Any = type("Asker", (), {"team_id": "T1", "user_id": "U1"})()
    button = await invitation.button(typed)

    assert button is not None
    assert (is_personal, is_local) == (HINT in button.hint, LOCAL_HINT in button.hint)
