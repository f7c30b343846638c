"""What the operator decided about the command and the Home, read from the settings."""

from __future__ import annotations

from collections.abc import Callable

from bot import __version__
from bot.command.terms import Terms
from bot.pace import Pace
from bot.settings import Settings
from db.visibility import Policy


def terms_of(
    settings: Settings, pace: Pace, *, address: Callable[[], str], shown_picture: Callable[[str | None], str]
) -> Terms:
    """Gather them; `address` and `shown_picture` are of the window."""
    return Terms(
        may_guests=settings.guests_may_sign_in or settings.auth == "none",
        are_links_personal=settings.auth == "slack",
        are_links_local=not settings.public_url,
        admins=settings.admins,
        policy=Policy(settings.visibility),
        public_url=(settings.public_url or "").rstrip("/"),
        fields=settings.fields,
        updates_after_s=pace.updates_after_s,
        version=__version__,
        address=address,
        shown_picture=shown_picture,
    )
