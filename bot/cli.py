"""The verbs of `usersync`; each only reads its arguments, loads the room that does the work, and tells the outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bot import __version__
from bot.copy_verb import add_copy
from bot.erasure_verbs import add_verbs
from bot.letters_verbs import letters_app
from bot.loading import loading
from bot.outcome import run_verb
from bot.token_verbs import token_app

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


class Only(StrEnum):
    """The parts that `serve` can be split into."""

    BOT = "bot"
    WEB = "web"


@app.command()
def serve(
    only: Annotated[
        Only | None, typer.Option("--only", help="Do one part: bot follows Slack, web shows the directory.")
    ] = None,
) -> None:
    """Follow Slack and serve the directory, until it is told to end."""
    with loading():
        from bot import serving
    run_verb(serving.serve(only))


@app.command()
def demo() -> None:
    """Run everything against a pretend Slack with invented people; nothing leaves this machine."""
    with loading():
        from bot import demo_verb
    run_verb(demo_verb.demo())


@app.command()
def resync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change; write no row.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Mark as missing however many Slack no longer knows.")
    ] = False,
) -> None:
    """Read everybody from Slack once, in a process of its own; the bot token is all it needs."""
    with loading():
        from bot import resync_verb
    run_verb(resync_verb.resync(is_dry=dry_run, is_confirmed=confirm))


@app.command("feed")
def feed_file(
    file: Annotated[str, typer.Argument(help="A file with an event as JSON; - reads standard input.")],
    team: Annotated[str | None, typer.Option(help="The workspace (T…) that the event belongs to.")] = None,
) -> None:
    """Put an event through the same path as Slack's: bare, a payload, or a whole envelope; one, or one on each line."""
    with loading():
        from bot import feed_verb
    run_verb(feed_verb.feed_file(file, team))


@app.command("signin-link")
def signin_link(
    user: Annotated[str, typer.Argument(help="A Slack id (U… or T…/U…), an e-mail address, or a handle.")],
) -> None:
    """Print a link that signs a user in, once, for ten minutes. Whoever opens it is that user: mind where it goes."""
    with loading():
        from bot import signin_verb
    run_verb(signin_verb.signin_link(user))


@app.command("doctor")
def examine() -> None:
    """Look at settings, tokens, scopes, database and Slack, and tell what is wrong and how to mend it."""
    with loading():
        from bot import doctor_verb
    run_verb(doctor_verb.examine())


add_copy(app)
add_verbs(app)
