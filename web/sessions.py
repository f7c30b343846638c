"""Who signed in and when, in a signed cookie; one that is forged, foreign, too old or broken is no session at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from web.ports import Clock, Door

COOKIE = "usersync_session"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody has signed in. Whether they may still look is asked anew at every request."""

    team_id: str
    user_id: str


class Sessions:
    """Reads, begins and ends sessions; nothing of them is stored here."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._serializer = URLSafeSerializer(
            door.key, salt="usersync session", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )
        self._lifetime = door.session_lifetime
        self._clock = clock
        self._is_secure = (door.public_url or "").lower().startswith("https:")
        # Browsers accept this prefix from HTTPS alone, and then let no neighbouring host set the cookie.
        self.cookie = f"__Host-{COOKIE}" if self._is_secure else COOKIE

    def read(self, request: Request) -> Session | None:
        """Read the session of a request."""
        try:
            found = self._serializer.loads(request.cookies.get(self.cookie, ""))
        except BadData:
            return None
        match found:
            case [str(team_id), str(user_id), int(begun_s)] if self._is_lasting(begun_s):
                return Session(team_id, user_id)
        return None

    def begin(self, response: Response, session: Session) -> None:
        """Let the browser keep a session."""
        sealed = self._serializer.dumps([session.team_id, session.user_id, int(self._clock().timestamp())])
        self._set(response, str(sealed), int(self._lifetime.total_seconds()))

    def end(self, response: Response) -> None:
        """Let the browser forget its session."""
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, max_age_s: int) -> None:
        response.set_cookie(
            self.cookie, value, max_age=max_age_s, path="/", secure=self._is_secure, httponly=True, samesite="lax"
        )

    def _is_lasting(self, begun_s: int) -> bool:
        try:
            return self._clock() < datetime.fromtimestamp(begun_s, UTC) + self._lifetime
        except (OverflowError, OSError, ValueError):
            return False
