"""Many workspaces in one database: what they cost is calculated from small ones, then played through and compared.

    python bench/many_workspaces.py --workspaces 1000 --people 500 --events 20000
    python bench/many_workspaces.py --workspaces 1000 --people 500 --events 20000 --url postgresql://…/an_empty_one

Unit costs come from 5,000 people in ten workspaces and in a hundred: what a run costs by itself, what each person in it
costs, what an event costs, and the bytes of each. The calculation is their sum; the check is the real
write path over as many workspaces as are named, in one process. Pages of `users.list` are served by another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import create_async_engine

from bot.ingest import Ingest
from bot.intake import Intake
from bot.runs.claim import Order
from bot.runs.runner import Runner, RunPace
from bot.simulator import Simulator
from bot.simulator.payloads import listed
from bot.slack import SlackClient, SlackClock, make_client, open_session
from db import Store
from db.engine import parse_url
from db.records import Workspace

Json = dict[str, Any]
SAMPLED = 5_000
"""People of whom the unit costs are taken, in ten workspaces and in a hundred."""
AT_ONCE = 200
"""Events under way at once, of workspaces taken at random."""


@dataclass(frozen=True)
class Plan:
    """So many workspaces of so many people, and so many changes among them."""

    workspaces: int
    people: int
    events: int

    def team(self, number: int) -> str:
        return f"T{self.people:05}X{number:06}"

    def user(self, number: int, person: int) -> str:
        return f"U{number:06}{person:05}"


@dataclass(frozen=True)
class Found:
    """What a plan cost: processor seconds of the product, and bytes of the database."""

    first_s: float
    quiet_s: float
    events_s: float
    wall_first_s: float
    wall_quiet_s: float
    wall_events_s: float
    people_bytes: int
    events_bytes: int
    peak_mib: float


def serve_pages() -> None:
    """Answer `users.list` for any workspace with its people, each time with the same, until killed."""
    crowd = [
        listed(user, locale=True) for _, user in islice(Simulator(crowd=5_000, seed=7).crowd.listed_from(0), 5_000)
    ]

    async def users_list(request: web.Request) -> web.Response:
        team_id = request.query["team_id"]
        people, number = (int(part) for part in team_id[1:].split("X"))
        plan = Plan(0, people, 0)
        members = [
            {**crowd[person % len(crowd)], "id": plan.user(number, person), "team_id": team_id}
            for person in range(people)
        ]
        return web.json_response({"ok": True, "members": members, "response_metadata": {"next_cursor": ""}})

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/api/users.list", users_list)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())


@contextmanager
def pages() -> Iterator[str]:
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().decode().strip()
    finally:
        server.kill()
        server.wait()


async def play(plan: Plan, url: str, port: str) -> Found:
    """Fill the workspaces, read them again, and let people change."""
    store = await Store.open(url)
    session = open_session()
    client = make_client(
        token="xoxb-bench", api_url=f"http://127.0.0.1:{port}/api/", proxy=None, session=session, clock=SlackClock()
    )
    empty = await size_of(url)
    first = await timed(lambda: read_all(plan, store, client))
    filled = await size_of(url)
    quiet = await timed(lambda: read_all(plan, store, client))
    before = await size_of(url)
    events = await timed(lambda: change_people(plan, store))
    after = await size_of(url)
    await session.close()
    await store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Found(first[0], quiet[0], events[0], first[1], quiet[1], events[1], filled - empty, after - before, peak)


async def read_all(plan: Plan, store: Store, client: SlackClient) -> None:
    """Make one run of each workspace, as its own service would: one after the other, at no pace of Slack's."""
    pace = RunPace(lists_a_minute=10**9, asks_a_minute=10**9)
    for number in range(plan.workspaces):
        async with store.transaction() as tx:
            await tx.workspaces.save_workspace(Workspace(plan.team(number), name=f"Company {number}"))
        runner = Runner(store, client, verb="bench", clock=lambda: datetime.now(UTC), pace=pace)
        finished = await runner.run(plan.team(number), Order(), on_start=lambda _: None)
        assert finished.run.seen == plan.people, finished.run


async def change_people(plan: Plan, store: Store) -> None:
    """Let people of all workspaces get new titles, many at once; each event is waited for until it is committed."""
    intake = Intake(Ingest(store, clock=lambda: datetime.now(UTC), on_gap=print, budget_s=60), SlackClock())
    dice, now = random.Random(7), int(time.time())  # noqa: S311 - the same people each time
    profiles = [user["profile"] for _, user in islice(Simulator(crowd=500, seed=7).crowd.listed_from(0), 500)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def change(event: int) -> None:
        number, person = dice.randrange(plan.workspaces), dice.randrange(plan.people)
        user = {"id": plan.user(number, person), "team_id": plan.team(number), "updated": now + event // 1000}
        user |= {"name": f"person{person}", "profile": {**profiles[person % 500], "title": f"Title {event}"}}
        payload = {
            "type": "event_callback",
            "event_id": f"Ev{event:09}",
            "team_id": plan.team(number),
            "authorizations": [{"team_id": plan.team(number)}],
            "event": {"type": "user_change", "event_ts": f"{now + event // 1000}.{event % 1000:06}", "user": user},
        }
        async with gate:
            outcome = await intake.take(payload)
        assert outcome.reason is None, outcome.reason

    await asyncio.gather(*(change(event) for event in range(plan.events)))


async def timed(do: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Tell the processor and the wall, in seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    await do()
    return time.process_time() - cpu, time.perf_counter() - wall


async def size_of(url: str) -> int:
    """Tell how large the database is; of a file, once its log is written into it."""
    engine = create_async_engine(parse_url(url))
    try:
        async with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                await connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
                return (await asyncio.to_thread(Path(str(engine.url.database)).stat)).st_size
            name = "pg_database_size(current_database())"
            size: int = (await connection.execute(sa.text(f"SELECT {name}"))).scalar_one()
            return size
    finally:
        await engine.dispose()


def in_its_own_process(plan: Plan, url: str, port: str) -> Found:
    """Play a plan where nothing was played before, so that its memory is its own."""
    told = json.dumps([plan.workspaces, plan.people, plan.events])
    done = subprocess.run([sys.executable, __file__, "--play", told, url, port], stdout=subprocess.PIPE, check=True)
    return Found(**json.loads(done.stdout.splitlines()[-1]))


def calculated(plan: Plan, few: tuple[Plan, Found], many: tuple[Plan, Found]) -> Json:
    """Sum the unit costs up, found from two samples of as many people in few workspaces and in many.

    A run costs something by itself and something for each person in it. An event costs something by itself, and
    something for its workspace unless another of the same one is committed with it.
    """

    def two(name: str, each: Callable[[Plan], tuple[float, float]]) -> tuple[float, float]:
        return solved(each(few[0]), each(many[0]), getattr(few[1], name), getattr(many[1], name))

    def runs_and_people(of: Plan) -> tuple[float, float]:
        return of.workspaces, of.workspaces * of.people

    def events_and_shares(of: Plan) -> tuple[float, float]:
        return of.events, of.events * share(of)

    of_runs = {name: (two(name, runs_and_people), runs_and_people) for name in ("first_s", "quiet_s", "people_bytes")}
    of_events = {name: (two(name, events_and_shares), events_and_shares) for name in ("events_s", "events_bytes")}
    every = {**of_runs, **of_events}
    return {
        "units": {name: [round(unit, 6) for unit in units] for name, (units, _) in every.items()},
        "sums": {name: units[0] * of(plan)[0] + units[1] * of(plan)[1] for name, (units, of) in every.items()},
    }


def share(plan: Plan) -> float:
    """Tell how many workspaces an event of a batch has to itself, on average: one of alone, hardly any of crowded."""
    return plan.workspaces * (1 - (1 - 1 / plan.workspaces) ** AT_ONCE) / AT_ONCE


def solved(one: tuple[float, float], two: tuple[float, float], is_one: float, is_two: float) -> tuple[float, float]:
    """Solve two equations of two unknowns."""
    by = one[0] * two[1] - two[0] * one[1]
    return (is_one * two[1] - is_two * one[1]) / by, (one[0] * is_two - two[0] * is_one) / by


def compare(plan: Plan, url: str | None) -> None:
    with pages() as port, tempfile.TemporaryDirectory() as room:

        def sample(name: str, workspaces: int) -> tuple[Plan, Found]:
            people = SAMPLED // workspaces
            small = Plan(workspaces, people, SAMPLED)
            address = f"sqlite:///{room}/{name}.sqlite3" if url is None else f"{url}_{name}"
            return small, in_its_own_process(small, address, port)

        few, many = sample("few", 10), sample("many", 100)
        told = calculated(plan, few, many)
        print("Unit costs, of a run and a person in it, of an event and its workspace:")
        print(json.dumps(told["units"], indent=2))
        found = in_its_own_process(plan, url or f"sqlite:///{room}/all.sqlite3", port)
    print(f"\n{plan.workspaces:,} workspaces of {plan.people} people, {plan.events:,} events:")
    print(f"{'':14}{'calculated':>14}{'played':>14}{'played ÷ calculated':>22}")
    for name, wanted in told["sums"].items():
        is_ = getattr(found, name)
        print(f"{name:14}{wanted:14,.1f}{is_:14,.1f}{is_ / wanted if wanted else 0:22.2f}")
    walls = {name: round(getattr(found, name), 1) for name in ("wall_first_s", "wall_quiet_s", "wall_events_s")}
    print(f"peak memory {found.peak_mib:.0f} MiB (ten workspaces: {few[1].peak_mib:.0f}); {json.dumps(walls)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspaces", type=int, default=1000)
    parser.add_argument("--people", type=int, default=500, help="of each; at most 999, so that a page holds them")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--url", help="an empty database; beside it NAME_few and NAME_many have to be there, empty")
    given = parser.parse_args()
    compare(Plan(given.workspaces, given.people, given.events), given.url)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve_pages()
    elif sys.argv[1:2] == ["--play"]:
        wanted = Plan(*json.loads(sys.argv[2]))
        print(json.dumps(vars(asyncio.run(play(wanted, sys.argv[3], sys.argv[4])))))
    else:
        main()
