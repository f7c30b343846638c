"""Who we are at Slack: the workspace behind the bot token, and the app behind each token, as Slack tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from slack_sdk.errors import SlackApiError

from bot.parse import parse_team_id
from bot.slack import SlackClient, error_word, may_pass, rejection_of, unreadable_answer
from bot.slack_words import APP_TOKEN, BOT_TOKEN, another_workspace, refused, two_apps
from db.records import Workspace

_APP_ID = re.compile(r"A[A-Z0-9]{5,30}")
_APP_TOKEN = re.compile(r"xapp-[0-9]+-(A[A-Z0-9]{8,30})-.+")


class Rejected(Exception):
    """Slack refuses a token, or it is not the one that is needed. The message is a sentence with its remedy."""


class TwoApps(Rejected):
    """The two tokens are of different apps."""


class AnotherWorkspace(Rejected):
    """The bot token is of another workspace than the stored one."""


async def find_workspace(client: SlackClient) -> Workspace:
    """Ask `auth.test`, then, where the scope allows, `team.info` and `bots.info`.

    Raises Rejected, or SlackApiError, aiohttp.ClientError, OSError, TimeoutError where trying again may help.
    """
    try:
        said = (await client.auth_test()).data
    except SlackApiError as error:
        if word := rejection_of(error):
            raise Rejected(refused(BOT_TOKEN, word)) from error
        raise
    answer = said if isinstance(said, dict) else {}
    team_id = parse_team_id(answer.get("team_id"))
    if team_id is None:
        raise Rejected(f"{BOT_TOKEN} belongs to no workspace. Install the app, and copy its bot token.")
    team = await _extra(client, "team_info", "team", team=team_id)
    bot = await _extra(client, "bots_info", "bot", bot=answer.get("bot_id"))
    return Workspace(
        team_id=team_id,
        name=_text(team.get("name")) or _text(answer.get("team")),
        domain=_text(team.get("domain")),
        enterprise_id=_text(answer.get("enterprise_id")) or None,
        app_id=_text(bot.get("app_id")) or _text(answer.get("app_id")),
        bot_id=_text(answer.get("bot_id")),
        bot_user_id=_text(answer.get("user_id")),
    )


async def find_app(client: SlackClient, app_token: str) -> str | None:
    """Ask once for a connection, use none, and tell the app that it would be of. Raises as `find_workspace`."""
    try:
        url = (await client.apps_connections_open(app_token=app_token)).get("url")
    except SlackApiError as error:
        refuse_app_token(error)
        raise
    if not isinstance(url, str):
        raise unreadable_answer()
    return app_of_connection(url, app_token)


def refuse_app_token(error: SlackApiError) -> None:
    """Let pass what is no word against the app token, which opens connections and nothing else. Raises Rejected."""
    if rejection_of(error) or error_word(error) == "missing_scope":
        raise Rejected(refused(APP_TOKEN, error_word(error))) from error


def check_same_app(bot_app: str | None, app_app: str | None) -> None:
    """Let pass what is of one app, or not known. Raises TwoApps."""
    if bot_app and app_app and bot_app != app_app:
        raise TwoApps(two_apps(bot_app, app_app))


def check_ours(found: Workspace, stored: Iterable[Workspace]) -> None:
    """Let pass the workspace that the database belongs to, or any while it belongs to none. Raises AnotherWorkspace.

    One that only `feed` brought along was never named by Slack, and does not count.
    """
    ours = [each for each in stored if each.bot_user_id]
    if ours and found.team_id not in {each.team_id for each in ours}:
        raise AnotherWorkspace(another_workspace(found, ours[0]))


def app_of_connection(url: str, app_token: str) -> str | None:
    """Tell the app that a connection is of: as its address says, else as the token itself does."""
    try:
        told = parse_qs(urlsplit(url).query).get("app_id", [""])[0]
    except ValueError:
        told = ""
    if _APP_ID.fullmatch(told):
        return told
    found = _APP_TOKEN.fullmatch(app_token)
    return found[1] if found else None


async def _extra(client: SlackClient, method: str, key: str, **arguments: Any) -> dict[str, Any]:
    """Ask for what is only nice to know; a scope that was not granted costs us the answer, nothing else.

    What may pass is raised, since an answer that is missing for a moment must not be missing until the next start.
    """
    try:
        data = (await getattr(client, method)(**arguments)).data
    except SlackApiError as error:
        if rejection_of(error) or may_pass(error):
            raise
        return {}
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
