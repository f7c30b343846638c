"""What a verb comes to: its exit code, and on standard error, in words, what went wrong."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine

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
from bot.settings_words import SettingsError
from bot.waiting_room import ToldToEnd
from bot.webserver import PortTaken
from db.errors import StoreError

_COULD_NOT = (
    StoreError, PortTaken, NotCommitted, PassFailed, NobodyMeant, NotLetIn, NotPurged, NotWiped, NotWritten
)  # fmt: skip
CLEAN, FAILED, SETTINGS = 0, 1, 2
"""Exit codes: done; could not be done, in words; settings or arguments are wrong, in words."""


def run_verb(work: Coroutine[object, object, int]) -> None:
    """Run a verb; what went wrong is told on standard error, in words."""
    try:
        code = asyncio.run(work)
    except SettingsError as error:
        words, code = "\n".join(f"- {problem}" for problem in error.problems), SETTINGS
        print(f"usersync cannot start with these settings:\n{words}", file=sys.stderr)
    except (FeedError, Rejected, KeyUnusable, SeveralMeant, NoSuchLetter, TokenRefused) as error:
        print(error, file=sys.stderr)
        code = SETTINGS
    except ToldToEnd:
        code = CLEAN
    except _COULD_NOT as error:
        print(error, file=sys.stderr)
        code = FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Interrupted. What is written stays.", file=sys.stderr)
        code = FAILED
    raise SystemExit(code)
