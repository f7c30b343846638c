"""Slack's JSON becomes what can be stored, or a reason; absent is not empty."""

from __future__ import annotations

from typing import Any

import pytest

from bot.parse import parse_moment, parse_team_id, parse_user
from bot.wholesome import MAX_DEPTH, MAX_TEXT_CHARS, MalformedUser
from db.records import SLACK_FIELDS, Observation, Source
from tests.support.factories import TEAM, a_short_payload, a_user_payload

NOW_S = 1_763_900_000.0


def parsed(user: object, **values: Any) -> Observation:
    filled = {"team_id": TEAM, "moment": 5, "source": Source.EVENT, "now_s": NOW_S}
    return parse_user(user, **filled | values)


def value_of(name: str, **fields: Any) -> object:
    """Tell what a full payload with these fields says of one of ours."""
    return parsed(a_user_payload(**fields)).values.get(name, "(nothing)")


def test_a_full_payload_says_what_stands_in_it() -> None:
    observation = parsed(
        a_user_payload("U0ADA", title="Analyst", is_admin=True, tz_offset=-3600, updated=1_700_000_001)
    )

    assert ("U0ADA", TEAM, 1_700_000_001, 5) == (
        observation.id, observation.team_id, observation.updated, observation.moment,
    )  # fmt: skip
    said = {"title": "Analyst", "is_admin": True, "tz_offset": -3600, "real_name": "Ada Lovelace", "deleted": False}
    assert said == {name: observation.values[name] for name in said}
    assert observation.values.keys() <= set(SLACK_FIELDS)


CLEARED = {
    "is_invited_user": False, "is_stranger": False, "image_1024": "", "image_original": "", "guest_invited_by": "",
    "guest_expiration_ts": 0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "empty"), CLEARED.items())
def test_in_a_full_payload_the_absence_of_a_few_keys_has_a_meaning(name: str, empty: object) -> None:
    assert empty == value_of(name)


@pytest.mark.parametrize("name", sorted(set(SLACK_FIELDS) - set(CLEARED) - {"deleted"}))
def test_all_other_absent_keys_say_nothing(name: str) -> None:
    sketch = {"id": "U1", "is_bot": False, "is_app_user": False, "updated": 7, "tz": None}
    carried = {"is_bot", "is_app_user", "tz"}

    assert (name in carried) == (name in parsed(sketch).values)


@pytest.mark.parametrize("missing", ["is_bot", "updated", "is_app_user"])
def test_a_sketch_clears_nothing(missing: str) -> None:
    user = a_user_payload()
    del user[missing]

    assert not CLEARED.keys() & parsed(user).values.keys()


def test_the_short_form_of_a_deactivation_clears_nothing() -> None:
    values = parsed(a_short_payload()).values

    assert True is values["deleted"]
    assert not CLEARED.keys() & values.keys()
    assert not {"tz", "title", "is_admin", "email", "status_text"} & values.keys()


def test_a_full_payload_of_somebody_deactivated_is_a_full_payload() -> None:
    assert CLEARED.items() <= parsed(a_user_payload(deleted=True)).values.items()


PARROT = "https://emoji.slack-edge.com/T0/party_parrot/1.gif"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (PARROT, {"status_emoji_display_info": [{"emoji_name": "party_parrot", "display_url": PARROT}]}),
        (PARROT, {"status_emoji_url": PARROT}),
        (PARROT, {"status_emoji_url": PARROT, "status_emoji_display_info": [{"display_url": "", "unicode": ""}]}),
        ("", {"status_emoji_display_info": [{"display_url": PARROT, "unicode": "1f334"}], "status_emoji_url": PARROT}),
        ("", {"status_emoji": "", "status_emoji_url": PARROT}),
        ("", {"status_emoji": None, "status_emoji_url": PARROT}),
        ("", {"status_emoji_display_info": [{"display_url": 7}], "status_emoji_url": []}),
        ("", {"status_emoji_display_info": "a parrot", "status_emoji_url": None}),
        ("", {}),
    ],
)
def test_the_picture_of_an_emoji_goes_with_the_emoji(url: str, told: dict[str, object]) -> None:
    user = a_user_payload()
    del user["profile"]["status_emoji_display_info"]
    user["profile"] |= {"status_emoji": ":party_parrot:"} | told

    assert url == parsed(user).values["status_emoji_url"]


def test_without_an_emoji_nothing_is_said_of_its_picture() -> None:
    user = a_user_payload()
    del user["profile"]["status_emoji"]

    assert "status_emoji_url" not in parsed(user).values


@pytest.mark.parametrize("deleted", [None, False])
def test_deleted_is_false_unless_slack_says_otherwise(deleted: bool | None) -> None:
    assert False is value_of("deleted", deleted=deleted)


def test_deleted_may_be_absent() -> None:
    user = a_user_payload()
    del user["deleted"]

    assert False is parsed(user).values["deleted"]


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("name", ["title", "tz", "real_name", "email", "image_1024", "locale"])
def test_what_slack_sent_empty_is_a_value(name: str, empty: str | None) -> None:
    user = a_user_payload(**{name: empty})
    user["profile"] = {each: said for each, said in user["profile"].items() if each != "real_name"}

    assert empty == parsed(user).values[name]


def test_a_zone_longer_than_any_name_is_none() -> None:
    longest = "A" * 64
    assert longest == value_of("tz", tz=longest)
    with pytest.raises(MalformedUser, match="its tz is no name of a time zone"):
        value_of("tz", tz=longest + "A")


@pytest.mark.parametrize("shape", [{}, [], None])
def test_custom_fields_that_are_empty_say_nothing(shape: object) -> None:
    assert "(nothing)" == value_of("fields", fields=shape)


def test_custom_fields_are_kept_by_their_key() -> None:
    custom = {"Xf1": {"value": "Delft", "alt": ""}, "Xf2": {"value": "x", "alt": "y", "more": 1}, "Xf3": {}}

    assert {"Xf1": {"value": "Delft"}, "Xf2": {"value": "x", "alt": "y"}, "Xf3": {}} == value_of(
        "fields", fields=custom
    )


def test_the_real_name_on_top_wins_over_the_profiles() -> None:
    user = a_user_payload(real_name="In the profile")
    user["real_name"] = "On top"

    assert "On top" == parsed(user).values["real_name"]


def test_without_one_on_top_the_profiles_real_name_counts() -> None:
    assert "Ada Lovelace" == parsed(a_short_payload()).values["real_name"]


def test_where_somebody_belongs_is_not_the_workspace_of_the_row() -> None:
    observation = parsed(a_user_payload(team_id="T0ELSEWHERE"))

    assert (TEAM, "T0ELSEWHERE") == (observation.team_id, observation.values["home_team_id"])


def test_an_enterprise_user_is_read_from_inside_and_from_the_top() -> None:
    inside = {"id": "W9", "enterprise_id": "E1", "teams": ["T1", "T2"], "is_admin": True}
    values = parsed(a_user_payload(enterprise_user=inside)).values
    on_top = parsed(a_user_payload(enterprise_id="E2", teams=["T3"])).values

    assert ("E1", ("T1", "T2"), "W9") == (
        values["enterprise_id"], values["enterprise_teams"], values["enterprise_user_id"],
    )  # fmt: skip
    assert ("E2", ("T3",)) == (on_top["enterprise_id"], on_top["enterprise_teams"])
    assert False is values["is_admin"]


def test_a_null_profile_is_as_good_as_none() -> None:
    assert "ada" == parsed({**a_user_payload(), "profile": None}).values["name"]


def test_slackbot_is_read_as_it_is() -> None:
    observation = parsed(a_user_payload("USLACKBOT", tz=None, updated=0))

    assert 0 == observation.updated
    assert observation.values["tz"] is None


def test_unknown_keys_are_nobodys_business() -> None:
    assert parsed(a_user_payload()).values == parsed({**a_user_payload(), "shoe_size": {"eu": [38]}}).values


@pytest.mark.parametrize(
    ("updated", "cache_ts", "expected"),
    [
        (7, 9, 7), (0, 9, 0), (None, 9, 9), (None, None, None), ("7", None, 7), (7.0, None, 7), (None, "9", 9),
        (int(NOW_S) + 86_400, None, int(NOW_S) + 86_400),
    ],
)  # fmt: skip
def test_slacks_clock_is_updated_else_cache_ts_else_the_rows(updated: object, cache_ts: object, expected: int) -> None:
    assert expected == parsed({**a_user_payload(), "updated": updated}, cache_ts=cache_ts).updated


def test_a_missing_updated_is_as_good_as_null() -> None:
    assert 9 == parsed({"id": "U1"}, cache_ts=9).updated


def nested(depth: int) -> dict[str, Any]:
    user: dict[str, Any] = a_user_payload()
    inner = user
    for _ in range(depth - 1):
        inner["more"] = {}
        inner = inner["more"]
    return user


BAD: dict[str, object] = {
    "no user": None,
    "a text": "U1",
    "a list": [],
    "a number": 1,
    "no id": {"name": "ada"},
    "a null id": a_user_payload() | {"id": None},
    "an empty id": a_user_payload(""),
    "a channel": a_user_payload("C1"),
    "a small letter": a_user_payload("u1"),
    "one letter": a_user_payload("U"),
    "a long id": a_user_payload("U" * 65),
    "a line's end in the id": a_user_payload("U1\n"),
    "other digits in the id": a_user_payload("U١"),
    "an id that is a number": a_user_payload() | {"id": 10**30},
    "an id that is a list": a_user_payload() | {"id": ["U1"]},
    "a name that is a number": a_user_payload(name=1),
    "a name that is a list": a_user_payload(name=[]),
    "a flag that is text": a_user_payload(is_bot="no"),
    "a flag that is a number": a_user_payload(deleted=0),
    "an offset that is huge": a_user_payload(tz_offset=10**30),
    "an offset that is text": a_user_payload(tz_offset="x"),
    "an offset with a fraction": a_user_payload(tz_offset=0.5),
    "an offset that is true": a_user_payload(tz_offset=True),
    "an offset that is endless": a_user_payload(tz_offset=float("inf")),
    "an offset that is no number": a_user_payload(tz_offset=float("nan")),
    "an expiry beyond 64 bits": a_user_payload(status_expiration=2**63),
    "a profile that is text": a_user_payload() | {"profile": "ada"},
    "a profile that is a list": a_user_payload() | {"profile": []},
    "a home that is too long": a_user_payload(team_id="T" * 65),
    "a home that is a number": a_user_payload(team_id=1),
    "custom fields that are text": a_user_payload(fields="x"),
    "custom fields that are a list": a_user_payload(fields=[1]),
    "a custom field that is text": a_user_payload(fields={"Xf1": "x"}),
    "a custom value that is a number": a_user_payload(fields={"Xf1": {"value": 1}}),
    "teams that are numbers": a_user_payload(teams=[1]),
    "teams that are text": a_user_payload(teams="T1"),
    "an enterprise that is text": a_user_payload(enterprise_user="E1"),
    "NUL in a name": a_user_payload(name="a\0"),
    "NUL in a key": a_user_payload() | {"a\0": 1},
    "NUL where nobody looks": a_user_payload() | {"x": [["\0"]]},
    "NUL in a status": a_user_payload(status_text="\0"),
    "half a character": a_user_payload(real_name="\ud83e"),
    "half a character in a key": a_user_payload() | {"\udd86": 1},
    "a megabyte": a_user_payload(title="x" * 1_000_000),
    "one letter too much": a_user_payload(title="x" * (MAX_TEXT_CHARS + 1)),
    "deep nesting": nested(MAX_DEPTH + 1),
    "very deep nesting": nested(900),
    "the year 3000": a_user_payload(updated=32_503_680_000),
    "beyond tomorrow": a_user_payload(updated=int(NOW_S) + 86_401),
    "before 1970": a_user_payload(updated=-1),
    "a huge updated": a_user_payload() | {"updated": 10**30},
    "an updated that is text": a_user_payload() | {"updated": "soon"},
    "an updated that is true": a_user_payload() | {"updated": True},
}


@pytest.mark.parametrize("user", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_read_is_refused_with_a_reason_that_quotes_nothing(user: object) -> None:
    with pytest.raises(MalformedUser) as refusal:
        parsed(user)
    reason = str(refusal.value)

    assert 10 < len(reason) < 100
    assert reason.isascii()
    assert not [secret for secret in ("ada", "Ada", "soon", "10000", "xxxx") if secret in reason]


def test_nesting_as_deep_as_allowed_is_read() -> None:
    assert "ada" == parsed(nested(MAX_DEPTH)).values["name"]


def test_a_text_as_long_as_allowed_is_read() -> None:
    assert "x" * MAX_TEXT_CHARS == value_of("title", title="x" * MAX_TEXT_CHARS)


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("1648596712.000001", 1_648_596_712_000_001), ("1648596712", 1_648_596_712_000_000),
        ("1648596712.5", 1_648_596_712_500_000), ("1648596712.123456789", 1_648_596_712_123_456),
        (1648596712, 1_648_596_712_000_000), (1648596712.25, 1_648_596_712_250_000), ("0", 0),
        (None, 1_763_900_000_000_000),
    ],
)  # fmt: skip
def test_a_moment_is_the_events_own_or_now(stamp: object, moment: int) -> None:
    assert moment == parse_moment({"event_ts": stamp}, now_s=NOW_S)
    assert 1_763_900_000_000_000 == parse_moment({}, now_s=NOW_S)


@pytest.mark.parametrize(
    "stamp",
    ["", "soon", "-1", "1.", ".5", "1e9", " 1", "1\n", "٣", True, [], {}, -1, 10**30, 10**400, -(10**400), 1e300,
     float("nan"), float("inf"), "9" * 12, "1763986401"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(stamp: object) -> None:
    with pytest.raises(MalformedUser, match="event_ts"):
        parse_moment({"event_ts": stamp}, now_s=NOW_S)


@pytest.mark.parametrize("value", ["", "T", "t1", "C1", "T1 ", "T1\n", "T١", "T" * 65, None, 1, [], {}])
def test_what_is_no_workspaces_id_is_none(value: object) -> None:
    assert parse_team_id(value) is None


@pytest.mark.parametrize("value", ["T0SIM00001", "E0GRID", "T" * 64])
def test_a_workspaces_id_is_read(value: str) -> None:
    assert value == parse_team_id(value)
