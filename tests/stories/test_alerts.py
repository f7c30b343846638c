"""What goes wrong is an alert with a beginning and an end; readiness and metrics tell it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.metrics import REFUSALS
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db.records import Alert, AlertKind
from tests.stories.test_starting import get
from tests.support.locks import held
from tests.support.waiting import eventually

Start = Callable[..., Any]


async def of_kind(service: Service, kind: AlertKind) -> Alert | None:
    """Find the newest recorded episode of a kind."""
    async with service.store.reading() as rx:
        kept = await rx.alerts.list_newest(50)
    return next((each for each in kept if each.kind is kind), None)


async def has_begun(service: Service, kind: AlertKind) -> Alert | None:
    found = await of_kind(service, kind)
    return found if found and found.until is None else None


async def is_over(service: Service, kind: AlertKind) -> Alert | None:
    found = await of_kind(service, kind)
    return found if found and found.until else None


async def figures(service: Service) -> dict[str, float]:
    """Read the metrics as Prometheus does."""
    answer = await get(f"{service.url}metrics")
    assert 200 == answer.status_code
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def warnings(service: Service) -> list[str]:
    found: list[str] = (await get(f"{service.url}readyz")).json()["warnings"]
    return found


async def test_where_all_is_well_no_alert_is_recorded(slack: Simulator, service: Service) -> None:
    slack.joins("Ada Lovelace")
    await slack.eventually_acked()
    await service.alerts.look()

    async with service.store.reading() as rx:
        assert () == await rx.alerts.list_newest(5)
    assert [] == await warnings(service)


async def test_a_run_that_fails_is_an_alert_until_one_succeeds(slack: Simulator, service: Service) -> None:
    slack.faults.fail("users.list", error="fatal_error", times=None)
    service.runs.want("a test")

    begun = await eventually(lambda: has_begun(service, AlertKind.RUN_FAILED), within_s=40, of="an alert")
    counted = await figures(service)
    told = await warnings(service)
    slack.faults.clear()
    over = await eventually(lambda: is_over(service, AlertKind.RUN_FAILED), within_s=40, of="its end")

    assert "fatal_error" in begun.words
    assert (1, 1) == (
        counted['usersync_alert_open{kind="run_failed"}'],
        counted['usersync_last_run_state{state="failed"}'],
    )
    assert any("fatal_error" in words for words in told)
    assert begun.alert_id == over.alert_id
    assert 1 == (await figures(service))['usersync_last_run_state{state="done"}']
    assert [] == await warnings(service)


async def test_a_missing_scope_is_told_by_its_name(slack: Simulator, service: Service) -> None:
    slack.scopes.discard("users:read")
    service.runs.want("a test")

    begun = await eventually(lambda: has_begun(service, AlertKind.RUN_FAILED), within_s=40, of="an alert")

    assert "users:read" in begun.words


async def test_a_held_run_is_an_alert_until_somebody_confirms(slack: Simulator, service: Service) -> None:
    gone = [slack.joins(f"Ada {number}") for number in range(60)]
    await slack.eventually_acked()
    for user in gone:
        slack.removes(user)
    service.runs.want("a test")

    begun = await eventually(lambda: has_begun(service, AlertKind.RUN_HELD), within_s=40, of="an alert")
    service.runs.ask(is_confirmed=True)
    await eventually(lambda: is_over(service, AlertKind.RUN_HELD), within_s=40, of="its end")

    assert "60 users are no longer in Slack's list" in begun.words


async def test_a_revoked_token_is_an_alert(slack: Simulator, service: Service) -> None:
    slack.uninstalls()
    service.runs.want("a test")

    begun = await eventually(lambda: has_begun(service, AlertKind.TOKEN), within_s=40, of="an alert")

    assert "SLACK_BOT_TOKEN" in begun.words


async def test_events_that_slack_dropped_are_an_alert_until_a_run_made_them_good(
    slack: Simulator, service: Service
) -> None:
    slack.faults.fail("users.list", slow_seconds=0.5, times=None)
    slack.limits_events()

    begun = await eventually(lambda: of_kind(service, AlertKind.EVENTS_DROPPED), within_s=40, of="an alert")
    over = await eventually(lambda: is_over(service, AlertKind.EVENTS_DROPPED), within_s=40, of="its end")

    assert "dropped events" in begun.words
    assert over.until is not None
    assert over.until > begun.since


async def test_a_database_that_was_away_is_an_episode_once_it_is_back(
    slack: Simulator, service: Service, database_url: str
) -> None:
    async with held(database_url) as other:
        await eventually(
            lambda: AlertKind.DATABASE in {alert.kind for alert in service.alerts.open}, within_s=40, of="an alert"
        )
        assert 0 == (await figures(service))["usersync_database_up"]
        other.rollback()

    over = await eventually(lambda: is_over(service, AlertKind.DATABASE), within_s=40, of="its end")
    assert "no event is acknowledged" in over.words
    assert 1 == (await figures(service))["usersync_database_up"]


async def test_new_dead_letters_are_an_alert_until_they_are_gone(slack: Simulator, service: Service) -> None:
    slack.sends_payload({"type": "event_callback", "event": {"type": "user_change", "user": {"id": "?"}}})

    begun = await eventually(lambda: has_begun(service, AlertKind.DEAD_LETTERS), within_s=40, of="an alert")
    assert 1 == (await figures(service))["usersync_dead_letters"]
    async with service.store.reading() as rx:
        (letter,) = await rx.dead_letters.list_newest(5)
    async with service.store.transaction() as tx:
        await tx.dead_letters.resolve(letter.letter_id)
    await eventually(lambda: is_over(service, AlertKind.DEAD_LETTERS), within_s=40, of="its end")

    assert "usersync dead-letters" in begun.words


async def test_without_any_connection_an_alert_says_since_when(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    service: Service = await start()
    await eventually(lambda: service.status().sockets == 2, within_s=40)
    slack.refuses_sockets()
    slack.drops_sockets()
    lost_since = await eventually(lambda: service.sockets.status.lost_since, within_s=40, of="the loss")

    begun = await eventually(lambda: has_begun(service, AlertKind.SOCKETS), within_s=30, of="an alert")
    slack.accepts_sockets()
    await eventually(lambda: is_over(service, AlertKind.SOCKETS), within_s=60, of="its end")

    assert lost_since == begun.since


async def test_metrics_need_no_session_and_name_nobody(slack: Simulator, settings: Settings, start: Start) -> None:
    slack.adds("Ada Lovelace", email="ada@meridian.example")
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")

    counted = await figures(service)
    answer = await get(f"{service.url}metrics")

    assert 1 == counted['usersync_last_run_state{state="done"}']
    assert "Ada" not in answer.text
    assert slack.team_id not in answer.text


async def test_events_are_counted_with_their_lag(slack: Simulator, service: Service) -> None:
    before = await figures(service)
    slack.joins("Ada Lovelace")
    slack.joins("Grace Hopper")
    await slack.eventually_acked()
    after = await figures(service)

    for name in ("usersync_envelopes_total", "usersync_envelopes_acked_total", "usersync_events_committed_total"):
        assert 2 == after[name] - before[name]
    assert 2 == after["usersync_event_lag_seconds_count"]
    assert after["usersync_event_lag_seconds_sum"] < 20


async def test_events_that_were_not_committed_are_counted_by_cause(
    slack: Simulator, service: Service, database_url: str
) -> None:
    async with held(database_url) as other:
        slack.joins("Ada Lovelace")
        await eventually(lambda: service.ingest.tally.not_committed, within_s=40, of="a refusal")
        counted = await figures(service)
        other.rollback()
    await slack.eventually_acked(timeout=60)

    refused = {each: counted[f'usersync_events_not_committed_total{{cause="{each}"}}'] for each in REFUSALS}
    assert 1 == sum(refused.values())
    assert 0 == refused["shed"]
