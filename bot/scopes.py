"""The scopes that the app asks Slack for: what each is for, and what is lost without it. One table, read by all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope of the bot token."""

    name: str
    is_required: bool
    calls: tuple[str, ...]
    """Methods of the Web API that need it."""
    events: tuple[str, ...]
    """Events that Slack sends only with it."""
    loss: str
    """What is missing where it was not granted, as a sentence."""


SCOPES = (
    Scope(
        name="users:read",
        is_required=True,
        calls=("users.list", "users.info", "bots.info"),
        events=("user_change", "team_join"),
        loss="No directory at all.",
    ),
    Scope(
        name="commands",
        is_required=True,
        calls=(),
        events=(),
        loss="There is no /usersync in Slack: no sign-in links, status or resyncs from there.",
    ),
    Scope(
        name="users:read.email",
        is_required=False,
        calls=(),
        events=(),
        loss="No e-mail addresses: the column email stays empty, and nobody is found by one.",
    ),
    Scope(
        name="team:read",
        is_required=False,
        calls=("team.info",),
        events=(),
        loss="The workspace's web address stays unknown (column domain).",
    ),
    Scope(
        name="chat:write",
        is_required=False,
        calls=("chat.postMessage", "chat.update"),
        events=(),
        loss="No alerts in Slack, nor the end of a very long resync.",
    ),
)
"""In the order of the manifest: what is required first."""

CHAT = "chat:write"


def lacking(granted: frozenset[str] | None, *, wanted: frozenset[str] = frozenset()) -> tuple[Scope, ...]:
    """Tell which scopes are missing of those that are required or `wanted`; none where Slack has not said yet."""
    if granted is None:
        return ()
    return tuple(scope for scope in SCOPES if (scope.is_required or scope.name in wanted) and scope.name not in granted)


FREE_CALLS = ("auth.test", "apps.connections.open", "views.publish", "views.open")
"""Methods that need no scope of the bot token; the second is asked with the app-level token."""

FREE_EVENTS = ("app_home_opened",)
"""Events that Slack sends without any scope."""
