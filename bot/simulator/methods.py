"""The methods of the Web API: what each needs, what it answers, and with which words it refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.simulator.calls import is_true
from bot.simulator.crowd import Cursors
from bot.simulator.messages import ApiError
from bot.simulator.payloads import addressed, asked_for, listed, without_email
from bot.simulator.workspace import Workspace

Json = dict[str, Any]

MOST_USERS_A_PAGE = 1000
MOST_UPDATE_LETTERS = 4000


@dataclass(frozen=True)
class Method:
    """One method: the scope it needs (if any), its rate-limit tier (0: special), and the arguments it must have."""

    name: str
    answer: Callable[[Workspace, Json], Json]
    scope: str = ""
    tier: int = 0
    needs: tuple[str, ...] = ()


def _auth_test(workspace: Workspace, _args: Json) -> Json:
    return {
        "url": workspace.address,
        "team": workspace.team_name,
        "user": "usersync",
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user_id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def _users_list(workspace: Workspace, args: Json) -> Json:
    """A page by cursor. Pages can be short: whoever is removed or unlisted leaves a hole."""
    slot, limit = _first_slot(workspace.cursors, args), _limit(workspace, args)
    locale = is_true(args.get("include_locale"))
    members: list[Json] = []
    next_slot = workspace.crowd.slots
    for position, user in workspace.crowd.listed_from(slot):
        if position >= slot + limit:
            next_slot = position
            break
        members.append(_seen_by_app(workspace, listed(user, locale=locale)))
    next_cursor = workspace.cursors.issue(next_slot) if next_slot < workspace.crowd.slots else ""
    return {
        "members": members,
        "cache_ts": workspace.time.second(),
        "response_metadata": {"next_cursor": next_cursor},
    }


def _users_info(workspace: Workspace, args: Json) -> Json:
    user = _user(workspace, args)
    return {"user": _seen_by_app(workspace, asked_for(user, locale=is_true(args.get("include_locale"))))}


def _users_profile_get(workspace: Workspace, args: Json) -> Json:
    """The profile with the values of custom fields, which nothing else returns."""
    user = _seen_by_app(workspace, _user(workspace, {"user": workspace.bot_user_id, **args}))
    return {"profile": {**user["profile"], "fields": workspace.field_values(user["id"])}}


def _team_profile_get(workspace: Workspace, _args: Json) -> Json:
    return {"profile": {"fields": workspace.field_definitions(), "sections": []}}


def _team_info(workspace: Workspace, _args: Json) -> Json:
    return {
        "team": {
            "id": workspace.team_id,
            "name": workspace.team_name,
            "domain": workspace.domain,
            "url": workspace.address,
            "email_domain": "meridian.example",
            "icon": {"image_default": True},
            "is_verified": False,
            "avatar_base_url": f"{workspace.base_url()}/avatars/",
        }
    }


def _bots_info(workspace: Workspace, args: Json) -> Json:
    if args["bot"] != workspace.bot_id:
        raise ApiError("bot_not_found")
    bot = {
        "id": workspace.bot_id,
        "deleted": False,
        "name": "usersync",
        "updated": 0,
        "app_id": workspace.app_id,
        "user_id": workspace.bot_user_id,
        "icons": {},
    }
    return {"bot": bot}


def _chat_post_message(workspace: Workspace, args: Json) -> Json:
    channel = str(args["channel"])
    workspace.channels.may_post(channel)
    message = workspace.board.post(channel, args)
    return {"channel": channel, "ts": message["ts"], "message": message}


def _chat_update(workspace: Workspace, args: Json) -> Json:
    if len(str(args.get("text") or "")) > MOST_UPDATE_LETTERS:
        raise ApiError("msg_too_long")
    channel, ts = str(args["channel"]), str(args["ts"])
    workspace.channels.may_edit(channel)
    message = workspace.board.update(channel, ts, args)
    return {"channel": channel, "ts": ts, "text": message["text"], "message": message}


def _chat_post_ephemeral(workspace: Workspace, args: Json) -> Json:
    return {"message_ts": workspace.board.whisper(str(args["channel"]), str(args["user"]), args)}


def _views_publish(workspace: Workspace, args: Json) -> Json:
    view = workspace.board.publish_home(str(args["user_id"]), args["view"], expected_hash=args.get("hash"))
    return {"view": view}


def _views_open(workspace: Workspace, args: Json) -> Json:
    return {"view": workspace.board.open_modal(str(args["trigger_id"]), args["view"])}


METHODS = (
    Method("auth.test", _auth_test),
    Method("users.list", _users_list, scope="users:read", tier=2),
    Method("users.info", _users_info, scope="users:read", tier=4, needs=("user",)),
    Method("users.profile.get", _users_profile_get, scope="users.profile:read", tier=4),
    Method("team.profile.get", _team_profile_get, scope="users.profile:read", tier=3),
    Method("team.info", _team_info, scope="team:read", tier=3),
    Method("bots.info", _bots_info, scope="users:read", tier=3, needs=("bot",)),
    Method("chat.postMessage", _chat_post_message, scope="chat:write", needs=("channel",)),
    Method("chat.update", _chat_update, scope="chat:write", tier=3, needs=("channel", "ts")),
    Method("chat.postEphemeral", _chat_post_ephemeral, scope="chat:write", tier=4, needs=("channel", "user")),
    Method("views.publish", _views_publish, tier=4, needs=("user_id", "view")),
    Method("views.open", _views_open, tier=4, needs=("trigger_id", "view")),
)


def _first_slot(cursors: Cursors, args: Json) -> int:
    cursor = str(args.get("cursor") or "")
    if not cursor:
        return 0
    slot = cursors.slot(cursor)
    if slot is None:
        raise ApiError("invalid_cursor")
    return slot


def _limit(workspace: Workspace, args: Json) -> int:
    """How many slots a page covers. Without a limit Slack sends everybody, or refuses if there are too many."""
    try:
        wanted = int(args.get("limit") or 0)
    except ValueError:
        raise ApiError("invalid_limit") from None
    if wanted <= 0:
        if workspace.crowd.slots > MOST_USERS_A_PAGE:
            raise ApiError("limit_required")
        wanted = MOST_USERS_A_PAGE
    return min(wanted, MOST_USERS_A_PAGE, workspace.page_limit)


def _user(workspace: Workspace, args: Json) -> Json:
    user = workspace.crowd.find(str(args["user"]))
    if user is None:
        raise ApiError("user_not_found")
    return addressed(user, workspace.base_url())


def _seen_by_app(workspace: Workspace, user: Json) -> Json:
    return user if "users:read.email" in workspace.scopes else without_email(user)
