"""A row of a list tells no more of a user than is read for a list."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.filters import CustomField
from db.records import Kind, State, User
from db.rows import with_always
from web.rows import READ, row_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TEXTS = {each.name: f"{each.name}@words.example" for each in fields(User) if each.type == "str | None"}
FULL = replace(
    User(**TEXTS),
    team_id="T1",
    id="U1",
    tz="Asia/Tokyo",
    rev=7,
    sort_key="words",
    updated=1_700_000_000,
    is_custom_image=True,
    guest_expiration_ts=1_900_000_000,
    status_expiration=1_900_000_000,
    status_emoji=":party_parrot:",
    fields={"Xf1": {"value": "a field"}},
    joined_at=NOW - timedelta(days=1),
    missing_since=NOW - timedelta(days=2),
    first_seen_at=NOW - timedelta(days=3),
    changed_at=NOW - timedelta(days=1),
)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("q", ["", "words", "name", "e-mail", "phone", "field", "first_name", "last_name"])
def test_a_row_is_the_same_of_what_is_read_for_a_list(kind: Kind, state: State, q: str) -> None:
    user = replace(FULL, kind=kind, state=state, deleted=state is State.DEACTIVATED)
    read = User.of({name: getattr(user, name) for name in with_always(READ)})
    zone, marked = ZoneInfo("Europe/Berlin"), [CustomField("Xf1", "Field")]
    whole, listed = (row_of(each, NOW, zone, q=q, custom_fields=marked) for each in (user, read))
    assert listed == whole
