"""What Slack's short words for a refusal mean, and how to mend it: said here once, so it reads the same everywhere."""

from __future__ import annotations

import aiohttp

from db.records import Workspace

BOT_TOKEN, APP_TOKEN = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"
SCREENS = {
    BOT_TOKEN: "OAuth & Permissions (or Install App), as Bot User OAuth Token",
    APP_TOKEN: "Basic Information, App-Level Tokens",
}
"""Where on the app's page each token is shown."""

_MEANINGS = {
    "invalid_auth": "Slack does not know it",
    "not_authed": "none of it arrived at Slack",
    "account_inactive": "the app was uninstalled, or its bot deactivated",
    "token_revoked": "it was revoked, or the app uninstalled",
    "token_expired": "its time has run out",
    "not_allowed_token_type": "it is a token of another kind",
    "missing_scope": "it lacks a scope",
}
_REMEDIES = {
    BOT_TOKEN: f"Install the app again if need be, and copy it at api.slack.com/apps, under {SCREENS[BOT_TOKEN]}.",
    APP_TOKEN: f"Make one with the scope connections:write at api.slack.com/apps, under {SCREENS[APP_TOKEN]}.",
}
_LONGEST = 80


def refused(name: str, word: str) -> str:
    """Tell which token Slack refuses, with what word, what that means, and how to mend it."""
    meaning = _MEANINGS.get(word)
    return f"Slack refuses {name} ({word}){f': {meaning}' if meaning else ''}. {_REMEDIES[name]}"


def unreachable(why: str) -> str:
    """Tell that Slack is out of reach, and what happens next."""
    return f"{out_of_reach(why)} It is tried again; check network, DNS and proxy if this lasts."


def out_of_reach(why: str) -> str:
    """Tell only that Slack is out of reach."""
    return f"Slack cannot be reached ({why})."


def two_apps(bot_app: str, app_app: str) -> str:
    """Tell that the tokens are of two apps, naming both."""
    return (
        f"The tokens are of two different apps: {BOT_TOKEN} is of {plain(bot_app)}, {APP_TOKEN} of {plain(app_app)}. "
        f"Take both from one app at api.slack.com/apps: {BOT_TOKEN} from {SCREENS[BOT_TOKEN]}; "
        f"{APP_TOKEN} from {SCREENS[APP_TOKEN]}."
    )


def another_workspace(found: Workspace, stored: Workspace) -> str:
    """Tell that the bot token is of another workspace than the stored one, naming both."""
    return (
        f"{BOT_TOKEN} is of the workspace {named(found)}, but the database belongs to {named(stored)}. Nothing of "
        f"{named(found)} is written. Give the token of {named(stored)}, or a database of its own in DATABASE_URL."
    )


def why_unreachable(error: BaseException) -> str:
    """Say in plain words what kept us from Slack."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientSSLError):
        return "its certificate is not accepted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    if isinstance(error, aiohttp.InvalidURL):
        return "its address is none"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"it turned the connection away with HTTP {error.status}"
    return "the connection broke"


def named(workspace: Workspace) -> str:
    """Name a workspace as people and as Slack do."""
    return f"{plain(workspace.name)} ({workspace.team_id})" if workspace.name else workspace.team_id


def plain(word: str) -> str:
    """Make words of Slack's fit for a sentence: printable, and of sensible length."""
    kept = "".join(letter if letter.isprintable() else " " for letter in word)
    return kept if len(kept) <= _LONGEST else f"{kept[:_LONGEST]}…"
