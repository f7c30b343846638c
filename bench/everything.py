"""All parts in one run: usersync beside its floors and peers, as tables of ratios.

    make bench
    make bench ARGS="--users 100000 --rounds 3 --only passes pages"
    make bench ARGS="--million --to docs/performance.md"
    python bench --quick --users 1200 --rounds 1       shows that everything works; its figures mean nothing

Only ratios mean anything, and only within one part: both sides of a line were measured in turns. Figures are medians of
the rounds. A target that is missed is said to be missed; what could not be measured is said in its place.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import cold_start
import events
import memory
import on_postgresql
import paced
import page_times
import passes
from asking import QUICK, USUAL
from lines import Figures, Line, NotMeasured, Row, heading, show
from machine import machine
from memory import MILLION
from peer_venvs import VENVS
from report import measured, write

PARTS = ("passes", "pace", "memory", "postgresql", "events", "pages", "start")


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for on the command line."""

    users: int
    rounds: int
    million: bool
    quick: bool
    only: list[str]
    postgresql: str | None
    room: Path
    peers: Path | None
    to: Path | None

    @property
    def sizes(self) -> list[int]:
        return [self.users, *([MILLION] if self.million else [])]

    @property
    def command(self) -> str:
        """Tell what makes the same figures; where things are kept does not matter, and an address has a password."""
        flags = [f"--{name}" for name in ("million", "quick") if getattr(self, name)]
        words = ["--users", str(self.users), "--rounds", str(self.rounds), *flags]
        return f'make bench ARGS="{" ".join(words)}"'


@dataclass(frozen=True, slots=True)
class Part:
    """One table, and about how many minutes it takes on two idle processors."""

    title: str
    minutes: float
    rows: Callable[[Given], Iterator[Row]]


def pass_rows(given: Given) -> Iterator[Row]:
    yield from passes.lines(given.users, given.rounds, given.room, given.peers)


def pace_rows(given: Given) -> Iterator[Row]:
    yield from paced.lines(min(given.users, paced.USERS), given.room)


def memory_rows(given: Given) -> Iterator[Row]:
    yield from memory.lines([given.users // 10, *given.sizes], given.rounds, given.room)
    if not given.million:
        yield NotMeasured(f"peak memory of a first pass of {MILLION:,}", "only with --million")


def postgresql_rows(given: Given) -> Iterator[Row]:
    if given.postgresql is None:
        yield NotMeasured(f"first pass of {given.users:,} on PostgreSQL", "no --postgresql")
    else:
        yield from on_postgresql.lines(given.users, given.rounds, given.room, given.postgresql)


def event_rows(given: Given) -> Iterator[Line]:
    sizes = {"people": given.users, "burst": 200, "steady": 60} if given.quick else {}
    usual = {"people": 15_000, "burst": 4000, "window": 400, "steady": 1600, "pace": 200, "profile": None}
    yield from asyncio.run(events.measure(events.Given(rounds=given.rounds, **usual | sizes)))


def page_rows(given: Given) -> Iterator[Row]:
    effort = QUICK if given.quick else USUAL
    for users in given.sizes:
        yield from page_times.lines_of(users, given.room, given.peers, effort, page_times.PARTS)
    if given.million:
        yield from page_times.lines_between(given.users, MILLION, given.room, effort)
    else:
        yield NotMeasured(f"pages of {MILLION:,} and searches in them", "only with --million")


def start_rows(given: Given) -> Iterator[Line]:
    yield from cold_start.lines(min(given.users, 1000), 1 if given.quick else 2 * given.rounds - 1)


def parts_of(given: Given) -> dict[str, Part]:
    """Tell what there is to measure, in its order."""
    large, rounds = given.users / 100_000, given.rounds
    million = 1 if given.million else 0
    return {
        "passes": Part("Passes", (0.5 + 1.4 * rounds) * large, pass_rows),
        "pace": Part("A pass at Slack's pace", 1.2, pace_rows),
        "memory": Part("Memory of a pass", 0.7 * rounds * large + 12 * million, memory_rows),
        "postgresql": Part("PostgreSQL", (1.2 * rounds * large if given.postgresql else 0), postgresql_rows),
        "events": Part("Events", 1.5 * rounds, event_rows),
        "pages": Part("Pages", 1 + 2.5 * large + 6 * million, page_rows),
        "start": Part("A start", 0.2 * (2 * rounds), start_rows),
    }


def until_it_fails(part: Part, given: Given) -> Iterator[Row]:
    """Give the rows of a part; one that fails is told in its place, and the other parts are measured all the same."""
    try:
        yield from part.rows(given)
    except (AssertionError, OSError, SystemExit, subprocess.SubprocessError) as error:
        traceback.print_exc()
        why = " ".join(f"{type(error).__name__}: {error}".split())
        yield NotMeasured(f"the rest of “{part.title}”", f"it failed: {why[:50]}", is_failure=True)


def measure(given: Given) -> dict[str, Figures]:
    """Measure the parts one after the other; tells their tables as they grow."""
    parts = {name: part for name, part in parts_of(given).items() if name in given.only}
    minutes = sum(part.minutes for part in parts.values())
    if not given.quick:
        print(f"This takes about {minutes:.0f} minutes on two processors that do nothing else.", flush=True)
    given.room.mkdir(parents=True, exist_ok=True)
    commit = machine()["commit"]  # told once: what this writes may be a file that git knows
    found: dict[str, Figures] = {}
    for number, (name, part) in enumerate(parts.items(), start=1):
        print(f"\n{number}/{len(parts)} {part.title}\n{heading()}", flush=True)
        told = {"command": given.command, "machine": machine() | {"commit": commit}, "rounds": given.rounds}
        began = time.monotonic()
        rows = show(until_it_fails(part, given))
        print(f"({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
        found[name] = measured(rows, title=part.title, told=told)
        if given.to is not None:
            write(given.to, found, PARTS)
    return found


def arguments() -> Given:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python bench", description=__doc__, formatter_class=as_written)
    parser.add_argument("--users", type=int, default=100_000, help="of a pass and of the pages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the tables")
    parser.add_argument("--million", action="store_true", help="memory and pages also at a million users")
    parser.add_argument(
        "--postgresql", default=os.environ.get("TEST_POSTGRESQL_URL"), help="a server that lets a database be made"
    )
    parser.add_argument("--to", type=Path, help="a markdown file for the tables; JSON goes beside it")
    parser.add_argument("--quick", action="store_true", help="little of everything: no figures to go by")
    parser.add_argument("--room", type=Path, default=passes.ROOM, help="a folder for pages and files, on a real disk")
    parser.add_argument("--peers", type=Path, default=VENVS, help="a folder for the venvs of peers")
    parser.add_argument("--no-peers", dest="peers", action="store_const", const=None, help="install and run none")
    return Given(**vars(parser.parse_args()))


def main() -> None:
    given = arguments()
    found = measure(given)
    lines = [line for part in found.values() for line in part["lines"]]
    verdicts = [line["is_met"] for line in lines if line.get("is_met") is not None]
    unmeasured = sum("why" in line for line in lines)
    print(f"\n{sum(verdicts)} targets met, {len(verdicts) - sum(verdicts)} missed, {unmeasured} lines not measured.")
    if any(line.get("is_failure") for line in lines):
        sys.exit("A part failed; what it said stands above.")


if __name__ == "__main__":
    main()
