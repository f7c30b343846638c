"""Who somebody is: as the table says, and as Slack says now where the table is away, behind, or would refuse them.

Facts: docs.slack.dev, users.info (tier 4), User object (roles).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.command.looking import looking
from bot.commit import commit_entries
from bot.entries import Entry, entry_of_member
from bot.slack import SlackClient
from bot.slack_calls import CallFailed, answered
from bot.slack_words import out_of_reach
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError
from db.merge import merge
from db.records import Kind, State, User
from db.sight import Sight, sight_of
from db.visibility import Audience, Policy

log = structlog.get_logger(__name__)

PATIENCE_S = 5
_UNKNOWN = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class RoleUnknown(Exception):
    """Neither the table nor Slack could tell; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody is in their workspace."""

    is_active: bool = False
    is_admin: bool = False
    """An active admin or owner of the workspace, or whom the operator named beside them; a guest is none."""
    is_guest: bool = False
    is_member: bool = False


def role_of(user: User, *, admins: Container[tuple[str, str]] = ()) -> Role:
    """Read the role from a row; `admins` are those beside Slack's own, by `team_id` and `id`."""
    is_active, is_member = user.state is State.ACTIVE, user.kind is Kind.MEMBER
    return Role(
        is_active=is_active,
        is_admin=is_active and is_member and (user.leads or (user.team_id, user.id) in admins),
        is_guest=user.kind is Kind.GUEST,
        is_member=is_member,
    )


def sight_for(role: Role, team_id: str, policy: Policy) -> Sight:
    """Tell what somebody may see of their workspace."""
    return sight_of(policy, Audience.ADMINS if role.is_admin else Audience.EVERYONE, frozenset({team_id}))


class Roles:
    """Finds out who somebody is."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        clock: Callable[[], datetime],
        patience_s: float = PATIENCE_S,
        admins: Container[tuple[str, str]] = (),
    ) -> None:
        self._admins = admins
        self._store = store
        self._clock = clock
        self._client = client
        self._patience_s = patience_s

    async def find(self, team_id: str, user_id: str, *, is_enough: Callable[[Role], bool]) -> Role:
        """Tell the role in the table where it is enough, else ask Slack. Raises RoleUnknown."""
        stored = await self._stored(team_id, user_id)
        if stored is not None and is_enough(stored):
            return stored
        return await self._asked(team_id, user_id)

    async def find_surely(self, team_id: str, user_id: str) -> Role:
        """Ask Slack first; the table's word only counts where Slack cannot tell. Raises RoleUnknown."""
        try:
            return await self._asked(team_id, user_id)
        except RoleUnknown:
            stored = await self._stored(team_id, user_id)
            if stored is None or not stored.is_admin:
                raise
            return stored

    async def _stored(self, team_id: str, user_id: str) -> Role | None:
        try:
            async with looking(self._store) as rx:
                user = await rx.users.find_user(team_id, user_id)
        except StoreError as error:
            log.warning("a role could not be read", reason=str(error))
            return None
        return role_of(user, admins=self._admins) if user else None

    async def _asked(self, team_id: str, user_id: str) -> Role:
        asked_at_s = self._client.clock.now_s()
        try:
            answer = await answered(self._client.users_info(user=user_id), within_s=self._patience_s)
        except CallFailed as failure:
            if failure.word in _UNKNOWN:
                return Role()
            said = f"Slack answers {failure.word}." if failure.word else out_of_reach(str(failure))
            raise RoleUnknown(said) from failure
        user = answer.data.get("user") if isinstance(answer.data, dict) else None
        # It says how things were a moment before it was asked for, like a page of a run.
        moment = int((asked_at_s - 1) * 1_000_000)
        entry = entry_of_member(user, team_id=team_id, moment=moment, now_s=asked_at_s)
        if entry.observation is None or entry.observation.id != user_id:
            raise RoleUnknown("Slack's answer cannot be read.")
        await self._note(entry)
        return role_of(merge(None, entry.observation).user, admins=self._admins)

    async def _note(self, entry: Entry) -> None:
        """Merge Slack's answer into the table, or the door would refuse whom it says to be there.

        Before the backfill the door asks Slack itself, and the table is filled by the run alone.
        """
        try:
            async with looking(self._store) as rx:
                workspace = await rx.workspaces.find_workspace(str(entry.team_id))
            if workspace is not None and workspace.backfilled_at is not None:
                await to_its_end(commit_entries(self._store, [entry], now=self._clock()))
        except StoreError as error:
            log.warning("what Slack says of somebody could not be written", reason=str(error))
