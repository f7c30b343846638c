"""Who we are at Slack: the workspace behind the bot token, as Slack tells it."""

from __future__ import annotations

from typing import Any

from slack_sdk.errors import SlackApiError

from bot.parse import parse_team_id
from bot.slack import SlackClient, rejection_of
from db.records import Workspace


class Rejected(Exception):
    """Slack refuses a token. The message is a sentence with its remedy."""


async def find_workspace(client: SlackClient) -> Workspace:
    """Ask `auth.test`, then, where the scope allows, `team.info` and `bots.info`.

    Raises Rejected, or SlackApiError, aiohttp.ClientError, OSError, TimeoutError where trying again may help.
    """
    try:
        said = (await client.auth_test()).data
    except SlackApiError as error:
        if word := rejection_of(error):
            raise Rejected(
                f"Slack refuses SLACK_BOT_TOKEN ({word}). Copy it again from your app's page, under Install App."
            ) from error
        raise
    answer = said if isinstance(said, dict) else {}
    team_id = parse_team_id(answer.get("team_id"))
    if team_id is None:
        raise Rejected("SLACK_BOT_TOKEN belongs to no workspace. Install the app, and copy its bot token.")
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


async def check_app_token(client: SlackClient, app_token: str) -> None:
    """Ask once for a connection, and use none. Raises as `find_workspace`."""
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        if word := rejection_of(error):
            raise Rejected(
                f"Slack refuses SLACK_APP_TOKEN ({word}). Make one with the scope connections:write on your app's "
                "page, under Basic Information, App-Level Tokens."
            ) from error
        raise


async def _extra(client: SlackClient, method: str, key: str, **arguments: Any) -> dict[str, Any]:
    """Ask for what is only nice to know; a scope that was not granted costs us the answer, nothing else."""
    try:
        data = (await getattr(client, method)(**arguments)).data
    except SlackApiError:
        return {}
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
