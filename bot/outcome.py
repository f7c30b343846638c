"""What a verb comes to: its exit code, and on standard error, in words, what went wrong."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress

from bot.loading import loading

CLEAN, FAILED, SETTINGS = 0, 1, 2
"""Exit codes: done; could not be done, in words; settings or arguments are wrong, in words."""


def run_verb(work: Coroutine[object, object, int]) -> None:
    """Run a verb; what went wrong is told on standard error, in words."""
    with loading():  # `--help` needs none of it
        from bot.settings_words import SettingsError
        from bot.waiting_room import ToldToEnd
    is_meant_otherwise, could_not = _told_in_words()
    try:
        code = asyncio.run(work)
    except SettingsError as error:
        words, code = "\n".join(f"- {problem}" for problem in error.problems), SETTINGS
        print(f"usersync cannot start with these settings:\n{words}", file=sys.stderr)
    except is_meant_otherwise as error:
        print(error, file=sys.stderr)
        code = SETTINGS
    except ToldToEnd:
        code = CLEAN
    except could_not as error:
        print(error, file=sys.stderr)
        code = FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Interrupted. What is written stays.", file=sys.stderr)
        code = FAILED
    raise SystemExit(code)


def _told_in_words() -> tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]:
    """Name what says that something else has to be given, and what says that it could not be done."""
    with loading():
        from bot.access import NotWritten
        from bot.api_tokens import TokenRefused
        from bot.erasure import NotPurged, NotWiped
        from bot.feed import FeedError
        from bot.identity import Rejected
        from bot.ingest import NotCommitted
        from bot.letters import NoSuchLetter
        from bot.operator import NobodyMeant, NotLetIn, SeveralMeant
        from bot.runs.patience import PassFailed
        from bot.secret_key import KeyUnusable
        from bot.webserver import PortTaken
        from db.errors import StoreError
    return (
        (FeedError, Rejected, KeyUnusable, SeveralMeant, NoSuchLetter, TokenRefused),
        (StoreError, PortTaken, NotCommitted, PassFailed, NobodyMeant, NotLetIn, NotPurged, NotWiped, NotWritten),
    )


def say(words: str) -> None:
    """Print a line. An output that is closed, full, or knows fewer letters costs the line, and never the work."""
    with suppress(OSError, ValueError):
        encoding = sys.stdout.encoding or "utf-8"
        print(words.encode(encoding, errors="replace").decode(encoding), flush=True)
