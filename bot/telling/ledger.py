"""One place that is told of alerts: what it was told, when it may be tried again, and why it could not be told."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.channels import DELETED, FIXED, SHUT, NotPosted
from bot.telling.kept_posts import KeptPosts
from bot.telling.outlets import Outlet
from bot.telling.steps import Lost, Manners, Step, Told, after, before, instead, is_same, is_worth_it, notice, step
from bot.to_its_end import to_its_end
from db.records import Alert, AlertKind

log = structlog.get_logger(__name__)

_HOUR = timedelta(hours=1)


class Ledger:
    """Tells one place, one message at a look, so that no place is stormed."""

    def __init__(self, outlet: Outlet, kept: KeptPosts, manners: Manners) -> None:
        self._outlet = outlet
        self._kept = kept
        self._manners = manners
        self._told: dict[AlertKind, Told] = {}
        self._posted: deque[datetime] = deque()
        self._said_too_many_at: datetime | None = None
        self._quiet_until: datetime | None = None
        self._deaf_at_look = -2
        self._tries = 0
        self._failed: AlertKind | None = None
        """Of which was to be told at the last try that failed."""
        self._anew: set[AlertKind] = set()
        """What is to be told in a new message, though it was told."""
        self._may_have_passed = False
        """Whether the last refusal was of a kind that passes by itself."""
        self.has_posted = False
        """Whether a post has worked here."""
        self.trouble: str | None = None
        """Why it could not be told at the last try."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing that stands there says of an episode that it lasts."""
        return all(told.is_over for told in self._told.values())

    def restore(self, told: Told, posted_at: datetime | None) -> None:
        """Take over what an earlier process told; the latest of a kind counts."""
        before = self._told.get(told.alert.kind)
        if before is not None and not before.is_over:
            self._kept.keep(self._outlet.key, before, is_over=True)
        self._told[told.alert.kind] = told
        if posted_at:
            self._posted.append(posted_at)

    def tell_anew(self) -> None:
        """Tell what lasts in a new message: somebody asked for alerts here again, and looks for them now."""
        self._anew = {kind for kind, told in self._told.items() if not told.is_over}

    async def tell(
        self,
        episodes: Sequence[Alert],
        now: datetime,
        *,
        looks: int,
        is_current: bool,
        causes: Sequence[Alert] = (),
        elsewhere: Set[AlertKind] = frozenset(),
        far: Set[AlertKind] = frozenset(),
    ) -> None:
        """Bring the place up to date; a former one hears only of the ends. `looks` counts the looks at what is wrong.

        `causes` may not be told yet, and explain others all the same. What is told `elsewhere` is another process's.
        What is `far` explains none.

        A place that was deaf hears again only once somebody has looked anew: what it could not hear may be over.
        """
        self._learn_numbers(episodes)
        await self._leave(elsewhere)
        if self._outlet.is_deaf:
            self._deaf_at_look = looks
        if looks < self._deaf_at_look + 2 or (self._quiet_until and now < self._quiet_until):
            return
        waits, explaining = False, [each for each in [*episodes, *causes] if each.kind not in far]
        for alert in sorted(episodes, key=lambda each: each.kind is self._failed):  # one must not hold up the rest
            told = self._told.get(alert.kind)
            wanted = self._wanted(told, alert, explaining, now, is_current=is_current)
            if wanted is Step.NOTHING:
                continue
            waits = True
            try:
                is_posted = await to_its_end(self._do(wanted, told, alert, now, is_current=is_current))
            except NotPosted as error:
                self._failed = alert.kind
                self._note(error, now)
                return
            if is_posted:
                return  # the next one at the next look: a channel takes one message a second
        if not waits and self._may_have_passed:
            self._note_success()

    async def _leave(self, kinds: Set[AlertKind]) -> None:
        """Leave to another process what it tells; a message that it knows nothing of points to its own."""
        for told in [each for kind, each in self._told.items() if kind in kinds and not each.is_over]:
            del self._told[told.alert.kind]
            if not told.alert.alert_id and told.ts:
                await to_its_end(self._put_back(told))

    def _wanted(
        self, told: Told | None, alert: Alert, episodes: Sequence[Alert], now: datetime, *, is_current: bool
    ) -> Step:
        is_editable = self._outlet.is_editable and (told is None or told.ts is not None)
        wanted = step(told, alert, now, self._manners, is_editable=is_editable)
        if alert.kind in self._anew and alert.until is None and told and is_same(told.alert, alert):
            wanted = Step.ANEW
        is_wanted = is_worth_it(wanted, told, alert, episodes, now, self._manners, is_current=is_current)
        return wanted if is_wanted else Step.NOTHING

    async def _do(self, wanted: Step, told: Told | None, alert: Alert, now: datetime, *, is_current: bool) -> bool:
        """Do it; say whether a message was posted. Raises NotPosted."""
        goes_on = wanted is Step.EDIT
        if told and wanted is Step.EDIT:
            told = self._told[alert.kind] = await self._edited(told, alert, now, is_current=is_current)
            wanted = instead(told, alert)
        if wanted is Step.EDIT:
            becomes = after(told, alert, now, wanted, ts=told.ts if told else None)
        elif self._are_too_many(now):
            await self._say_too_many(now)
            return False
        else:
            becomes = after(told, alert, now, wanted, ts=await self._posted_now(told, alert, now, wanted))
        self._note_success()
        if told and goes_on and not is_same(told.alert, alert):
            self._kept.keep(self._outlet.key, told, is_over=True)  # the other one's message tells of it from now on
        self._told[alert.kind] = becomes
        if wanted is not Step.EDIT or becomes.is_over:
            self._anew.discard(alert.kind)
        self._kept.keep(self._outlet.key, becomes)
        await self._kept.write()
        if told and wanted is Step.ANEW:
            await self._put_back(told)
        return wanted is not Step.EDIT

    async def _posted_now(self, told: Told | None, alert: Alert, now: datetime, wanted: Step) -> str | None:
        try:
            ts = await self._outlet.post(notice(after(told, alert, now, wanted, ts=None)))
        except NotPosted as error:
            if not error.is_certain:  # for all we know, people have it before them
                self._posted.append(now)
            raise
        self._posted.append(now)
        self.has_posted = True
        return ts

    async def _put_back(self, told: Told) -> None:
        """Let a message tell of the one before again, now that another tells of what came back. It is tried once."""
        try:
            await self._outlet.edit(told.ts, before(told))
        except NotPosted as error:
            log.info("a message about an alert stays as it was", kind=told.alert.kind.value, reason=str(error))

    async def _edited(self, told: Told, alert: Alert, now: datetime, *, is_current: bool) -> Told:
        """Edit what stands there; tell it as it was, with the reason if no edit of it is taken any more."""
        if told.lost:
            return told
        try:
            await self._outlet.edit(told.ts, notice(after(told, alert, now, Step.EDIT, ts=told.ts)))
        except NotPosted as error:
            lost = _lost(error.word, is_current=is_current)
            if lost is None:
                raise
            log.info("a message about an alert cannot be edited any more", kind=alert.kind.value, reason=str(error))
            return replace(told, lost=lost)
        return told

    def _learn_numbers(self, episodes: Sequence[Alert]) -> None:
        """An episode gets its number once the database takes it, which may be after it was told of."""
        for alert in episodes:
            told = self._told.get(alert.kind)
            if told and not told.alert.alert_id and alert.alert_id and is_same(told.alert, alert):
                self._told[alert.kind] = replace(told, alert=replace(told.alert, alert_id=alert.alert_id))
                self._kept.keep(self._outlet.key, self._told[alert.kind])

    def _are_too_many(self, now: datetime) -> bool:
        while self._posted and now - self._posted[0] >= _HOUR:
            self._posted.popleft()
        return len(self._posted) >= self._manners.most_an_hour

    async def _say_too_many(self, now: datetime) -> None:
        if self._said_too_many_at is None or now - self._said_too_many_at >= _HOUR:
            try:
                await self._outlet.post_too_many(self._manners.most_an_hour)
            except NotPosted as error:
                if not error.is_certain:
                    self._said_too_many_at = now
                raise
            self._said_too_many_at = now

    def _note(self, error: NotPosted, now: datetime) -> None:
        pause_s = min(self._manners.first_pause_s * 2**self._tries, self._manners.longest_pause_s)
        self._tries = min(self._tries + 1, 30)
        pause_s = max(pause_s, min(error.wait_s, self._manners.longest_wait_s))
        self._quiet_until = now + timedelta(seconds=pause_s)
        if str(error) != self.trouble:
            log.warning("an alert could not be told; it is tried again", place=self._outlet.key[1], reason=str(error))
        self.trouble = str(error)
        self._may_have_passed = error.may_help

    def _note_success(self) -> None:
        self._tries, self._quiet_until, self.trouble = 0, None, None


def _lost(word: str, *, is_current: bool) -> Lost | None:
    """Tell what Slack's refusal means for the message; None where it may be edited later.

    A former channel that was shut is left alone: nobody there waits for an end.
    """
    if word in FIXED:
        return Lost.FIXED
    return Lost.DELETED if word in DELETED or (word in SHUT and not is_current) else None
