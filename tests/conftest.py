"""What every test may ask for: an empty environment, a store on each engine, a pretend Slack, and the whole service."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.async_api import Browser, async_playwright, expect

from bot.pace import Pace
from bot.runs.runner import RunPace
from bot.runs.schedule import Rhythm
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.telling.steps import Manners
from db import Store
from db.records import AlertKind
from tests.support.browser import CHROMIUM, QUIET
from tests.support.engine_report import EngineReport
from tests.support.engines import BY_ENGINE, Migrated, a_database, engine_of, engines_for
from tests.support.postgres import PostgresServer, a_postgres_server
from tests.support.pretend_disk import Disk
from tests.support.program import key_for

QUICK = Pace(
    stagger_s=0.05,
    beat_every_s=0.2,
    look_every_s=0.2,
    digest_look_every_s=0.2,
    sockets_may_take_s=1,
    wipe_after_s=0.2,
    manners=Manners(
        after_s={AlertKind.SOCKETS: 1.2, AlertKind.DATABASE: 0.5, AlertKind.NOT_COMMITTED: 60},
        mends_s=2,
        edit_every_s=0.3,
        first_pause_s=0.2,
        longest_pause_s=1,
    ),
    rhythm=Rhythm(rest_s=0.2, retry_s=0.2, look_again_s=0.1),
    runs=RunPace(lists_a_minute=10_000, asks_a_minute=10_000, first_pause_s=0.05),
)
"""Slack's own pace would make every story a matter of minutes."""

ON_A_SERVER = replace(
    QUICK,
    sockets_may_take_s=5,
    manners=replace(QUICK.manners, after_s={**QUICK.manners.after_s, AlertKind.SOCKETS: 5.2}),
)
"""A start asks a server more, and waits for it where many tests do: that must not look like a lost connection."""

# The same examples every time, so a red run is a change; `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Whoever runs the tests in the background may have SIGINT ignored, and every program inherits that."""
    config.pluginmanager.register(EngineReport())
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    expect.set_options(timeout=20_000)  # a browser beside other tests takes its time


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a database on one engine after the other, but for a test that names its engines itself."""
    named = {name for mark in metafunc.definition.iter_markers("parametrize") for name in str(mark.args[0]).split(",")}
    for fixture in BY_ENGINE - named:
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, engines_for(metafunc.definition), indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on a server, so that `make test` leaves it to `make servers`."""
    for item in items:
        if engine_of(item) not in ("", "sqlite"):
            item.add_marker("server")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that happens to be set on this machine may reach a test."""
    for name in list(os.environ):
        if name.upper().startswith(("SLACK_", "USERSYNC_", "DATABASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")):
            monkeypatch.delenv(name)
    monkeypatch.delenv("PORT", raising=False)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrated]:
    """What databases with today's tables are copied from."""
    made = Migrated(tmp_path_factory.mktemp("migrated"))
    yield made
    asyncio.run(made.drop())


@pytest.fixture
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database on each engine."""
    async with a_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated: Migrated) -> AsyncIterator[str]:
    """A database on each engine that knows nobody yet."""
    async with a_database(request.param, tmp_path, migrated) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A migrated store on each engine."""
    store = await Store.open(database_url)
    yield store
    await store.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that tests may stop, and worse; made once, for making one takes seconds."""
    with a_postgres_server() as server:
        yield server


@pytest.fixture
async def postgres(postgres_server: PostgresServer) -> AsyncIterator[PostgresServer]:
    """The same, well at the beginning of each test and at its end."""
    await postgres_server.heal()
    yield postgres_server
    await postgres_server.heal()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield browser
        await browser.close()


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack with nobody in it but the bots that every workspace has."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings that lead to the pretend Slack and to the database of this test."""
    return settings_for(slack, database_url)


def settings_for(slack: Simulator, database_url: str, *, auth: str = "none") -> Settings:
    """Make settings that lead to the pretend Slack; without a sign-in, unless the door itself is the subject."""
    return Settings.model_validate(
        {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": database_url,
            "USERSYNC_PORT": 0,
            "USERSYNC_AUTH": auth,
            **key_for(database_url),
        }
    )


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Callable[..., object]]:
    """Start the whole service; it is closed after the test."""
    async with AsyncExitStack() as stack:

        async def begin(wanted: Settings = settings, **options: Any) -> Service:
            roomy = Disk(10**12, 10**12)  # however full this machine's own is
            usual = {"pace": QUICK if wanted.sqlite_file else ON_A_SERVER, "disk_usage": roomy}
            return await stack.enter_async_context(Service(wanted, **{**usual, **options}))

        yield begin


@pytest.fixture
async def service(start: Callable[..., object], slack: Simulator) -> Service:
    """The whole service, connected, its first walk done."""
    from tests.support.waiting import eventually

    running: Service = await start()  # type: ignore[misc]
    await eventually(lambda: running.runs.finished, within_s=30, of="the first walk")
    return running
