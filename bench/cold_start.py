"""From a start to the first page, and what an idle process holds: usersync beside the least page app, on the same file.

    python bench/cold_start.py --people 1000 --starts 5

A pretend Slack fills a SQLite file through `usersync resync`; each program is then started on it several times, in
turn, and killed. Told are the seconds from the start of the process to the last byte of its first page, asked for as
soon as the port answers, and its memory in MiB (PSS) once it is idle: for usersync when both sockets are open and the
pass over Slack that every start makes has ended; and once more after it has served some pages. `verbs` are seconds of
`usersync --help`. Needs Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOOR = ROOT / "bench" / "floors" / "page_floor.py"
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).parent))

from lines import Line, heading, medians, show  # noqa: E402 - found by the lines above

from bot.simulator import Simulator  # noqa: E402

SETTLES_S = 5
"""After the last that had to happen; what is let go of later is not counted as gone."""
ASKS_EVERY_S = 0.005
PAGES = 500
"""Served between the two looks at its memory."""
Command = tuple[str, ...]
Figures = dict[str, float]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def pss_mib(process_id: int) -> float:
    text = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB$", text, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


@contextlib.asynccontextmanager
async def running(*command: str, env: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start it with what it says unheard; kill it at the end."""
    unheard = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=env, cwd="/", stdout=unheard, stderr=unheard
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def first_page(port: int, process: asyncio.subprocess.Process) -> None:
    """Ask until the port answers; raises what is wrong with an answer."""
    while process.returncode is None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(ASKS_EVERY_S)
            continue
        answer = await page(reader, writer)
        assert answer.count(b"/users/T") >= 20, "a page without people"
        return
    raise AssertionError(f"it ended with {process.returncode}")


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Read the first page whole, and hang up."""
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    answer = await reader.read(-1)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:300]
    return answer


async def usersync_is_idle(slack: Simulator, passes: int) -> None:
    """Wait until it has its sockets, and its pass over everybody was answered."""
    await slack.connected(2, timeout=60)
    async with asyncio.timeout(60):
        while len(slack.calls("users.list")) <= passes:  # noqa: ASYNC110 - it rings no bell
            await asyncio.sleep(0.1)


async def one_start(command: Command, env: Mapping[str, str], port: int, slack: Simulator | None) -> Figures:
    passes = len(slack.calls("users.list")) if slack else 0
    began = time.perf_counter()
    async with running(*command, env=env) as process:
        await first_page(port, process)
        took = time.perf_counter() - began
        if slack:
            await usersync_is_idle(slack, passes)
        await asyncio.sleep(SETTLES_S)
        idle_mib = pss_mib(process.pid)
        for _ in range(PAGES):
            await page(*await asyncio.open_connection("127.0.0.1", port))
        return {"start_s": took, "pss_mib": idle_mib, "pss_loaded_mib": pss_mib(process.pid)}


async def one_verb(env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    async with running("-m", "bot", "--help", env=env) as process:
        assert await process.wait() == 0
    return time.perf_counter() - began


def environment(slack: Simulator, file: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "DATABASE_URL": f"sqlite:///{file}",
        "USERSYNC_AUTH": "none",  # nor does the floor ask who you are
        "USERSYNC_PORT": str(port),
    }


def tell(who: str, found: list[Figures]) -> None:
    """Show the medians and the spread of one program."""
    columns = {name: [each[name] for each in found] for name in found[0]}
    words = (f"{name} {statistics.median(c):.2f} ({min(c):.2f} to {max(c):.2f})" for name, c in columns.items())
    print(f"{who:9}", "   ".join(words), file=sys.stderr, flush=True)


async def measure(people: int, starts: int) -> tuple[list[Figures], list[Figures], list[Figures]]:
    """Start both programs in turn so many times; gives the product's, the floor's, and the verbs'."""
    port = free_port()
    pairs, verbs = [], []
    with tempfile.TemporaryDirectory() as room:
        file = Path(room) / "usersync.sqlite3"
        async with Simulator(crowd=people) as slack:
            env = environment(slack, file, port)
            async with running("-m", "bot", "resync", env=env) as process:
                assert await process.wait() == 0
            ours: Command = ("-m", "bot", "serve")
            floor: Command = (str(FLOOR), "--database", str(file), "--port", str(port))
            await one_start(ours, env, port, slack)  # the first of all writes what later ones find
            for _ in range(starts):
                pairs.append((await one_start(ours, env, port, slack), await one_start(floor, env, port, None)))
                verbs.append({"help_s": await one_verb(env)})
    return [ours for ours, _ in pairs], [least for _, least in pairs], verbs


def lines(people: int, starts: int) -> Iterator[Line]:
    """Measure all starts, and tell their medians."""
    ours, least, verbs = asyncio.run(measure(people, starts))
    tell("usersync", ours)
    tell("floor", least)
    tell("verbs", verbs)
    us, floor = medians(ours), medians(least)
    yield Line(f"start to first page, {people:,} people; the least app", us["start_s"], floor["start_s"], 2, unit="s")
    yield Line("memory of the idle process (PSS); the least app", us["pss_mib"], floor["pss_mib"], 1.8, unit="MiB")
    loaded = us["pss_loaded_mib"], floor["pss_loaded_mib"]
    yield Line(f"memory after {PAGES} pages (PSS); the least app", *loaded, None, unit="MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--starts", type=int, default=5)
    given = parser.parse_args()
    print(heading())
    show(lines(given.people, given.starts))


if __name__ == "__main__":
    main()
