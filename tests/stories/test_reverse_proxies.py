"""The blocks of docs/install.md, run as they stand there: nginx and Caddy in front of a running directory."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.html import read
from tests.support.program import running_command
from tests.support.promptness import promptly
from tests.support.streams import from_now_on
from tests.support.visitor import Visitor, a_link
from tests.support.waiting import eventually

Start = Callable[..., Any]
INSTALL = Path(__file__).parents[2] / "docs/install.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
CADDY = shutil.which("caddy")
PROXIES = [
    pytest.param("nginx", marks=pytest.mark.skipif(NGINX is None, reason="no nginx is installed")),
    pytest.param("caddy", marks=pytest.mark.skipif(CADDY is None, reason="no Caddy is installed")),
]
AROUND_NGINX = """
daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{block}
}}
"""
AROUND_CADDY = "{{\n    admin off\n    grace_period 1s\n    auto_https off\n}}\n{block}\n"


def block_of(language: str) -> str:
    """Read the only block of that kind."""
    [block] = re.findall(rf"```{language}\n(.*?)```", INSTALL.read_text(), flags=re.DOTALL)
    return str(block)


def replaced(block: str, *pairs: tuple[str, str]) -> str:
    """Put our ports in the place of those in the page; each has to stand there."""
    for old, new in pairs:
        assert old in block, f"{old} is not in docs/install.md"
        block = block.replace(old, new)
    return block


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    """Write a whole configuration around the block, and tell the command that runs it."""
    block = replaced(
        block_of("nginx"), ("listen 80;", f"listen 127.0.0.1:{port};"), ("127.0.0.1:3000", f"127.0.0.1:{behind}")
    )
    (folder / "nginx.conf").write_text(AROUND_NGINX.format(folder=folder, block=block))
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, behind: int) -> list[str]:
    """Likewise; plain HTTP on a port of ours."""
    block = replaced(
        block_of("caddy"),
        ("people.example.com {", f"http://people.example.com:{port} {{"),
        ("127.0.0.1:3000", f"127.0.0.1:{behind}"),
    )
    (folder / "Caddyfile").write_text(AROUND_CADDY.format(block=block))
    return [str(CADDY), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@asynccontextmanager
async def proxied(which: str, folder: Path, port: int, service: Service) -> AsyncIterator[str]:
    """Run a proxy in front of the service until it answers; tells its own address."""
    command = {"nginx": nginx, "caddy": caddy}[which](folder, port, int(httpx.URL(service.url).port or 0))
    env = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)}
    async with running_command(*command, env=env, cwd=folder) as program:

        async def is_up() -> bool:
            assert program.process.returncode is None, program.output
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        await eventually(is_up, within_s=40, of=which)
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            program.tell(signal.SIGTERM)  # killed, nginx would leave its workers behind
            await program.ended()


@pytest.fixture
def port() -> int:
    return a_free_port()


@pytest.fixture
def settings(slack: Simulator, database_url: str, port: int) -> Settings:
    """Settings with a door, and the proxy's address as the only one."""
    settings = settings_for(slack, database_url, auth="slack")
    return settings.model_copy(update={"public_url": f"http://people.example.com:{port}"})


@pytest.mark.parametrize("which", PROXIES)
async def test_people_sign_in_and_read_live_through_a_proxy(
    slack: Simulator, service: Service, tmp_path: Path, port: int, which: str
) -> None:
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()
    await eventually(lambda: find(service, slack, ada.id), of="Ada")
    named = {"Host": f"people.example.com:{port}"}
    ours = named | {"Origin": f"http://people.example.com:{port}"}
    async with proxied(which, tmp_path, port, service) as url, Visitor(url) as visitor:
        visitor.headers.update(named)
        outside = await visitor.get("/")
        link = await a_link(service, slack.team_id, ada.id)
        asked = await visitor.opens(link)
        foreign = await visitor.confirms(asked, **named, Origin="http://evil.example")
        inside = await visitor.confirms(asked, **ours)
        kept = [each.partition(";")[0] for each in inside.headers.get_list("set-cookie")]
        cookie = {"Cookie": "; ".join(kept)}
        page = await visitor.get("/", headers=cookie)
        rebound = await visitor.get("/", headers=cookie | {"Host": "rebound.example"})
        await _hears(visitor, slack, ada, cookie)

    assert link.startswith(f"http://people.example.com:{port}/signin?token=")
    assert [401, 200, 403, 303, 200] == [each.status_code for each in (outside, asked, foreign, inside, page)]
    assert "Ada Lovelace" == read(page.text).one(class_="viewer-name").text
    assert "Ada" not in rebound.text
    assert rebound.status_code in (200, 400)  # Caddy answers a name that is none of its own with an empty page


async def _hears(visitor: Visitor, slack: Simulator, user: Any, cookie: dict[str, str]) -> None:
    """See that a change is with a reader of the stream within a second, however the proxy gathers what it passes on."""
    async with visitor.stream("GET", "/live", headers=cookie, timeout=30) as stream:
        lines = stream.aiter_lines()
        await from_now_on(lines)

        async def a_title_changes(number: int) -> None:
            slack.changes(user, title=f"Countess {number}")
            async with asyncio.timeout(20):
                async for line in lines:
                    if line.startswith("data: ") and user.id in line:
                        return
            raise AssertionError("the stream has ended")

        await promptly(a_title_changes, within_s=1)
