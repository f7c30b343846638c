"""What `usersync feed` does: put events from a file or from standard input through the path of Slack's."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.clock import utc_now
from bot.feed import FeedError, feed, read_events
from bot.logs import configure_logs
from bot.outcome import CLEAN, FAILED
from bot.settings import load_settings
from db import Store


async def feed_file(file: str, team: str | None) -> int:
    """Feed each event and tell what it did. Raises SettingsError, FeedError and StoreError."""
    settings = load_settings()
    configure_logs(settings.log_format)
    payloads = read_events(_text_of(file))
    store = await Store.open(settings.database_url.get_secret_value())
    code = CLEAN
    try:
        async for fed in feed(store, payloads, team_id=team, clock=utc_now):
            print(fed.words)
            code = FAILED if fed.outcome.reason is not None else code
    finally:
        await store.close()
    return code


def _text_of(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FeedError(f"{file} cannot be read ({type(error).__name__}). Check its path; it must be UTF-8.") from None
