"""The ways into the directory, put together from the settings: links, Slack's own sign-in, or the plain address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import aiohttp

from bot.authorize import Installations
from bot.openid import OpenIdClient, why_not_offered
from bot.settings import Settings, revealed
from bot.signin_links import OpenLinks, SigninLinks
from db import Store


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
