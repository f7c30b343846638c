"""The doctor's words about alerts: where they go, and what would keep them from it. No address is shown."""

from __future__ import annotations

from bot.command.typed import NAME
from bot.doctor_memory import Unseen
from bot.doctor_report import Finding, ok, warning
from bot.scopes import CHAT
from bot.settings import Settings
from db.inspection import Inspection
from db.posting import Purpose
from db.records import Workspace


def check_alerts(
    settings: Settings, seen: Inspection | Unseen, found: Workspace | None, granted: frozenset[str] | None
) -> Finding:
    """Say where they go; nothing is posted to try it."""
    channel_id, is_typed = _channel(settings, seen, found)
    count = len(settings.alert_urls)
    further = f"{count} address{'' if count == 1 else 'es'} of USERSYNC_ALERT_URLS" if count else ""
    if not channel_id:
        if not further:
            return ok("alerts", f"They are posted nowhere. {NAME} alerts here, typed in a channel, changes that.")
        return ok("alerts", f"They go to {further}, and into no channel.")
    source = f"as {NAME} alerts here decided" if is_typed else "as USERSYNC_ALERT_CHANNEL says"
    words = f"They go to the channel {channel_id}, {source}{f', and to {further}' if further else ''}."
    if granted is not None and CHAT not in granted:
        return warning(
            "alerts",
            f"{words} The app may not post: {CHAT} was not granted.",
            cost="Nobody hears of trouble in Slack.",
            remedy="See to the line about scopes.",
        )
    if not is_typed and not _was_posted(channel_id, seen, found):
        unseen = isinstance(seen, Unseen)
        why = "what was posted cannot be looked up" if unseen else "nothing was posted into the channel yet"
        return warning(
            "alerts",
            f"{words} Whether the app can post there is not known: {why}.",
            cost="A wrong channel would be found only once something else is wrong.",
            remedy=f"While the service runs, type {NAME} alerts here in that channel.",
        )
    return ok("alerts", f"{words} {NAME} status tells whether that works.")


def _channel(settings: Settings, seen: Inspection | Unseen, found: Workspace | None) -> tuple[str | None, bool]:
    """Tell the channel, and whether it was typed in Slack; what cannot be seen of the memory is left out."""
    places = () if isinstance(seen, Unseen) else seen.places
    for place in places:
        if place.purpose is Purpose.ALERTS and (found is None or place.team_id == found.team_id):
            return place.channel_id, True
    return settings.alert_channel, False


def _was_posted(channel_id: str, seen: Inspection | Unseen, found: Workspace | None) -> bool:
    """Say whether a message about an alert is known to have stood there."""
    posted = frozenset() if isinstance(seen, Unseen) else seen.posted
    return any(channel == channel_id and (found is None or team == found.team_id) for team, channel in posted)
