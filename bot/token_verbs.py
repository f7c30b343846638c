"""The verb `usersync token` and what follows it; each only reads its arguments and tells the outcome."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.loading import loading
from bot.outcome import CLEAN, run_verb

if TYPE_CHECKING:
    from bot.api_tokens import ApiTokens
    from bot.settings import Settings

token_app = typer.Typer(help="Make, list or revoke the tokens by which programs read.", no_args_is_help=True)


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do: users:read, changes:read, admins:read; may be repeated. [the first two]"),
    ] = None,
    team: Annotated[str | None, typer.Option(help="The only workspace (T…) that it shows. [all]")] = None,
    expires: Annotated[str | None, typer.Option(help="After what time it ends, like 90d. [never]")] = None,
) -> None:
    """Make a token and print it, this once; standard output holds nothing else."""
    lifetime = None if expires is None else _lifetime(expires)
    _run(lambda tokens, settings: _create(tokens, settings, name, scope or [], team, lifetime))


@token_app.command("list")
def list_tokens() -> None:
    """List all tokens, and when each was last used; what they are is kept nowhere."""
    _run(lambda tokens, _: _list(tokens))


@token_app.command("revoke")
def revoke_token(token: Annotated[str, typer.Argument(help="Its number or its name, as the list shows it.")]) -> None:
    """Take a token back for good."""
    _run(lambda tokens, _: _revoke(tokens, token))


def _lifetime(text: str) -> timedelta:
    from bot.settings_values import seconds_of

    try:
        return timedelta(seconds=seconds_of(text))
    except ValueError as error:
        raise typer.BadParameter(f"--expires: {error}") from None


def _run(work: Callable[[ApiTokens, Settings], Coroutine[object, object, int]]) -> None:
    with loading():
        from bot.api_tokens import ApiTokens
        from bot.clock import utc_now
        from bot.opening import opened

    async def on_tokens() -> int:
        async with opened() as (settings, store):
            return await work(ApiTokens(store, clock=utc_now), settings)

    run_verb(on_tokens())


async def _create(
    tokens: ApiTokens, settings: Settings, name: str, scopes: list[str], team: str | None, lifetime: timedelta | None
) -> int:
    text, words = await tokens.make(name, scopes, team_id=team, lifetime=lifetime)
    print(text, flush=True)
    print(words, file=sys.stderr)
    if settings.auth == "none":
        print("With USERSYNC_AUTH=none everybody may read; a token is needed for admins:read alone.", file=sys.stderr)
    return CLEAN


async def _list(tokens: ApiTokens) -> int:
    for line in await tokens.list_lines():
        print(line)
    return CLEAN


async def _revoke(tokens: ApiTokens, word: str) -> int:
    print(await tokens.revoke(word))
    return CLEAN
