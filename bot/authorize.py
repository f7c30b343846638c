"""Who an envelope is for, answered from memory: Bolt asks for every event, and Slack is never asked."""

from __future__ import annotations

from slack_bolt.authorization import AuthorizeResult

from db import Store
from db.records import Workspace


class Installations:
    """The workspaces that installed us, held in memory and refreshed from the store."""

    def __init__(self, store: Store, *, bot_token: str | None) -> None:
        self._store = store
        self._bot_token = bot_token
        self._workspaces: dict[str, Workspace] = {}

    async def refresh(self) -> None:
        """Read them again. Raises StoreUnavailable."""
        async with self._store.reading() as rx:
            self._workspaces = {each.team_id: each for each in await rx.workspaces.list_workspaces()}

    def list_workspaces(self) -> tuple[Workspace, ...]:
        """List those that are known."""
        return tuple(self._workspaces.values())

    def only_team(self) -> str:
        """Tell the one workspace there is; empty where there are none or several."""
        workspaces = self.list_workspaces()
        return workspaces[0].team_id if len(workspaces) == 1 else ""

    def find(self, team_id: str) -> Workspace | None:
        """Find one that is known."""
        return self._workspaces.get(team_id)

    def name_of(self, team_id: str) -> str:
        """Name a workspace as its people do; by its id where no name is known."""
        workspace = self.find(team_id)
        return (workspace and (workspace.name or workspace.domain)) or team_id

    @property
    def is_introduced(self) -> bool:
        """Say whether Slack has ever told us of a workspace; one that only `feed` brought along does not count."""
        return any(each.bot_user_id for each in self._workspaces.values())

    def authorize(self, team_id: object) -> AuthorizeResult:
        """Answer Bolt. Never None: Bolt would ack the envelope without running a listener.

        An unknown workspace, or whatever else a payload may hold there, gets a result without tokens: the listener
        runs, and the payload becomes a dead letter.
        """
        workspace = self._workspaces.get(team_id) if isinstance(team_id, str) else None
        if workspace is None:
            return AuthorizeResult(enterprise_id=None, team_id=None)
        return AuthorizeResult(
            enterprise_id=workspace.enterprise_id,
            team_id=workspace.team_id,
            team=workspace.name,
            bot_id=workspace.bot_id,
            bot_user_id=workspace.bot_user_id,
            bot_token=self._bot_token,
        )
