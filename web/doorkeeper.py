"""Who may look: asked anew at every request, so whoever leaves Slack is out at once. In doubt nobody comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request

from db import Store
from db.derive import email_key_of
from db.records import Kind, State, User, Workspace
from web.ports import Clock, Door
from web.proxied import TrustedProxy
from web.returning import Returning
from web.sessions import Session, Sessions
from web.viewer import Viewer, viewer_from


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not look, as a page says it."""

    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may look."""

    user: User
    workspace: Workspace
    viewer: Viewer
    session: Session | None = None
    """That of a caller who came in by one."""
    workspaces: tuple[Workspace, ...] | None = None
    """All there were at that moment, oldest id first, where they were looked at along with the user."""


NAMELESS = Refusal(
    "The directory does not know you",
    "The proxy in front names you by an e-mail address, and not exactly one active person here has it. Somebody who "
    "joined a moment ago can try again in a few minutes; otherwise ask an admin of the workspace.",
)


class Doorkeeper:
    """Knows sessions, the table, and, while the table is not yet whole, whom to ask at Slack."""

    def __init__(self, door: Door, *, store: Store, clock: Clock) -> None:
        self.door = door
        self.sessions = Sessions(door, clock)
        self.returning = Returning(door.public_url)
        self._store = store

    async def recognise(self, request: Request) -> Caller | Refusal | None:
        """Tell who is signed in; None where nobody is. Raises StoreUnavailable, SlackSilent."""
        if self.door.proxy is not None:
            return await self._named_by(self.door.proxy, request)
        session = self.sessions.read(request)
        return None if session is None else await self._of_session(session)

    async def call(self, team_id: str, user_id: str) -> Caller | Refusal:
        """Look at a user as they are now. Raises StoreUnavailable, SlackSilent."""
        async with self._store.reading() as rx:
            workspace = await rx.workspaces.find_workspace(team_id)
            user = await rx.users.find_user(team_id, user_id)
        return await self._judged(team_id, user_id, user, workspace)

    async def _judged(
        self, team_id: str, user_id: str, user: User | None, workspace: Workspace | None
    ) -> Caller | Refusal:
        if user is None and workspace is not None and workspace.backfilled_at is None:
            user = await self.door.find_user(team_id, user_id)
        return judge(user, workspace, self.door)

    async def _named_by(self, proxy: TrustedProxy, request: Request) -> Caller | Refusal | None:
        """Look at the one active user whom the proxy names; in doubt it is nobody."""
        if not (key := email_key_of(proxy.named(request))):
            return None
        async with self._store.reading() as rx:
            found = await rx.users.list_by_email_key(key)
            active = [user for user in found if user.state is State.ACTIVE]
            named = active or found
            if len(named) != 1:
                return NAMELESS
            workspace = await rx.workspaces.find_workspace(named[0].team_id)
        return judge(named[0], workspace, self.door)

    async def _of_session(self, session: Session) -> Caller | Refusal | None:
        """Look at session and user in one statement; None where somebody signed out of it."""
        team_id, user_id = session.team_id, session.user_id
        async with self._store.asking() as rx:
            call = await rx.callers.find(team_id, user_id, session.session_id, begun_at=session.begun_at)
        if call.is_over:
            return None
        workspace = next((each for each in call.workspaces if each.team_id == team_id), None)
        judged = await self._judged(team_id, user_id, call.user, workspace)
        if isinstance(judged, Caller):
            return replace(judged, session=session, workspaces=call.workspaces)
        return judged


def judge(user: User | None, workspace: Workspace | None, door: Door) -> Caller | Refusal:
    """Let active members look, and active guests where these may; say to everybody else why not."""
    house = (workspace.name or workspace.domain if workspace else "") or "this workspace"
    if user is None or workspace is None or user.kind is Kind.ERASED:
        return Refusal(
            "The directory does not know you",
            f"It has nobody in {house} who signs in as you. Somebody who joined a moment ago can try again in a few "
            "minutes; otherwise ask an admin of the workspace.",
        )
    if user.state is not State.ACTIVE:
        why = (
            "Slack says that you are deactivated." if user.state is State.DEACTIVATED else "Slack no longer lists you."
        )
        return Refusal(
            f"The directory is for members of {house}", f"{why} If that is wrong, ask an admin of the workspace."
        )
    if user.kind is Kind.MEMBER or (user.kind is Kind.GUEST and door.guests_may_sign_in):
        return Caller(user, workspace, viewer_from(user, admins=door.admins))
    who = {
        Kind.GUEST: "You are a guest there, and guests are not let in. Whoever runs the directory can change that.",
        Kind.EXTERNAL: "You belong to another company's workspace.",
        Kind.BOT: "This is a bot's link.",
    }[user.kind]
    return Refusal(f"The directory is for members of {house}", who)
