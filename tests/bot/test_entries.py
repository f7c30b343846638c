"""A payload becomes an observation or a dead letter, whatever it is; and what became one can be stored anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commit import commit_entries
from bot.entries import Entry, entry_of, entry_of_member, team_of
from bot.payloads import MAX_PAYLOAD_CHARS, payload_text
from db import Store
from db.records import Source
from tests.bot.test_parse import BAD, NOW_S, nested
from tests.support.factories import TEAM, a_short_payload, a_user_payload, an_event
from tests.support.memory import NOW, find_user, install

REPLACED_APP: dict[str, Any] = {
    "event": {
        "cache_ts": 1648596421,
        "type": "user_change",
        "event_ts": "1648596712.000001",
        "user": {
            "id": "U1234567",
            "name": "some-user",
            "deleted": False,
            "real_name": "SomeUser",
            "tz": "America/Los_Angeles",
            "profile": {
                "status_text": "ridingatrain",
                "status_emoji": ":mountain_railway:",
                "image_512": "https://secure.gravatar.com/avatar/cb0c.jpg?s=512&d=https%3A%2F%2Fdev.slack.com%2Fa.png",
            },
        },
    }
}
"""The example in the README of the app that usersync replaces."""


def read(payload: dict[str, Any]) -> Entry:
    return entry_of(payload, now_s=NOW_S)


def test_an_event_becomes_an_observation() -> None:
    entry = read(an_event(a_user_payload("U0ADA"), event_id="Ev7"))

    assert ("event:Ev7", TEAM, "U0ADA", None) == (entry.key, entry.team_id, entry.user_id, entry.reason)
    assert entry.observation is not None
    assert (1_700_000_000_000_100, Source.EVENT, False) == (
        entry.observation.moment, entry.observation.source, entry.observation.joined,
    )  # fmt: skip


def test_a_join_says_so() -> None:
    entry = read(an_event(a_user_payload(), kind="team_join"))

    assert entry.observation is not None
    assert entry.observation.joined


def test_a_deactivation_in_the_short_form_becomes_an_observation() -> None:
    entry = read(an_event(a_short_payload()))

    assert entry.observation is not None
    assert True is entry.observation.values["deleted"]


def test_the_payload_of_the_app_that_usersync_replaces_is_read() -> None:
    observation = read({**REPLACED_APP, "team_id": TEAM}).observation

    assert observation is not None
    assert (1648596421, 1_648_596_712_000_001) == (observation.updated, observation.moment)
    assert {
        "name": "some-user", "deleted": False, "real_name": "SomeUser", "tz": "America/Los_Angeles",
        "status_text": "ridingatrain", "status_emoji": ":mountain_railway:",
        "status_emoji_url": "", "image_512": REPLACED_APP["event"]["user"]["profile"]["image_512"],
    } == observation.values  # fmt: skip


def test_without_cache_ts_it_has_no_clock_of_its_own() -> None:
    event = {name: value for name, value in REPLACED_APP["event"].items() if name not in ("cache_ts", "event_ts")}
    observation = read({"team_id": TEAM, "event": event}).observation

    assert observation is not None
    assert (None, int(NOW_S) * 1_000_000) == (observation.updated, observation.moment)


def test_an_entry_of_a_page_becomes_an_observation_of_a_run() -> None:
    entry = entry_of_member(a_user_payload(), team_id=TEAM, moment=9, now_s=NOW_S)

    assert entry.observation is not None
    assert (Source.RUN, 9, TEAM) == (entry.observation.source, entry.observation.moment, entry.team_id)


@pytest.mark.parametrize("user", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_read_becomes_a_dead_letter_with_its_reason(user: object) -> None:
    for entry in (read(an_event(user)), entry_of_member(user, team_id=TEAM, moment=9, now_s=NOW_S)):
        assert entry.observation is None
        assert entry.reason
        assert TEAM == entry.team_id
        assert MAX_PAYLOAD_CHARS >= len(payload_text(entry.payload))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "there is no event in it"),
        ({"team_id": TEAM, "event": None}, "there is no event in it"),
        ({"team_id": TEAM, "event": "x"}, "there is no event in it"),
        ({"team_id": TEAM, "event": {}}, "there is no user in it"),
        ({"team_id": TEAM, "event": {"user": None}}, "there is no user in it"),
        ({"team_id": TEAM, "event": {"user": "U1"}}, "the user is not an object"),
        ({"event": {"user": {"id": "U1"}}}, "it names no workspace"),
        ({"team_id": 5, "event": {"user": {"id": "U1"}}}, "it names no workspace"),
        ({"team_id": TEAM, "event": {"user": {"id": "U1"}, "event_ts": 10**400}}, "its event_ts is not a time"),
        ({"team_id": TEAM, "event": {"user": {"id": "U1"}, "cache_ts": "x"}}, "its cache_ts is not a whole number"),
    ],
)
def test_a_payload_without_what_it_needs_becomes_a_dead_letter(payload: dict[str, Any], reason: str) -> None:
    assert (read(payload).reason or "").startswith(reason)


@pytest.mark.parametrize(
    ("payload", "team_id"),
    [
        ({"authorizations": [{"team_id": "T1"}], "context_team_id": "T2", "team_id": "T3"}, "T1"),
        ({"authorizations": [{"team_id": None}], "context_team_id": "T2", "team_id": "T3"}, "T2"),
        ({"authorizations": [], "team_id": "T3"}, "T3"),
        ({"authorizations": ["T1"], "team_id": "T3"}, "T3"),
        ({"authorizations": {"team_id": "T1"}, "context_team_id": 7, "team_id": "T3"}, "T3"),
        ({}, None),
    ],
)
def test_the_workspace_is_the_one_that_installed_us(payload: dict[str, Any], team_id: str | None) -> None:
    assert team_id == team_of(payload)


def test_the_same_event_has_the_same_key_and_another_has_another() -> None:
    nameless = {name: value for name, value in an_event(a_user_payload()).items() if name != "event_id"}
    other = {**nameless, "event": {**nameless["event"], "event_ts": "1700000000.000200"}}

    assert read(an_event(None, event_id="Ev1")).key == read(an_event(None, event_id="Ev1")).key
    assert read(nameless).key == read(json.loads(json.dumps(nameless))).key
    assert read(nameless).key != read(other).key


@pytest.mark.parametrize("event_id", ["", "x" * 101, "é", "a\n", None, 7, [], "\0"])
def test_an_event_id_that_is_none_is_replaced_by_a_digest(event_id: object) -> None:
    assert read({**an_event(None), "event_id": event_id}).key.startswith("payload:")


@pytest.mark.parametrize("user_id", [None, 7, [], "", "U 1", "é", "U" * 65, "U1\0", "\ud800"])
def test_an_id_no_engine_could_hold_is_not_kept_with_the_letter(user_id: object) -> None:
    assert read(an_event({"id": user_id})).user_id is None


@pytest.mark.parametrize(
    "payload",
    [
        {"a": "🦆\ud800\0é"},
        {"a": "é" * 100_000},
        ["x"] * 100_000,
        nested(900),
        {"a": 10**30},
        {"a": float("nan")},
        None,
    ],
    ids=["odd letters", "long text", "long list", "deep", "huge", "no number", "nothing"],
)
def test_a_payload_is_kept_as_ascii_of_at_most_64_kb(payload: object) -> None:
    text = payload_text(payload)

    assert text.isascii()
    assert "\0" not in text
    assert 0 < len(text.encode()) <= MAX_PAYLOAD_CHARS


_leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([10**30, -(10**30), 2**63, -(2**63), 10**400]),
    st.floats(), st.text(st.characters(), max_size=12), st.sampled_from(["\0", "\ud800", "U1", "T1", "7", "x" * 9_000]),
)  # fmt: skip
_json = st.recursive(
    _leaf,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
_id = st.one_of(st.from_regex(r"[UW][A-Z0-9]{1,12}", fullmatch=True), st.just("USLACKBOT"))
_likely = st.one_of(
    st.text(max_size=20), st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1),
    st.sampled_from(["7", 7.0, "🦆" * 40, "Łø", [], {}, ["T1"], {"Xf1": {"value": "x", "alt": None}}]),
)  # fmt: skip
_rough = st.one_of(_likely, _json)


def _users(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that bear Slack's key names, each perhaps absent, with likely and unlikely values."""
    full = a_user_payload()
    profile = st.fixed_dictionaries({}, optional=dict.fromkeys((*full["profile"], "email", "image_1024"), values))
    inner = st.one_of(st.just({}), profile, values)
    more = ("enterprise_user", "teams", "enterprise_id", "is_forgotten", "is_stranger", "locale", "has_2fa")
    optional = dict.fromkeys((*(full.keys() - {"id", "profile"}), *more), values)
    return st.fixed_dictionaries({"id": _id}, optional={**optional, "profile": inner})


_wild_users = st.one_of(_users(_rough), _json)
_wild_payloads = st.one_of(
    st.dictionaries(st.text(max_size=8), _json, max_size=3),
    st.fixed_dictionaries(
        {"event": st.one_of(_json, st.fixed_dictionaries({"user": _wild_users}, optional={
            "type": _json, "event_ts": _json, "cache_ts": _json,
        }))},
        optional={"team_id": st.one_of(st.just(TEAM), _json), "authorizations": _json, "event_id": _json},
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_wild_payloads)
def test_no_payload_whatever_makes_reading_stumble(payload: dict[str, Any]) -> None:
    entry = read(payload)

    assert (entry.observation is None) == (entry.reason is not None)
    assert len(entry.key) <= 128
    assert payload_text(entry.payload).isascii()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_wild_users)
def test_no_entry_of_a_page_whatever_makes_reading_stumble(member: object) -> None:
    entry = entry_of_member(member, team_id=TEAM, moment=9, now_s=NOW_S)

    assert (entry.observation is None) == (entry.reason is not None)
    assert MAX_PAYLOAD_CHARS >= len(payload_text(entry.payload))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(members=st.lists(_users(_likely), min_size=20, max_size=40))
async def test_whatever_is_not_refused_by_reading_is_taken_by_every_engine(
    store: Store, members: list[dict[str, Any]]
) -> None:
    await install(store, TEAM)
    tame = [
        {name: value for name, value in member.items() if name in ("id", "profile", "updated")} for member in members
    ]
    entries = [entry_of_member(each, team_id=TEAM, moment=9, now_s=NOW_S) for each in (*members, *tame)]
    good = [entry for entry in entries if entry.observation is not None]
    done = await commit_entries(store, entries, now=NOW)

    assert {entry.key for entry in entries} - {entry.key for entry in good} == done.put_aside.keys()
    for entry in good:
        assert await find_user(store, entry.user_id or "") is not None


async def test_a_batch_of_good_and_bad_is_kept_whole_on_every_engine(store: Store) -> None:
    await install(store, TEAM)
    entries = [read(an_event(user, event_id=f"Ev{number}")) for number, user in enumerate(BAD.values())]
    entries.insert(7, read(an_event(a_user_payload("U0ADA"), event_id="EvGood")))
    done = await commit_entries(store, entries, now=NOW)
    async with store.reading() as rx:
        letters = await rx.dead_letters.count_letters()

    assert (1, len(BAD)) == (done.inserted, letters)
    assert await find_user(store, "U0ADA") is not None


async def test_a_row_only_the_database_refuses_is_put_aside_alone(store: Store) -> None:
    await install(store, TEAM)
    poison = read(an_event(a_user_payload("U0POISON"), event_id="EvPoison"))
    assert poison.observation is not None
    values = {**poison.observation.values, "tz_offset": 10**30}  # past reading, as a bug of ours would let it
    object.__setattr__(poison.observation, "values", values)
    good = [read(an_event(a_user_payload(f"U{number}"), event_id=f"Ev{number}")) for number in range(1, 6)]
    done = await commit_entries(store, [*good[:2], poison, *good[2:]], now=NOW)

    assert 5 == done.inserted
    assert ["event:EvPoison"] == list(done.put_aside)
    assert await find_user(store, "U0POISON") is None
    assert await find_user(store, "U5") is not None


async def test_an_event_of_a_workspace_that_has_not_installed_us_is_put_aside(store: Store) -> None:
    done = await commit_entries(store, [read(an_event(a_user_payload(), event_id="Ev1"))], now=NOW)

    assert {"event:Ev1": "its workspace has not installed usersync"} == done.put_aside
