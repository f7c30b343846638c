"""`usersync doctor`: looks at everything usersync needs, one bounded check beside the other, and changes nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.doctor_alerts import check_alerts
from bot.doctor_memory import check_database, check_workspace, look
from bot.doctor_report import Finding, failed, ok, warning
from bot.identity import Rejected, TwoApps, check_same_app, find_app, find_workspace, refuse_app_token
from bot.scopes import SCOPES
from bot.settings import Settings, proxy_for, revealed
from bot.slack import UNREADABLE, SlackClient, SlackClock, error_word, make_client, may_pass, open_session
from bot.slack_words import APP_TOKEN, BOT_TOKEN, named, out_of_reach, plain, why_unreachable
from bot.socket_client import Dismissed, SocketClient
from bot.ways_in import why_not_offered
from db.records import Workspace

PATIENCE_S = 10
CLOCK_TOLERANCE_S = 60
_FIRST_SERVER_ERROR = 500
_ANOTHER = "Check proxy and SLACK_API_URL."
_STALE = "People and changes do not arrive; what is stored is served."


class Doctor:
    """One examination."""

    def __init__(self, settings: Settings, *, patience_s: float = PATIENCE_S) -> None:
        self._settings = settings
        self._patience_s = patience_s
        self._proxy = proxy_for(settings.slack_api_url)
        self._workspace: Workspace | None = None
        self._app_id: str | None = None

    async def examine(self) -> list[Finding]:
        """Make every check. What belongs together waits for each other; nothing waits longer than the patience."""
        async with open_session() as session:
            bot, app = (self._client(token, session) for token in (revealed(self._settings.slack_bot_token), None))
            slack, bot_token, app_token, socket, memory = await asyncio.gather(
                self._bounded("Slack", lambda: self._reach(session)),
                self._bounded("bot token", lambda: self._check_bot_token(bot)),
                self._bounded("app token", lambda: self._check_app_token(app)),
                self._bounded("socket", lambda: self._check_socket(app)),
                look(self._settings.database_url.get_secret_value(), patience_s=self._patience_s),
            )
        settings = ok("settings", "Every name is known and every value can be used.")
        signin = check_signin(self._settings)
        tokens = [bot_token, app_token, self._check_app(), check_scopes(bot.scopes)]
        stored = [check_database(memory), check_workspace(memory, self._workspace)]
        door = check_door(is_open=self._settings.auth == "none")
        alerts = check_alerts(self._settings, memory, self._workspace, bot.scopes)
        return [settings, slack, *tokens, socket, *stored, door, signin, alerts]

    def _client(self, token: str | None, session: aiohttp.ClientSession) -> SlackClient:
        url = self._settings.slack_api_url
        return make_client(token=token, api_url=url, proxy=self._proxy, session=session, clock=SlackClock())

    async def _bounded(self, check: str, ask: Callable[[], Awaitable[Finding]]) -> Finding:
        """Let no check hang, and none hide the others."""
        try:
            async with asyncio.timeout(self._patience_s):
                return await ask()
        except Rejected as error:
            return failed(check, str(error), cost=_STALE)
        except SlackApiError as error:
            return failed(check, f"Slack answers {error_word(error)}.", cost=_STALE, remedy=_remedy(error))
        except Dismissed as error:
            words = f"Slack ended the connection instead of saying hello ({plain(str(error))})."
            remedy = "Look at Socket Mode on the app's page, and at what else uses the app token."
            return failed(check, words, cost=_STALE, remedy=remedy)
        except TimeoutError:
            return _away(check, f"no answer within {self._patience_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _away(check, why_unreachable(error))

    async def _reach(self, session: aiohttp.ClientSession) -> Finding:
        url, began = f"{self._settings.slack_api_url.rstrip('/')}/api.test", time.monotonic()
        async with session.post(url, proxy=self._proxy) as response:
            is_slack, took_s = _is_slack(await response.read()), time.monotonic() - began
            date = response.headers.get("Date")
            return judge_answer(response.status, date, is_slack=is_slack, took_s=took_s, now_s=time.time())

    async def _check_bot_token(self, client: SlackClient) -> Finding:
        self._workspace = await find_workspace(client)
        return ok("bot token", f"It is of the workspace {named(self._workspace)}.")

    async def _check_app_token(self, client: SlackClient) -> Finding:
        self._app_id = await find_app(client, revealed(self._settings.slack_app_token) or "")
        return ok("app token", "Slack grants it a connection.")

    def _check_app(self) -> Finding:
        bot_app = self._workspace.app_id if self._workspace else None
        try:
            check_same_app(bot_app, self._app_id)
        except TwoApps as error:
            return failed("same app", str(error), cost="The events that arrive are not those of the bot token.")
        if bot_app and self._app_id:
            return ok("same app", f"Both tokens are of {bot_app}.")
        return warning(
            "same app",
            f"It cannot be told whether {BOT_TOKEN} and {APP_TOKEN} are of one app, for Slack did not name both.",
            remedy="See to the lines about tokens and scopes, then look again.",
        )

    async def _check_socket(self, client: SlackClient) -> Finding:
        socket = SocketClient(
            app_token=revealed(self._settings.slack_app_token) or "",
            web_client=client,
            proxy=self._proxy,
            on_request=_leave,
        )
        began = time.monotonic()
        try:
            await socket.open()
        except SlackApiError as error:
            refuse_app_token(error)
            raise
        finally:
            await socket.close()
        return ok("socket", f"One was opened, said hello after {time.monotonic() - began:.1f} s, and was closed.")


def judge_answer(status: int, date: str | None, *, is_slack: bool, took_s: float, now_s: float) -> Finding:
    """Judge the answer to a bare call: whether it is Slack's, and how far this machine's clock is from Slack's."""
    if status >= _FIRST_SERVER_ERROR:
        return failed("Slack", f"It answers with HTTP {status}.", cost=_STALE, remedy="Look at slack-status.com.")
    if not is_slack:
        return failed("Slack", f"What answers there is not Slack (HTTP {status}).", cost=_STALE, remedy=_ANOTHER)
    apart_s = round(abs(now_s - told_s)) if (told_s := _seconds(date)) is not None else 0
    if apart_s > CLOCK_TOLERANCE_S:
        return warning(
            "Slack",
            f"This machine's clock and Slack's are {apart_s} s apart.",
            cost="Times on the page are off, and connections that check certificates may fail.",
            remedy="Let the machine set its clock from the network (NTP).",
        )
    return ok("Slack", f"It answers after {took_s:.1f} s, and the clocks agree.")


def check_door(*, is_open: bool) -> Finding:
    """Say who can look at the directory."""
    if not is_open:
        return ok("door", "Nobody sees the directory without signing in.")
    return warning(
        "door",
        "The directory is open (USERSYNC_AUTH=none).",
        cost="Whoever reaches its address can read it, and nobody counts as an admin.",
        remedy="Leave USERSYNC_AUTH out: people sign in by links from Slack.",
    )


def check_scopes(granted: frozenset[str] | None) -> Finding:
    """Compare what Slack granted with what is used."""
    if granted is None:
        return warning(
            "scopes",
            "Slack did not tell which scopes the bot token has.",
            remedy="See to the line about the bot token.",
        )
    lacking = [scope for scope in SCOPES if scope.name not in granted]
    if not lacking:
        return ok("scopes", "All that is used is granted.")
    words = f"Not granted: {', '.join(scope.name for scope in lacking)}."
    cost = " ".join(f"Without {scope.name}: {scope.loss}" for scope in lacking)
    remedy = "Add them at api.slack.com/apps, under OAuth & Permissions, and install the app again, under Install App."
    tell = failed if any(scope.is_required for scope in lacking) else warning
    return tell("scopes", words, cost=cost, remedy=remedy)


def check_signin(settings: Settings) -> Finding:
    """Tell how people come in, and why not with Slack where it is half set up."""
    if settings.auth != "slack":
        by = (
            "The proxy in front signs people in." if settings.auth == "proxy" else "The directory is open to everybody."
        )
        return ok("sign-in", by)
    if why := why_not_offered(settings):
        tell = warning if settings.slack_client_id else ok
        return tell("sign-in", f"People sign in by links from Slack. Signing in with Slack is not offered: {why}")
    return ok("sign-in", "People sign in with Slack, or by links from Slack.")


def _away(check: str, why: str) -> Finding:
    return failed(check, out_of_reach(why), cost=_STALE, remedy="Check network, DNS, proxy and SLACK_API_URL.")


def _is_slack(body: bytes) -> bool:
    """Say whether an answer is one of Slack's: a JSON object that says whether all is well."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and "ok" in said


def _remedy(error: SlackApiError) -> str:
    word = error_word(error)
    if word == UNREADABLE or (word.startswith("HTTP 4") and not may_pass(error)):
        return _ANOTHER
    return "Try again in a while."


def _seconds(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, TypeError, OverflowError):
        return None


async def _leave(client: Any, request: SocketModeRequest, _received_at: float) -> None:
    """Take no event: unacknowledged, Slack sends it again to the service. A command it would not, so that is told."""
    if request.type == "slash_commands":
        words = {"text": "usersync is being looked at just now. Type that once more."}
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=words))
