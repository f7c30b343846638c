"""What `usersync signin-link` does: make a link that signs a user in, once, and say what it is worth."""

from __future__ import annotations

import sys

from bot.clock import utc_now
from bot.logs import configure_logs
from bot.operator import refuse_whom_the_door_refuses, whom
from bot.outcome import CLEAN
from bot.settings import load_settings
from bot.settings_words import SettingsError
from bot.signin_links import SigninLinks, base_url
from db import Store


async def signin_link(user: str) -> int:
    """Print the link. Raises SettingsError, StoreError, NobodyMeant, SeveralMeant and NotLetIn."""
    settings = load_settings()
    configure_logs(settings.log_format)
    if settings.auth == "proxy":
        raise SettingsError(
            ["USERSYNC_AUTH: with proxy the proxy signs people in, so there are no links to do it with."]
        )
    if settings.auth == "none":
        raise SettingsError(["USERSYNC_AUTH: with none nobody has to sign in, so there are no links to do it with."])
    store = await Store.open(settings.database_url.get_secret_value())
    try:
        team_id, user_id = await whom(store, user.strip())
        await refuse_whom_the_door_refuses(store, team_id, user_id, guests_may_sign_in=settings.guests_may_sign_in)
        links = SigninLinks(store, base_url(settings.public_url, settings.port), utc_now)
        print(await links.make(team_id, user_id), flush=True)
    finally:
        await store.close()
    if sys.stdout.isatty():
        print("It works once, for ten minutes.")
    if not settings.public_url and not settings.port:
        print("The port is not known here: put the real one in, or set USERSYNC_PUBLIC_URL.", file=sys.stderr)
    return CLEAN
