"""The stream: what it tells, where it goes on, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette

from db import Sight, Store, record
from db.records import Observation, Position, Source, Workspace
from tests.support.html import read
from tests.support.waiting import eventually
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from web.census import Census
from web.frames import Telling, View
from web.live import Live
from web.positions import BadPosition, decode, encode

LISBON = ZoneInfo("Europe/Lisbon")
EVERYTHING = Sight(sees_contact_of_gone=True)


@asynccontextmanager
async def following(live: Live) -> AsyncIterator[None]:
    run = asyncio.create_task(live.run(), name="live")
    try:
        yield
    finally:
        await live.close()
        async with asyncio.timeout(12):
            await run


async def position_of(store: Store) -> Position:
    async with store.reading() as rx:
        return await rx.workspaces.find_position()


async def next_frame(stream: AsyncIterator[bytes]) -> dict[str, str]:
    """Read the next message, passing over what only gives a place or keeps the line open."""
    async with asyncio.timeout(12):
        async for frame in stream:
            lines = [line.partition(": ")[::2] for line in frame.decode().strip().split("\n")]
            data = "\n".join(value for name, value in lines if name == "data")
            if data:
                return {**dict(lines), "data": data}
    raise AssertionError("the stream has ended")


@pytest.fixture
def live(app: Starlette) -> Live:
    found: Live = app.state.live
    return found


async def test_a_change_is_told_to_whoever_listens(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada", title="Analyst")
    async with following(live):
        stream = live.stream(View.CHANGES, None, await position_of(store), sight=EVERYTHING)
        assert (await anext(stream)).startswith(b"id: ")
        await slack.says("U1", title="CTO")

        told = json.loads((await next_frame(stream))["data"])

    assert (TEAM, "U1", ["title"], "event") == tuple(told[name] for name in ("team_id", "user_id", "fields", "source"))
    assert {"team_id", "user_id", "rev", "seq", "fields", "at", "source"} == told.keys()


async def test_who_comes_after_all_others_left_is_told_how_things_are_by_now(
    live: Live, slack: Slack, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada")
    first = await first_words(live)
    clock.passes(hours=2)
    async with following(live):
        await asyncio.sleep(0)  # it has looked once, and nobody was there
        later = await first_words(live)

    assert first != later


async def first_words(live: Live) -> str:
    """Open a page's stream, and leave as soon as it has told how things are."""
    stream = live.stream(View.DIRECTORY, None, None, sight=EVERYTHING)
    told = await next_frame(stream)
    await stream.aclose()
    return told["data"]


async def test_a_reader_goes_on_behind_its_last_id(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada")
    start = await position_of(store)
    for title in ("one", "two", "three"):
        await slack.says("U1", title=title)
    async with following(live):
        first = await next_frame(live.stream(View.CHANGES, None, start, sight=EVERYTHING))
        rest = live.stream(View.CHANGES, None, decode(first["id"]), sight=EVERYTHING)
        revs = [json.loads(each["data"])["rev"] for each in (await next_frame(rest), await next_frame(rest))]

    assert [json.loads(first["data"])["rev"] + 1, json.loads(first["data"])["rev"] + 2] == revs


async def test_what_changes_before_the_log_is_first_looked_at_is_told_to_who_came_before_that(
    live: Live, slack: Slack
) -> None:
    stream = live.stream(View.CHANGES, None, None, sight=EVERYTHING)
    await anext(stream)
    await slack.says("U1", real_name="Ada")
    async with following(live):
        told = await next_frame(stream)

    assert '"U1"' in told["data"]


async def test_nothing_is_told_twice_or_left_out_around_the_replay(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada")
    start = await position_of(store)
    async with following(live):
        stream = live.stream(View.CHANGES, None, start, sight=EVERYTHING)
        reading = asyncio.create_task(_collect(stream, 20))
        for number in range(20):
            await slack.says("U1", title=f"title {number}")
        revs = await reading

    assert list(range(revs[0], revs[0] + 20)) == revs


async def _collect(stream: AsyncIterator[bytes], count: int) -> list[int]:
    return [json.loads((await next_frame(stream))["data"])["rev"] for _ in range(count)]


async def test_a_backfill_and_a_lost_position_are_told_as_reset(live: Live, slack: Slack, store: Store) -> None:
    start = await position_of(store)
    await slack.shows({"id": "U1", "real_name": "Ada"})

    assert "reset" == (await next_frame(live.stream(View.CHANGES, None, start, sight=EVERYTHING)))["event"]
    assert "reset" == (await next_frame(live.stream(View.CHANGES, None, None, is_lost=True, sight=EVERYTHING)))["event"]


async def test_a_position_older_than_what_is_kept_is_told_as_reset(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada")
    start = await position_of(store)
    await slack.says("U1", title="CTO")
    async with store.transaction() as tx:
        await tx.workspaces.set_kept_from([TEAM], "changes_from_rev", (await position_of(store)).marks[TEAM][0])

    assert "reset" == (await next_frame(live.stream(View.CHANGES, None, start, sight=EVERYTHING)))["event"]


async def test_the_page_gets_row_sentence_and_freshness(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada <b>", title="Analyst", tz="Europe/Paris")
    start = await position_of(store)
    await slack.says("U1", title="CTO")

    part = read((await next_frame(live.stream(View.DIRECTORY, LISBON, start, sight=EVERYTHING)))["data"])

    row = part.one("li", id=f"u-{TEAM}-U1")
    assert ("outerMorph", "Ada <b>") == (row.attributes["hx-swap-oob"], row.one("a", class_="name").text)
    assert "17:42 working hours , 1 h ahead" == row.one("div", class_="time").text
    assert "Ada <b> is now CTO" == part.one("p", class_="news-words").text
    assert "Live" == part.one(id="dot").text
    assert "As of" in part.one(id="fresh").text


async def test_of_externals_and_bots_the_page_gets_the_row_and_no_sentence(
    live: Live, slack: Slack, store: Store
) -> None:
    start = await position_of(store)
    await slack.says("U2", real_name="Foreign Joiner", is_stranger=True, joined=True)
    await slack.says("U3", real_name="Robot", is_bot=True)
    stream = live.stream(View.DIRECTORY, LISBON, start, sight=EVERYTHING)

    for name in ("Foreign Joiner", "Robot"):
        data = (await next_frame(stream))["data"]
        assert name in data
        assert "#news" not in data


async def test_an_erased_user_is_named_to_nobody(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada")
    start = await position_of(store)
    await slack.says("U1", is_forgotten=True)
    async with following(live):
        told = await next_frame(live.stream(View.DIRECTORY, None, start, sight=EVERYTHING))

    assert "Ada" not in told["data"]
    assert "delete" == read(told["data"]).one("li", id=f"u-{TEAM}-U1").attributes["hx-swap-oob"]


async def test_a_page_that_missed_very_much_starts_again(live: Live, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada")
    start = await position_of(store)
    for number in range(501):
        await slack.says("U1", title=str(number))

    assert "reset" == (await next_frame(live.stream(View.DIRECTORY, None, start, sight=EVERYTHING)))["event"]


async def test_a_reader_who_lags_is_dropped_and_holds_up_nobody(
    store: Store, slack: Slack, app: Starlette, service: Service, clock: Clock
) -> None:
    telling = Telling(templates=app.state.window.templates, clock=clock, status=service, census=Census())
    live = Live(store=store, bell=store.bell, telling=telling, census=Census(), queue_size=4)
    await slack.says("U1", real_name="Ada")
    async with following(live):
        slow = live.stream(View.CHANGES, None, None, sight=EVERYTHING)
        await anext(slow)
        quick = live.stream(View.CHANGES, None, None, sight=EVERYTHING)
        await anext(quick)
        for number in range(8):
            await slack.says("U1", title=str(number))
            await next_frame(quick)

        assert 1 == live.readers
        assert [] == [frame async for frame in slow]


async def test_when_the_connection_to_slack_is_lost_open_pages_learn_it(
    live: Live, slack: Slack, service: Service
) -> None:
    async with following(live):
        stream = live.stream(View.DIRECTORY, LISBON, None, sight=EVERYTHING)
        assert "Live" == read((await next_frame(stream))["data"]).one(id="dot").text
        service.is_now(sockets=0)
        words = "Live"
        while words == "Live":  # the follower's first look may still be told to whoever came before it
            words = read((await next_frame(stream))["data"]).one(id="dot").text

        assert "Offline since 16:41" == words


async def test_closing_ends_every_stream_at_once(live: Live, slack: Slack) -> None:
    async with following(live):
        stream = live.stream(View.CHANGES, None, None, sight=EVERYTHING)
        await anext(stream)
        reading = asyncio.create_task(_collect_all(stream))
        await live.close()
        async with asyncio.timeout(12):
            assert [] == await reading

    assert 0 == live.readers


async def _collect_all(stream: AsyncIterator[bytes]) -> list[bytes]:
    return [frame async for frame in stream]


async def test_over_the_wire_an_id_resumes_and_nonsense_resets(app: Starlette, slack: Slack, store: Store) -> None:
    await slack.says("U1", real_name="Ada")
    start = encode(await position_of(store))
    await slack.says("U1", title="CTO")
    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        async with client.stream("GET", "/live", headers={"Last-Event-ID": start}) as answer:
            assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
            assert "content-encoding" not in answer.headers
            assert ["title"] == json.loads(await _data(answer))["fields"]
        async with client.stream("GET", "/live", headers={"Last-Event-ID": "nonsense"}) as answer:
            assert "{}" == await _data(answer)
        await eventually(lambda: app.state.live.readers == 0, of="every stream closed")


async def _data(answer: httpx.Response) -> str:
    async with asyncio.timeout(12):
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                return line.removeprefix("data: ")
    raise AssertionError("the stream has ended")


@pytest.mark.parametrize("text", ["", "%", "e30x", "W10", "eyJUIjpbMV19", "eyJUIjpbLTEsMV19", "x" * 5000, "é"])
def test_only_positions_of_ours_are_read(text: str) -> None:
    with pytest.raises(BadPosition):
        decode(text)


def test_a_position_survives_its_text() -> None:
    position = Position({"T2": (2**62, 0), "T1": (3, 2**31 - 1)})

    assert position == decode(encode(position))


async def test_a_question_for_the_head_alone_ends(client: httpx.AsyncClient, app: Starlette) -> None:
    async with asyncio.timeout(12):
        answer = await client.head("/live")

    assert (200, b"") == (answer.status_code, answer.content)
    assert 0 == app.state.live.readers


async def test_a_reader_hears_nothing_of_workspaces_that_they_do_not_see(
    live: Live, slack: Slack, store: Store
) -> None:
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T0OTHER", "Other"))
    start = await position_of(store)
    await says_elsewhere(store, slack, "before")
    sight = Sight(frozenset({TEAM}))
    async with following(live):
        stream = live.stream(View.CHANGES, None, start, sight=sight)
        frames = [await anext(stream)]
        await says_elsewhere(store, slack, "meanwhile")
        await slack.says("U1", real_name="Ada")
        frames.append(await anext(stream))

    assert [{TEAM}, {TEAM}] == [set(decode(_id(frame)).marks) for frame in frames]
    assert [b"data", b'"U1"'] == [word for word in (b"data", b'"U1"', b"T0OTHER") if word in b"".join(frames)]


async def test_a_change_that_a_sight_does_not_let_through_only_moves_the_place(
    live: Live, slack: Slack, store: Store
) -> None:
    await slack.says("U1", real_name="Ada", phone="1")
    start = await position_of(store)
    await slack.says("U1", phone="2")
    sight = Sight(hidden=frozenset({"phone"}))
    async with following(live):
        for view in View:
            replayed = await anext(live.stream(view, None, start, sight=sight))
            stream = live.stream(view, None, None, sight=sight)
            place = decode(_id(await anext(stream)))
            await slack.says("U1", phone=f"3 {view}")
            told = await anext(stream)
            while b"id: " not in told:  # a heartbeat
                told = await anext(stream)

            assert (1, 1) == (replayed.count(b"\n\n"), told.count(b"\n\n"))
            assert b"data" not in replayed + told
            assert decode(_id(told)).marks[TEAM] > place.marks[TEAM]


async def says_elsewhere(store: Store, slack: Slack, title: str) -> None:
    moment = int(slack.clock().timestamp())
    seen = Observation("T0OTHER", "U9", {"title": title, "deleted": False}, moment, len(title), Source.EVENT)
    async with store.transaction() as tx:
        await record(tx, "T0OTHER", [seen], now=slack.clock())
        tx.rings()


def _id(frame: bytes) -> str:
    return frame.decode().partition("id: ")[2].partition("\n")[0]
