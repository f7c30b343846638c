"""Sign in with Slack at the wire: the page that asks, codes for one use, PKCE, id tokens, and the keys to them."""

import base64
import hashlib
import hmac
import html
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.simulator.api import spoiled
from bot.simulator.calls import Ledger, read_args
from bot.simulator.clocks import SlackTime
from bot.simulator.faults import Faults
from bot.simulator.workspace import Workspace

Json = dict[str, Any]

TOKEN, KEYS = "openid.connect.token", "openid.connect.keys"
"""What faults and the ledger call the two."""
CODE_SECONDS = 600
TOKEN_SECONDS = 300
KEY_BITS = 2048
MOST_SHOWN = 50


@dataclass
class Grant:
    """What a code stands for, until it is exchanged."""

    asked: Json
    workspace: Workspace
    user_id: str
    until: float


@dataclass
class Forgery:
    """How the next id tokens go wrong: other claims, another algorithm, a key that is not among the published."""

    claims: Json = field(default_factory=dict)
    algorithm: str = "RS256"
    foreign_key: bool = False
    key_id: str | None = None


class OpenIdSide:
    """The OpenID provider of one simulator, for one client. Its issuer is where it listens, unless told otherwise."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        url: Callable[[], str],
        workspaces: Callable[[], list[Workspace]],
        time: SlackTime,
        faults: Faults,
        ledger: Ledger,
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.forges = Forgery()
        self._url = url
        self._workspaces = workspaces
        self._time = time
        self._faults = faults
        self._ledger = ledger
        self._grants: dict[str, Grant] = {}
        self._keys: list[tuple[str, RSAPrivateKey]] = []

    def rotates_keys(self) -> None:
        """Sign with a new key from now on; the old ones are published no more."""
        key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        self._keys = [(f"key-{secrets.token_hex(4)}", key)]

    def consents(self, asked: Json, *, user_id: str) -> str:
        """A person agrees: the address that their browser is sent back to. LookupError if nobody has that id."""
        workspace = next((each for each in self._workspaces() if each.crowd.find(user_id) is not None), None)
        if workspace is None:
            raise LookupError(user_id)
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(dict(asked), workspace, user_id, self._time.now() + CODE_SECONDS)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    async def handle_authorize(self, request: web.Request) -> web.Response:
        """The page with one link for each person; `as` answers it at once, `deny` says no."""
        asked = dict(request.query)
        chosen, denied = asked.pop("as", None), asked.pop("deny", None)
        if error := self._wrong(asked):
            return web.Response(status=400, text=error)
        if denied is not None:
            told = urlencode({"error": "access_denied", "state": asked.get("state", "")})
            raise web.HTTPFound(f"{asked['redirect_uri']}?{told}")
        if chosen is None:
            return web.Response(text=self._page(asked), content_type="text/html")
        try:
            there = self.consents(asked, user_id=chosen)
        except LookupError:
            return web.Response(status=404, text="user_not_found")
        raise web.HTTPFound(there)

    async def handle_token(self, request: web.Request) -> web.StreamResponse:
        """Exchange a code, once."""
        fault = self._faults.striking(TOKEN)
        if fault and (answer := await spoiled(request, fault)):
            return answer
        args = await read_args(request)
        grant = self._grants.pop(str(args.get("code")), None)
        error = self._refusal(args, grant)
        team_id = grant.workspace.team_id if grant else ""
        self._ledger.record(TOKEN, args, team_id=team_id, outcome=error or "ok")
        if error or grant is None:
            return web.json_response({"ok": False, "error": error})
        token = {"access_token": "xoxp-pretend-person", "token_type": "Bearer", "id_token": self._id_token(grant)}
        return web.json_response({"ok": True, **token})

    async def handle_keys(self, request: web.Request) -> web.StreamResponse:
        """The public keys."""
        fault = self._faults.striking(KEYS)
        if fault and (answer := await spoiled(request, fault)):
            return answer
        self._ledger.record(KEYS, {}, team_id="", outcome="ok")
        return web.json_response({"keys": [self._public(key_id, key) for key_id, key in self._signing()]})

    def _wrong(self, asked: Json) -> str:
        if asked.get("client_id") != self.client_id:
            return "invalid_client_id"
        if "openid" not in asked.get("scope", "").replace(",", " ").split():
            return "invalid_scope"
        if asked.get("response_type") != "code":
            return "invalid_response_type"
        return "" if asked.get("redirect_uri") else "bad_redirect_uri"

    def _refusal(self, args: Json, grant: Grant | None) -> str:
        if args.get("client_id") != self.client_id:
            return "invalid_client_id"
        if args.get("client_secret") != self.client_secret:
            return "bad_client_secret"
        if grant is None or grant.until < self._time.now():
            return "invalid_code"
        if args.get("redirect_uri") != grant.asked["redirect_uri"]:
            return "bad_redirect_uri"
        challenge = grant.asked.get("code_challenge")
        if challenge and challenge != _challenge(str(args.get("code_verifier") or "")):
            return "invalid_code_verifier"
        return ""

    def _id_token(self, grant: Grant) -> str:
        now = int(self._time.now())
        user = grant.workspace.crowd.find(grant.user_id) or {}
        claims = {
            "iss": self._url(),
            "sub": grant.user_id,
            "aud": self.client_id,
            "exp": now + TOKEN_SECONDS,
            "iat": now,
            "auth_time": now,
            "nonce": grant.asked.get("nonce", ""),
            "https://slack.com/team_id": grant.workspace.team_id,
            "https://slack.com/user_id": grant.user_id,
            "email": user.get("profile", {}).get("email"),
            "email_verified": True,
            "name": user.get("real_name", ""),
        } | self.forges.claims
        key_id, key = self._signing()[0]
        headers = {"kid": self.forges.key_id or key_id}
        if self.forges.algorithm == "none":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if self.forges.algorithm == "HS256":
            return _signed_with_a_public_key(claims, key, headers)
        if self.forges.foreign_key:
            key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        return jwt.encode(claims, key, algorithm=self.forges.algorithm, headers=headers)

    def _signing(self) -> list[tuple[str, RSAPrivateKey]]:
        if not self._keys:
            self.rotates_keys()
        return self._keys

    def _public(self, key_id: str, key: RSAPrivateKey) -> Json:
        public: Json = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {**public, "kid": key_id, "use": "sig", "alg": "RS256"}

    def _page(self, asked: Json) -> str:
        links = []
        for workspace in self._workspaces():
            for _, user in islice(workspace.crowd.listed_from(0), MOST_SHOWN):
                name = html.escape(str(user.get("real_name") or user["id"]))
                there = html.escape(f"?{urlencode({**asked, 'as': user['id']})}")
                links.append(f'<li><a href="{there}">Continue as {name}</a></li>')
        deny = html.escape(f"?{urlencode({**asked, 'deny': '1'})}")
        people = "".join(links)
        return f'<!doctype html><title>Sign in</title><ul>{people}</ul><p><a href="{deny}">Cancel</a></p>'


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _signed_with_a_public_key(claims: Json, key: RSAPrivateKey, headers: Json) -> str:
    """The old trick: the public key, which everybody has, as the secret of HMAC; libraries refuse to make it."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps(each).encode() for each in ({"alg": "HS256", "typ": "JWT", **headers}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(pem, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()
