"""The verbs `usersync purge`, `hide`, `unhide` and `export`; each only reads its arguments and tells the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.loading import loading
from bot.outcome import run_verb

_WHOM = "A Slack id (U… or T…/U…), an e-mail address, or a handle."


def add_verbs(app: typer.Typer) -> None:
    """Give the command line the verbs about one person."""
    app.command("purge")(purge_user)
    app.command("hide")(hide_user)
    app.command("unhide")(unhide_user)
    app.command("export")(export_user)


def purge_user(
    user: Annotated[list[str], typer.Argument(metavar="USER", help="A Slack id: U…, T…/U…, or T… U….")],
) -> None:
    """Erase what is held of one person who has left, for good, and say what is out of reach."""
    if len(user) > 2 or (len(user) == 2 and not user[0].startswith(("T", "E"))):
        raise typer.BadParameter("Name one person: U…, T…/U…, or T… U….")
    with loading():
        from bot import erasing
    run_verb(erasing.purge("/".join(user)))


def hide_user(user: Annotated[str, typer.Argument(help=_WHOM)]) -> None:
    """Keep one person out of every page and answer, for as long as they are in Slack."""
    with loading():
        from bot import erasing
    run_verb(erasing.hide(user, is_hidden=True))


def unhide_user(user: Annotated[str, typer.Argument(help=_WHOM)]) -> None:
    """Show a hidden person again."""
    with loading():
        from bot import erasing
    run_verb(erasing.hide(user, is_hidden=False))


def export_user(
    user: Annotated[str, typer.Option("--user", help=_WHOM)],
    output: Annotated[Path | None, typer.Option(help="A file to write instead, readable for its owner alone.")] = None,
) -> None:
    """Print everything that is held of one person, as one JSON document."""
    with loading():
        from bot import erasing
    run_verb(erasing.export(user, output))
