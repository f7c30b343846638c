"""The verb `usersync dead-letters` and what follows it; each only reads its arguments and tells the outcome."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Annotated

import typer

from bot.loading import loading
from bot.outcome import CLEAN, FAILED, run_verb

if TYPE_CHECKING:
    from bot.letters import Letters, Told

letters_app = typer.Typer(help="List, show, replay or drop what could not be applied.", invoke_without_command=True)
LetterNumbers = Annotated[list[int], typer.Argument(metavar="NUMBER…", help="Numbers as the list shows them.")]


@letters_app.callback()
def list_letters(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest are listed.")] = 50,
) -> None:
    """List payloads that could not be applied, with the reason; newest first."""
    if context.invoked_subcommand is None:
        _run(lambda letters: _list_letters(letters, limit))


@letters_app.command("show")
def show_letter(number: Annotated[int, typer.Argument(help="Its number, as the list shows it.")]) -> None:
    """Print one with its payload. Slack's tokens and secrets are taken out of it; what it says of people is not."""
    _run(lambda letters: _show_letter(letters, number))


@letters_app.command("replay")
def replay_letters(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER…", help="Numbers as the list shows.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Replay every letter, oldest first.")] = False,
) -> None:
    """Apply letters once more, with today's usersync; one that is outdated changes nothing, and leaves as well."""
    if every == bool(numbers):
        raise typer.BadParameter("Name the letters by their numbers, or say --all.")
    _run(lambda letters: _replay_letters(letters.replay_all() if every else letters.replay(numbers or [])))


@letters_app.command("drop")
def drop_letters(numbers: LetterNumbers) -> None:
    """Drop letters for good, without applying them."""
    _run(lambda letters: _drop_letters(letters, numbers))


def _run(work: Callable[[Letters], Coroutine[object, object, int]]) -> None:
    with loading():
        from bot.clock import utc_now
        from bot.letters import Letters
        from bot.opening import opened

    async def on_letters() -> int:
        async with opened() as (_, store):
            return await work(Letters(store, clock=utc_now))

    run_verb(on_letters())


async def _list_letters(letters: Letters, limit: int) -> int:
    for line in await letters.list_lines(limit):
        print(line)
    return CLEAN


async def _show_letter(letters: Letters, number: int) -> int:
    print(await letters.show(number))
    return CLEAN


async def _replay_letters(replayed: AsyncIterator[Told]) -> int:
    applied = stayed = 0
    async for told in replayed:
        print(told.words, flush=True)
        applied, stayed = applied + (not told.stays), stayed + told.stays
    print(f"{applied:,} applied, {stayed:,} stay." if applied or stayed else "There are no dead letters.")
    return FAILED if stayed else CLEAN


async def _drop_letters(letters: Letters, numbers: list[int]) -> int:
    for line in await letters.drop(numbers):
        print(line)
    return CLEAN
