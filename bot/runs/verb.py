"""`usersync resync`: one full pass in its own process, with the bot token alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.backoff import Backoff
from bot.identity import check_ours, find_workspace
from bot.runs.claim import AlreadyRunning, Order
from bot.runs.dry import Difference, DryRun
from bot.runs.pacing import TIER_2, TIER_4, Pacer
from bot.runs.patience import LONGEST_WAIT_S, TRIES, PassFailed, Patience
from bot.runs.progress import Progress, progress_of
from bot.runs.runner import Runner
from bot.runs.words import counted, found, spent, summary, who_runs
from bot.slack import ASKS_TO_WAIT, SlackClient, error_word, may_pass, retry_after_s
from bot.slack_words import out_of_reach, why_unreachable
from bot.terminal import at_run, shown
from db import Store
from db.records import Run, RunKind, RunState, Workspace

LOOK_AGAIN_S = 1
INTRODUCTION_S = 30
LISTED = 100
"""Differences of each sort that a dry run lists by name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for."""

    is_dry: bool = False
    is_confirmed: bool = False


class ResyncVerb:
    """Makes one pass and tells it: progress on standard error, the outcome by `tell`."""

    def __init__(
        self, store: Store, client: SlackClient, *, clock: Callable[[], datetime], tell: Callable[[str], None]
    ) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._tell = tell
        self._progress: Progress | None = None

    async def run(self, wish: Wish) -> bool:
        """Make the pass; tell whether it ended clean. Raises Rejected, PassFailed, StoreError."""
        async with shown(at_run(lambda: self._progress, self._clock), at_first="Asking Slack who we are …"):
            workspace = await self._introduce(is_dry=wish.is_dry)
            if wish.is_dry:
                lines, is_clean = await self._look(workspace, is_confirmed=wish.is_confirmed)
            else:
                run = await self._pass(workspace, Order(is_asked=True, is_confirmed=wish.is_confirmed))
                lines, is_clean = await self._told(workspace, run), run.state is RunState.DONE
        for line in lines:
            self._tell(line)
        return is_clean

    async def _introduce(self, *, is_dry: bool) -> Workspace:
        try:
            workspace = await self._ask_who_we_are()
        except SlackApiError as error:
            raise PassFailed(f"Slack did not tell who we are: it answers {error_word(error)}. Try again.") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            why = out_of_reach(why_unreachable(error))
            raise PassFailed(f"{why} Check network, DNS and proxy, and try again.") from error
        async with self._store.reading() as rx:
            check_ours(workspace, await rx.workspaces.list_workspaces())
        if not is_dry:
            async with self._store.transaction() as tx:
                await tx.workspaces.save_workspace(workspace)
        return workspace

    async def _ask_who_we_are(self) -> Workspace:
        """Ask as patiently as a page is asked for: a hiccup must not cost a nightly job its night."""
        backoff = Backoff(first_s=0.5, longest_s=5)
        for _ in range(TRIES - 1):
            wait_s = 0
            try:
                async with asyncio.timeout(INTRODUCTION_S):
                    return await find_workspace(self._client)
            except SlackApiError as error:
                if not may_pass(error):
                    raise
                wait_s = retry_after_s(error) if error_word(error) in ASKS_TO_WAIT else 0
                if wait_s > LONGEST_WAIT_S:
                    raise
                if wait_s:
                    self._tell(f"Slack asks to wait for {wait_s} s before it tells who we are.")
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass  # the last try tells why
            await backoff.pause(at_least_s=wait_s)
        async with asyncio.timeout(INTRODUCTION_S):
            return await find_workspace(self._client)

    async def _pass(self, workspace: Workspace, order: Order) -> Run:
        runner = Runner(self._store, self._client, verb="resync", clock=self._clock)
        told: int | None = None
        while True:
            try:
                finished = await runner.run(workspace.team_id, order, on_start=self._follow)
            except AlreadyRunning as error:
                number = error.run.run_id if error.run else 0
                if told != number:
                    self._tell(f"{who_runs(error.run)}. This one begins when that ends; Ctrl+C ends the waiting.")
                    told = number
                self._progress = progress_of(error.run) if error.run else None
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            if not finished.is_resumed:
                return finished.run
            self._tell("A run that had been cut short is complete now; everybody is read once more, as you asked.")

    def _follow(self, progress: Progress) -> None:
        self._progress = progress

    async def _told(self, workspace: Workspace, run: Run) -> list[str]:
        async with self._store.reading() as rx:
            tally = await rx.users.tally(workspace.team_id)
        lines = [line for line in (found(run), run.reason or "") if line]
        return [*lines, summary(workspace.name or workspace.team_id, tally, run)]

    async def _look(self, workspace: Workspace, *, is_confirmed: bool) -> tuple[list[str], bool]:
        begun = self._clock()
        async with self._store.reading() as rx:
            known = sum((await rx.users.tally(workspace.team_id)).values())
        progress = self._progress = Progress(workspace.team_id, RunKind.RESYNC, begun, expected=known or None)
        dry = DryRun(self._store, self._client, progress, lists=Patience(Pacer(TIER_2)), asks=Patience(Pacer(TIER_4)))
        seen = await dry.run(is_confirmed=is_confirmed)
        lines = [
            *_listed("would be new", seen.new),
            *_listed("would change", seen.changed),
            *_listed("would be marked as missing", seen.missing),
        ]
        unreadable = [f"{seen.unreadable} of Slack's entries cannot be read."] if seen.unreadable else []
        seconds = (self._clock() - begun).total_seconds()
        counts = (
            f"{len(seen.new):,} would be new, {len(seen.changed):,} would change, "
            f"{len(seen.missing):,} would be marked as missing"
        )
        name = workspace.name or workspace.team_id
        calls = f"{counted(progress.calls, 'call', 'calls')}, {spent(seconds)}"
        told = [*lines, *unreadable, *filter(None, [seen.held]), f"{name}: {counts} · no row was written · {calls}"]
        return told, not seen.is_held


def _listed(heading: str, found: dict[str, Difference]) -> list[str]:
    if not found:
        return []
    some = list(found.values())[:LISTED]
    lines = [f"  {each.user_id} {each.name}{': ' + ', '.join(each.fields) if each.fields else ''}" for each in some]
    more = [f"  … and {len(found) - LISTED:,} more"] if len(found) > LISTED else []
    return [f"{heading}:", *lines, *more]
