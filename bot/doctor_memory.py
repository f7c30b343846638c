"""The doctor's words about the database: whether it is there, ours, of today's shape and writable, and of whom."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.doctor_report import Finding, failed, ok, warning
from bot.slack_words import another_workspace, named
from db.dialects import file_of
from db.engine import parse_url
from db.errors import StoreError, StoreRefusesUs, StoreUnavailable
from db.inspection import Inspection, inspect
from db.records import Workspace

_COST = "Nothing can be shown, and no event is acknowledged."
_SERVER = "Check DATABASE_URL, that the server runs, and its rights."


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why nothing was seen, as a sentence; with its remedy where the sentence does not hold it already."""

    words: str
    remedy: str = ""


async def look(url: str, *, patience_s: float) -> Inspection | Unseen:
    """Look at the database, or tell in words why that failed."""
    try:
        async with asyncio.timeout(patience_s):
            return await inspect(url)
    except TimeoutError:
        return Unseen(f"The database did not answer within {patience_s:g} s.", _remedy(url))
    except StoreRefusesUs as error:
        return Unseen(str(error))
    except StoreUnavailable as error:
        return Unseen(str(error), _remedy(url))
    except StoreError as error:
        return Unseen(str(error))


def _remedy(url: str) -> str:
    """Tell what helps against a server that is away; of a file, the sentence itself says what is wrong."""
    return "" if file_of(parse_url(url)) else _SERVER


def check_database(seen: Inspection | Unseen) -> Finding:
    """Judge what was seen."""
    if isinstance(seen, Unseen):
        return failed("database", seen.words, cost=_COST, remedy=seen.remedy)
    return _of_age(seen) or _in_use(seen)


def check_workspace(seen: Inspection | Unseen, found: Workspace | None) -> Finding:
    """Compare the workspace of the bot token with the one that is stored."""
    if isinstance(seen, Unseen):
        return warning("workspace", "Which one is stored cannot be told.", remedy="See to the line about the database.")
    if seen.workspaces is None:
        return warning(
            "workspace",
            "Which one is stored was not looked at, for the tables are of an older shape.",
            remedy="Look again after the next start.",
        )
    stored = [each for each in seen.workspaces if each.bot_user_id]
    if not stored:
        return ok("workspace", "None is stored yet; the first start notes the one of the bot token.")
    if found is None:
        return warning(
            "workspace",
            f"The database belongs to {named(stored[0])}; whether the bot token does, Slack did not tell.",
            remedy="See to the line about the bot token.",
        )
    if found.team_id not in {each.team_id for each in stored}:
        return failed("workspace", another_workspace(found, stored[0]), cost="The directory grows old.")
    return ok("workspace", f"The database and the bot token are both of {named(found)}.")


def _of_age(seen: Inspection) -> Finding | None:
    if not seen.is_there:
        return warning("database", "None exists yet: the SQLite file is made by the first start.")
    if seen.revision is None:
        return warning("database", f"It is empty ({seen.engine}): the first start makes the tables.")
    if seen.revision != seen.newest:
        words = f"It is at revision {seen.revision}; the next start brings it to {seen.newest}."
        return warning("database", words, remedy="Make a backup before that start.")
    return None


def _in_use(seen: Inspection) -> Finding:
    if seen.journal_mode not in (None, "wal"):
        return warning(
            "database",
            f"SQLite's journal mode is {seen.journal_mode}, not wal.",
            cost="Readers and the writer wait for each other.",
            remedy="Start usersync once; if this stays, the file is on a network drive: move it to a local disk.",
        )
    people = sum(seen.people.values())
    where = f"{len(seen.people)} workspace{'' if len(seen.people) == 1 else 's'}"
    return ok("database", f"{seen.engine}, revision {seen.revision}, can be written: {people:,} users in {where}.")
