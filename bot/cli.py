"""The verbs of `usersync`; each only reads its arguments, calls the room that does the work, and tells the outcome."""

from __future__ import annotations

import asyncio
import io
import logging
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot.copy_verb import add_copy
from bot.demo import Demo
from bot.doctor import Doctor
from bot.doctor_report import report
from bot.erasure_verbs import add_verbs
from bot.feed import FeedError, feed, read_events
from bot.letters_verbs import letters_app
from bot.logs import configure_logs
from bot.operator import refuse_whom_the_door_refuses, whom
from bot.outcome import CLEAN, FAILED, run_verb
from bot.runs.verb import ResyncVerb, Wish
from bot.service import Service, utc_now
from bot.settings import demo_port, load_settings, proxy_for, revealed
from bot.settings_words import SettingsError
from bot.signin_links import SigninLinks, base_url
from bot.slack import SlackClock, make_client, open_session
from bot.stopping import stop_on_signal
from bot.terminal import at_run, shown
from bot.token_verbs import token_app
from db import Store

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(letters_app, name="dead-letters")
app.add_typer(token_app, name="token")


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
    run_verb(_serve())


@app.command()
def demo() -> None:
    """Run everything against a pretend Slack with invented people; nothing leaves this machine."""
    configure_logs("console")
    run_verb(_demo())


@app.command()
def resync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change; write no row.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Mark as missing however many Slack no longer knows.")
    ] = False,
) -> None:
    """Read everybody from Slack once, in a process of its own; the bot token is all it needs."""
    run_verb(_resync(Wish(is_dry=dry_run, is_confirmed=confirm)))


@app.command("feed")
def feed_file(
    file: Annotated[str, typer.Argument(help="A file with an event as JSON; - reads standard input.")],
    team: Annotated[str | None, typer.Option(help="The workspace (T…) that the event belongs to.")] = None,
) -> None:
    """Put an event through the same path as Slack's: bare, a payload, or a whole envelope; one, or one on each line."""
    run_verb(_feed(file, team))


@app.command("signin-link")
def signin_link(
    user: Annotated[str, typer.Argument(help="A Slack id (U… or T…/U…), an e-mail address, or a handle.")],
) -> None:
    """Print a link that signs a user in, once, for ten minutes. Whoever opens it is that user: mind where it goes."""
    run_verb(_signin_link(user))


@app.command("doctor")
def examine() -> None:
    """Look at settings, tokens, scopes, database and Slack, and tell what is wrong and how to mend it."""
    run_verb(_examine())


add_copy(app)
add_verbs(app)


async def _serve() -> int:
    settings = load_settings(needs_tokens=True)
    configure_logs(settings.log_format)
    stop = stop_on_signal()
    async with Service(settings, tell=_say, stop=stop, command=_this_command()) as service:
        _say(f"The directory is at {service.shown_url}")
        if settings.auth == "none":
            _say("It is open (USERSYNC_AUTH=none): whoever reaches that address can read it.")
        if service.is_first_start and settings.auth == "slack":
            _say(f"To look at it: {_this_command()} signin-link YOUR-SLACK-ID, or type /usersync open in Slack")
        async with shown(at_run(lambda: service.runs.progress, utc_now), may_draw=False):
            await _until(stop, service)
    return CLEAN


async def _signin_link(user: str) -> int:
    settings = load_settings()
    configure_logs(settings.log_format)
    if settings.auth == "proxy":
        raise SettingsError(
            ["USERSYNC_AUTH: with proxy the proxy signs people in, so there are no links to do it with."]
        )
    if settings.auth == "none":
        raise SettingsError(["USERSYNC_AUTH: with none nobody has to sign in, so there are no links to do it with."])
    store = await Store.open(settings.database_url.get_secret_value())
    try:
        team_id, user_id = await whom(store, user.strip())
        await refuse_whom_the_door_refuses(store, team_id, user_id, guests_may_sign_in=settings.guests_may_sign_in)
        links = SigninLinks(store, base_url(settings.public_url, settings.port), utc_now)
        print(await links.make(team_id, user_id), flush=True)
    finally:
        await store.close()
    if sys.stdout.isatty():
        print("It works once, for ten minutes.")
    if not settings.public_url and not settings.port:
        print("The port is not known here: put the real one in, or set USERSYNC_PUBLIC_URL.", file=sys.stderr)
    return CLEAN


async def _demo() -> int:
    stop = stop_on_signal()
    async with Demo(port=demo_port()) as running:
        print(
            f"\n  The directory is at {running.service.url}"
            f"\n  The pretend Slack is at {running.page.url}\n"
            "\n  Everybody in it is invented. In the pretend Slack you type /usersync, make people join and leave, and"
            "\n  break things, while the directory follows. Ctrl+C ends both.\n",
            flush=True,
        )
        await _until(stop, running.service)
    return CLEAN


async def _resync(wish: Wish) -> int:
    settings = load_settings(needs_bot_token=True)
    configure_logs(settings.log_format, level=logging.WARNING)
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    store = await Store.open(settings.database_url.get_secret_value())
    proxy = proxy_for(settings.slack_api_url)
    try:
        async with open_session() as session:
            client = make_client(
                token=revealed(settings.slack_bot_token),
                api_url=settings.slack_api_url,
                proxy=proxy,
                session=session,
                clock=SlackClock(),
            )
            is_clean = await ResyncVerb(store, client, clock=utc_now, tell=_say).run(wish)
    finally:
        await store.close()
    return CLEAN if is_clean else FAILED


async def _examine() -> int:
    settings = load_settings(needs_tokens=True)
    configure_logs(settings.log_format)
    findings = await Doctor(settings).examine()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ still gets the word beside it
    print(report(findings))
    return FAILED if any(each.is_failure for each in findings) else CLEAN


async def _feed(file: str, team: str | None) -> int:
    settings = load_settings()
    configure_logs(settings.log_format)
    payloads = read_events(_text_of(file))
    store = await Store.open(settings.database_url.get_secret_value())
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


def _say(words: str) -> None:
    """Print a line. An output that is closed, full, or knows fewer letters costs the line, and never the work."""
    with suppress(OSError, ValueError):
        encoding = sys.stdout.encoding or "utf-8"
        print(words.encode(encoding, errors="replace").decode(encoding), flush=True)


def _this_command() -> str:
    """Name the command as it can be typed here: without an environment that is switched on, it has a path."""
    beside = Path(sys.executable).with_name("usersync")
    if Path(sys.argv[0]).name == beside.name and shutil.which(beside.name):
        return beside.name
    if not beside.exists():
        return f"{sys.executable} -m bot"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


async def _until(stop: asyncio.Event, service: Service) -> None:
    """Wait for the signal. Raises what a part of the service died of."""
    service.failed.add_done_callback(lambda _: stop.set())
    await stop.wait()
    if service.failed.done():
        service.failed.result()
