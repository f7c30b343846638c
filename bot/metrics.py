"""Metrics: what the service counts, in Prometheus' words; names and meanings stand in docs/metrics.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.handler import EnvelopeHandler
from bot.ingest import Ingest
from bot.outlook import Outlook
from bot.runs.schedule import Schedule
from bot.sockets import Sockets
from bot.standing import Standing
from db.records import AlertKind, RunState

LAG_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
REFUSALS = ("late", "shed", "unavailable")
ENDS = (RunState.DONE, RunState.HELD, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured."""

    handler: EnvelopeHandler
    ingest: Ingest
    sockets: Sockets
    runs: Schedule
    standing: Standing
    outlook: Outlook
    version: str


class Metrics:
    """A registry of its own, so that two services of one process do not add up."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._lag = Histogram(
            "usersync_event_lag_seconds",
            "Commit time minus the event's own time, by Slack's clock.",
            buckets=LAG_BUCKETS_S,
            registry=self._registry,
        )

    def note_lag(self, seconds: float) -> None:
        """Note how long after an event it was committed."""
        self._lag.observe(seconds)

    def measure(self, parts: Measured) -> None:
        """Measure a service from now on."""
        self._registry.register(_Figures(lambda: _figures(parts)))

    def exposition(self) -> tuple[bytes, str]:
        """Give all figures as they are now, and the media type of that text."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _Figures(Collector):
    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read()

    def describe(self) -> Iterable[Metric]:
        return ()  # or the registry would ask for figures before there are any


def _figures(parts: Measured) -> Iterator[Metric]:
    yield _gauge("usersync_build_info", "Always 1; its label tells the version.", {parts.version: 1}, "version")
    if parts.outlook.role.follows_slack:  # of what another process does, that one gives the figures
        yield from _of_events(parts)
        yield from _of_sockets(parts)
        yield from _of_runs(parts)
    yield from _of_health(parts)


def _of_events(parts: Measured) -> Iterator[Metric]:
    received, tally = parts.handler.received, parts.ingest.tally
    yield _counter("usersync_envelopes", "Envelopes that came in.", received.envelopes)
    yield _counter("usersync_envelopes_acked", "Envelopes that were acknowledged.", received.acked)
    yield _counter("usersync_events_committed", "Events applied in a committed transaction.", tally.committed)
    yield _counter("usersync_events_put_aside", "Events committed as dead letters.", tally.put_aside)
    refused = CounterMetricFamily(
        "usersync_events_not_committed", "Events not acknowledged, so sent again by Slack, by cause.", labels=["cause"]
    )
    for cause in REFUSALS:
        refused.add_metric([cause], tally.refusals[cause])
    yield refused
    yield _gauge("usersync_events_in_flight", "Events that wait for their commit.", parts.ingest.in_flight)


def _of_sockets(parts: Measured) -> Iterator[Metric]:
    status = parts.sockets.status
    yield _gauge("usersync_sockets_open", "Open connections to Slack.", status.open)
    yield _gauge("usersync_sockets_wanted", "Connections that are kept open.", status.wanted)
    heard_at = parts.standing.last_heard_at
    yield _gauge(
        "usersync_last_heard_timestamp_seconds",
        "When Slack last gave a sign of life; 0 for never.",
        heard_at.timestamp() if heard_at else 0,
    )


def _of_runs(parts: Measured) -> Iterator[Metric]:
    runs, walked_at = parts.runs, parts.standing.walked_at
    yield _gauge("usersync_run_in_progress", "Whether a run is under way.", int(runs.progress is not None))
    yield _gauge(
        "usersync_last_read_timestamp_seconds",
        "When a run last had read everybody; 0 for never.",
        walked_at.timestamp() if walked_at else 0,
    )
    yield _gauge(
        "usersync_last_run_state",
        "1 for the way in which the last run came out.",
        {state.value: int(runs.last_state is state) for state in ENDS},
        "state",
    )
    last = runs.last
    yield _gauge("usersync_last_run_drift_users", "Users of whom no event had told.", last.drift if last else 0)
    yield _gauge(
        "usersync_last_run_drift_fields",
        "The same by field; new stands for users who were unknown.",
        dict(last.drift_fields or {}) if last else {},
        "field",
    )


def _of_health(parts: Measured) -> Iterator[Metric]:
    outlook = parts.outlook
    is_up = outlook.signs.database.away_since is None
    yield _gauge("usersync_followed", "Whether any process on the database follows Slack.", int(outlook.is_followed))
    yield _gauge("usersync_database_up", "Whether the database could be written.", int(is_up))
    letters = outlook.signs.letters if outlook.role.follows_slack else outlook.letters
    if letters is not None:
        yield _gauge("usersync_dead_letters", "Payloads that lie aside.", letters)
    alerts = outlook.own_alerts.open if outlook.role.follows_slack else outlook.alerts
    open_kinds = {alert.kind for alert in alerts}
    yield _gauge(
        "usersync_alert_open",
        "Whether an alert lasts.",
        {kind.value: int(kind in open_kinds) for kind in AlertKind},
        "kind",
    )


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(name, words, value=value)


def _gauge(name: str, words: str, value: float | dict[str, int], label: str = "") -> Metric:
    if not isinstance(value, dict):
        return GaugeMetricFamily(name, words, value=value)
    family = GaugeMetricFamily(name, words, labels=[label])
    for each, figure in value.items():
        family.add_metric([each], figure)
    return family
