"""The parts of bot over one store, put together: what hears Slack, keeps the table true, answers, and watches."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import aiohttp

from bot import __version__
from bot.alerts import Alerts
from bot.app import make_app
from bot.authorize import Installations
from bot.backoff import Backoff
from bot.channels import Channels
from bot.command.answers import Answers
from bot.command.desk import Desk
from bot.command.news_words import digest_goes
from bot.command.roles import Roles
from bot.command.wiring import make_desk
from bot.database_watch import DatabaseWatch
from bot.digest import Digest
from bot.disk_watch import DiskWatch, Usage
from bot.errands import Errands
from bot.handler import EnvelopeHandler
from bot.ingest import Ingest
from bot.intake import Intake
from bot.introduction import Introduction
from bot.lag import Lag
from bot.metrics import Measured, Metrics
from bot.neighbours import Neighbours, Parts
from bot.outlook import Outlook
from bot.pace import Pace
from bot.places import Places
from bot.runs.runner import Runner, instance_name
from bot.runs.schedule import Schedule
from bot.runs.telling import RunTeller
from bot.scopes import CHAT, Scope, lacking
from bot.settings import Settings, proxy_for, revealed
from bot.signs import SignReader
from bot.slack import SlackClient, SlackClock, make_client
from bot.socket_client import SocketClient
from bot.sockets import Sockets
from bot.standing import Standing
from bot.telling.addresses import addresses
from bot.telling.teller import Teller
from bot.terms import terms_of
from bot.viewers import Viewers
from bot.ways_in import WaysIn
from bot.window_deeds import WindowDeeds
from db import Store
from db.instances import ProcessRole
from db.posting import Purpose
from db.visibility import Policy

SOCKETS_TRIED_S = 10
"""How long the words about a run wait for the connections to be tried, which are opened a few seconds apart."""


class House:
    """Everything that lives as long as the process, but for the window; whoever opens it runs its long-lived parts."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], datetime],
        pace: Pace,
        role: ProcessRole = ProcessRole.ALL,
        base_url: Callable[[], str],
        tell: Callable[[str], None],
        disk_usage: Callable[[Path], Usage] = shutil.disk_usage,
        shown_picture: Callable[[str | None], str] = lambda _: "",
    ) -> None:
        """`shown_picture` gives the address of a picture back if it may be shown."""
        self.store = store
        self._settings = settings
        self._clock = clock
        self._pace = pace
        self.role = role
        self.instance = instance_name("serve")
        self._tell = tell
        self._disk_usage = disk_usage
        self._shown_picture = shown_picture
        self._proxy = proxy_for(settings.slack_api_url)
        self._slack_clock = SlackClock()
        self._session = session
        self.client = self._make_client(revealed(settings.slack_bot_token))
        self.channels = Channels(self.client)
        self.places = Places(store, self.channels, preset={Purpose.ALERTS: settings.alert_channel})
        self.installations = Installations(store, bot_token=revealed(settings.slack_bot_token))
        self.introduction = self._make_introduction()
        self.neighbours = self._make_neighbours()
        self.roster, self.elsewhere = self.neighbours.roster, self.neighbours.elsewhere
        self.runs = self._make_runs()
        self.ways_in = WaysIn(
            store, session, settings, self.installations, base_url=base_url, proxy=self._proxy, clock=clock
        )
        self.digest = self._make_digest()
        self.metrics = Metrics()
        self.ingest = Ingest(store, clock=clock, on_gap=self.runs.want)
        self.errands = Errands()
        self._intake = Intake(self.ingest, self._slack_clock, Lag(on_note=self.metrics.note_lag))
        self.handler = self._make_handler()
        self._socket_web_client = self._make_client(None)
        self.sockets = self._make_sockets()
        self.viewers = Viewers(self.client, team_id=self._asked_team)
        self.own_deeds = self._make_deeds()
        far_deeds = self.neighbours.make_deeds(team_id=self.installations.only_team, clock=clock)
        self.deeds = self.own_deeds if role.follows_slack else far_deeds
        self.database = DatabaseWatch(store, clock=clock)
        self.standing = Standing(
            self.database,
            self.introduction,
            self.installations,
            self.sockets,
            self.runs,
            self.client,
            self._socket_web_client,
            self.roster,
            self.elsewhere,
            lag_s=lambda: self._intake.lag.last_s,
        )
        self.signs = self._make_signs()
        self.alerts = self._make_alerts()
        self.teller = self._make_teller()
        self.outlook = Outlook(
            role, self.standing, self.signs, self.alerts, self.roster, self.elsewhere, clock, pace.sockets_may_take_s
        )
        self.metrics.measure(
            Measured(self.handler, self.ingest, self.sockets, self.runs, self.standing, self.outlook, __version__)
        )

    async def follow(self) -> None:
        """Open the sockets as soon as a workspace is known; one from an earlier start will do, if Slack is away."""
        await self.introduction.tried()
        if not self.installations.is_introduced:
            await self.introduction.team_id()
        await self.sockets.run()

    def _make_client(self, token: str | None) -> SlackClient:
        return make_client(
            token=token,
            api_url=self._settings.slack_api_url,
            proxy=self._proxy,
            session=self._session,
            clock=self._slack_clock,
        )

    def _make_neighbours(self) -> Neighbours:
        return Neighbours(
            self.store,
            self._settings,
            self.role,
            instance=self.instance,
            pace=self._pace,
            refresh=(self.installations.refresh, self.places.refresh),
            parts=self._parts,
        )

    def _parts(self) -> Parts:
        return Parts(
            self.sockets,
            self.introduction,
            self.standing,
            self.own_deeds,
            self.runs,
            is_ready=self._could_run,
            is_idle=lambda: self.runs.ticket is None,
        )

    def _make_introduction(self) -> Introduction:
        return Introduction(
            self.store,
            self.client,
            self.installations,
            app_token=revealed(self._settings.slack_app_token) or "",
            backoff=Backoff(first_s=1, longest_s=60),
            watch_s=self._pace.watch_s,
        )

    def _make_runs(self) -> Schedule:
        return Schedule(
            Runner(self.store, self.client, verb="serve", clock=self._clock, pace=self._pace.runs),
            self.store,
            team_id=self.introduction.team_id,
            not_ready=self._why_not_ready,
            on_seen=self._learn_of_a_run,
            on_ended=RunTeller(self.store, self.installations, self._sockets_open, self._tell),
            rhythm=replace(self._pace.rhythm, every_s=self._settings.reconcile_every),
            slack_now_s=self._slack_clock.now_s,
        )

    async def _learn_of_a_run(self) -> None:
        """Learn what another process's run wrote, and whether the token that it used is good again.

        Raises StoreError.
        """
        if self.client.rejection:
            await self.introduction.ask()
        await self.installations.refresh()

    def _make_handler(self) -> EnvelopeHandler:
        app = make_app(
            client=self._make_client(None),
            installations=self.installations,
            intake=self._intake,
            desk=self._make_desk(Answers(self._session, self.client, proxy=self._proxy)),
        )
        return EnvelopeHandler(app, self._intake, clock=self._clock, on_gap=self.runs.want)

    def _make_digest(self) -> Digest:
        return Digest(
            self.store,
            self.channels,
            team_id=self._own_team,
            is_token_bad=self._is_token_bad,
            policy=Policy(self._settings.visibility),
            base=(self._settings.public_url or "").rstrip("/"),
            fields=self._settings.fields,
            clock=self._clock,
            look_every_s=self._pace.digest_look_every_s,
        )

    def _make_sockets(self) -> Sockets:
        return Sockets(
            make_client=lambda: SocketClient(
                app_token=revealed(self._settings.slack_app_token) or "",
                web_client=self._socket_web_client,
                proxy=self._proxy,
                on_request=self.handler.handle,
                app_id=self.introduction.app_id,
            ),
            wanted=0 if self.neighbours.is_shared else self._settings.sockets,  # until the roster tells its share
            clock=self._clock,
            on_connected=lambda: self.runs.want_again("a connection to Slack is open"),
            stagger_s=self._pace.stagger_s,
            refusal=lambda: self.introduction.refusal,
            elsewhere=lambda: self.roster.connections(self.introduction.app_id),
        )

    def _make_desk(self, answers: Answers) -> Desk:
        return make_desk(
            self.store,
            self.client,
            self.runs,
            errands=self.errands,
            answers=answers,
            links=self.ways_in.links.make,
            is_known=lambda team_id: self.installations.find(team_id) is not None,
            condition=lambda team_id: self.standing.condition(team_id),
            clock=self._clock,
            alert_place=self.places.of(Purpose.ALERTS),
            alerts_go=lambda team_id: self.teller.where(team_id),
            digest_place=self.places.of(Purpose.DIGEST),
            digest_goes=self._digest_goes,
            terms=terms_of(
                self._settings, self._pace, address=self.ways_in.plain_address, shown_picture=self._shown_picture
            ),
        )

    def _digest_goes(self, team_id: str) -> str:
        channel_id = self.places.find(team_id, Purpose.DIGEST)
        return digest_goes(channel_id, trouble=self.digest.trouble(channel_id or ""))

    def _make_deeds(self) -> WindowDeeds:
        return WindowDeeds(
            self.store,
            self.runs,
            Roles(self.store, self.client, clock=self._clock, admins=self._settings.admins),
            team_id=lambda: self.introduction.known_team_id,
            is_run_elsewhere=lambda: self.standing.progress_elsewhere is not None,
            clock=self._clock,
        )

    def _make_signs(self) -> SignReader:
        return SignReader(
            self.store,
            self.database,
            DiskWatch(self._settings.sqlite_file, usage=self._disk_usage),
            self.standing,
            self.sockets,
            self.runs,
            self.ingest,
            self.handler,
            self._intake.lag,
            self._lacking,
            self._clock,
            self._pace.sockets_may_take_s,
            self._clock(),
            self.roster,
        )

    def _make_alerts(self) -> Alerts:
        signs = self.signs
        return Alerts(
            self.store,
            signs=signs.read,
            instance=self.instance,
            look_every_s=self._pace.look_every_s,
            is_mute=self._is_token_bad,
        )

    def _make_teller(self) -> Teller:
        settings = self._settings
        urls = [each.get_secret_value() for each in settings.alert_urls]
        return Teller(
            self.store,
            self.alerts,
            self.channels,
            self.places.of(Purpose.ALERTS),
            addresses(urls),
            team_id=self._own_team,
            is_token_bad=self._is_token_bad,
            is_memory_away=lambda: self.database.away_since is not None,
            rank=lambda: self.roster.rank,
            clock=self._clock,
            base=(settings.public_url or "").rstrip("/"),
            manners=self._pace.manners,
            look_every_s=self._pace.look_every_s,
        )

    def _own_team(self) -> str:
        """Tell the workspace of the bot token: as Slack said, or as an earlier process learned it."""
        return self.introduction.known_team_id or self.installations.only_team()

    def _asked_team(self) -> str:
        """Tell the workspace of which Slack can be asked who somebody is; empty while none is known, or no token."""
        return (
            self._own_team() if not self.role.follows_slack and self.client.token else self.introduction.known_team_id
        )

    def _is_token_bad(self) -> bool:
        return self.standing.refusal is not None

    def _lacking(self) -> tuple[Scope, ...]:
        """Tell which scopes are missed: to post is needed only where there is somewhere to post."""
        team_id = self._own_team()
        posts = any(self.places.find(team_id, purpose) for purpose in Purpose)
        return lacking(self.client.scopes, wanted=frozenset({CHAT} if posts else ()))

    async def _sockets_open(self) -> int:
        """Count the open connections: the first run may end before the second one was even tried."""
        await self.sockets.tried(within_s=SOCKETS_TRIED_S)
        return self.sockets.status.open + self.roster.sockets

    def _could_run(self) -> bool:
        """Say whether a run that somebody asks for could be made here now."""
        return self._why_not_ready() is None and self.standing.progress_elsewhere is None

    def _why_not_ready(self) -> str | None:
        """Say why no run can begin: nobody knows yet whose people the token would list."""
        if self.introduction.known_team_id:
            return None
        return self.introduction.trouble or "Slack has not told yet whose tokens these are. Try again in a moment."
