"""The verbs of `usersync`; each only reads its arguments, calls the room that does the work, and tells the outcome."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot.demo import Demo
from bot.feed import FeedError, feed, read_events
from bot.identity import Rejected
from bot.ingest import NotCommitted
from bot.logs import configure_logs
from bot.service import Service, utc_now
from bot.settings import demo_port, load_settings
from bot.settings_words import SettingsError
from bot.webserver import PortTaken
from db import Store
from db.errors import StoreError

CLEAN, FAILED, SETTINGS = 0, 1, 2
"""Exit codes: done; could not be done, in words; settings or arguments are wrong, in words."""

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def main() -> None:
    """Run the command line."""
    app()


@app.callback(invoke_without_command=True)
def usersync(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Keep a table of your Slack people, and a page your colleagues like."""
    if version:
        print(f"usersync {__version__}")
        raise typer.Exit


@app.command()
def serve() -> None:
    """Follow Slack and serve the directory, until it is told to end."""
    _run(_serve())


@app.command()
def demo() -> None:
    """Run everything against a pretend Slack with invented people; nothing leaves this machine."""
    configure_logs("console")
    _run(_demo())


@app.command("feed")
def feed_file(
    file: Annotated[str, typer.Argument(help="A file with an event as JSON; - reads standard input.")],
    team: Annotated[str | None, typer.Option(help="The workspace (T…) that the event belongs to.")] = None,
) -> None:
    """Put an event through the same path as Slack's: bare, a payload, or a whole envelope; one, or one on each line."""
    _run(_feed(file, team))


async def _serve() -> int:
    settings = load_settings(needs_tokens=True)
    configure_logs(settings.log_format)
    stop = _stop_on_signal()
    async with Service(settings) as service:
        print(f"The directory is at {service.url}", flush=True)
        await _until(stop, service)
    return CLEAN


async def _demo() -> int:
    stop = _stop_on_signal()
    async with Demo(port=demo_port()) as running:
        print(
            f"\n  The directory is at {running.service.url}\n  Everybody in it is invented. Ctrl+C ends it.\n",
            flush=True,
        )
        await _until(stop, running.service)
    return CLEAN


async def _feed(file: str, team: str | None) -> int:
    settings = load_settings()
    configure_logs(settings.log_format)
    payloads = read_events(_text_of(file))
    store = await Store.open(settings.database_url)
    code = CLEAN
    try:
        async for fed in feed(store, payloads, team_id=team, clock=utc_now):
            print(fed.words)
            code = FAILED if fed.outcome.reason is not None else code
    finally:
        await store.close()
    return code


def _text_of(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FeedError(f"{file} cannot be read ({type(error).__name__}). Check its path; it must be UTF-8.") from None


def _stop_on_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


async def _until(stop: asyncio.Event, service: Service) -> None:
    """Wait for the signal. Raises what a part of the service died of."""
    service.failed.add_done_callback(lambda _: stop.set())
    await stop.wait()
    if service.failed.done():
        service.failed.result()


def _run(work: Coroutine[object, object, int]) -> None:
    """Run a verb; what went wrong is told on standard error, in words."""
    try:
        code = asyncio.run(work)
    except SettingsError as error:
        words, code = "\n".join(f"- {problem}" for problem in error.problems), SETTINGS
        print(f"usersync cannot start with these settings:\n{words}", file=sys.stderr)
    except (FeedError, Rejected) as error:
        print(error, file=sys.stderr)
        code = SETTINGS
    except (StoreError, PortTaken, NotCommitted) as error:
        print(error, file=sys.stderr)
        code = FAILED
    raise SystemExit(code)
