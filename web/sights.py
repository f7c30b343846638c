"""What whoever asks may see: told in one place, for the door and for each later look at an open stream."""

from __future__ import annotations

from db.records import ApiToken, TokenScope
from db.sight import Sight, sight_of
from db.visibility import Audience, Policy
from web.viewer import Viewer


def sight_for(policy: Policy, asking: Viewer | ApiToken | None) -> Sight:
    """Tell what somebody sees; None is anybody, in a directory that is open."""
    match asking:
        case Viewer(team_id=team_id, is_admin=is_admin):
            return sight_of(policy, Audience.ADMINS if is_admin else Audience.EVERYONE, frozenset({team_id}))
        case ApiToken(team_id=team_id, scopes=scopes):
            audience = Audience.ADMINS if TokenScope.ADMINS in scopes else Audience.EVERYONE
            return sight_of(policy, audience, frozenset({team_id}) if team_id else None)
        case None:
            return sight_of(policy, Audience.EVERYONE, None)
