"""How the service stands with Slack and its people, gathered from its parts for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.authorize import Installations
from bot.command.condition import Condition
from bot.database_watch import DatabaseWatch
from bot.introduction import Introduction
from bot.runs.schedule import Schedule
from bot.slack import SlackClient
from bot.slack_words import APP_TOKEN, BOT_TOKEN, refused
from bot.sockets import Sockets


@dataclass(frozen=True, slots=True)
class Standing:
    """Reads the parts; keeps nothing of its own."""

    database: DatabaseWatch
    introduction: Introduction
    installations: Installations
    sockets: Sockets
    runs: Schedule
    bot_client: SlackClient
    socket_client: SlackClient
    lag_s: Callable[[], float | None] = lambda: None
    """Tells how far behind Slack the last commit was; seconds."""

    @property
    def last_heard_at(self) -> datetime | None:
        """Slack's last sign of life on any connection."""
        heard_s = self.sockets.last_heard_s
        return datetime.fromtimestamp(heard_s, UTC) if heard_s else None

    @property
    def walked_at(self) -> datetime | None:
        """When the last run of any workspace had read everybody."""
        return max((each.walked_at for each in self.installations.list_workspaces() if each.walked_at), default=None)

    @property
    def is_backfilled(self) -> bool:
        """Whether every workspace that Slack has named was read whole at least once."""
        introduced = [each for each in self.installations.list_workspaces() if each.bot_user_id]
        return bool(introduced) and all(each.backfilled_at for each in introduced)

    @property
    def rejected(self) -> str | None:
        """Which token has to be replaced, if Slack's last word about it says so."""
        if self.introduction.is_rejected:
            return self.introduction.trouble
        if word := self.bot_client.rejection:
            return refused(BOT_TOKEN, word)
        word = self.socket_client.rejection
        return refused(APP_TOKEN, word) if word else None

    @property
    def trouble(self) -> str | None:
        """What is wrong, the root of it first."""
        return (
            self.rejected
            or self.database.trouble
            or self.introduction.trouble
            or self.sockets.status.trouble
            or self.runs.trouble
            or self.sockets.status.crowded
        )

    def condition(self, team_id: str) -> Condition:
        """Say how the service is, for an answer in Slack."""
        workspace, progress = self.installations.find(team_id), self.runs.progress
        return Condition(
            workspace=self.installations.name_of(team_id),
            sockets=self.sockets.status.open,
            sockets_wanted=self.sockets.status.wanted,
            last_heard_at=self.last_heard_at,
            walked_at=workspace.walked_at if workspace else None,
            trouble=self.trouble,
            is_memory_closed=self.database.away_since is not None,
            lag_s=self.lag_s(),
            next_in_s=self.runs.next_reconcile_in_s,
            progress=progress if progress and progress.team_id == team_id else None,
        )
