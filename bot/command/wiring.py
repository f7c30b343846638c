"""The desk put together from its parts, for the root, which hands in what they need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.command.alerts import ALERTS, DIGEST, PlaceWords
from bot.command.answers import Answers
from bot.command.condition import Condition
from bot.command.desk import Answering, Desk
from bot.command.finder import Finder
from bot.command.invitation import Invitation, Links
from bot.command.news import News
from bot.command.one_person import OnePerson
from bot.command.places import AlertPlace
from bot.command.presses import Presses
from bot.command.report import Goes, Report
from bot.command.resyncs import Resyncs
from bot.command.roles import Roles
from bot.command.table import entries
from bot.command.terms import Terms
from bot.command.typed import Word
from bot.command.unreadable import Unreadable
from bot.errands import Errands
from bot.home.wiring import make_home_desk
from bot.runs.schedule import Schedule
from bot.slack import SlackClient
from db import Store


def make_desk(
    store: Store,
    client: SlackClient,
    runs: Schedule,
    *,
    errands: Errands,
    answers: Answers,
    links: Links,
    is_known: Callable[[str], bool],
    condition: Callable[[str], Condition],
    clock: Callable[[], datetime],
    terms: Terms,
    alert_place: AlertPlace | None = None,
    digest_place: AlertPlace | None = None,
    alerts_go: Goes | None = None,
    digest_goes: Goes | None = None,
) -> Desk:
    """Put the desk together; without a place for alerts there is no word for it."""
    roles = Roles(store, client, clock=clock, admins=terms.admins)
    invitation = Invitation(
        links,
        roles,
        may_guests=terms.may_guests,
        are_links_personal=terms.are_links_personal,
        are_links_local=terms.are_links_local,
    )
    resyncs = Resyncs(store, runs, invitation, condition=condition, clock=clock, updates_after_s=terms.updates_after_s)
    unreadable = Unreadable(store, policy=terms.policy, clock=clock)
    report = Report(
        store, condition=condition, clock=clock, version=terms.version, alerts_go=alerts_go, digest_goes=digest_goes
    )
    finder = Finder(store, invitation, policy=terms.policy, base=terms.public_url, clock=clock)
    home = make_home_desk(
        store,
        client,
        runs,
        errands=errands,
        answers=answers,
        roles=roles,
        invitation=invitation,
        finder=finder,
        resyncs=resyncs,
        unreadable=unreadable,
        is_known=is_known,
        condition=condition,
        clock=clock,
        terms=terms,
    )
    answering: Answering = {
        Word.STATUS: lambda typed: report.answer(typed.team_id),
        Word.FIND: finder.answer,
        Word.CHANGES: News(
            store,
            invitation,
            policy=terms.policy,
            base=terms.public_url,
            fields=terms.fields,
            clock=clock,
        ).answer,
        Word.OPEN: invitation.answer,
        Word.DEAD_LETTERS: lambda typed: unreadable.answer(typed.team_id),
        **({Word.ALERTS: PlaceWords(alert_place, ALERTS).answer} if alert_place else {}),
        **({Word.DIGEST: PlaceWords(digest_place, DIGEST).answer} if digest_place else {}),
    }
    return Desk(
        errands,
        answers,
        table=entries(has_places=alert_place is not None),
        is_known=is_known,
        roles=roles,
        invitation=invitation,
        resyncs=resyncs,
        one_person=OnePerson(store, client, policy=terms.policy, base=terms.public_url, clock=clock),
        answering=answering,
        presses=Presses(
            errands,
            answers,
            is_known=is_known,
            roles=roles,
            runs=runs,
            unreadable=unreadable,
            on_home=home.take,
        ),
        home=home,
    )
