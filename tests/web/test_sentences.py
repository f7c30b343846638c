"""Changes in sentences, custom statuses while they hold, and the letters that a search found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.filters import CustomField
from db.records import Change, Source, User
from web.custom_status import custom_status_of
from web.emoji import character, drawn
from web.history import history_of
from web.marks import marked
from web.news import Sentence, news_of

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
ADA = User(team_id="T1", id="U1", real_name="Ada Lovelace", status_emoji=":palm_tree:", status_text="On leave")


def a_change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    return Change("T1", 1, 0, "U1", before, after, Source.EVENT, NOW)


def words(sentence: Sentence | None) -> str:
    return "".join(part.text for part in sentence or ())


@pytest.mark.parametrize(
    ("told", "before", "after"),
    [
        ("Ada Lovelace is now Chief Engineer", {"title": "Analyst"}, {"title": "Chief Engineer"}),
        ("Ada Lovelace has no title any more", {"title": "Analyst"}, {"title": ""}),
        ("Ada Lovelace left", {"deleted": False}, {"deleted": True}),
        ("Ada Lovelace is back", {"deleted": True}, {"deleted": False}),
        ("Ada Lovelace is the new name of Ada Byron", {"real_name": "Ada Byron"}, {"real_name": "Ada Lovelace"}),
        ("Ada Lovelace set a new status: 🌴 On leave", {"status_text": ""}, {"status_text": "On leave"}),
        ("Ada Lovelace has a new picture", {"image_72": "a"}, {"image_72": "b"}),
        ("Ada Lovelace is now on Lisbon time", {"tz": "Asia/Tokyo"}, {"tz": "Europe/Lisbon"}),
        ("Ada Lovelace is now an admin", {"is_admin": False}, {"is_admin": True}),
        (
            "Ada Lovelace is now CTO and now uses she/her",
            {"title": "", "pronouns": ""},
            {"title": "CTO", "pronouns": "she/her"},
        ),
        (
            "Ada Lovelace is now CTO, has a new picture and more",
            {"title": "", "image_72": "", "phone": ""},
            {"title": "CTO", "image_72": "b", "phone": "1"},
        ),
        ("", {"color": "a"}, {"color": "b"}),
        ("", {"deleted": None}, {"deleted": False}),
    ],
)
def test_a_change_is_told_as_a_sentence(told: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert told == words(news_of(a_change(before, after), ADA))


def test_a_cleared_status_is_told_as_cleared() -> None:
    blank = User(team_id="T1", id="U1", real_name="Ada", status_emoji="", status_text="")

    assert words(news_of(a_change({"status_text": "x"}, {"status_text": ""}), blank)) == "Ada cleared their status"


def test_only_who_joined_is_said_to_have_joined() -> None:
    joined = User(team_id="T1", id="U1", real_name="Grace", joined_at=NOW)

    assert words(news_of(a_change({}, {"real_name": "Grace"}), joined)) == "Grace joined"
    assert words(news_of(a_change({}, {"real_name": "Ada"}), ADA)) == "Ada Lovelace is now in the directory"


def test_history_names_old_and_new() -> None:
    told = history_of(a_change({"title": "Analyst", "phone": ""}, {"title": "CTO", "phone": "1"}), ADA, workspace="M")

    assert [words(each) for each in told] == ["Title changed from Analyst to CTO", "Phone set to 1"]
    assert [part.mark for part in told[0]] == ["", "old", "", "new"]


def test_history_keeps_quiet_about_what_nobody_asks() -> None:
    assert history_of(a_change({"color": "a", "title": None}, {"color": "b", "title": ""}), ADA, workspace="M") == ()


GUEST_OF_ONE = {"is_restricted": True, "is_ultra_restricted": True}
MEMBER = {"is_restricted": False, "is_ultra_restricted": False}
EXTERNAL = {"is_stranger": True, "is_external": True}
HOMELY = {"is_stranger": False, "is_external": False}


@pytest.mark.parametrize(
    ("told", "before", "after"),
    [
        ("Became a full member", {"is_restricted": True}, {"is_restricted": False}),
        ("Became a guest", {"is_restricted": False}, {"is_restricted": True}),
        ("Became a guest of one channel", MEMBER, GUEST_OF_ONE),
        ("Became a full member", GUEST_OF_ONE, MEMBER),
        ("Became a guest of one channel", {"is_ultra_restricted": False}, {"is_ultra_restricted": True}),
        ("No longer a guest of one channel alone", {"is_ultra_restricted": True}, {"is_ultra_restricted": False}),
        ("Now belongs to another workspace", HOMELY, EXTERNAL),
        ("No longer belongs to another workspace", EXTERNAL, HOMELY),
        ("Became a bot", {"is_bot": False}, {"is_bot": True}),
        ("Became an admin", {"is_admin": False}, {"is_admin": True}),
        ("No longer an owner", {"is_owner": True, "is_admin": True}, {"is_owner": False, "is_admin": False}),
        ("", {"is_restricted": None, "is_bot": None}, {"is_restricted": False, "is_bot": False}),
    ],
)
def test_history_tells_who_became_what(told: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert told == "; ".join(words(each) for each in history_of(a_change(before, after), ADA, workspace="M"))


def test_history_tells_the_custom_fields_that_the_operator_marked() -> None:
    fields = [CustomField("Xf1", "Department"), CustomField("Xf2", "Manager"), CustomField("Xf3", "Desk")]
    boss = User(team_id="T1", id="U2ABCDEFG", real_name="Grace Hopper")
    before = {"Xf1": {"value": "Marketing"}, "Xf2": {"value": "U9UNSEENX"}, "Xf9": {"value": "a"}}
    after = {"Xf1": {"value": "Legal"}, "Xf2": {"value": boss.id}, "Xf3": {"value": "B4"}, "Xf9": {"value": "b"}}
    change = a_change({"fields": before}, {"fields": after})

    told = history_of(change, ADA, workspace="M", marked=fields, people={("T1", boss.id): boss})

    assert [words(each) for each in told] == [
        "Department changed from Marketing to Legal",
        "Manager changed from somebody who is not shown here to Grace Hopper",
        "Desk set to B4",
    ]
    assert history_of(change, ADA, workspace="M") == ()


def test_a_custom_status_is_hidden_from_the_second_it_expires() -> None:
    until = User(status_emoji=":coffee:", status_text="Out", status_expiration=int(NOW.timestamp()))

    assert custom_status_of(until, NOW) is None
    assert custom_status_of(until, NOW - timedelta(seconds=1)) is not None


def test_a_custom_status_says_until_when() -> None:
    status = custom_status_of(User(status_text="Out", status_expiration=int(NOW.timestamp()) + 60), NOW)

    assert status is not None
    assert status.until == "until 16:43 UTC"


@pytest.mark.parametrize("seconds", [0, None, -5, 10**30])
def test_an_expiry_that_is_none_hides_nothing(seconds: int | None) -> None:
    assert custom_status_of(User(status_text="Out", status_expiration=seconds), NOW) is not None


def test_an_unknown_emoji_speaks_only_where_there_is_no_text() -> None:
    alone = custom_status_of(User(status_emoji=":party_parrot:", status_text=""), NOW)
    beside = custom_status_of(User(status_emoji=":party_parrot:", status_text="Dancing"), NOW)

    assert alone is not None
    assert beside is not None
    assert (alone.line, beside.line) == ("party parrot", "Dancing")


def test_emoji_wear_the_skin_tone_they_were_given() -> None:
    assert character(":wave::skin-tone-4:") == "👋🏽"
    assert character(":palm_tree::skin-tone-4:") == "🌴"
    assert character("palm_tree") == ""
    assert drawn("at :coffee: until 10:30:45 :nope:") == "at ☕ until 10:30:45 :nope:"


def test_a_search_marks_the_beginnings_of_words_it_found() -> None:
    assert [tuple(each) for each in marked("Jose", "")] == [("Jose", False)]
    assert list(marked("José M. Múnoz", "jose mun")) == [("José", True), (" M. ", False), ("Mún", True), ("oz", False)]
    assert marked("", "x") == ()
