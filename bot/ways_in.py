"""The ways into the directory, put together from the settings: links, Slack's own sign-in, or the plain address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from bot.authorize import Installations
from bot.settings import Settings, is_loopback, revealed
from bot.signin_links import OpenLinks, SigninLinks
from db import Store

if TYPE_CHECKING:
    from bot.openid import OpenIdClient


class WaysIn:
    """How people come in, as the operator decided."""

    def __init__(
        self,
        store: Store,
        session: aiohttp.ClientSession,
        settings: Settings,
        installations: Installations,
        *,
        base_url: Callable[[], str],
        proxy: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._base_url = base_url
        self._has_door = settings.auth == "slack"
        self.links = SigninLinks(store, base_url, clock) if self._has_door else OpenLinks(store, base_url)
        self.openid = None if why_not_offered(settings) else _openid(session, settings, installations, proxy)

    def plain_address(self) -> str:
        """Tell where the directory is, if it lets people in without a link of their own, or with Slack's word."""
        if self._has_door and self.openid is None:
            return ""
        return f"{self._base_url().rstrip('/')}/"


def _openid(
    session: aiohttp.ClientSession, settings: Settings, installations: Installations, proxy: str | None
) -> OpenIdClient:
    from bot.openid import OpenIdClient  # it brings the cryptography along, which other ways in do without

    return OpenIdClient(
        session,
        client_id=settings.slack_client_id or "",
        client_secret=revealed(settings.slack_client_secret) or "",
        public_url=settings.public_url or "",
        is_installed=lambda team_id: installations.find(team_id) is not None,
        only_team=installations.only_team,
        api_url=settings.slack_api_url,
        proxy=proxy,
    )


def why_not_offered(settings: Settings) -> str:
    """Say what is missing before people can sign in with Slack, in a sentence; nothing where all is there."""
    if settings.auth != "slack":
        return f"With USERSYNC_AUTH={settings.auth} nobody signs in with Slack."
    if not settings.slack_client_id or not settings.slack_client_secret:
        return "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are not set."
    public = urlsplit(settings.public_url or "")
    # Slack itself leads to HTTPS alone; a pretend one on this machine leads anywhere.
    is_pretend = is_loopback(urlsplit(settings.slack_api_url).hostname or "")
    if public.scheme == "https" or (public.scheme == "http" and is_pretend and is_loopback(public.hostname or "")):
        return ""
    return "USERSYNC_PUBLIC_URL is not an https address, and Slack sends people back to no other."
