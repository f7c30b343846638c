"""Who signed in and when, in a signed cookie; one that is forged, foreign, too old or broken is no session at all.

A session slides: whoever comes back before it ends is given a fresh cookie of the same session.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from web.cookies import Cookie
from web.ports import Clock, Door
from web.sealed import Seal, milliseconds, moment_of

ID_BYTES = 16
SOONEST_RENEWAL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody has signed in. Whether they may still look is asked anew at every request."""

    team_id: str
    user_id: str
    session_id: str
    begun_at: datetime
    renewed_at: datetime
    until: datetime
    """When its cookie is believed no more, however long sessions last by now."""
    is_by_older_key: bool = False
    """Whether it ends as soon as the operator leaves that key out."""


class Sessions:
    """Reads, begins, renews and ends sessions; the table holds those alone that somebody signed out of."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._seal = Seal([door.key, *door.older_keys], purpose="session", clock=clock)
        self._cookie = Cookie("usersync_session", public_url=door.public_url)
        self._clock = clock
        self.cookie_name = self._cookie.name
        self.clears_caches = (door.public_url or "").lower().startswith("https:")
        """Browsers empty their cache at our word over HTTPS alone."""
        self.lifetime = door.session_lifetime

    def read(self, request: Request) -> Session | None:
        """Read the session of a request."""
        sealed = self._seal.read_whole(self._cookie.read(request))
        match sealed and sealed.values:
            case [str(team_id), str(user_id), str(session_id), int(begun_ms), int(renewed_ms)]:
                begun_at, renewed_at = moment_of(begun_ms), moment_of(renewed_ms)
                # The operator may have shortened the lifetime since.
                if sealed and begun_at and renewed_at and self._clock() - renewed_at < self.lifetime:
                    told = (team_id, user_id, session_id, begun_at, renewed_at)
                    return Session(*told, until=sealed.until, is_by_older_key=sealed.is_by_older_key)
        return None

    def begin(self, response: Response, team_id: str, user_id: str) -> None:
        """Let the browser keep a new session."""
        now = self._clock()
        self._keep(response, Session(team_id, user_id, secrets.token_urlsafe(ID_BYTES), now, now, now + self.lifetime))

    def is_to_be_renewed(self, session: Session) -> bool:
        """Say whether a session is worth another cookie."""
        is_old = self._clock() - session.renewed_at >= max(self.lifetime / 10, SOONEST_RENEWAL)
        return is_old or session.is_by_older_key

    def renew(self, response: Response, session: Session) -> None:
        """Let the browser keep a session for another lifetime."""
        self._keep(response, session)

    def end(self, response: Response) -> None:
        """Let the browser forget its session, and where it obeys, every page that it has kept."""
        self._cookie.clear(response)
        if self.clears_caches:
            response.headers["Clear-Site-Data"] = '"cache"'

    def _keep(self, response: Response, session: Session) -> None:
        sealed = self._seal.seal(
            session.team_id,
            session.user_id,
            session.session_id,
            milliseconds(session.begun_at),
            milliseconds(self._clock()),
            lifetime=self.lifetime,
        )
        self._cookie.keep(response, sealed, self.lifetime)
