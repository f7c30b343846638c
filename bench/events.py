"""The live path against its floors: how many events a second, and how long until a row and an open page know.

    python bench/events.py --rounds 3

A sender in this process speaks Socket Mode to one of three programs, each a process of its own over a new SQLite file:
the product as it is served, `floors/event_floor.py` (group commit without Bolt) and `floors/bolt_floor.py` (Bolt, which
acks first and commits one by one). Every event gives somebody another title, so the search index moves with each.

The product and the first floor ack only after a durable commit, so the time of an ack stands for the commit's and is
never earlier. The second floor's acks say nothing: its rows are counted in the file. Only ratios of one run mean
anything; medians of the rounds are printed. `--profile COMMAND` is given the product's process id during the burst.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import html
import json
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parent))

from lines import Line, heading, medians, show
from sender import APP_TOKEN, BOT_TOKEN, WORD, People, Sender

HERE = Path(__file__).parent
PATIENCE_S = 60
WARM_UP = 300
"""Events before the first figure: the first of each kind costs what no other does."""
FIRST_PAGES = 200
Figures = dict[str, float]


@dataclass(frozen=True)
class Given:
    """What was asked for on the command line."""

    rounds: int
    people: int
    burst: int
    window: int
    steady: int
    pace: float
    profile: str | None


@contextlib.asynccontextmanager
async def running(*command: str, room: Path, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program with nothing in its environment but what it needs; its words go to a file."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE.parent), **more}
    with (room / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, cwd=room, stdout=output, stderr=asyncio.subprocess.STDOUT
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def until(met: Callable[[], bool], of: str) -> None:
    """Look every 20 ms until something is so. Raises TimeoutError with its name."""
    last_try = time.monotonic() + PATIENCE_S
    while not met():
        if time.monotonic() > last_try:
            raise TimeoutError(of)
        await asyncio.sleep(0.02)


def percentile(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[min(len(seconds) - 1, len(seconds) * percent // 100)]


def latency(name: str, seconds: list[float]) -> Figures:
    """Tell milliseconds."""
    return {
        f"{name} p50": percentile(seconds, 50) * 1000,
        f"{name} p99": percentile(seconds, 99) * 1000,
        f"{name} max": max(seconds) * 1000,
    }


async def product(given: Given) -> Figures:
    """Measure the service as it is served."""
    sender = Sender(await asyncio.to_thread(People, given.people))
    await sender.start()
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": sender.api_url,
            "DATABASE_URL": f"sqlite:///{room}/usersync.sqlite3",
            "USERSYNC_PORT": "0",
            "USERSYNC_AUTH": "none",
        }
        async with running("-m", "bot", "serve", room=room, **settings) as process:
            try:
                figures = await _measure(sender, room, process.pid, given)
            except BaseException:
                print((room / "output").read_text()[-4000:], file=sys.stderr)
                raise
    await sender.stop()
    return figures


async def _measure(sender: Sender, room: Path, process_id: int, given: Given) -> Figures:
    url = await _address(room)
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=None)) as browser:
        await until(lambda: sender.sockets == 2, "two connections")
        await _calm(sender, browser)
        await sender.burst(WARM_UP, window=given.window)
        async with _profiled(given.profile, process_id):
            figures = {"events a second": given.burst / await sender.burst(given.burst, window=given.window)}
        figures |= latency("row", await sender.steady(given.steady, a_second=given.pace))
        figures |= latency("row in a quiet pass", await _during_a_pass(sender, browser, given))
        sender.people.change_quietly()
        figures |= latency("row in a pass of changes", await _during_a_pass(sender, browser, given))
        figures |= latency("first page", await _first_pages(browser))
        figures |= latency("told", await _told(sender, browser, given))
    return figures


async def _address(room: Path) -> str:
    def printed() -> re.Match[str] | None:
        return re.search(r"http://[\w.]+:\d+", (room / "output").read_text())

    await until(lambda: printed() is not None, "the address")
    found = printed()
    assert found is not None
    return found[0]


async def _calm(sender: Sender, browser: aiohttp.ClientSession) -> None:
    """Wait until the first pass is over, and no other has begun since the last connection was opened."""
    last_try = time.monotonic() + PATIENCE_S
    calm_since = time.monotonic()
    while time.monotonic() - calm_since < 4:
        async with browser.get("/metrics") as answer:
            is_busy = "usersync_run_in_progress 1" in await answer.text()
        if is_busy or not sender.last_listed:
            calm_since = time.monotonic()
        if time.monotonic() > last_try:
            raise TimeoutError("the first pass")
        await asyncio.sleep(0.2)


async def _during_a_pass(sender: Sender, browser: aiohttp.ClientSession, given: Given) -> list[float]:
    """Have everybody read anew, and send events at the usual pace until the last page is asked for and written."""
    passes, lists = sender.last_listed, sender.lists
    await sender.command("resync")
    await until(lambda: sender.lists > lists, "the first page of a pass")
    found: list[float] = []
    while sender.last_listed == passes or time.perf_counter() - sender.listed_at < 1:
        found += await sender.steady(int(given.pace / 4), a_second=given.pace)
    await _calm(sender, browser)
    return found


async def _first_pages(browser: aiohttp.ClientSession) -> list[float]:
    found = []
    for _ in range(FIRST_PAGES):
        begun = time.perf_counter()
        async with browser.get("/") as answer:
            await answer.read()
        found.append(time.perf_counter() - begun)
    return found


async def _told(sender: Sender, browser: aiohttp.ClientSession, given: Given) -> list[float]:
    """Keep a page open; tell the seconds from each event's sending until its title is on the page's stream."""
    async with browser.get("/") as answer:
        found = re.search(r'hx-sse:connect="([^"]+)"', await answer.text())
        assert found is not None
    seen: dict[str, float] = {}
    async with browser.get(html.unescape(found[1])) as stream:
        reader = asyncio.create_task(_read(stream, seen))
        known = len(sender.sent)
        await sender.steady(given.steady, a_second=given.pace)
        sent = list(sender.sent.items())[known:]
        await until(lambda: reader.done() or all(number in seen for number, _ in sent), "events told to a page")
        reader.cancel()
    return [seen[number] - at for number, at in sent]


async def _read(stream: aiohttp.ClientResponse, seen: dict[str, float]) -> None:
    title = re.compile(rf"{WORD} (\d+)".encode())
    async for line in stream.content:
        for number in title.findall(line):
            seen.setdefault(number.decode(), time.perf_counter())


@contextlib.asynccontextmanager
async def _profiled(command: str | None, process_id: int) -> AsyncIterator[None]:
    profiler = await asyncio.create_subprocess_shell(f"{command} {process_id}") if command else None
    yield
    if profiler is not None:
        await profiler.wait()


async def event_floor(given: Given) -> Figures:
    """Measure group commit without Bolt."""
    sender = Sender(await asyncio.to_thread(People, given.people))
    await sender.start()
    with tempfile.TemporaryDirectory() as folder:
        script, file = str(HERE / "floors" / "event_floor.py"), f"{folder}/floor.sqlite3"
        async with running(script, file, sender.api_url, room=Path(folder)):
            await until(lambda: sender.sockets == 1, "a connection")
            await sender.burst(WARM_UP, window=given.window)
            figures = {"events a second": given.burst / await sender.burst(given.burst, window=given.window)}
            figures |= latency("row", await sender.steady(given.steady, a_second=given.pace))
    await sender.stop()
    return figures


async def bolt_floor(given: Given) -> Figures:
    """Measure Bolt, committing one by one; fewer events tell it, for it is slow."""
    sender = Sender(await asyncio.to_thread(People, given.people))
    await sender.start()
    events = min(given.burst // 2, len(sender.people) - WARM_UP)
    with tempfile.TemporaryDirectory() as folder:
        script, file = str(HERE / "floors" / "bolt_floor.py"), Path(folder) / "floor.sqlite3"
        async with running(script, str(file), sender.api_url, room=Path(folder)):
            await until(lambda: sender.sockets == 1, "a connection")
            with contextlib.closing(sqlite3.connect(file)) as books:
                await sender.burst(WARM_UP, window=given.window)
                await until(lambda: _written(books) == WARM_UP, "the first rows")
                took_s = await sender.burst(events, window=given.window)
                acked_at = time.perf_counter()
                await until(lambda: _written(books) == WARM_UP + events, "rows")
                took_s += time.perf_counter() - acked_at
    await sender.stop()
    return {"events a second": events / took_s}


def _written(books: sqlite3.Connection) -> int:
    """Count the people whom an event has reached; each has had one at most."""
    found: tuple[int] = books.execute("SELECT count(*) FROM users WHERE title LIKE ?", (f"{WORD} %",)).fetchone()
    return found[0]


def table(product: Figures, group: Figures, bolt: Figures, pace: float) -> list[Line]:
    rate, page_s = "events a second", product["row p99"] + product["first page p99"]
    lines = [
        Line(
            "events acked a second, group commit as floor", product[rate], group[rate], 0.35, at_most=False, unit="/s"
        ),
        Line("events committed a second, Bolt as floor", product[rate], bolt[rate], 3, at_most=False, unit="/s"),
        Line(f"sent to row at {pace:g} a second, p50", product["row p50"], group["row p50"], 2),
        Line(f"sent to row at {pace:g} a second, p99", product["row p99"], group["row p99"], 2),
    ]
    for kind in ("a quiet pass", "a pass of changes"):
        mine = f"row in {kind}"
        lines += [
            Line(f"sent to row in {kind}, p99, at rest as floor", product[f"{mine} p99"], product["row p99"], 10),
            Line(f"sent to row in {kind}, p99, a second as floor", product[f"{mine} p99"], 1000, 1),
            Line(f"slowest ack in {kind}, three seconds as floor", product[f"{mine} max"], 3000, 1),
        ]
    return [*lines, Line("sent to told on a page, p99, row and page as floor", product["told p99"], page_s, 2)]


async def measure(given: Given) -> list[Line]:
    """Measure the product and both floors in turns; tell the medians of all rounds."""
    programs = {"product": product, "group commit": event_floor, "Bolt": bolt_floor}
    found: dict[str, list[Figures]] = {name: [] for name in programs}
    for _ in range(given.rounds):
        for name, program in programs.items():
            figures = await program(given)
            found[name].append(figures)
            told = {"who": name, **{key: round(each, 1) for key, each in figures.items()}}
            print(json.dumps(told), file=sys.stderr, flush=True)
    return table(*(medians(found[name]) for name in programs), given.pace)


def arguments() -> Given:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=int, default=15_000)
    parser.add_argument("--burst", type=int, default=4000, help="events of the first figure")
    parser.add_argument("--window", type=int, default=400, help="of those unacked at most")
    parser.add_argument("--steady", type=int, default=1600, help="events of each of the others")
    parser.add_argument("--pace", type=float, default=200, help="events a second of those")
    parser.add_argument("--profile", help="a command that profiles the process whose id it is given last")
    return Given(**vars(parser.parse_args()))


if __name__ == "__main__":
    given = arguments()
    print(heading())
    show(asyncio.run(measure(given)))
