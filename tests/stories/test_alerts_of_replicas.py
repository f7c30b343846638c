"""Several services on one database: what all of them see is told once, and its end in the same message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.digest import Digest
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.channels import Channel
from bot.simulator.crowd import PretendUser
from db.posting import Purpose
from db.records import AlertKind
from tests.conftest import QUICK, settings_for
from tests.support.alerting import posts, resolved, texts, told
from tests.support.beside import are_calm, others_are_silent
from tests.support.engines import Migrated, a_database
from tests.support.killing import KILLED, killed, serving
from tests.support.receiver import Receiver, a_receiver
from tests.support.waiting import eventually

Start = Callable[..., Any]
LATE = replace(QUICK, sockets_may_take_s=60, rhythm=replace(QUICK.rhythm, retry_s=3, longest_retry_s=3))
"""Runs that fail are tried again once every process has seen it; connections may take long, for none is about them."""


@pytest.fixture
async def url(tmp_path: Path, migrated: Migrated) -> AsyncIterator[str]:
    """A server's database, which several may use."""
    async with a_database("postgresql", tmp_path, migrated) as url:
        yield url


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def ops(slack: Simulator) -> Channel:
    """A channel with the app in it."""
    return slack.opens_channel("ops")


@pytest.fixture
def settings(slack: Simulator, url: str, ops: Channel) -> Settings:
    """Settings of each of them."""
    return settings_for(slack, url).model_copy(update={"alert_channel": ops.id})


@pytest.fixture
async def two(start: Start, ada: PretendUser) -> list[Service]:
    """Two services, connected, with nothing left to read."""
    services = [await start(pace=LATE), await start(pace=LATE)]
    await are_calm(*services)
    return services


async def all_see(services: list[Service], kind: AlertKind, *, is_there: bool = True) -> None:
    """Wait until each knows of it, or none does any more, and has looked twice since."""

    def look() -> bool:
        return all(is_there is (kind in {alert.kind for alert in each.alerts.open}) for each in services)

    await eventually(look, within_s=40, of=f"{kind} seen by all" if is_there else f"no {kind} anywhere")
    looks = [each.alerts.looks for each in services]
    await eventually(
        lambda: all(each.alerts.looks >= n + 3 for each, n in zip(services, looks, strict=True)), of="further looks"
    )


def sends_unreadable(slack: Simulator) -> None:
    user = {"id": slack.adds().id, "profile": "none", "updated": slack.time.second()}
    slack.sends({"type": "user_change", "user": user, "event_ts": slack.time.stamp()})


async def drop_letters(service: Service) -> None:
    async with service.store.transaction() as tx:
        for letter in await tx.dead_letters.list_newest(50):
            await tx.dead_letters.resolve(letter.letter_id)


async def test_a_run_that_fails_is_told_once_however_many_see_it(
    slack: Simulator, two: list[Service], ops: Channel
) -> None:
    slack.faults.fail("users.list", error="fatal_error", times=None)
    two[0].runs.want("a test")
    begun = await told(slack, ops, ":red_circle: *A resync failed*")
    await all_see(two, AlertKind.RUN_FAILED)

    slack.faults.clear()
    await resolved(slack, ops, begun)
    await all_see(two, AlertKind.RUN_FAILED, is_there=False)

    assert 1 == len(posts(slack, ops))
    assert 1 == len(slack.calls("chat.postMessage"))


async def test_dead_letters_are_told_once_and_all_pages_say_so(
    slack: Simulator, two: list[Service], ops: Channel
) -> None:
    sends_unreadable(slack)
    begun = await told(slack, ops, "*Unreadable events*")
    await all_see(two, AlertKind.DEAD_LETTERS)
    said = [each.status().warnings for each in two]

    await drop_letters(two[0])
    await resolved(slack, ops, begun)
    await all_see(two, AlertKind.DEAD_LETTERS, is_there=False)

    assert all("1 unreadable event was put aside" in warnings[0] for warnings in said)
    assert 1 == len(slack.calls("chat.postMessage"))


async def test_a_refused_token_is_told_once_at_an_address_and_once_that_it_is_good_again(
    slack: Simulator, settings: Settings, start: Start, ada: PretendUser
) -> None:
    async with a_receiver() as receiver:
        wanted = settings.model_copy(update={"alert_channel": None, "alert_urls": (SecretStr(receiver.url),)})
        services = [await start(wanted, pace=LATE), await start(wanted, pace=LATE)]
        await are_calm(*services)
        slack.revokes_token()
        for each in services:
            await each.introduction.ask()
        await all_see(services, AlertKind.TOKEN)
        await eventually(lambda: told_there(receiver), within_s=20, of="the address")

        slack.gives_token_back()
        services[0].runs.want("a test")
        await all_see(services, AlertKind.TOKEN, is_there=False)
        await eventually(lambda: "Resolved after" in told_there(receiver)[-1], within_s=20, of="its end")

        assert "usersync: Slack refuses a token" == told_there(receiver)[0]
        assert 2 == len(told_there(receiver))


def told_there(receiver: Receiver) -> list[str]:
    """What the address heard of the token."""
    return [title for title in receiver.titles if "Slack refuses a token" in title]


async def test_whoever_told_it_is_killed_and_the_other_tells_the_end_in_the_same_message(
    slack: Simulator, settings: Settings, start: Start, url: str, ops: Channel, tmp_path: Path, ada: PretendUser
) -> None:
    async with serving(slack, url, tmp_path, USERSYNC_ALERT_CHANNEL=ops.id) as program:
        await slack.connected(2, timeout=60)
        sends_unreadable(slack)
        begun = await told(slack, ops, "*Unreadable events*", within_s=60)
        other: Service = await start(pace=LATE)
        await eventually(lambda: AlertKind.DEAD_LETTERS in other.alerts.joined, within_s=40, of="what it joined")
        assert KILLED == await killed(program)
    await others_are_silent(other.store, other.alerts._instance)

    await eventually(lambda: [each.kind for each in other.alerts.own], within_s=20, of="what it took over")
    await drop_letters(other)
    await resolved(slack, ops, begun)

    assert 1 == len(slack.calls("chat.postMessage"))


async def test_whoever_told_it_ends_and_the_other_goes_on_in_the_same_message(
    slack: Simulator, settings: Settings, start: Start, ops: Channel, ada: PretendUser
) -> None:
    async with Service(settings, pace=LATE) as first:
        await are_calm(first)
        sends_unreadable(slack)
        begun = await told(slack, ops, "*Unreadable events*")
        other: Service = await start(pace=LATE)
        await eventually(lambda: AlertKind.DEAD_LETTERS in other.alerts.joined, within_s=40, of="what it joined")
    sends_unreadable(slack)

    await told(slack, ops, "2 unreadable events")
    await drop_letters(other)
    await resolved(slack, ops, begun)

    assert 1 == len(slack.calls("chat.postMessage"))


async def test_a_place_that_is_typed_at_one_is_where_the_other_tells(
    slack: Simulator, two: list[Service], ops: Channel, ada: PretendUser
) -> None:
    elsewhere = slack.opens_channel("elsewhere")
    await two[0].house.places.of(Purpose.ALERTS).set_place(slack.team_id, elsewhere.id, ada.id)
    await eventually(
        lambda: two[1].house.places.find(slack.team_id, Purpose.ALERTS) == elsewhere.id, of="the place at the other"
    )
    sends_unreadable(slack)

    await told(slack, elsewhere, "*Unreadable events*")
    await all_see(two, AlertKind.DEAD_LETTERS)

    assert 1 == len([text for text in texts(slack, elsewhere) if "Unreadable events" in text])


async def test_of_two_services_one_posts_the_digest(slack: Simulator, two: list[Service], ada: PretendUser) -> None:
    team = slack.opens_channel("team")
    await two[1].house.places.of(Purpose.DIGEST).set_place(slack.team_id, team.id, ada.id)
    await eventually(lambda: len(texts(slack, team)) >= 2, within_s=20, of="the first digest")
    digests: list[Digest] = [each.house.digest for each in two]
    await asyncio.gather(*(each.look() for each in digests))

    assert 2 == len(texts(slack, team)), "the welcome, and one digest"
