"""How the service stands with Slack and its people, gathered from its parts for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.authorize import Installations
from bot.command.condition import Condition
from bot.database_watch import DatabaseWatch
from bot.elsewhere import Elsewhere
from bot.introduction import Introduction
from bot.roster import Roster
from bot.runs.progress import Progress
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
    roster: Roster
    elsewhere: Elsewhere
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
    def refusal(self) -> str | None:
        """Why nothing can be asked or told with the bot token, if Slack's last word about it says so."""
        word = self.bot_client.rejection
        return refused(BOT_TOKEN, word) if word else self.introduction.refusal

    @property
    def trouble(self) -> str | None:
        """What is wrong, the root of it first."""
        return (
            self.rejected
            or self.database.trouble
            or self.introduction.trouble
            or self._sockets_trouble
            or self.runs.trouble
            or self.sockets.status.crowded
        )

    @property
    def progress(self) -> Progress | None:
        """The run under way, whichever process makes it."""
        return self.runs.progress or self.progress_elsewhere

    @property
    def progress_elsewhere(self) -> Progress | None:
        """The run that another process makes."""
        return None if self.runs.progress else self.elsewhere.progress(after=self.runs.last)

    @property
    def _sockets_trouble(self) -> str | None:
        """What is wrong with our connections; while other processes hold some, it is nobody else's trouble."""
        return None if self.roster.sockets else self.sockets.status.trouble

    def condition(self, team_id: str) -> Condition:
        """Say how the service is, for an answer in Slack."""
        workspace, progress = self.installations.find(team_id), self.progress
        return Condition(
            workspace=self.installations.name_of(team_id),
            sockets=self.sockets.status.open + self.roster.sockets,
            sockets_wanted=self.sockets.status.wanted + self.roster.sockets_wanted,
            last_heard_at=self.last_heard_at,
            walked_at=workspace.walked_at if workspace else None,
            trouble=self.trouble,
            is_memory_closed=self.database.away_since is not None,
            lag_s=self.lag_s(),
            next_in_s=self.runs.next_reconcile_in_s,
            progress=progress if progress and progress.team_id == team_id else None,
        )
