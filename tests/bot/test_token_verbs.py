"""`usersync token`: made and shown once, listed without its text, revoked by number or name."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.api_tokens import ApiTokens, TokenRefused
from db import Store
from db.records import ApiToken, TokenScope, Workspace
from tests.support.engines import WHOLE
from tests.support.factories import TEAM
from tests.support.memory import NOW
from tests.support.program import NOWHERE, environment, key_for

pytestmark = pytest.mark.runs_on(*WHOLE, because="these are programs on a database; tests/db has its contract")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace(TEAM, "Meridian"))
    yield store
    await store.close()


@pytest.fixture
def tokens(store: Store) -> ApiTokens:
    return ApiTokens(store, clock=lambda: NOW)


async def make(tokens: ApiTokens, name: str = "HR", *scopes: str, team_id: str | None = None, days: int = 0) -> str:
    text, _ = await tokens.make(name, scopes, team_id=team_id, lifetime=timedelta(days=days) if days else None)
    return text


async def told(url: str, *words: str, auth: str = "none") -> tuple[int, str, str]:
    """Run the verb; tell its exit code, its standard output, and its standard error."""
    env = environment(DATABASE_URL=url, USERSYNC_AUTH=auth, **key_for(url))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "token", *words,
        env=env, cwd=NOWHERE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


@pytest.mark.parametrize("scope", ["users", "users:write", "", "USERS:READ"])
async def test_a_scope_that_does_not_exist_is_refused_with_those_that_do(tokens: ApiTokens, scope: str) -> None:
    with pytest.raises(TokenRefused, match=r"There are users:read, changes:read, admins:read\."):
        await make(tokens, "HR", scope)


async def test_a_workspace_that_is_not_known_is_refused_with_those_that_are(tokens: ApiTokens) -> None:
    with pytest.raises(TokenRefused, match=rf"There is {TEAM} \(Meridian\)\."):
        await make(tokens, team_id="T0OTHER001")


async def test_what_admins_see_is_no_scope_by_itself(tokens: ApiTokens) -> None:
    with pytest.raises(TokenRefused, match="only widens"):
        await make(tokens, "HR", "admins:read")


@pytest.mark.parametrize("name", ["", "  ", "12", "a\x1b[31mb", "x" * 101])
async def test_a_name_that_could_not_be_told_or_found_is_refused(tokens: ApiTokens, name: str) -> None:
    with pytest.raises(TokenRefused, match="NAME"):
        await make(tokens, name)


async def test_a_word_that_means_no_token_or_several_revokes_none(tokens: ApiTokens) -> None:
    await make(tokens, "HR")
    await make(tokens, "HR")

    with pytest.raises(TokenRefused, match="No token has"):
        await tokens.revoke("Payroll")
    with pytest.raises(TokenRefused, match="1, 2"):
        await tokens.revoke("HR")
    assert "2 tokens are good." == (await tokens.list_lines())[-1]


async def test_a_token_may_read_users_and_changes_unless_told_otherwise(tokens: ApiTokens, store: Store) -> None:
    usual, narrow = await make(tokens), await make(tokens, "Wall", "users:read", team_id=TEAM, days=90)
    async with store.reading() as rx:
        found = [await rx.api_tokens.find(each, now=NOW) for each in (usual, narrow)]

    both = frozenset({TokenScope.USERS, TokenScope.CHANGES})
    assert [
        ApiToken(1, "HR", both, None, NOW),
        ApiToken(2, "Wall", frozenset({TokenScope.USERS}), TEAM, NOW, NOW + timedelta(days=90)),
    ] == found


async def test_tokens_are_listed_with_all_but_their_text(tokens: ApiTokens, store: Store) -> None:
    text = await make(tokens, "HR", "users:read")
    await make(tokens, "Wall", "users:read", team_id=TEAM, days=90)
    await tokens.revoke("1")
    async with store.transaction() as tx:
        await tx.api_tokens.note_used(2, now=NOW - timedelta(minutes=5))
    lines = await tokens.list_lines()

    assert [
        "1  HR: users:read of every workspace; made 2026-11-23, never expires, never used, REVOKED 2026-11-23",
        f"2  Wall: users:read of {TEAM}; made 2026-11-23, expires 2027-02-21, last used 5 minutes ago",
        "1 token is good.",
    ] == lines
    assert text not in "\n".join(lines)


async def test_a_name_means_the_token_that_is_still_good(tokens: ApiTokens) -> None:
    await make(tokens, "HR")
    first = await tokens.revoke("HR")
    await make(tokens, "HR")
    second = await tokens.revoke("HR")
    third = await tokens.revoke("HR")

    assert "1 (HR) is revoked: the next request with it is refused." == first
    assert "2 (HR) is revoked: the next request with it is refused." == second
    assert "1 (HR) was revoked before." == third


async def test_standard_output_holds_the_token_alone(store: Store, database_url: str) -> None:
    code, output, errors = await told(database_url, "create", "HR sync", "--expires", "90d", auth="slack")
    async with store.reading() as rx:
        found = await rx.api_tokens.find(output.strip(), now=NOW)

    assert 0 == code
    assert output.startswith("usersync_")
    assert output.strip().isprintable()
    assert found
    assert "users:read, changes:read of every workspace" in errors
    assert output.strip() not in errors
    assert "USERSYNC_AUTH" not in errors


async def test_the_verb_refuses_in_words_with_the_exit_code_of_arguments(store: Store, database_url: str) -> None:
    scope = await told(database_url, "create", "HR", "--scope", "all")
    expires = await told(database_url, "create", "HR", "--expires", "soon")
    listed = await told(database_url, "list")

    assert (2, "", "--scope: 'all' is none. There are users:read, changes:read, admins:read.\n") == scope
    assert (2, "") == expires[:2]
    assert "write a number and s, m, h or d" in expires[2]
    assert (0, "There are no tokens. `usersync token create NAME` makes one.\n", "") == listed


async def test_where_the_directory_is_open_a_token_is_made_and_said_to_be_needless(database_url: str) -> None:
    code, output, errors = await told(database_url, "create", "HR")

    assert 0 == code
    assert output
    assert "With USERSYNC_AUTH=none everybody may read" in errors
