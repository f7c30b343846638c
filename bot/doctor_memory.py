"""The doctor's words about the database: whether it is there, ours, of today's shape and writable, and of whom."""

from __future__ import annotations

import asyncio

from bot.doctor_report import Finding, failed, ok, warning
from bot.slack_words import another_workspace, named
from db.errors import StoreError
from db.inspection import Inspection, inspect
from db.records import Workspace

_COST = "Nothing can be shown, and no event is acknowledged."


async def look(url: str, *, patience_s: float) -> Inspection | str:
    """Look at the database, or tell in words why that failed."""
    try:
        async with asyncio.timeout(patience_s):
            return await inspect(url)
    except TimeoutError:
        return f"The database did not answer within {patience_s:g} s. Check that it runs, and DATABASE_URL."
    except StoreError as error:
        return str(error)


def check_database(seen: Inspection | str) -> Finding:
    """Judge what was seen."""
    if isinstance(seen, str):
        return failed("database", seen, cost=_COST, remedy="Check DATABASE_URL, that the server runs, and its rights.")
    if not seen.is_folder_writable:
        return failed(
            "database",
            "The folder of the SQLite file cannot be written, which SQLite needs for its journal.",
            cost=_COST,
            remedy="Give the user that runs usersync the right to write there, or name another file in DATABASE_URL.",
        )
    return _of_age(seen) or _in_use(seen)


def check_workspace(seen: Inspection | str, found: Workspace | None) -> Finding:
    """Compare the workspace of the bot token with the one that is stored."""
    if isinstance(seen, str):
        return warning("workspace", "Which one is stored cannot be told.", remedy="See to the line about the database.")
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
