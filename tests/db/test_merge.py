"""Promises 2, 3 and 9 at their heart: what a row becomes, against a model too simple to be wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.derive import email_key_of, kind_of, state_of
from db.merge import IMPERSONAL, may_be_known_again, merge
from db.records import SLACK_FIELDS, Kind, Mark, Observation, Source, State, User
from db.words import search_text_of
from tests.support.factories import TEAM, an_observation
from tests.support.model import Model

WATCHED = ("name", "real_name", "title", "status_text", "deleted", "is_bot", "tz_offset")
PAGE = Source.RUN


def applied(observations: list[Observation], stored: User | None = None) -> User:
    for each in observations:
        stored = merge(stored, each).user
    assert stored is not None
    return stored


def row_of(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in (*SLACK_FIELDS, "updated", "moment")}


_text = st.sampled_from([None, "", "A", "B"])
_flag = st.sampled_from([None, False, True])
_values = st.fixed_dictionaries(
    {},
    optional={
        "name": _text, "real_name": _text, "title": _text, "status_text": _text,
        "deleted": _flag, "is_bot": _flag, "tz_offset": st.sampled_from([None, 0, 3600]),
    },
)  # fmt: skip


def _observations(*sources: Source, erasing: bool = False) -> st.SearchStrategy[list[Observation]]:
    """Few clocks and few values, so that ties, duplicates and A-B-A come by themselves."""
    values = st.one_of(_values, st.just({"is_forgotten": True}), _values) if erasing else _values
    observation = st.builds(
        Observation,
        team_id=st.just(TEAM),
        id=st.just("U1"),
        values=values,
        updated=st.integers(0, 3),
        moment=st.integers(0, 3),
        source=st.sampled_from(sources),
    )
    return st.lists(observation, min_size=1, max_size=9)


@settings(max_examples=400, deadline=None)
@given(_observations(Source.EVENT, Source.FEED, PAGE, erasing=True))
def test_a_row_is_what_a_list_of_all_observations_says(observations: list[Observation]) -> None:
    model = Model()
    stored: User | None = None

    for each in observations:
        model.see(each)
        stored = merge(stored, each).user

        assert model.row == row_of(stored)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_events_end_in_the_same_row_in_any_order_and_however_often_they_come(data: st.DataObject) -> None:
    """But for two that differ under the very same mark: there the later arrival wins, so one of each mark is drawn."""
    drawn = data.draw(_observations(Source.EVENT, erasing=True))
    observations = list({(each.updated, each.moment): each for each in drawn}.values())
    duplicates = data.draw(st.lists(st.sampled_from(observations), max_size=4))
    shuffled = data.draw(st.permutations(observations + duplicates))

    assert row_of(applied(observations)) == row_of(applied(shuffled))
    assert applied(observations).field_marks == applied(shuffled).field_marks


@settings(max_examples=200, deadline=None)
@given(_observations(Source.EVENT))
def test_what_was_said_last_is_never_changed_by_saying_it_again(observations: list[Observation]) -> None:
    """Of events alone: a page that repeats the row is not written down, so within its second it may be spoken over."""
    stored = applied(observations)
    newest = max(observations, key=lambda each: (each.updated, each.moment))
    latest = [each for each in observations if (each.updated, each.moment) == (newest.updated, newest.moment)][-1]

    again = merge(stored, latest)

    assert {} == again.before == again.after
    assert stored is again.user


@settings(max_examples=200, deadline=None)
@given(_observations(Source.EVENT, PAGE, erasing=True))
def test_each_step_tells_exactly_the_fields_that_moved(observations: list[Observation]) -> None:
    stored = applied(observations[:1])

    for each in observations[1:]:
        merged = merge(stored, each)
        moved = {name for name in SLACK_FIELDS if getattr(stored, name) != getattr(merged.user, name)}
        told = moved & IMPERSONAL if merged.user.is_forgotten else moved

        assert told == merged.before.keys() == merged.after.keys()
        assert {name: getattr(stored, name) for name in told} == merged.before
        assert {name: getattr(merged.user, name) for name in told} == merged.after
        stored = merged.user


@settings(max_examples=200, deadline=None)
@given(_observations(Source.EVENT, PAGE, erasing=True))
def test_a_fold_over_the_derived_fields_never_falls_behind_the_row(observations: list[Observation]) -> None:
    user = applied(observations)

    assert kind_of(user) == user.kind
    assert state_of(user) == user.state


def test_an_unknown_user_is_told_with_everything_that_is_known() -> None:
    merged = merge(None, an_observation(real_name="Ada", title="", email=None, updated=7, moment=8))

    assert {} == merged.before
    assert {"real_name": "Ada", "title": ""} == merged.after
    assert (7, 8) == (merged.user.updated, merged.user.moment)


def test_an_older_event_never_overwrites_a_newer_one() -> None:
    user = applied([an_observation(title="New", updated=200), an_observation(title="Old", updated=100, moment=999)])

    assert "New" == user.title
    assert 200 == user.updated


def test_within_one_second_the_later_moment_wins() -> None:
    first = an_observation(title="First", updated=100, moment=1)
    second = an_observation(title="Second", updated=100, moment=2)

    assert "Second" == applied([first, second]).title
    assert "Second" == applied([second, first]).title


def test_under_the_same_mark_the_later_arrival_wins() -> None:
    user = applied([an_observation(title="First"), an_observation(title="Second")])

    assert "Second" == user.title


def test_an_older_event_still_fills_what_no_newer_one_carried() -> None:
    user = applied([an_observation(title="New", updated=200), an_observation(email="ada@x", title="Old", updated=100)])

    assert ("New", "ada@x") == (user.title, user.email)
    assert {"email": (100, 0)} == user.field_marks


def test_a_field_filled_late_still_yields_to_what_lies_between() -> None:
    user = applied(
        [
            an_observation(title="New", updated=300),
            an_observation(email="old@x", updated=100),
            an_observation(email="between@x", updated=200),
        ]
    )

    assert "between@x" == user.email
    assert {"email": (200, 0)} == user.field_marks


def test_an_absent_key_says_nothing() -> None:
    user = applied([an_observation(title="Analyst", updated=100), an_observation(name="ada", updated=200)])

    assert "Analyst" == user.title


@pytest.mark.parametrize("empty", ["", None])
def test_a_carried_nothing_is_a_value(empty: str | None) -> None:
    user = applied([an_observation(title="Analyst", updated=100), an_observation(title=empty, updated=200)])
    later = merge(user, an_observation(title="Analyst", updated=150)).user

    assert empty == user.title
    assert empty == later.title


def test_a_carried_null_is_listed_for_it_looks_like_nothing_said() -> None:
    user = applied([an_observation(tz=None, name="slackbot", updated=0)])

    assert {"tz": (0, 0)} == user.field_marks


def test_a_value_that_went_and_came_back_stays_back() -> None:
    a_b_a = [an_observation(title=title, updated=updated) for title, updated in (("A", 1), ("B", 2), ("A", 3))]

    assert "A" == applied([*a_b_a, a_b_a[1]]).title
    assert "A" == applied([a_b_a[2], a_b_a[0], a_b_a[1]]).title


def test_where_every_observation_carries_the_same_keys_no_marks_are_listed() -> None:
    user = applied([an_observation(title="A", name="ada", updated=1), an_observation(title="B", name="ada", updated=2)])

    assert user.field_marks is None


def test_the_list_of_marks_goes_as_soon_as_everything_is_said_anew() -> None:
    short = [an_observation(title="A", name="ada", updated=1), an_observation(name="ada", updated=2)]

    assert {"title": (1, 0)} == applied(short).field_marks
    assert applied([*short, an_observation(title="A", name="ada", updated=3)]).field_marks is None


def test_without_a_clock_of_its_own_an_observation_takes_the_rows() -> None:
    stored = applied([an_observation(title="A", updated=100, moment=5)])

    assert "B" == merge(stored, an_observation(title="B", updated=None, moment=6)).user.title
    assert "A" == merge(stored, an_observation(title="B", updated=None, moment=4)).user.title
    assert 100 == merge(stored, an_observation(title="B", updated=None, moment=6)).user.updated


def test_an_unknown_user_without_a_clock_gets_zero() -> None:
    user = applied([an_observation(name="ada", updated=None, moment=6)])

    assert (0, 6) == (user.updated, user.moment)


def test_noise_moves_the_watermark_alone() -> None:
    stored = applied([an_observation(title="A", updated=100)])
    noise = merge(stored, an_observation(title="A", updated=200))
    late = merge(noise.user, an_observation(title="B", updated=150))

    assert {} == noise.before == noise.after
    assert replace(stored, updated=200) == noise.user
    assert "A" == late.user.title


def test_a_page_that_repeats_the_row_as_of_its_second_writes_nothing() -> None:
    stored = applied([an_observation(title="A", updated=100, moment=5)])

    assert stored is merge(stored, an_observation(title="A", updated=100, moment=9, source=PAGE)).user
    assert stored is merge(stored, an_observation(title="A", updated=None, moment=9, source=PAGE)).user


@pytest.mark.parametrize(
    "page",
    [
        an_observation(title="A", updated=101, moment=9, source=PAGE),
        an_observation(title="A", email="ada@x", updated=100, moment=9, source=PAGE),
        an_observation(title="A", updated=100, moment=9, source=Source.EVENT),
    ],
    ids=["newer", "carries more", "an event"],
)
def test_a_page_that_says_more_than_the_row_is_written(page: Observation) -> None:
    stored = applied([an_observation(title="A", updated=100, moment=5)])

    assert Mark(page.updated or 0, 9) == (lambda user: Mark(user.updated, user.moment))(merge(stored, page).user)


def test_a_page_confirms_a_value_that_was_last_carried_in_an_older_second() -> None:
    stored = applied([an_observation(title="A", name="ada", updated=100), an_observation(name="ada", updated=200)])
    page = an_observation(title="A", name="ada", updated=200, moment=9, source=PAGE)

    confirmed = merge(stored, page).user

    assert confirmed.field_marks is None
    assert "A" == merge(confirmed, an_observation(title="B", updated=150)).user.title


def test_a_page_of_a_moment_ago_does_not_undo_the_event_that_came_after_it_was_asked_for() -> None:
    event = an_observation(title="New", updated=100, moment=20)
    page = an_observation(title="Old", updated=100, moment=10, source=PAGE)

    assert "New" == applied([event, page]).title


SINCE = datetime(2026, 11, 23, tzinfo=UTC)
SINCE_MOMENT = int(SINCE.timestamp()) * 1_000_000


def a_missing_user() -> User:
    user = replace(applied([an_observation(name="ada", updated=100, moment=5)]), missing_since=SINCE)
    return replace(user, state=state_of(user))


@pytest.mark.parametrize("source", Source)
def test_whoever_is_seen_after_going_missing_is_back(source: Source) -> None:
    merged = merge(a_missing_user(), an_observation(name="ada", updated=100, moment=SINCE_MOMENT, source=source))

    assert merged.user.missing_since is None
    assert State.ACTIVE == merged.user.state
    assert {"missing_since": SINCE} == merged.before
    assert {"missing_since": None} == merged.after


def test_whoever_was_missing_and_erased_is_back_as_well_when_seen() -> None:
    erased = merge(a_missing_user(), an_observation(is_forgotten=True, updated=100, moment=6)).user

    merged = merge(erased, an_observation(is_forgotten=True, updated=100, moment=SINCE_MOMENT, source=PAGE))

    assert (State.MISSING, State.ACTIVE) == (erased.state, merged.user.state)
    assert ({"missing_since": SINCE}, {"missing_since": None}) == (merged.before, merged.after)


def test_what_was_seen_before_somebody_went_missing_brings_nobody_back() -> None:
    merged = merge(a_missing_user(), an_observation(name="ada", updated=101, moment=SINCE_MOMENT - 1))

    assert SINCE == merged.user.missing_since
    assert State.MISSING == merged.user.state


def test_joining_is_dated_by_the_earliest_word_of_it() -> None:
    second = 1_000_000
    user = applied(
        [
            an_observation(name="ada", moment=1 * second),
            an_observation(name="ada", moment=9 * second, joined=True),
            an_observation(name="ada", moment=5 * second, joined=True),
            an_observation(name="ada", moment=7 * second, joined=True),
        ]
    )

    assert datetime.fromtimestamp(5, UTC) == user.joined_at


def test_whoever_was_there_before_us_has_no_day_of_joining() -> None:
    assert applied([an_observation(name="ada")]).joined_at is None


@pytest.mark.parametrize("moment", [1_763_915_520_000_001, 1_763_915_520_999_999])
def test_times_are_kept_to_the_microsecond(moment: int) -> None:
    joined_at = applied([an_observation(moment=moment, joined=True)]).joined_at

    assert joined_at is not None
    assert timedelta(microseconds=moment) == joined_at - datetime.fromtimestamp(0, UTC)


PERSONAL = {"real_name": "Ada Lovelace", "email": "ada@x", "status_text": "out", "fields": {"Xf1": {"value": "x"}}}


def test_erasure_keeps_nothing_of_a_person() -> None:
    known = an_observation(deleted=True, home_team_id=TEAM, updated=100, **PERSONAL)
    merged = merge(applied([known]), an_observation(is_forgotten=True, updated=200, real_name="Deactivated User"))
    left = {name for name in SLACK_FIELDS if getattr(merged.user, name) is not None}

    assert {"deleted", "home_team_id", "is_forgotten"} == left
    assert {"is_forgotten": None} == merged.before
    assert {"is_forgotten": True} == merged.after
    assert "" == merged.user.search_text
    assert "u1" == merged.user.sort_key
    assert Kind.ERASED == merged.user.kind


@pytest.mark.parametrize("updated", [50, 150, 250])
def test_nothing_brings_an_erased_user_back(updated: int) -> None:
    erased = applied([an_observation(updated=100, **PERSONAL), an_observation(is_forgotten=True, updated=200)])

    merged = merge(erased, an_observation(updated=updated, is_forgotten=False, **PERSONAL))

    assert True is merged.user.is_forgotten
    assert not {name for name in PERSONAL if getattr(merged.user, name) is not None}
    assert not merged.before


def test_erasure_that_comes_late_is_erasure_all_the_same() -> None:
    user = applied([an_observation(updated=200, **PERSONAL), an_observation(is_forgotten=True, updated=100)])

    assert Kind.ERASED == user.kind
    assert user.real_name is None


def test_an_erased_user_leaves_no_marks_of_personal_fields() -> None:
    user = applied(
        [
            an_observation(updated=200, real_name="Ada"),
            an_observation(updated=100, email="ada@x", deleted=False),
            an_observation(updated=300, is_forgotten=True),
        ]
    )

    assert {"deleted": (100, 0)} == user.field_marks


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (Kind.MEMBER, {}),
        (Kind.MEMBER, {"is_admin": True, "is_owner": True}),
        (Kind.MEMBER, {"home_team_id": TEAM}),
        (Kind.MEMBER, {"home_team_id": "E0GRID"}),
        (Kind.MEMBER, {"home_team_id": "T0OTHER", "enterprise_teams": (TEAM, "T0OTHER")}),
        (Kind.GUEST, {"is_restricted": True}),
        (Kind.GUEST, {"is_restricted": True, "is_ultra_restricted": True}),
        (Kind.EXTERNAL, {"home_team_id": "T0OTHER"}),
        (Kind.EXTERNAL, {"home_team_id": "T0OTHER", "enterprise_teams": ("T0OTHER",)}),
        (Kind.EXTERNAL, {"is_stranger": True}),
        (Kind.EXTERNAL, {"is_external": True, "is_restricted": True}),
        (Kind.EXTERNAL, {"is_bot": True, "home_team_id": "T0OTHER"}),
        (Kind.BOT, {"is_bot": True}),
        (Kind.BOT, {"is_workflow_bot": True}),
        (Kind.BOT, {"is_connector_bot": True}),
        (Kind.BOT, {"is_bot": True, "is_restricted": True}),
        (Kind.ERASED, {"is_forgotten": True, "is_bot": True}),
    ],
)  # fmt: skip
def test_kind_says_who_a_user_is(kind: Kind, says: dict[str, Any]) -> None:
    assert kind == applied([an_observation(**says)]).kind


def test_slackbot_is_a_bot_though_slack_says_it_is_none() -> None:
    assert Kind.BOT == applied([an_observation("USLACKBOT", is_bot=False, updated=0)]).kind


@pytest.mark.parametrize(
    ("state", "deleted", "missing_since"),
    [
        (State.ACTIVE, None, None),
        (State.ACTIVE, False, None),
        (State.DEACTIVATED, True, None),
        (State.DEACTIVATED, True, SINCE),
        (State.MISSING, False, SINCE),
    ],
)
def test_state_says_how_a_user_stands(state: State, deleted: bool | None, missing_since: datetime | None) -> None:
    assert state == state_of(User(deleted=deleted, missing_since=missing_since))


def test_a_deactivation_in_the_short_form_keeps_what_was_known() -> None:
    known = an_observation(updated=100, deleted=False, title="Analyst", tz="Europe/London", name="ada")
    user = applied([known, an_observation(updated=200, deleted=True, name="ada")])

    assert State.DEACTIVATED == user.state
    assert ("Analyst", "Europe/London") == (user.title, user.tz)
    assert datetime.fromtimestamp(200, UTC) == user.left_at


@pytest.mark.parametrize(("one", "other"), [("Ada@X.Example", "ada@x.example"), (" ada@x ", "ADA@X"), ("É@x", "É@X")])
def test_addresses_that_differ_in_case_alone_are_one(one: str, other: str) -> None:
    assert email_key_of(one) == email_key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u212aarl@x", "karl@x"), ("\u212aarl@x", "Karl@x"), ("\u017fam@x", "sam@x"), ("stra\u00dfe@x", "strasse@x"),
        ("\u00c9@x", "\u00e9@x"), ("\u00e9@x", "e\u0301@x"), ("ada\u00a0@x", "ada@x"), ("ada@x\u00a0", "ada@x"),
    ],
    ids=ascii,
)  # fmt: skip
def test_addresses_that_look_alike_are_two(one: str, other: str) -> None:
    assert email_key_of(one) != email_key_of(other)


@settings(max_examples=400, deadline=None)
@given(_observations(Source.EVENT, Source.FEED, PAGE, erasing=True), st.integers(0, 5))
def test_an_entry_that_may_be_known_again_writes_nothing_whenever_it_comes(
    observations: list[Observation], moment: int
) -> None:
    stored: User | None = None
    for each in observations:
        row = merge(stored, each).user
        if may_be_known_again(stored, row, each):
            assert row is merge(row, replace(each, moment=moment)).user
        stored = row


def test_of_the_erased_and_of_whoever_lost_their_contact_data_no_entry_is_known_again() -> None:
    page = an_observation(real_name="Ada", source=PAGE)
    row = applied([page])

    assert may_be_known_again(row, row, page)
    assert not may_be_known_again(row, replace(row, contact_dropped_at=datetime(2026, 1, 1, tzinfo=UTC)), page)
    assert not may_be_known_again(row, replace(row, is_forgotten=True), page)


EVERYTHING = {
    "name": "ada", "real_name": "Ada", "display_name": "A", "title": "Engineer", "email": "ada@x", "phone": "+44 5555",
    "fields": {"Xf1": {"value": "Analysis"}},
}  # fmt: skip


@pytest.mark.parametrize("field", SLACK_FIELDS)
def test_whatever_moves_people_are_found_by_what_the_row_says(field: str) -> None:
    """Words are laid out anew only where one of those fields moved of which they are made."""
    stored = applied([an_observation(**EVERYTHING, updated=1)])
    other: object = {"Xf1": {"value": "Synthesis"}} if field == "fields" else True if field[:3] == "is_" else "Zoë"

    row = merge(stored, an_observation(**{field: other}, updated=2)).user

    assert search_text_of(row) == row.search_text
