"""An entry of a page is known again by its digest, and then it is not even read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bot import parse
from bot.entries import digest_of_member, entry_of_member
from bot.runs.repeats import Told, part
from db import Store
from tests.bot.test_parse import nested
from tests.support.factories import TEAM, a_user_payload
from tests.support.memory import install, keep

READ_BY = {1: "ad484aefccdd620f"}
"""What `bot/parse.py` is made of, by the number it gives itself."""


def test_whoever_changes_how_users_are_read_counts_the_parser() -> None:
    source = Path(parse.__file__).read_bytes()

    assert READ_BY[parse.PARSER] == hashlib.sha256(source).hexdigest()[:16], (
        "bot/parse.py is not what it was. If it reads anything else out of some user object, add one to PARSER, or the "
        "rows keep what was read before; then write the number and the new digest here."
    )


def test_the_same_entry_has_the_same_digest_whoever_holds_its_values() -> None:
    member = a_user_payload(real_name="Ādā 🌍", status_expiration=2**40)

    assert digest_of_member(member) == digest_of_member(json.loads(json.dumps(member)))


@pytest.mark.parametrize(
    "other",
    [{"title": "Director"}, {"is_admin": None}, {"is_admin": 0}, {"tz_offset": False}, {"updated": 1}, {"unheard": ""}],
)
def test_whatever_differs_has_another(other: dict[str, Any]) -> None:
    assert digest_of_member(a_user_payload()) != digest_of_member(a_user_payload(**other))


def test_what_is_nested_without_end_has_none() -> None:
    assert digest_of_member({"id": "U1", "profile": nested(5000)}) is None


async def test_only_news_are_read(store: Store) -> None:
    await install(store, TEAM)
    members = [a_user_payload(f"U{number}") for number in range(1, 4)]
    entries = [
        entry_of_member(each, team_id=TEAM, moment=1, now_s=2e9, digest=digest_of_member(each)) for each in members
    ]
    await keep(store, *(entry.observation for entry in entries if entry.observation))

    changed, odd = a_user_payload("U2", title="Director"), {"id": "U" * 65}
    parted = await part(store, TEAM, [members[0], changed, members[2], odd, None, 7, {"id": ["U1"]}])

    assert ["U1", "U3"] == parted.repeated
    assert [changed, odd, None, 7, {"id": ["U1"]}] == [told.member for told in parted.news]
    assert Told(changed, digest_of_member(changed)) == parted.news[0]
