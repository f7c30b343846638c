"""What `usersync resync` does: one pass over everybody in a process of its own, with the bot token alone."""

from __future__ import annotations

import asyncio
import logging
import signal

from bot.clock import utc_now
from bot.logs import configure_logs
from bot.outcome import CLEAN, FAILED, say
from bot.runs.verb import ResyncVerb, Wish
from bot.settings import load_settings, proxy_for, revealed
from bot.slack import SlackClock, make_client, open_session
from db import Store


async def resync(*, is_dry: bool, is_confirmed: bool) -> int:
    """Make the pass. Raises SettingsError, StoreError, Rejected and PassFailed."""
    settings = load_settings(needs_bot_token=True)
    configure_logs(settings.log_format, level=logging.WARNING)
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    store = await Store.open(settings.database_url.get_secret_value())
    proxy = proxy_for(settings.slack_api_url)
    try:
        async with open_session() as session:
            client = make_client(
                token=revealed(settings.slack_bot_token),
                api_url=settings.slack_api_url,
                proxy=proxy,
                session=session,
                clock=SlackClock(),
            )
            verb = ResyncVerb(store, client, clock=utc_now, tell=say)
            is_clean = await verb.run(Wish(is_dry=is_dry, is_confirmed=is_confirmed))
    finally:
        await store.close()
    return CLEAN if is_clean else FAILED
