"""Sign in with Slack, as Slack answers it: the address to go to, the code exchanged, the id token verified.

Facts: docs.slack.dev, Using Sign in with Slack; openid.connect.token (tier 4); RFC 7636 (PKCE).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import jwt
import structlog

from bot.settings import SLACK_API_URL
from bot.slack_words import plain, why_unreachable

log = structlog.get_logger(__name__)

CALLBACK = "/signin/slack/callback"
SCOPES = "openid profile email"
ISSUER = "https://slack.com"
TEAM, USER = "https://slack.com/team_id", "https://slack.com/user_id"
PATIENCE_S = 5.0
LEEWAY_S = 60
"""How far this machine's clock may be from Slack's; beyond that the doctor warns, too."""
KEYS_KEEP_S = 86_400.0
ASK_AGAIN_WITHIN_S = 60.0
MOST_ASKED_AGAIN = 5
"""How often Slack is asked for its keys anew within that time: whoever makes tokens up must not make us ask at will."""
MOST_BYTES = 256_000
_FIRST_SERVER_ERROR = 500
_TOO_MANY = 429
_PASSING = frozenset({"ratelimited", "internal_error", "service_unavailable", "fatal_error", "request_timeout"})
_OURS = frozenset({"bad_client_secret", "invalid_client_id", "invalid_client", "bad_redirect_uri"})
_NOT_TRUSTED = "What Slack sent about you could not be verified."
_NOT_OURS = "Slack takes this directory for another app than it is. Whoever runs it finds the reason in its log."
_NOT_UNDERSTOOD = "Slack's answer could not be understood."
_CODE_SPENT = "Slack takes that answer no more: it was used before, or is too old."


class OpenIdSilent(Exception):
    """Slack did not answer, or not in a way that could be read; nothing follows from that about anybody."""


class OpenIdRefused(Exception):
    """Nobody may be signed in by what Slack said. The message is a sentence for the person."""


class OpenIdClient:
    """Speaks with Slack on behalf of the door. Keys are kept, and asked for anew where one is not among them."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        client_id: str,
        client_secret: str,
        public_url: str,
        is_installed: Callable[[str], bool],
        only_team: Callable[[], str],
        api_url: str = SLACK_API_URL,
        proxy: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`only_team` tells the one workspace there is, or nothing; `is_installed`, whether a workspace is ours."""
        self._session = session
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = f"{public_url.rstrip('/')}{CALLBACK}"
        self._is_installed = is_installed
        self._only_team = only_team
        self._api_url = f"{api_url.rstrip('/')}/"
        parts = urlsplit(api_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._proxy = proxy
        self._monotonic = monotonic
        self._keys: tuple[jwt.PyJWK, ...] = ()
        self._keys_at_s: float | None = None
        self._asked_again_at_s: deque[float] = deque(maxlen=MOST_ASKED_AGAIN)

    def authorize_url(self, *, state: str, nonce: str, challenge: str) -> str:
        """Make the address that asks a person at Slack."""
        asked = {
            "response_type": "code",
            "scope": SCOPES,
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if team_id := self._only_team():
            asked["team"] = team_id  # it leads there, and restricts nothing: the claim is looked at below
        return f"{self._origin}/openid/connect/authorize?{urlencode(asked)}"

    async def identify(self, *, code: str, verifier: str, nonce: str) -> tuple[str, str]:
        """Tell (`team_id`, `user_id`) of whoever brought the code. Raises OpenIdSilent, OpenIdRefused."""
        claims = await self._verified(await self._exchange(code, verifier))
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise _refused("the nonce is another one")
        team_id, user_id = claims.get(TEAM), claims.get(USER)
        if not isinstance(team_id, str) or not isinstance(user_id, str) or user_id != claims["sub"]:
            raise _refused("it names no user of a workspace")
        if not self._is_installed(team_id):
            raise OpenIdRefused("You have signed in to Slack with a workspace that this directory is not about.")
        return team_id, user_id

    async def _exchange(self, code: str, verifier: str) -> str:
        form = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "code": code,
            "redirect_uri": self._redirect_uri,
            "grant_type": "authorization_code",
            "code_verifier": verifier,
        }
        answer = await self._asked("POST", f"{self._api_url}openid.connect.token", form)
        if answer.get("ok") is not True:
            if not isinstance(word := answer.get("error"), str):
                log.warning("Slack's answer to a code says neither yes nor no")
                raise OpenIdRefused(_NOT_UNDERSTOOD)
            raise _declined(plain(word))
        if not isinstance(token := answer.get("id_token"), str):
            raise _refused("there is none")
        return token

    async def _verified(self, token: str) -> dict[str, Any]:
        """Verify the token by Slack's keys: RS256 and nothing else, for us, from Slack, and not too old."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = await self._get_key(key_id)
            try:
                return self._decoded(token, key)
            except jwt.InvalidSignatureError:
                if not self._may_ask_again():
                    raise
                await self._read_keys()  # Slack may have put another key in its place
                return self._decoded(token, self._find_key(key_id) or key)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _refused(type(error).__name__) from error

    def _decoded(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=self._client_id,
            issuer=[ISSUER, self._origin],
            leeway=LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
        )
        if claims["aud"] not in (self._client_id, [self._client_id]):
            raise jwt.InvalidAudienceError("it is for others as well")  # OpenID Connect Core 1.0, 3.1.3.7
        return claims

    async def _get_key(self, key_id: object) -> jwt.PyJWK:
        is_read = self._keys_at_s is not None and self._monotonic() - self._keys_at_s < KEYS_KEEP_S
        if not is_read or (self._find_key(key_id) is None and self._may_ask_again()):
            await self._read_keys()
        if (key := self._find_key(key_id)) is None:
            raise _refused("its key is none of Slack's")
        return key

    def _find_key(self, key_id: object) -> jwt.PyJWK | None:
        """Find the key of an id; without one it can be meant only where there is a single key, and that has none."""
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 and self._keys[0].key_id is None else None
        return next((key for key in self._keys if key.key_id == key_id), None)

    def _may_ask_again(self) -> bool:
        """Say whether Slack may be asked for its keys once more, and count it."""
        now_s, asked_at_s = self._monotonic(), self._asked_again_at_s
        if len(asked_at_s) == MOST_ASKED_AGAIN and now_s - asked_at_s[0] < ASK_AGAIN_WITHIN_S:
            return False
        asked_at_s.append(now_s)
        return True

    async def _read_keys(self) -> None:
        answer = await self._asked("GET", f"{self._origin}/openid/connect/keys")
        try:
            keys = jwt.PyJWKSet.from_dict(answer).keys
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise OpenIdSilent("Slack's keys cannot be read") from error
        # A key of another kind could be mistaken for a shared secret.
        self._keys = tuple(key for key in keys if key.key_type == "RSA")
        self._keys_at_s = self._monotonic()

    async def _asked(self, method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                self._session.request(method, url, data=form, proxy=self._proxy, allow_redirects=False) as response,
            ):
                body = await _bounded(response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise OpenIdSilent(why_unreachable(error)) from error
        if response.status >= _FIRST_SERVER_ERROR or response.status == _TOO_MANY:
            raise OpenIdSilent(f"HTTP {response.status}")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise OpenIdSilent("its answer cannot be read") from error
        if not isinstance(answer, dict):
            raise OpenIdSilent("its answer cannot be read")
        return answer


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for part in response.content.iter_any():
        body += part
        if len(body) > MOST_BYTES:
            raise OpenIdSilent("its answer is too large")
    return body


def _declined(word: str) -> OpenIdRefused | OpenIdSilent:
    """Say what Slack's word about a code means."""
    if word in _PASSING:
        return OpenIdSilent(word)
    log.warning("Slack took no code of a person who signs in", reason=word)
    return OpenIdRefused(_NOT_OURS if word in _OURS else _CODE_SPENT)


def _refused(why: str) -> OpenIdRefused:
    """Refuse a token; why is for the log, and says nothing of what is in it."""
    log.warning("an id token was refused", reason=why)
    return OpenIdRefused(_NOT_TRUSTED)
