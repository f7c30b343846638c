"""What `/usersync` says, as values: a snapshot of each kind of answer, and nobody's name is markup in any of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.command import found_words, letter_words, news_words, person_words, words
from bot.command.condition import Condition
from bot.runs.claim import Order
from bot.runs.progress import Progress
from bot.runs.words import found
from db.filters import CustomField
from db.latest import Mover
from db.moves import Step
from db.records import Change, DeadLetter, Run, RunKind, RunState, Source, State, User, cancelled_by

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOSTILE = "<!channel> *b* `c` ~d~ <@U1> <https://evil.example|Kate> & \n> quoted"
SAFE = "&lt;!channel&gt; b c d &lt;@U1&gt; &lt;https://evil.example|Kate&gt; &amp; &gt; quoted"


def a_run(**values: object) -> Run:
    usual: dict[str, object] = {
        "run_id": 1, "team_id": "T1", "kind": RunKind.RECONCILE, "state": RunState.DONE, "instance": None,
        "asked_by": None, "is_confirmed": False, "started_at": NOW, "heartbeat_at": NOW,
        "ended_at": NOW - timedelta(minutes=5),
    }  # fmt: skip
    return Run(**{**usual, **values})  # type: ignore[arg-type]


def a_change(before: dict[str, object], after: dict[str, object]) -> Change:
    return Change("T1", 1, 0, "U1", before, after, Source.RUN, NOW)


def a_letter(reason: str, *, times: int = 1) -> DeadLetter:
    return DeadLetter(7, "k", "T1", "U1", reason, "{}", Source.RUN, NOW - timedelta(hours=2), times)


def a_user(name: str, **values: object) -> User:
    return User(team_id="T1", id="U1", real_name=name, **values)  # type: ignore[arg-type]


def test_runs_are_called_by_what_made_them() -> None:
    progress = Progress("T1", RunKind.RECONCILE, NOW, expected=10_000, seen=1_998, calls=2)

    assert "A scheduled resync is under way." in words.running(progress, NOW)
    assert "1,998 of about 10,000 people" in words.running(progress, NOW)
    assert words.running(progress, NOW).endswith("\n▓▓░░░░░░░░░░ 19 % · 2 of about 11 pages")
    assert "The first resync is under way" in words.running(replace(progress, kind=RunKind.BACKFILL), NOW)
    assert "A resync is already under way, asked for by <@U0ADA>." in words.under_way(
        Order(is_asked=True, asked_by="U0ADA"), None, NOW
    )
    assert "░ 0 %" not in words.far_along(Progress("T1", RunKind.BACKFILL, NOW), NOW), "nobody knows how much there is"


def test_the_last_run_is_told_with_what_it_corrected() -> None:
    corrected = a_run(drift=3, drift_fields={"title": 2, "email": 1}, updated=3)

    assert (
        "The last resync (scheduled) came to its end 5 minutes ago. "
        "3 changed; corrected 3 people that events had not told us (title 2, email 1)."
    ) == words.last_run(corrected, NOW, told="")
    assert "Corrected 1 person that events had not told us." == found(a_run(drift=1))


def test_a_run_of_another_process_is_told_with_who_and_how_far() -> None:
    run = a_run(state=RunState.RUNNING, instance="serve on east, process 7 (ab12)", seen=400, expected=1_000)

    told = words.under_way(Order(is_asked=True, asked_by="U0ADA"), None, NOW, elsewhere=run)

    assert told.startswith("usersync serve on east, process 7 is reading this workspace's people right now")
    assert "That one is followed here. Reading people from Slack: 400 of about 1,000 people" in told
    assert "U0ADA" not in told


def test_who_cancelled_is_told_by_their_id_alone() -> None:
    run = a_run(state=RunState.FAILED, kind=RunKind.RESYNC, reason=cancelled_by("U0ADA"))

    assert "U0ADA" == run.cancelled_by
    assert "The last resync (asked for) was cancelled by <@U0ADA> 5 minutes ago." == words.last_run(run, NOW, told="")
    assert ["", "", ""] == [
        a_run(reason=each).cancelled_by for each in (None, "Slack answers x.", "Cancelled by @u. And more.")
    ]


def test_the_lag_and_the_next_reading_are_told_where_they_are_known() -> None:
    condition = Condition("Meridian", 2, 2)

    assert "" == words.following(condition)
    assert (
        "The last change was here within a second of being made in Slack. "
        "Everybody is read again in about 5 h 40 min, or sooner after a gap."
    ) == words.following(replace(condition, lag_s=0.4, next_in_s=20_400))
    assert "was here 3.4 s after it was made in Slack." in words.following(replace(condition, lag_s=3.4))
    assert "about to be read" in words.following(replace(condition, next_in_s=0))


def test_what_changed_of_a_person_is_a_list() -> None:
    changes = [
        a_change({"title": "Analyst", "avatar_hash": "a"}, {"title": "Head", "avatar_hash": "b"}),
        a_change({"title": "Head", "email": ""}, {"title": "Boss", "email": "a@b.c"}),
    ]

    assert (
        "*Slack says something new*, and it is in the directory now:\n"
        "• title: “Analyst” → “Boss”\n"
        "• e-mail: nothing → “a@b.c”\n"
        "• changed as well: picture"
    ) == person_words.told(changes)


def test_a_move_of_a_title_needs_no_label_and_one_of_a_field_has_its_own() -> None:
    user = a_user("Mary", title="C")
    moved = Mover(user, (Step("title", "A", "C", NOW),))
    field = Mover(user, (Step("Xf1", "Sales", "Operations", NOW),))

    found = news_words.moves_of([moved, field], [CustomField("Xf1", "Team")])

    assert [(("", "A", "C"),), (("Team", "Sales", "Operations"),)] == [each.steps for each in found]
    assert (
        "*2 people moved*\n• *Mary* · “A” → “C” · just now\n• *Mary* · Team: “Sales” → “Operations” · just now"
        == news_words.moved(found, 2, just_now, base="")
    )
    assert news_words.moved(found, 14, just_now, base="").endswith("\nand 12 more")
    assert news_words.moved(found, 201, just_now, base="").startswith("*More than 200 people moved*")


def test_an_unreadable_event_is_told_with_its_reason() -> None:
    assert "*U1* · from a page of Slack's list, 2 hours ago, 3 times\nIts user has no name" == letter_words.letter(
        a_letter("its user has no name", times=3), None, NOW
    )
    assert "3 were applied, 2 cannot be read yet." == letter_words.all_tried(3, 2, is_more=False)
    assert "press again" in letter_words.all_tried(200, 0, is_more=True)


def just_now(moment: datetime) -> str:
    return words.ago(moment, NOW)


def everything_said() -> Iterator[tuple[str, str]]:
    """Say something in every way in which a name, a title, a reason or what was typed is told."""
    user = a_user(HOSTILE, title=HOSTILE, joined_at=NOW)
    left = replace(user, state=State.MISSING, missing_since=NOW)
    move = Mover(user, (Step("title", HOSTILE, f"{HOSTILE}!", NOW),))
    yield "joined", news_words.joined([user], 1, just_now, base="")
    yield "left", news_words.left([left], 1, just_now, base="")
    yield "moved", news_words.moved(news_words.moves_of([move], []), 1, just_now, base="")
    yield "no span", news_words.no_span(HOSTILE)
    yield "a letter's user", letter_words.letter(a_letter("odd"), user, NOW)
    yield "a letter's reason", letter_words.letter(a_letter(HOSTILE), None, NOW)
    yield "a letter that stays", letter_words.stays(HOSTILE)
    yield "a person", person_words.told([a_change({"title": HOSTILE}, {"title": ""})])
    yield "a person put aside", person_words.put_aside(HOSTILE)
    yield "found", found_words.found(1, HOSTILE)
    yield "meant", found_words.forgiven(1, "x", HOSTILE)
    yield "nobody", found_words.nobody(HOSTILE)


@pytest.mark.parametrize(("where", "said"), [*everything_said()], ids=lambda each: each if len(each) < 20 else "")
def test_nobody_calls_a_channel_by_renaming_themselves(where: str, said: str) -> None:
    assert "<" not in said, where
    assert SAFE in said or "&lt;!channel&gt;" in said


@pytest.mark.parametrize(
    "said",
    [
        words.failed(HOSTILE, is_confirmed=False),
        words.cut_short(HOSTILE, is_confirmed=True),
        words.not_told(HOSTILE),
        words.closed(HOSTILE),
        words.waiting(HOSTILE),
        words.unknown(HOSTILE),
        words.counts_away(HOSTILE),
        words.memory_away(HOSTILE, told=""),
        words.cancelled(HOSTILE),
        words.trouble(Condition("x", 1, 1, trouble=HOSTILE)),
        words.last_run(a_run(state=RunState.FAILED, reason=HOSTILE), NOW, told=""),
        words.elsewhere(a_run(instance=f"{HOSTILE} (1)")),
        words.followed_elsewhere(a_run(instance=f"{HOSTILE} (1)"), NOW),
        *words.ended(a_run(state=RunState.HELD, reason=HOSTILE), is_resumed=False),
        news_words.away(HOSTILE),
        person_words.away(HOSTILE),
        letter_words.away(HOSTILE),
        letter_words.undone(HOSTILE),
        person_words.not_found(HOSTILE),
    ],
)
def test_no_reason_is_markup(said: str) -> None:
    assert "<" not in said


def test_a_reason_that_was_told_already_is_not_told_twice() -> None:
    reason = "The disk is full."

    assert words.memory_away(reason, told="").startswith(f":red_circle: {reason} What is said here")
    assert words.memory_away(reason, told=f"Nothing is kept. {reason}").startswith(":red_circle: What is said here")
