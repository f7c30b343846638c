"""What one reader may see: the visibility policy applied to rows, changes and searches. Pure; the only place of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from db.filters import Lack, Sort, UserFilter
from db.records import Change, Position, State, User
from db.visibility import CONTACT, CUSTOM_FIELD, UNTOLD, Audience, Policy
from db.words import tags_seen

COLUMN_OF: Mapping[Lack, str] = {
    Lack.PICTURE: "is_custom_image",
    Lack.TITLE: "title",
    Lack.EMAIL: "email",
    Lack.PHONE: "phone",
    Lack.ZONE: "tz",
}
"""What one has to see to be told who lacks it."""


_DERIVED: Mapping[str, Any] = {
    "search_text": "", "email_key": "", "title_key": "", "traits": 0, "start_day": None, "field_marks": None,
}  # fmt: skip
"""What we derive for searching holds hidden words and days, and marks name hidden fields: all of it is left out."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose workspaces a reader sees, and what of the users there is hidden from them. It can be a key."""

    team_ids: frozenset[str] | None = None
    """None is every workspace."""
    hidden: frozenset[str] = frozenset()
    """Columns, and custom fields by their ids."""
    sees_contact_of_gone: bool = False
    """Whether contact data of people who are not active any more is seen."""

    def sees(self, name: str) -> bool:
        """Say whether a column or a custom field is seen at all."""
        return name not in self.hidden

    @property
    def sees_changing(self) -> bool:
        """Whether it may be told when somebody last changed: only where nothing is hidden that could have changed."""
        return self.hidden <= UNTOLD

    def sees_workspace(self, team_id: str) -> bool:
        """Say whether users of that workspace are seen."""
        return self.team_ids is None or team_id in self.team_ids

    def hidden_of(self, user: User | None) -> frozenset[str]:
        """Name what is hidden of one user; somebody unknown counts as gone."""
        return self.hidden_of_those(gone=user is None or user.state is not State.ACTIVE)

    def user(self, user: User | None) -> User | None:
        """Give a row as this reader may see it; None for one of another workspace, or a protected one."""
        if user is None or not self.sees_workspace(user.team_id) or user.hidden_at is not None:
            return None
        hidden, veil = _veil(self, gone=user.state is not State.ACTIVE)
        values = {**vars(user), **veil}
        if user.fields and "fields" not in hidden:
            values["fields"] = _but(user.fields, hidden)
        return User.of(values)

    def change(self, change: Change, user: User | None) -> Change | None:
        """Give a change as this reader may see it, `user` being its user as they are now; None for nothing at all."""
        if not self.sees_workspace(change.team_id):
            return None
        if change.is_reset:
            return change
        if user is not None and user.hidden_at is not None:
            return None
        hidden = self.hidden_of(user)
        before, after = _seen_of(change.before, hidden), _seen_of(change.after, hidden)
        if not change.is_new_user:
            # What is gone on one side alone would look like a user who was unknown until now.
            moved = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            before, after = ({name: values.get(name) for name in sorted(moved)} for values in (before, after))
            if not moved:
                return None
        return replace(change, before=before, after=after)

    def position(self, position: Position) -> Position:
        """Keep a place in the change log to the workspaces that are seen."""
        return Position({team_id: mark for team_id, mark in position.marks.items() if self.sees_workspace(team_id)})

    def narrowed(self, user_filter: UserFilter) -> UserFilter:
        """Keep a filter to what is seen: hidden fields narrow nothing; other workspaces alone find nobody."""
        user_filter = self.heeded(user_filter)
        if self.team_ids is None:
            return user_filter
        wanted = user_filter.team_ids & self.team_ids if user_filter.team_ids else self.team_ids
        return replace(user_filter, team_ids=wanted or frozenset({""}))

    def heeded(self, user_filter: UserFilter) -> UserFilter:
        """Pass over what a filter asks of hidden fields: an answer would tell what they say, or that they changed."""
        tells_change = user_filter.sort is Sort.CHANGED and not self.sees_changing
        return replace(
            user_filter,
            sort=Sort.NAME if tells_change else user_filter.sort,
            titles=user_filter.titles if self.sees("title") else frozenset(),
            zones=user_filter.zones if self.sees("tz") else frozenset(),
            lacks=user_filter.lacks & self.lacks_seen,
            fields=frozenset(each for each in user_filter.fields if self.sees_field(each.field_id)),
        )

    @property
    def lacks_seen(self) -> frozenset[Lack]:
        """Name what this reader may be told to be lacking."""
        return frozenset(lack for lack, column in COLUMN_OF.items() if self.sees(column))

    def sees_field(self, field_id: str) -> bool:
        """Say whether a custom field is seen."""
        return self.sees("fields") and self.sees(field_id)

    def searched_tags(self, *, gone: bool) -> frozenset[str]:
        """Name the tags of `search_text` that this reader may search, of people who are active or gone."""
        return tags_seen(self.hidden_of_those(gone=gone))

    def hidden_of_those(self, *, gone: bool) -> frozenset[str]:
        """Name what is hidden of everybody who is active, or of everybody who is gone."""
        hidden = self.hidden if self.sees_changing else self.hidden | {"changed_at"}
        return hidden | CONTACT if gone and not self.sees_contact_of_gone else hidden


@lru_cache(maxsize=64)
def _veil(sight: Sight, *, gone: bool) -> tuple[frozenset[str], Mapping[str, Any]]:
    """Name what is hidden of those who are active or gone, and give what stands in its place; few sights are in use."""
    hidden = sight.hidden_of_those(gone=gone)
    columns = {name for name in hidden if not name.startswith(CUSTOM_FIELD)}
    if unknown := columns.difference(each.name for each in fields(User)):
        raise KeyError(*unknown)  # it would hide nothing
    return hidden, {**dict.fromkeys(columns), **_DERIVED}


def sight_of(policy: Policy, audience: Audience, team_ids: frozenset[str] | None) -> Sight:
    """Tell what an audience sees of some workspaces."""
    return Sight(team_ids, policy.hidden_from(audience), sees_contact_of_gone=audience is Audience.ADMINS)


def _but(values: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in hidden}


def _seen_of(values: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """Take hidden fields out of one side of a change, single custom fields as well."""
    seen = _but(values, hidden)
    custom = seen.get("fields")
    if isinstance(custom, Mapping) and (left := _but(custom, hidden)) != custom:
        seen["fields"] = left or None
    return seen
