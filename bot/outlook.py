"""How the service stands for whoever looks at a page: what this process knows, and what the others have written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts import Alerts
from bot.elsewhere import Elsewhere
from bot.far_deeds import NOBODY
from bot.others_words import said_by
from bot.roster import Roster
from bot.runs.progress import Progress
from bot.signs import SignReader
from bot.sockets import SocketStatus
from bot.standing import Standing
from db.instances import ProcessRole
from db.records import Alert, AlertKind

_AGAIN = "It is tried again; if this lasts, run `usersync doctor`."


@dataclass(frozen=True, slots=True)
class Outlook:
    """Reads the parts; keeps nothing of its own."""

    role: ProcessRole
    standing: Standing
    signs: SignReader
    own_alerts: Alerts
    roster: Roster
    elsewhere: Elsewhere
    clock: Callable[[], datetime]
    may_take_s: float
    """How long a process may have no connection before that is worth a word."""

    @property
    def sockets(self) -> SocketStatus:
        """The connections of this process."""
        return self.standing.sockets.status

    @property
    def connected_since(self) -> datetime | None:
        """Since when somebody is connected, as far as it is known."""
        since = [self.sockets.connected_since, *(each.connected_since for each in self.roster.bots)]
        return min((each for each in since if each), default=None)

    @property
    def last_heard_at(self) -> datetime | None:
        """Slack's last sign of life on any connection of any process."""
        return max((each for each in (self.standing.last_heard_at, self.roster.heard_at) if each), default=None)

    @property
    def progress(self) -> Progress | None:
        """The run under way, whoever makes it."""
        return self.standing.progress

    @property
    def trouble(self) -> str | None:
        """What is wrong, the root of it first."""
        if self.role.follows_slack:
            return self.standing.trouble
        if self.standing.database.trouble:
            return self.standing.database.trouble
        if not self.is_followed:
            return NOBODY
        speaking = [each for each in self.roster.bots if not each.refusal] or self.roster.bots
        return next((said_by(each, each.trouble) for each in speaking if each.trouble), None)

    @property
    def is_followed(self) -> bool:
        """Whether any process follows Slack, be it connected or not."""
        return self.role.follows_slack or bool(self.roster.bots)

    @property
    def rejected(self) -> str | None:
        """Which token of this process has to be replaced; one that follows nothing needs none."""
        return self.standing.rejected if self.role.follows_slack else None

    @property
    def letters(self) -> int:
        """Dead letters that are there, as far as it is known."""
        return (self.signs.letters or 0) if self.role.follows_slack else self.elsewhere.glance.letters

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What lasts here, and of other kinds what lasts elsewhere."""
        own, ended = self.own_alerts.open, self.own_alerts.ended
        told = {each.kind for each in own}
        over = {each.alert_id for each in ended.values()}  # the table may have been read before they ended
        seen = (each for each in reversed(self.elsewhere.glance.alerts) if each.alert_id not in over)
        others = {each.kind: each for each in seen if each.kind not in told}
        return (*own, *map(self._with_whose, others.values()))

    @property
    def amiss(self) -> tuple[AlertKind, ...]:
        """The kinds of them that matter to whoever looks people up: not what one process alone cannot do."""
        return tuple(each.kind for each in self.alerts if each.kind is not AlertKind.TOKEN or not self._is_let_in)

    @property
    def _is_let_in(self) -> bool:
        """Whether no token of ours is refused, or, where we need none, of some other process."""
        if self.role.follows_slack:
            return self.standing.rejected is None
        return any(not each.refusal for each in self.roster.bots)

    def _with_whose(self, alert: Alert) -> Alert:
        """Tell of a refused token whose it is, where another process has told it of itself."""
        if alert.kind is not AlertKind.TOKEN:
            return alert
        whose = next((each for each in self.roster.bots if each.trouble == alert.words), None)
        return replace(alert, words=said_by(whose, alert.words)) if whose else alert

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is amiss and makes nobody unready; sentences."""
        words = (*(each.words for each in self.alerts), self._has_none(), self._leaves_them())
        return tuple(each for each in words if each)

    def _leaves_them(self) -> str:
        """Say that this process holds no connection since it could answer nothing."""
        if self.sockets.wanted or not self.roster.cedes:
            return ""
        return (
            "While Slack refuses its bot token, this usersync leaves the connections to Slack to the others on the "
            "same database, so that no command lands where it cannot be answered."
        )

    def _has_none(self) -> str:
        """Say that this process holds no connection though it should, where others do."""
        own, others = self.sockets, self.roster.sockets
        lost_since = own.lost_since
        if own.open or not own.wanted or not others or lost_since is None:
            return ""
        if self.clock() - lost_since < timedelta(seconds=self.may_take_s):
            return ""
        held = f"{others} {'is' if others == 1 else 'are'} held by others on the same database"
        why = own.trouble or _AGAIN
        return f"This usersync has no connection to Slack. Changes arrive all the same, for {held}. {why}"
