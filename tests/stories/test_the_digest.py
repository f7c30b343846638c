"""The weekly digest: who joined, moved and left, in the channel that asked for it; off until somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.digest import LONGEST_PAUSE_S, Digest
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db.posting import Place, Purpose
from db.records import Workspace
from db.visibility import Audience, Policy
from tests.conftest import QUICK
from tests.support.away import database_away
from tests.support.block_kit import check_message
from tests.support.waiting import eventually
from tests.support.words import answer_to

Start = Callable[..., Any]
HERE = "C0PEOPLE01"
POST = "chat.postMessage"
PUBLIC = "https://people.example.org"
SOON = timedelta(minutes=1)
LATER = timedelta(minutes=3)
"""More than the moment by which two digests overlap."""
WEEK = timedelta(days=7)


class Clock:
    """The host's time, and as far ahead as a test wants it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    """What both the service and Slack take for the time."""
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[Simulator]:
    """A pretend Slack that lives through weeks."""
    async with Simulator(clock=lambda: clock().timestamp(), ticket_lifetime=10 * WEEK.total_seconds()) as simulator:
        simulator.channels.opens("people", channel_id=HERE)
        yield simulator


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
async def service(slack: Simulator, ada: PretendUser, settings: Settings, start: Start, clock: Clock) -> Service:
    """A service that others reach and that looks often whether a digest is due."""
    reached = settings.model_copy(update={"public_url": PUBLIC, "visibility": {"phone": Audience.ADMINS}})
    service: Service = await start(reached, clock=clock)
    await eventually(lambda: service.runs.finished, of="the first run")
    return service


async def passes(service: Service, clock: Clock, ahead: timedelta) -> None:
    """Let time pass, and the service hear it from Slack; whose own word is what counts."""
    clock.ahead = ahead
    await service.house.client.auth_test()


def posted(slack: Simulator) -> list[dict[str, Any]]:
    return [
        check_message({key: each[key] for key in ("text", "blocks")}) for each in slack.board.messages.get(HERE, [])
    ]


async def posts(slack: Simulator, count: int) -> list[str]:
    """Wait for so many messages, the welcome among them."""
    await eventually(lambda: len(posted(slack)) == count, of=f"{count} messages")
    return [str(each["text"]) for each in posted(slack)]


async def asks(slack: Simulator, user: PretendUser, wish: str = "here") -> str:
    return await answer_to(await slack.types(user, f"/usersync digest {wish}", channel_id=HERE))


async def status(slack: Simulator, user: PretendUser) -> str:
    return await answer_to(await slack.types(user, "/usersync status"))


async def place_of(service: Service, slack: Simulator) -> Place:
    async with service.store.reading() as rx:
        (place,) = [each for each in await rx.places.list_places() if each.purpose is Purpose.DIGEST]
    assert slack.team_id == place.team_id
    return place


async def was_posted(service: Service, slack: Simulator) -> Place:
    """Wait until the table says that a digest was posted."""

    async def look() -> Place | None:
        place = await place_of(service, slack)
        return place if place.posted_at else None

    return await eventually(look, of="a note of the digest")


async def test_the_first_comes_at_once_and_the_next_one_in_a_week(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    mover, leaver = slack.joins("Mary Mover", title="Analyst"), slack.joins("Leo Leaver")
    await slack.eventually_acked()
    slack.changes(mover, title="Head of Data")
    slack.deactivates(leaver)
    await slack.eventually_acked()
    await passes(service, clock, LATER)

    told = await asks(slack, ada)
    _, first = await posts(slack, 2)
    assert f"A digest of each week goes to <#{HERE}>." in await status(slack, ada)

    assert "the first one in a moment, then every week at this time" in told
    assert "*Who is new, who moved and who left*, in the last 7 days" in first
    assert "*1 person joined*" in first
    assert f"• *<{PUBLIC}/users/{slack.team_id}/{mover.id}|Mary Mover>* · “Analyst” → “Head of Data” · <!date^" in first
    assert "*1 person left*" in first
    assert "<@" not in first

    before = await was_posted(service, slack)
    await passes(service, clock, LATER + WEEK - SOON)
    slack.joins("Nora New")
    await slack.eventually_acked()
    await service.house.digest.look()
    assert 2 == len(posted(slack))
    await passes(service, clock, LATER + WEEK + SOON)
    second = (await posts(slack, 3))[-1]

    assert "Nora New" in second
    assert "Mary Mover" not in second
    after = await place_of(service, slack)
    assert before.posted_at is not None
    assert before.posted_at + WEEK == after.posted_at, "the time of day stays"


async def test_it_is_off_until_somebody_asks_and_off_again_when_they_say_so(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    slack.joins("Nora New")
    await slack.eventually_acked()
    await service.house.digest.look()
    assert {} == slack.board.messages
    await asks(slack, ada)
    await posts(slack, 2)

    assert "No digest is posted any more" in await asks(slack, ada, "off")
    assert "does not go into this channel any more" in (await posts(slack, 3))[-1]
    await passes(service, clock, 2 * WEEK)
    slack.joins("Nils Next")
    await slack.eventually_acked()
    await service.house.digest.look()
    assert 3 == len(posted(slack))
    assert "digest" not in await status(slack, ada)


async def test_a_quiet_week_is_passed_over_and_a_pause_is_made_good(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    assert "Nobody joined, left or moved in the last 7 days" in (await posts(slack, 2))[-1]
    first = (await was_posted(service, slack)).posted_at
    assert first is not None

    await passes(service, clock, WEEK + SOON)

    async def is_passed() -> bool:
        return (await place_of(service, slack)).posted_at == first + WEEK

    await eventually(is_passed, of="the quiet week")
    assert 2 == len(posted(slack))
    async with service.store.transaction() as tx:  # as if nothing had run for a month
        await tx.places.put(replace(await place_of(service, slack), posted_at=first - 3 * WEEK))
    slack.joins("Nora New")
    await slack.eventually_acked()

    assert "in the last 28 days" in (await posts(slack, 3))[-1]


async def test_only_admins_decide(slack: Simulator, service: Service) -> None:
    grace = slack.joins("Grace Hopper")
    await slack.eventually_acked()

    assert "admins and owners" in await asks(slack, grace)
    assert {} == slack.board.messages


async def test_a_channel_without_the_app_is_refused_with_what_to_do(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.channels.opens("people", channel_id=HERE, has_app=False)

    told = await asks(slack, ada)

    assert told.startswith("Nothing was changed.")
    assert "/invite" in told
    async with service.store.reading() as rx:
        assert () == await rx.places.list_places()


async def test_while_slack_does_not_answer_it_waits_and_then_comes_once(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    slack.joins("Nora New")
    await slack.eventually_acked()
    slack.faults.fail("chat.postMessage", http_status=503, times=None)
    before = len(slack.calls(POST))
    await passes(service, clock, WEEK + SOON)
    await eventually(lambda: len(slack.calls(POST)) > before, of="a try")

    slack.faults.clear()

    assert "Nora New" in (await posts(slack, 3))[-1]
    await service.house.digest.look()
    assert 3 == len(posted(slack))


async def test_a_channel_that_is_archived_is_told_in_the_status_and_gets_its_digest_once_that_is_mended(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    channel = slack.channels.opens("people", channel_id=HERE)
    channel.is_archived = True
    slack.joins("Nora New")
    await slack.eventually_acked()
    await passes(service, clock, WEEK + SOON)

    await eventually(lambda: service.house.digest.trouble(HERE), of="the refusal")
    told = await status(slack, ada)
    assert f"<#{HERE}>. *The last one is not there yet:* That channel is archived." in told
    channel.is_archived = False
    await passes(service, clock, WEEK + SOON + timedelta(seconds=LONGEST_PAUSE_S))

    assert "Nora New" in (await posts(slack, 3))[-1]
    assert "not there yet" not in await status(slack, ada)


async def test_what_slack_may_have_taken_is_tried_once_more_and_no_oftener(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    slack.joins("Nora New")
    await slack.eventually_acked()
    slack.faults.fail("chat.postMessage", drop=True, times=None)
    before = len(slack.calls(POST))
    await passes(service, clock, WEEK + SOON)
    for pauses in range(4):
        await passes(service, clock, WEEK + SOON + pauses * timedelta(seconds=LONGEST_PAUSE_S))
        await service.house.digest.look()

    assert before + 2 == len(slack.calls(POST))
    assert service.house.digest.trouble(HERE)


async def test_a_token_that_is_refused_costs_no_digest(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    slack.joins("Nora New")
    await slack.eventually_acked()
    slack.revokes_token()
    before = len(slack.calls(POST))
    clock.ahead = WEEK + SOON
    with pytest.raises(SlackApiError):
        await service.house.client.auth_test()
    await service.house.digest.look()
    assert before == len(slack.calls(POST))

    slack.gives_token_back()
    await service.house.client.auth_test()

    assert "Nora New" in (await posts(slack, 3))[-1]


async def test_a_place_of_another_workspace_gets_nothing(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    async with service.store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T0OTHER"))
        await tx.places.put(Place("T0OTHER", Purpose.DIGEST, HERE))
    await service.house.digest.look()

    assert 2 == len(posted(slack))


@pytest.mark.parametrize("wish", [None, "C0ELSEWHERE"], ids=["off", "moved"])
async def test_a_place_that_changes_while_a_digest_is_written_gets_none(
    slack: Simulator, ada: PretendUser, service: Service, wish: str | None
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    before = await was_posted(service, slack)
    as_it_was = replace(before, posted_at=None)
    async with service.store.transaction() as tx:
        await tx.places.put(replace(as_it_was, channel_id=wish))
        is_ours = await tx.places.note_posted(as_it_was, at=before.posted_at)

    assert not is_ours


async def test_while_the_database_is_away_nothing_is_posted_and_nothing_breaks(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock, database_url: str
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    slack.joins("Nora New")
    await slack.eventually_acked()
    async with database_away(service, database_url):
        await passes(service, clock, WEEK + SOON)
        told = await asks(slack, ada, "off")
        assert 2 == len(posted(slack))

    assert "nothing was changed" in told
    assert "Nora New" in (await posts(slack, 3))[-1]


async def test_it_tells_what_everybody_may_see_and_calls_nobody(
    slack: Simulator, ada: PretendUser, settings: Settings, start: Start
) -> None:
    hidden = settings.model_copy(update={"visibility": {"title": Audience.ADMINS}})
    service: Service = await start(hidden)
    await eventually(lambda: service.runs.finished, of="the first run")
    joined = slack.joins("<!channel> *Boom*\n> quoted", title="Analyst")
    await slack.eventually_acked()
    slack.changes(joined, title="Head of Data")
    await slack.eventually_acked()

    await asks(slack, ada)
    first = (await posts(slack, 2))[-1]

    assert "&lt;!channel&gt; Boom &gt; quoted" in first
    assert "<!channel" not in first
    assert "Analyst" not in first
    assert "Head of Data" not in first


async def test_of_two_that_look_at_one_table_one_posts(
    slack: Simulator, ada: PretendUser, settings: Settings, start: Start, clock: Clock
) -> None:
    # A service that hardly looks by itself, so that both looks are the test's own.
    service: Service = await start(settings, clock=clock, pace=replace(QUICK, digest_look_every_s=3_600))
    await eventually(lambda: service.runs.finished, of="the first run")
    await asks(slack, ada)
    house = service.house
    twin = Digest(
        service.store,
        house.channels,
        team_id=lambda: slack.team_id,
        is_token_bad=lambda: False,
        policy=Policy(),
        base="",
        fields=(),
        clock=clock,
    )

    await asyncio.gather(house.digest.look(), twin.look())

    assert 2 == len(posted(slack))
    await asyncio.gather(house.digest.look(), twin.look())
    assert 2 == len(posted(slack))


async def test_who_joined_just_before_a_digest_and_was_told_of_just_after_it_is_in_the_next_one(
    slack: Simulator, ada: PretendUser, service: Service, clock: Clock
) -> None:
    await asks(slack, ada)
    await posts(slack, 2)
    place = await was_posted(service, slack)
    assert place.posted_at is not None
    slack.joins("Nora New")
    await slack.eventually_acked()
    async with service.store.transaction() as tx:  # as if the digest had gone out a minute after, before her event came
        await tx.places.put(replace(place, posted_at=place.posted_at + timedelta(minutes=1)))

    await passes(service, clock, WEEK + LATER)

    assert "Nora New" in (await posts(slack, 3))[-1]
