"""What `usersync serve` does: start the service, say where it is, and wait until it is told to end."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.clock import utc_now
from bot.logs import configure_logs
from bot.outcome import CLEAN, say
from bot.service import Service
from bot.settings import Settings, load_settings
from bot.stopping import stop_on_signal
from bot.terminal import at_run, shown
from db.instances import ProcessRole


async def serve(only: str | None) -> int:
    """Serve until a signal comes. Raises SettingsError, and what a service may raise at its start or die of."""
    role = ProcessRole(only) if only else ProcessRole.ALL
    settings = load_settings(needs_tokens=True, role=role)
    configure_logs(settings.log_format)
    stop = stop_on_signal()
    async with Service(settings, role=role, tell=say, stop=stop, command=_this_command()) as service:
        for line in _where_it_is(settings, service, role):
            say(line)
        async with shown(at_run(lambda: service.runs.progress, utc_now), may_draw=False):
            await until(stop, service)
    return CLEAN


def _where_it_is(settings: Settings, service: Service, role: ProcessRole) -> Iterator[str]:
    if not role.shows_directory:
        yield f"It follows Slack and shows no directory. {service.url}readyz tells how it stands."
        return
    yield f"The directory is at {service.shown_url}"
    if settings.auth == "none":
        yield "It is open (USERSYNC_AUTH=none): whoever reaches that address can read it."
    if not role.follows_slack and (settings.alert_channel or settings.alert_urls):
        yield "Alerts are told by processes that follow Slack, so USERSYNC_ALERT_CHANNEL and _URLS do nothing here."
    if service.is_first_start and settings.auth == "slack":
        yield f"To look at it: {_this_command()} signin-link YOUR-SLACK-ID, or type /usersync open in Slack"


def _this_command() -> str:
    """Name the command as it can be typed here: without an environment that is switched on, it has a path."""
    beside = Path(sys.executable).with_name("usersync")
    if Path(sys.argv[0]).name == beside.name and shutil.which(beside.name):
        return beside.name
    if not beside.exists():
        return f"{sys.executable} -m bot"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


async def until(stop: asyncio.Event, service: Service) -> None:
    """Wait for the signal. Raises what a part of the service died of."""
    service.failed.add_done_callback(lambda _: stop.set())
    await stop.wait()
    if service.failed.done():
        service.failed.result()
