"""The verbs `usersync purge`, `hide`, `unhide` and `export`; each only reads its arguments and tells the outcome."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.access import Access, write_privately
from bot.erasure import Erasure
from bot.logs import configure_logs
from bot.outcome import CLEAN, run_verb
from bot.service import utc_now
from bot.settings import load_settings
from db import Store

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
    run_verb(_purge("/".join(user)))


def hide_user(user: Annotated[str, typer.Argument(help=_WHOM)]) -> None:
    """Keep one person out of every page and answer, for as long as they are in Slack."""
    run_verb(_hide(user, is_hidden=True))


def unhide_user(user: Annotated[str, typer.Argument(help=_WHOM)]) -> None:
    """Show a hidden person again."""
    run_verb(_hide(user, is_hidden=False))


def export_user(
    user: Annotated[str, typer.Option("--user", help=_WHOM)],
    output: Annotated[Path | None, typer.Option(help="A file to write instead, readable for its owner alone.")] = None,
) -> None:
    """Print everything that is held of one person, as one JSON document."""
    run_verb(_export(user, output))


async def _purge(word: str) -> int:
    async with _opened() as store:
        async for line in Erasure(store, clock=utc_now).purge(word):
            print(line, flush=True)
    return CLEAN


async def _hide(word: str, *, is_hidden: bool) -> int:
    async with _opened() as store:
        print(await Erasure(store, clock=utc_now).hide(word, is_hidden=is_hidden))
    return CLEAN


async def _export(word: str, output: Path | None) -> int:
    async with _opened() as store:
        text = await Access(store, clock=utc_now).document(word)
    if output is None:
        print(text)
    else:
        write_privately(output, text)
        print(f"Written to {output}, readable for its owner alone.")
    return CLEAN


@asynccontextmanager
async def _opened() -> AsyncIterator[Store]:
    settings = load_settings()
    configure_logs(settings.log_format, level=logging.ERROR)
    store = await Store.open(settings.database_url.get_secret_value())
    try:
        yield store
    finally:
        await store.close()
