"""Sign in with Slack (OpenID Connect, code flow with state, nonce and PKCE): there and back again.

What has to be known at the way back is kept by the browser that began: a code brought by another one opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.errors import StoreUnavailable
from web.cookies import Cookie
from web.doorkeeper import Doorkeeper, Refusal
from web.errors import store_away
from web.limiter import note_tried_in_vain
from web.notices import notice, refused
from web.ports import Clock, Door, OpenId, SigninRefused, SlackSilent
from web.sealed import Seal
from web.signin import nothing_to_sign_in
from web.window import window_of

logger = logging.getLogger(__name__)

LIFETIME = timedelta(minutes=10)
"""As long as Slack's codes live."""
SECRET_BYTES = 32
MOST_AT_ONCE = 5
"""Attempts of one browser: each is a cookie, and servers take a few thousand bytes of them."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: `state` ties the way back to the browser, `nonce` and `verifier` tie Slack's word to both."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """What Slack is told of the verifier (RFC 7636, S256)."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class Attempts:
    """Keeps the attempts of a browser in signed cookies: one each, so that no tab disturbs another."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._seal = Seal([door.key, *door.older_keys], purpose="sign in with Slack", clock=clock)
        self._public_url = door.public_url

    def begin(self) -> Attempt:
        """Begin a new one."""
        return Attempt(*(secrets.token_urlsafe(SECRET_BYTES) for _ in range(3)))

    def keep(self, request: Request, response: Response, attempt: Attempt) -> None:
        """Let the browser keep it, in place of the oldest where there are many."""
        sealed = self._seal.seal(attempt.state, attempt.nonce, attempt.verifier, lifetime=LIFETIME)
        self._cookie(_tag(attempt.state)).keep(response, sealed, LIFETIME)
        name = self._cookie("").name
        tags = [each.removeprefix(name) for each in request.cookies if each.startswith(name)]  # browsers: oldest first
        for tag in tags[: 1 - MOST_AT_ONCE]:
            self._cookie(tag).clear(response)

    def read(self, request: Request) -> Attempt | None:
        """Read the one that a way back belongs to, if this browser began it and it is not too old."""
        told = request.query_params.get("state", "")
        match self._seal.read(self._cookie(_tag(told)).read(request)):
            case [str(state), str(nonce), str(verifier)] if hmac.compare_digest(told.encode(), state.encode()):
                return Attempt(state, nonce, verifier)
        return None

    def forget(self, response: Response, attempt: Attempt) -> None:
        """Let the browser forget it: one attempt, one answer."""
        self._cookie(_tag(attempt.state)).clear(response)

    def _cookie(self, tag: str) -> Cookie:
        return Cookie(f"usersync_openid_{tag}", public_url=self._public_url, path="/signin")


def _tag(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:12]


async def to_slack(request: Request) -> Response:
    """Lead to Slack, which asks whether the person wants to sign in here."""
    doorkeeper = window_of(request).doorkeeper
    openid = doorkeeper.door.openid if doorkeeper else None
    if doorkeeper is None or openid is None:
        return _not_set_up(request, doorkeeper)
    attempts = Attempts(doorkeeper.door, window_of(request).clock)
    attempt = attempts.begin()
    there = openid.authorize_url(state=attempt.state, nonce=attempt.nonce, challenge=attempt.challenge)
    answer = RedirectResponse(there, status_code=303)
    attempts.keep(request, answer, attempt)
    return answer


async def from_slack(request: Request) -> Response:
    """Take what a browser brings back from Slack; whatever comes of it, the attempt that it belongs to is over."""
    doorkeeper = window_of(request).doorkeeper
    openid = doorkeeper.door.openid if doorkeeper else None
    if doorkeeper is None or openid is None:
        return _not_set_up(request, doorkeeper)
    attempts = Attempts(doorkeeper.door, window_of(request).clock)
    if (attempt := attempts.read(request)) is None:
        return _refused(request, "This browser did not begin that, or began it more than ten minutes ago.")
    answer = await _answered(request, doorkeeper, openid, attempt)
    attempts.forget(answer, attempt)
    return answer


async def _answered(request: Request, doorkeeper: Doorkeeper, openid: OpenId, attempt: Attempt) -> Response:
    told = request.query_params
    if error := told.get("error"):
        return _declined(request) if error == "access_denied" else _refused(request, "Slack could not sign you in.")
    if not (code := told.get("code", "")):
        return _refused(request, "Slack sent you back without an answer.")
    try:
        team_id, user_id = await openid.identify(code=code, verifier=attempt.verifier, nonce=attempt.nonce)
        caller = await doorkeeper.call(team_id, user_id)
    except SigninRefused as error:
        note_tried_in_vain(request)
        return _refused(request, str(error))
    except SlackSilent as silence:
        return _silent(request, silence)
    except StoreUnavailable as outage:
        return await store_away(request, outage)
    if isinstance(caller, Refusal):
        return refused(request, caller)
    inside = doorkeeper.returning.back(request)
    doorkeeper.sessions.begin(inside, team_id, user_id)
    return inside


def _refused(request: Request, why: str) -> Response:
    return notice(
        request, 403, "You could not be signed in", why, "Nothing was done; you can try again.", how_to_come_in=True
    )


def _declined(request: Request) -> Response:
    return notice(
        request,
        403,
        "You are not signed in",
        "You told Slack not to let this directory know who you are. That is fine: nothing was done. If it was a slip, "
        "try again.",
        how_to_come_in=True,
    )


def _silent(request: Request, silence: SlackSilent) -> Response:
    logger.warning("nobody could be signed in, for Slack does not answer: %s", silence)
    answer = notice(
        request,
        503,
        "Slack does not answer",
        "So it cannot be told who you are, and nobody was signed in. Try again in a minute.",
        how_to_come_in=True,
    )
    answer.headers["Retry-After"] = "60"
    return answer


def _not_set_up(request: Request, doorkeeper: Doorkeeper | None) -> Response:
    if elsewhere := nothing_to_sign_in(request, doorkeeper):
        return elsewhere
    return notice(
        request,
        404,
        "Signing in with Slack is not set up",
        "Whoever runs this directory can do that. Until then, a link leads in.",
        how_to_come_in=True,
    )
