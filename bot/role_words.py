"""What `serve` lacks for the part of the work that it is to do, in words."""

from __future__ import annotations

from bot.settings_words import MAKE_A_KEY
from bot.token_words import bot_token_problems, token_problems
from db.instances import ProcessRole


def role_problems(
    role: ProcessRole,
    *,
    bot_token: str | None,
    app_token: str | None,
    sqlite_file: str | None,
    has_key: bool,
    public_url: str | None,
) -> list[str]:
    """Tell a sentence or two for each; `has_key` where one is given, or nobody has to sign in."""
    found = _split_problems(role, sqlite_file)
    if role.follows_slack:
        found += token_problems(bot_token, app_token)
    elif bot_token is not None:
        found += bot_token_problems(bot_token)
    if role.shows_directory and sqlite_file is None and not has_key:
        found.append(_NO_KEY)
    if not role.shows_directory and public_url is None:
        found.append(_NO_ADDRESS)
    return found


_NO_KEY = (
    "USERSYNC_SECRET_KEY is missing. Sessions are signed with it, by every usersync on the same database alike, and on "
    "a database server there is no file beside which one could be kept. Give it the one that the others have; for the "
    f"first of them: {MAKE_A_KEY}"
)
_NO_ADDRESS = (
    "USERSYNC_PUBLIC_URL is missing. With --only bot, the links that Slack shows lead to another process, the one that "
    "shows the directory. Name its address, like https://people.example"
)


def _split_problems(role: ProcessRole, sqlite_file: str | None) -> list[str]:
    """Tell that the work cannot be split where one process has the whole database."""
    if role is ProcessRole.ALL or sqlite_file is None:
        return []
    words = "a SQLite file has one process, which does everything. Leave it out, or let DATABASE_URL name a"
    return [f"--only {role.value}: {words} PostgreSQL or MariaDB server."]
