"""The image without an engine: what its file promises, and its health check run against healthy and sick services."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from bot.service import Service
from bot.settings import known_names, load_settings
from bot.simulator import Simulator
from tests.support.dockerfile import health_check, instructions, last_stage
from tests.support.program import running_command

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IMAGE = last_stage(TEXT)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
UNIT: dict[str, Any] = COMPOSE["services"]["usersync"]


def every(word: str, among: list[tuple[str, str]] = IMAGE) -> list[str]:
    return [rest for found, rest in among if found == word]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in every("ENV") for pair in line.split())


# What the file promises.


def test_two_stages_begin_with_the_same_base_of_a_fixed_minor_version() -> None:
    bases = [rest.split()[0] for rest in every("FROM", instructions(TEXT))]

    assert 2 == len(bases)
    assert 1 == len(set(bases))
    assert re.fullmatch(r"python:3\.\d+-slim", bases[0])


def test_everything_that_is_installed_is_locked_and_hash_checked() -> None:
    commands = [part for run in every("RUN", instructions(TEXT)) for part in run.split("&&")]
    installs = [part for part in commands if "pip install" in part or "pip wheel" in part]

    assert 4 == len(installs)
    assert [] == [part for part in installs if "--require-hashes" not in part and "--no-index" not in part]
    assert {"locks/runtime.txt", "locks/build.txt"} == set(re.findall(r"locks/\w+\.txt", " ".join(installs)))


def test_it_runs_as_a_fixed_user_who_owns_data_and_nothing_else() -> None:
    assert ["10001:10001"] == every("USER")
    assert ["/data"] == every("VOLUME")
    assert "chown 10001:10001 /data" in " ".join(every("RUN"))
    assert "--chown" not in TEXT


def test_it_listens_on_all_addresses_and_serves() -> None:
    assert "0.0.0.0" == environment()["USERSYNC_HOST"]
    assert ['["usersync", "serve"]'] == every("CMD")


def test_the_default_database_is_in_the_volume() -> None:
    default = load_settings(environment() | {"USERSYNC_AUTH": "none"}, env_file=None).database_url.get_secret_value()
    (folder,) = every("WORKDIR")

    assert Path("/data/usersync.sqlite3") == Path(folder) / default.removeprefix("sqlite:///")


def test_a_database_url_from_a_file_is_not_outvoted(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://usersync@db.example/usersync\n", encoding="utf-8")
    env = environment() | {"DATABASE_URL_FILE": str(secret), "USERSYNC_AUTH": "none"}

    assert (
        "postgresql://usersync@db.example/usersync" == load_settings(env, env_file=None).database_url.get_secret_value()
    )


def test_no_secret_is_baked_in_and_every_setting_exists() -> None:
    assert [] == every("ARG", instructions(TEXT))
    assert set() == {name for name in environment() if name.startswith("USERSYNC_")} - known_names().keys()
    assert not [name for name in environment() if "TOKEN" in name or "KEY" in name]


def test_what_is_copied_is_let_in_and_nothing_else_is() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignore if line.startswith("!")}
    copied = [rest.split()[:-1] for rest in every("COPY", instructions(TEXT)) if "--from" not in rest]

    assert "*" in ignore
    assert let_in == {name for names in copied for name in names}
    assert all((ROOT / name).exists() for name in let_in)


# The health check, run for real.


async def verdict(**env: str) -> int:
    """Run the image's own command, and tell its exit code."""
    async with running_command(*health_check(TEXT), env=env, cwd=ROOT) as check:
        return await check.ended()


@asynccontextmanager
async def somebody_who_answers(status: str) -> AsyncIterator[str]:
    """Listen on a port, answer everything with one status, and give the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield str(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize("name", ["USERSYNC_PORT", "PORT"])
async def test_a_living_service_is_healthy_on_whatever_port(service: Service, name: str) -> None:
    assert 0 == await verdict(**{name: str(urlsplit(service.url).port)})


async def test_our_own_port_wins_and_blanks_count_as_nothing(service: Service) -> None:
    port = str(urlsplit(service.url).port)

    assert 0 == await verdict(USERSYNC_PORT=port, PORT="1")
    assert 0 == await verdict(USERSYNC_PORT=" ", PORT=f" {port} ")


async def test_it_asks_past_any_proxy(service: Service) -> None:
    proxy = "http://127.0.0.1:1"

    assert 0 == await verdict(USERSYNC_PORT=str(urlsplit(service.url).port), http_proxy=proxy, HTTP_PROXY=proxy)


async def test_a_service_that_lost_slack_is_alive_and_stays(slack: Simulator, start: Callable[..., Any]) -> None:
    slack.faults.fail("*", http_status=503, times=None)
    service: Service = await start()

    assert 0 == await verdict(USERSYNC_PORT=str(urlsplit(service.url).port))


async def test_where_nobody_listens_it_is_sick() -> None:
    async with somebody_who_answers("200 OK") as port:
        pass

    assert 0 != await verdict(USERSYNC_PORT=port)


async def test_an_answer_that_is_no_yes_is_sick() -> None:
    async with somebody_who_answers("503 Service Unavailable") as port:
        assert 0 != await verdict(USERSYNC_PORT=port)


def test_it_asks_whether_the_process_lives_and_never_whether_it_is_ready() -> None:
    check = " ".join(health_check(TEXT))

    assert "/healthz" in check
    assert "readyz" not in check


# Compose.


def test_compose_keeps_the_table_in_a_named_volume() -> None:
    assert ["data:/data"] == UNIT["volumes"]
    assert "data" in COMPOSE["volumes"]


def test_compose_takes_settings_from_the_file_and_starts_again_by_itself() -> None:
    assert (".env", "unless-stopped", ".") == (UNIT["env_file"], UNIT["restart"], UNIT["build"])
    assert set() == set(UNIT["environment"]) - known_names().keys()


def test_compose_leaves_time_to_commit_and_ack() -> None:
    assert int(UNIT["stop_grace_period"].removesuffix("s")) >= 15


def test_compose_publishes_the_port_that_is_listened_on_under_the_same_number() -> None:
    (published,) = UNIT["ports"]
    port = UNIT["environment"]["USERSYNC_PORT"]

    assert f"127.0.0.1:{port}:{port}" == published
    assert "${USERSYNC_PORT:-3000}" == port


def test_compose_inherits_the_images_health_check() -> None:
    assert "healthcheck" not in UNIT
