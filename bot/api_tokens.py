"""`usersync token`: the tokens by which programs read, as an operator makes, lists and revokes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from bot.runs.words import counted
from db import Store
from db.records import ApiToken, TokenScope

USUAL = (TokenScope.USERS, TokenScope.CHANGES)
LONGEST_NAME = 100


class TokenRefused(Exception):
    """No token can be made or revoked by these words. The message says what can be written instead."""


class ApiTokens:
    """The tokens of one store, in words."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def make(
        self, name: str, scopes: Sequence[str], *, team_id: str | None, lifetime: timedelta | None
    ) -> tuple[str, str]:
        """Make one; tell its text, and what it is good for in a sentence. Raises TokenRefused, StoreUnavailable."""
        name, wanted = _named(name), _scopes(scopes) or frozenset(USUAL)
        if team_id is not None:
            await self._refuse_unknown(team_id)
        async with self._store.transaction() as tx:
            text = await tx.api_tokens.make(name, wanted, now=self._clock(), team_id=team_id, lifetime=lifetime)
        until = f"until {_day(self._clock() + lifetime)}" if lifetime else "until it is revoked"
        return text, (
            f"{name}: {_listed(wanted)} of {team_id or 'every workspace'}, {until}. The token is shown this once: "
            "only its digest is kept."
        )

    async def list_lines(self) -> list[str]:
        """List all, oldest first. Raises StoreUnavailable."""
        async with self._store.reading() as rx:
            tokens = await rx.api_tokens.list_tokens()
        if not tokens:
            return ["There are no tokens. `usersync token create NAME` makes one."]
        now = self._clock()
        good = sum(_end_of(each, now) is None for each in tokens)
        return [*(line(each, now) for each in tokens), f"{counted(good, 'token is', 'tokens are')} good."]

    async def revoke(self, word: str) -> str:
        """Take one back, by its number or its name. Raises TokenRefused, StoreUnavailable."""
        async with self._store.reading() as rx:
            token = _meant(word, await rx.api_tokens.list_tokens())
        async with self._store.transaction() as tx:
            is_done = await tx.api_tokens.revoke(token.token_id, now=self._clock())
        if not is_done:
            return f"{token.token_id} ({token.name}) was revoked before."
        return f"{token.token_id} ({token.name}) is revoked: the next request with it is refused."

    async def _refuse_unknown(self, team_id: str) -> None:
        async with self._store.reading() as rx:
            known = await rx.workspaces.list_workspaces()
        if team_id not in {each.team_id for each in known}:
            names = ", ".join(f"{each.team_id} ({each.name or each.domain or 'no name yet'})" for each in known)
            there_are = f"There is {names}." if names else "None is known yet: start usersync once with its two tokens."
            raise TokenRefused(f"--team: no workspace is known as {team_id}. {there_are}")


def line(token: ApiToken, now: datetime) -> str:
    """Describe one: number, name, what it may do, where, since and until when, and when it was last used."""
    until = f"expires {_day(token.expires_at)}" if token.expires_at else "never expires"
    used = f"last used {_ago(now - token.last_used_at)}" if token.last_used_at else "never used"
    end = f", {ended.upper()}" if (ended := _end_of(token, now)) else ""
    return (
        f"{token.token_id}  {token.name}: {_listed(token.scopes)} of {token.team_id or 'every workspace'}; "
        f"made {_day(token.made_at)}, {until}, {used}{end}"
    )


def _end_of(token: ApiToken, now: datetime) -> str | None:
    if token.revoked_at is not None:
        return f"revoked {_day(token.revoked_at)}"
    return "expired" if token.expires_at is not None and token.expires_at <= now else None


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or name.isdigit() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise TokenRefused(
            f"NAME: write who uses the token, in up to {LONGEST_NAME} characters that can be printed, and not as a "
            "number alone, since numbers stand for tokens."
        )
    return name


def _scopes(words: Sequence[str]) -> frozenset[TokenScope]:
    known = {each.value: each for each in TokenScope}
    if unknown := [word for word in words if word not in known]:
        raise TokenRefused(f"--scope: {unknown[0][:60]!r} is none. There are {', '.join(known)}.")
    found = frozenset(known[word] for word in words)
    if found == {TokenScope.ADMINS}:
        raise TokenRefused(
            f"--scope: {TokenScope.ADMINS} only widens what another scope shows. Name that as well, like "
            f"--scope {TokenScope.USERS} --scope {TokenScope.ADMINS}."
        )
    return found


def _meant(word: str, tokens: Sequence[ApiToken]) -> ApiToken:
    """Find the one token that a word means; among several of a name those that are still good come first."""
    found = [each for each in tokens if word in (str(each.token_id), each.name)]
    found = [each for each in found if each.revoked_at is None] or found[:1]
    if not found:
        raise TokenRefused(f"No token has the number or the name {word[:60]!r}. `usersync token list` shows them.")
    if len(found) > 1:
        numbers = ", ".join(str(each.token_id) for each in found)
        raise TokenRefused(f"{word} is the name of several tokens: {numbers}. Write the number of the one you mean.")
    return found[0]


def _listed(scopes: Collection[TokenScope]) -> str:
    return ", ".join(each for each in TokenScope if each in scopes)


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _ago(age: timedelta) -> str:
    """Say how long ago roughly; the time of the last use is exact to a minute."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 2:
        return "a moment ago"
    if minutes < 120:
        return f"{minutes} minutes ago"
    return f"{minutes // 60} hours ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
