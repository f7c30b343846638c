"""What is to be done next about one episode at one place: told, edited, or left alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType

from bot.blocks.notices import Notice
from db.records import Alert, AlertKind

AFTER_S: Mapping[AlertKind, float] = MappingProxyType(
    {AlertKind.SOCKETS: 120, AlertKind.DATABASE: 30, AlertKind.NOT_COMMITTED: 60}
)
"""How long these must have lasted before anybody is told: a restart of Slack or of a database is no news."""
_FOLLOWS_FROM: Mapping[AlertKind, frozenset[AlertKind]] = MappingProxyType(
    {
        AlertKind.NOT_COMMITTED: frozenset({AlertKind.DATABASE}),
        AlertKind.RUN_FAILED: frozenset({AlertKind.TOKEN, AlertKind.SCOPE, AlertKind.DATABASE}),
        AlertKind.SOCKETS: frozenset({AlertKind.TOKEN}),
    }
)


@dataclass(frozen=True, slots=True)
class Manners:
    """How much of it people are told."""

    after_s: Mapping[AlertKind, float] = field(default_factory=lambda: AFTER_S)
    calm_s: float = 600
    """What begins again so soon after its end is the same trouble: it came back."""
    returns_after_s: float = 60
    """How long it must have lasted then to be told where nothing can be edited: there the end was the last word."""
    mends_s: float = 60
    """How long what followed from a trouble that is over may take to be over, too."""
    edit_every_s: float = 60
    """Between two edits of a message while its words change."""
    rank_s: float = 600
    """How much longer than the one before it each process waits to tell what the table cannot say that others tell."""
    most_an_hour: int = 10
    """Messages at one place."""
    first_pause_s: float = 5
    longest_pause_s: float = 300
    """Between two tries where one failed."""
    longest_wait_s: float = 600
    """However long Slack asks to be left alone."""


class Lost(Enum):
    """Why no edit of a message is taken any more."""

    DELETED = "deleted"
    FIXED = "fixed"
    """It stands there as it is."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one place was told of one kind, as it stands there."""

    alert: Alert
    """As it was when it was told; with its end, if that was told."""
    at: datetime
    ts: str | None = None
    """Slack's name of the message; None where nothing can be edited."""
    since: datetime | None = None
    """Since when, where the episode came back; the beginning of the first."""
    times_back: int = 0
    back_after: datetime | None = None
    """Where it came back: until when the one before had lasted."""
    lost: Lost | None = None

    @property
    def is_over(self) -> bool:
        """Whether the end was told."""
        return self.alert.until is not None


class Step(Enum):
    """What is to be done."""

    NOTHING = "nothing"
    POST = "post"
    EDIT = "edit"
    ANEW = "anew"
    """Posted anew, for an edit notifies nobody; what stood there tells of the one before again."""


def step(told: Told | None, alert: Alert, now: datetime, manners: Manners, *, is_editable: bool) -> Step:
    """Decide about an episode of which `told` is what was told of its kind last."""
    if told is None:
        return Step.POST if _is_due(alert, now, manners) else Step.NOTHING
    if is_same(told.alert, alert):
        return _go_on(told, alert, now, manners, is_editable=is_editable)
    if alert.until is not None:  # too short to be told of; what stands there of an earlier one is over with it
        return Step.NOTHING if told.is_over else Step.EDIT
    if told.alert.until is None:
        is_taken = alert.since == told.alert.since  # another process had it for a while, and told its end
        return Step.EDIT if is_editable else Step.POST if is_taken else Step.NOTHING
    if not _is_due(alert, now, manners):
        return Step.NOTHING
    calm = timedelta(seconds=manners.calm_s)
    if is_editable and alert.since - told.alert.until <= calm:
        return Step.EDIT
    lasts = now - alert.since >= timedelta(seconds=manners.returns_after_s)
    return Step.POST if is_editable or lasts or now - told.alert.until > calm else Step.NOTHING


def instead(told: Told, alert: Alert) -> Step:
    """Decide what to do in place of an edit: where none is taken, news are posted, and the rest counts as told."""
    if told.lost is None:
        return Step.EDIT
    stands = told.lost is Lost.FIXED and not told.is_over
    if alert.until is not None:
        return Step.POST if stands else Step.EDIT
    is_known = stands or (not told.is_over and is_same(told.alert, alert))
    return Step.EDIT if is_known else Step.POST


def after(told: Told | None, alert: Alert, now: datetime, done: Step, *, ts: str | None) -> Told:
    """Say what is told once the step is done; an end that had to be posted ends what was told before."""
    if told is None or (done is not Step.EDIT and alert.until is None):
        return Told(alert, now, ts)
    lost = told.lost if done is Step.EDIT else None
    if lost is Lost.DELETED and alert.until is not None:
        ts, lost = None, None
    if is_same(told.alert, alert):
        return Told(alert, now, ts, told.since, told.times_back, told.back_after, lost)
    is_back = alert.until is None
    since, back_after = told.since or told.alert.since, told.alert.until or alert.since
    return Told(alert, now, ts, since, told.times_back + is_back, back_after if is_back else told.back_after, lost)


def notice(told: Told) -> Notice:
    """Say it for people."""
    alert = told.alert
    return Notice(alert.kind, alert.words, told.since or alert.since, alert.until, told.times_back)


def before(told: Told) -> Notice:
    """Say for people what was told until it came back; where it never did, that it is told anew further down."""
    alert = told.alert
    if told.back_after is None:
        return replace(notice(told), is_told_below=True)
    return Notice(alert.kind, alert.words, told.since or alert.since, told.back_after, max(told.times_back - 1, 0))


def is_worth_it(
    wanted: Step,
    told: Told | None,
    alert: Alert,
    episodes: Iterable[Alert],
    now: datetime,
    manners: Manners,
    *,
    is_current: bool,
) -> bool:
    """Say whether a step is to be done here: a former place hears only of ends; what is explained is no news."""
    if wanted is Step.NOTHING:
        return False
    if not is_current and (wanted is not Step.EDIT or alert.until is None):
        return False
    is_news = wanted is not Step.EDIT or (told is not None and told.is_over)
    return not (is_news and is_shadowed(alert, episodes, now, manners))


def is_same(one: Alert, other: Alert) -> bool:
    """Say whether both are of one episode; before it is written, an episode is known by its beginning."""
    if one.alert_id and other.alert_id:
        return one.alert_id == other.alert_id
    return (one.kind, one.since) == (other.kind, other.since)


def is_shadowed(alert: Alert, episodes: Iterable[Alert], now: datetime, manners: Manners) -> bool:
    """Say whether another episode explains this one, so that its beginning is no news."""
    causes = _FOLLOWS_FROM.get(alert.kind, frozenset())
    mends = timedelta(seconds=manners.mends_s)
    return any(each.kind in causes and (each.until is None or now - each.until < mends) for each in episodes)


def _go_on(told: Told, alert: Alert, now: datetime, manners: Manners, *, is_editable: bool) -> Step:
    if told.is_over:
        return Step.NOTHING
    if alert.until is not None:
        return Step.EDIT
    if is_editable and told.times_back and now - alert.since > timedelta(seconds=manners.calm_s):
        return Step.ANEW
    is_old = now - told.at >= timedelta(seconds=manners.edit_every_s)
    return Step.EDIT if is_editable and is_old and told.alert.words != alert.words else Step.NOTHING


def _is_due(alert: Alert, now: datetime, manners: Manners) -> bool:
    return alert.until is None and now - alert.since >= timedelta(seconds=manners.after_s.get(alert.kind, 0))
