"""The verb `usersync copy`: reads its two addresses, and loads the room that does the work."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.loading import loading
from bot.outcome import run_verb

_FORMS = "sqlite:///…, postgresql://… or mariadb://…, as in DATABASE_URL."


def add_copy(app: typer.Typer) -> None:
    """Give the command line the verb."""
    app.command("copy")(copy_directory)


def copy_directory(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"The database that holds the directory: {_FORMS}")],
    target: Annotated[str, typer.Argument(metavar="TO", help=f"An empty one of any engine: {_FORMS}")],
) -> None:
    """Copy the whole directory with its history into an empty database, and check every row. Stop the service first."""
    with loading():
        from bot import copy_work
        from db.copying import Copying
        from db.errors import UnusableUrl
    try:
        copying = Copying(source, target)
    except UnusableUrl as error:
        raise typer.BadParameter(f"FROM and TO are addresses: {error.detail}") from None
    run_verb(copy_work.copy(copying))
