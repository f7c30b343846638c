"""Whom the operator means by a word on the command line: an id, a workspace and an id, an e-mail address, a handle."""

from __future__ import annotations

import re

from db import Snapshot, Store
from db.records import Kind, State, User

_A = {Kind.BOT: "a bot", Kind.EXTERNAL: "somebody of another company", Kind.ERASED: "erased"}
KEY = re.compile(r"(?:(?P<team_id>[TE][A-Z0-9]{1,63})/)?(?P<user_id>[UW][A-Z0-9]{1,63})")
"""How an operator writes an id: U…, or T…/U…."""


class NobodyMeant(Exception):
    """Nobody is known by that word. The message says what can be written instead."""


class NotLetIn(Exception):
    """The user is known, and the door would refuse them. The message says why."""


class SeveralMeant(Exception):
    """The word fits more than one user. The message lists them as they can be told apart."""


async def whom(store: Store, word: str) -> tuple[str, str]:
    """Tell `team_id` and `id`. Raises NobodyMeant, SeveralMeant, StoreUnavailable."""
    async with store.reading() as rx:
        if key := KEY.fullmatch(word):
            return await _by_id(rx, key["user_id"], key["team_id"], place=store.place)
        users = await rx.users.list_called(word.removeprefix("@"))
    return _only_one([(user.team_id, user.id) for user in _likely(users)], word)


async def whom_or_id(store: Store, word: str) -> tuple[str, str]:
    """Tell the same; an id that has no row may still be spoken of here, so it is taken as it is written.

    Raises NobodyMeant, SeveralMeant, StoreUnavailable.
    """
    if (key := KEY.fullmatch(word)) is None:
        return await whom(store, word)
    async with store.reading() as rx:
        team_ids = [each.team_id for each in await rx.workspaces.list_workspaces()]
    if key["team_id"] in team_ids:
        return key["team_id"], key["user_id"]
    if key["team_id"] is None and len(team_ids) == 1:
        return team_ids[0], key["user_id"]
    return await whom(store, word)


async def refuse_whom_the_door_refuses(store: Store, team_id: str, user_id: str, *, guests_may_sign_in: bool) -> None:
    """Look whether a link would lead anywhere; of whom nothing is known yet, nothing is said. Raises NotLetIn.

    Raises StoreUnavailable.
    """
    async with store.reading() as rx:
        user = await rx.users.find_user(team_id, user_id)
    if user is None:
        return
    if user.state is not State.ACTIVE:
        raise NotLetIn(f"{team_id}/{user_id} is {user.state.value}, so the directory does not open for them.")
    if user.kind is Kind.GUEST and not guests_may_sign_in:
        raise NotLetIn(
            f"{team_id}/{user_id} is a guest, and the directory is not open to guests. USERSYNC_GUESTS_MAY_SIGN_IN=yes "
            "opens it to them."
        )
    if user.kind not in (Kind.MEMBER, Kind.GUEST):
        raise NotLetIn(f"{team_id}/{user_id} is {_A[user.kind]}, and the directory opens for people of the workspace.")


async def _by_id(rx: Snapshot, user_id: str, team_id: str | None, *, place: str) -> tuple[str, str]:
    """Find an id where it is known; before the first run a workspace may have anybody in it."""
    workspaces = [each for each in await rx.workspaces.list_workspaces() if team_id in (None, each.team_id)]
    if not workspaces:
        raise NobodyMeant(
            f"The workspace {team_id} is not known here. Leave it out, or write one that is."
            if team_id
            else f"No workspace is known yet in {place}. If that is the database you mean, start usersync once with "
            "its two tokens, then ask again; else name it in DATABASE_URL, or ask in the folder it is started in."
        )
    known = await rx.users.get_users((each.team_id, user_id) for each in workspaces)
    if not known and len(workspaces) == 1 and workspaces[0].backfilled_at is None:
        return workspaces[0].team_id, user_id
    return _only_one(list(known), f"{team_id}/{user_id}" if team_id else user_id)


def _likely(users: tuple[User, ...]) -> list[User]:
    """Prefer people who are there: an address may have belonged to somebody who left."""
    present = [user for user in users if user.state is State.ACTIVE and user.kind in (Kind.MEMBER, Kind.GUEST)]
    return present or list(users)


def _only_one(keys: list[tuple[str, str]], word: str) -> tuple[str, str]:
    if not keys:
        raise NobodyMeant(
            f"Nobody here is known as {word}. Write a Slack id (U…, found under More, Copy member ID in a Slack "
            "profile), a workspace and an id (T…/U…), an e-mail address or a handle."
        )
    if len(keys) > 1:
        listed = ", ".join(sorted(f"{team_id}/{user_id}" for team_id, user_id in keys))
        raise SeveralMeant(f"{word} fits more than one user: {listed}. Write the one you mean in this form.")
    return keys[0]
