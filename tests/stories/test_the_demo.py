"""The demo: the real service, a pretend Slack, and people whose lives go on; it reads nothing of the operator's."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.support.program import environment, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.runs_on("sqlite", because="the demo keeps its people in a file of its own")


def hostile(folder: Path, **more: str) -> dict[str, str]:
    """Make an environment full of things that the demo must not read."""
    (folder / ".env").write_text("USERSYNC_PORT=1\nSLACK_BOT_TOKEN=xoxb-real\nUSERSYNC_NONSENSE=1\n", encoding="utf-8")
    return environment(
        HTTPS_PROXY="http://127.0.0.1:9",
        HTTP_PROXY="http://127.0.0.1:9",
        SLACK_BOT_TOKEN="xoxb-real",
        SLACK_CLIENT_ID="1.2",
        SLACK_CLIENT_SECRET="secret",
        DATABASE_URL="postgresql://nobody@nowhere/none",
        USERSYNC_HOST="0.0.0.0",
        HOME=str(folder),
        **more,
    )


def left_in(folder: Path) -> list[str]:
    """Name what a demo left behind."""
    return [each.name for each in folder.iterdir()]


async def page(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).text


async def test_the_demo_shows_invented_people_and_tells_what_changes(tmp_path: Path) -> None:
    async with running("demo", env=hostile(tmp_path, PORT="0"), cwd=tmp_path) as program:
        address = await program.url()
        await eventually(lambda: page(address), of="the page")

        async def is_filled() -> bool:
            found = re.search(r"of ([\d,]+) shown|([\d,]+) people", await page(address))
            return bool(found) and int((found[1] or found[2]).replace(",", "")) > 150

        await eventually(is_filled, within_s=40, of="all people on the page")
        text = await eventually(lambda: _with(address, "Just now"), within_s=30, of="a change in the strip")

        assert "invented" in text
        program.tell(signal.SIGINT)
        assert 0 == await program.ended()
    assert "Traceback" not in program.output
    assert [] == left_in(tmp_path / ".demo")


async def test_the_demo_takes_the_next_port_where_its_own_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with running("demo", env=environment(PORT=str(port)), cwd=tmp_path) as program:
            address = await program.url()

    assert f":{port}/" not in address
    assert "http://127.0.0.1:" in address


async def test_the_demo_names_the_directory_first_and_then_the_pretend_slack_beside_it(tmp_path: Path) -> None:
    async with running("demo", env=hostile(tmp_path, PORT="0"), cwd=tmp_path) as program:
        address = await program.url()
        found = await eventually(lambda: re.search(r"pretend Slack is at (\S+)", program.output), of="its address")
        shown = await page(found[1])

        assert found[1] != address
        assert "This is not Slack" in shown
        assert f'href="{address}"' in shown


async def _with(address: str, word: str) -> str:
    text = await page(address)
    return text if word in text else ""


async def test_what_a_killed_demo_left_behind_is_swept_away(tmp_path: Path) -> None:
    for name in ("999999999", "0abc"):
        (tmp_path / ".demo" / name).mkdir(parents=True)

    async with running("demo", env=environment(PORT="0"), cwd=tmp_path) as program:
        await program.url()
        left = left_in(tmp_path / ".demo")

    assert "0abc" in left
    assert "999999999" not in left
