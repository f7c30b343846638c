"""Once for each episode: what is told, edited or left alone, at a place that can be edited and at one that cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.telling.steps import AFTER_S, Manners, Step, Told, after, before, is_shadowed, is_worth_it, notice, step
from db.records import Alert, AlertKind

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
MANNERS = Manners()
LASTS = Alert(7, AlertKind.DISK, "It is nearly full.", NOW - timedelta(minutes=3))
OVER = replace(LASTS, until=NOW)
NEXT = Alert(8, AlertKind.DISK, "It is nearly full.", NOW + timedelta(minutes=5))
AS_TOLD, AS_OVER = Told(LASTS, NOW, "1.0"), Told(OVER, NOW, "1.0")


def decide(told: Told | None, alert: Alert, *, after: timedelta = timedelta(), is_editable: bool = True) -> Step:
    return step(told, alert, NOW + after, MANNERS, is_editable=is_editable)


@pytest.mark.parametrize("is_editable", [True, False])
def test_an_episode_is_told_once_and_its_end_once(is_editable: bool) -> None:
    def seen(told: Told | None, alert: Alert) -> Step:
        return decide(told, alert, is_editable=is_editable)

    assert [Step.POST, Step.NOTHING] == [seen(None, LASTS), seen(AS_TOLD, LASTS)]
    assert [Step.EDIT, Step.NOTHING] == [seen(AS_TOLD, OVER), seen(AS_OVER, OVER)]
    assert Step.NOTHING is seen(None, OVER)


@pytest.mark.parametrize(("kind", "after_s"), AFTER_S.items())
def test_some_kinds_must_have_lasted_before_anybody_is_told(kind: AlertKind, after_s: float) -> None:
    alert = replace(LASTS, kind=kind, since=NOW)

    assert Step.NOTHING is decide(None, alert, after=timedelta(seconds=after_s - 1))
    assert Step.POST is decide(None, alert, after=timedelta(seconds=after_s))


def test_lost_connections_are_told_after_two_minutes() -> None:
    assert 120 == AFTER_S[AlertKind.SOCKETS]


def test_while_it_lasts_new_words_are_edited_in_seldom_and_only_where_that_can_be() -> None:
    worse = replace(LASTS, words="It is nearly full indeed.")
    minute = timedelta(minutes=1)

    assert Step.NOTHING is decide(AS_TOLD, worse, after=minute / 2)
    assert Step.EDIT is decide(AS_TOLD, worse, after=minute)
    assert Step.NOTHING is decide(AS_TOLD, LASTS, after=minute)
    assert Step.NOTHING is decide(AS_TOLD, worse, after=minute, is_editable=False)


def test_what_comes_back_within_ten_minutes_is_the_same_message() -> None:
    late = replace(NEXT, since=NOW + timedelta(minutes=11))

    assert Step.EDIT is decide(AS_OVER, NEXT, after=timedelta(minutes=5))
    assert Step.POST is decide(AS_OVER, late, after=timedelta(minutes=11))
    back = after(AS_OVER, NEXT, NOW, Step.EDIT, ts="1.0")
    assert (1, LASTS.since, None) == (notice(back).times_back, notice(back).since, notice(back).until)
    over_again = after(back, replace(NEXT, until=NOW + timedelta(minutes=6)), NOW, Step.EDIT, ts="1.0")
    assert (1, LASTS.since) == (notice(over_again).times_back, notice(over_again).since)
    assert (0, late.since) == ((new := notice(after(AS_OVER, late, NOW, Step.POST, ts="2"))).times_back, new.since)


def test_what_came_back_and_lasts_is_posted_anew_once_for_nobody_is_notified_of_an_edit() -> None:
    back = after(AS_OVER, NEXT, NOW, Step.EDIT, ts="1.0")
    minutes = [
        decide(told, NEXT, after=timedelta(minutes=minutes))
        for told, minutes in ((back, 15), (back, 15.1), (after(back, NEXT, NOW, Step.ANEW, ts="2.0"), 60))
    ]
    again = after(replace(back, alert=replace(NEXT, until=NOW)), replace(NEXT, alert_id=9), NOW, Step.EDIT, ts="1.0")

    assert [Step.NOTHING, Step.ANEW, Step.NOTHING] == minutes
    assert Step.EDIT is decide(back, replace(NEXT, until=NOW), after=timedelta(hours=1))
    assert Step.NOTHING is decide(AS_TOLD, LASTS, after=timedelta(hours=1))
    assert notice(AS_OVER) == before(back)
    assert 1 == before(again).times_back
    assert notice(after(back, NEXT, NOW, Step.ANEW, ts="2.0")).since == NEXT.since


def test_a_former_place_hears_of_ends_alone_and_no_place_of_what_is_explained() -> None:
    token = Alert(1, AlertKind.TOKEN, "Refused.", NOW)
    failed = replace(LASTS, kind=AlertKind.RUN_FAILED)
    told_over = Told(replace(failed, until=NOW), NOW, "1.0")

    def worth(wanted: Step, told: Told | None, alert: Alert, *beside: Alert, is_current: bool = True) -> bool:
        return is_worth_it(wanted, told, alert, [alert, *beside], NOW, MANNERS, is_current=is_current)

    assert [False, True, True, True] == [worth(each, None, LASTS) for each in Step]
    assert [False] * 4 == [worth(each, None, LASTS, is_current=False) for each in Step]
    assert worth(Step.EDIT, AS_TOLD, OVER, is_current=False)
    assert [False, False, True, False] == [worth(each, Told(failed, NOW), failed, token) for each in Step]
    assert not worth(Step.EDIT, told_over, failed, token)


def test_where_nothing_can_be_edited_what_comes_back_is_told_only_if_it_lasts_a_minute() -> None:
    def told(back: Alert, *minutes: float) -> list[Step]:
        return [decide(AS_OVER, back, after=timedelta(minutes=each), is_editable=False) for each in minutes]

    late = replace(NEXT, since=NOW + timedelta(minutes=10, seconds=1))

    assert [Step.NOTHING, Step.NOTHING, Step.POST, Step.POST] == told(NEXT, 5, 5.9, 6, 12)
    assert [Step.NOTHING] == told(replace(NEXT, until=NOW + timedelta(minutes=5.5)), 6)
    assert [Step.POST] == told(late, 10.02)
    assert [Step.NOTHING] == told(replace(NEXT, kind=AlertKind.SOCKETS), 6)


def test_what_came_back_unseen_goes_on_in_the_message_of_the_one_before() -> None:
    assert Step.EDIT is decide(AS_TOLD, NEXT, after=timedelta(minutes=6))
    assert Step.EDIT is decide(AS_TOLD, replace(NEXT, until=NOW + timedelta(minutes=6)), after=timedelta(minutes=6))
    assert Step.NOTHING is decide(AS_OVER, replace(NEXT, until=NOW + timedelta(minutes=6)))


def test_what_another_process_ended_is_told_again_where_nothing_can_be_edited() -> None:
    anew = replace(LASTS, alert_id=9)

    assert Step.EDIT is decide(AS_TOLD, anew)
    assert Step.POST is decide(AS_TOLD, anew, is_editable=False)
    assert Step.NOTHING is decide(AS_TOLD, NEXT, is_editable=False)


def test_before_it_has_a_number_an_episode_is_known_by_its_beginning() -> None:
    unwritten = Told(replace(LASTS, alert_id=0), NOW, "1.0")

    assert Step.NOTHING is decide(unwritten, LASTS)
    assert Step.EDIT is decide(unwritten, OVER)


def test_what_follows_from_another_trouble_is_no_news_until_that_is_mended_for_a_minute() -> None:
    token = Alert(1, AlertKind.TOKEN, "Refused.", NOW)
    failed, held = replace(LASTS, kind=AlertKind.RUN_FAILED), replace(LASTS, kind=AlertKind.RUN_HELD)
    mended = replace(token, until=NOW)

    assert is_shadowed(failed, [token, failed], NOW, MANNERS)
    assert not is_shadowed(held, [token, held], NOW, MANNERS)
    assert not is_shadowed(failed, [failed], NOW, MANNERS)
    assert [True, False] == [
        is_shadowed(failed, [mended], NOW + timedelta(seconds=seconds), MANNERS) for seconds in (59, 60)
    ]
