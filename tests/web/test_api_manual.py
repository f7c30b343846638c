"""What docs/api.md prints works as printed, and says of the API what the API says of itself."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest
from starlette.applications import Starlette

from db import Store
from db.seen import LineKind
from tests.support.programs import a_token
from tests.web.conftest import TEAM, Clock, Slack, serving
from web.api import OPERATIONS
from web.api_errors import WORD_OF
from web.api_models import ChangesQuery, UsersQuery

MANUAL = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^curl .*$", MANUAL, flags=re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed, so its examples were not run")
async def test_the_printed_commands_are_answered(app: Starlette, slack: Slack, store: Store, clock: Clock) -> None:
    await slack.says("U01234567", real_name="Ada")
    token = await a_token(store, now=clock())
    answers = []
    async with serving(app) as url:
        for command in COMMANDS:
            printed = command.replace("http://localhost:3000", url).replace("T01234567", TEAM)
            process = await asyncio.create_subprocess_shell(
                printed, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={"TOKEN": token}
            )
            output, _ = await process.communicate()
            answers.append(json.loads(output))

    assert 4 == len(answers)
    assert not [each for each in answers if "error" in each]


def test_every_route_scope_parameter_kind_and_word_is_in_the_manual() -> None:
    quoted = set(re.findall(r"`([^`\n]+)`", MANUAL))
    names = {each.path for each in OPERATIONS} | {each.scope.value for each in OPERATIONS}
    names |= set(UsersQuery.model_fields) | set(ChangesQuery.model_fields) | set(LineKind)
    words = set(WORD_OF.values()) - {"bad_request", "too_large"}  # none of these comes from the API

    assert set() == (names | words) - quoted
