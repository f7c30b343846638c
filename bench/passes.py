"""A first pass and quiet passes over N users, beside the floor and beside peers: users a cpu second, and peak memory.

    python bench/passes.py --users 100000 --rounds 3
    python bench/passes.py --users 100000 --url postgresql://postgres@localhost/bench --no-floor

A round fills an empty database and then passes over it again with nothing changed; the floor does the same. `--url`
names a database that is emptied by nobody: give an empty one, and one round. `--peers FOLDER` has tap-slack and
airbyte-source-slack read the same pages into a file, from venvs in that folder, which are made once. Figures are of
each process from its first call to its last commit; what it imported before is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lines import Figures, Line, NotMeasured, Row, heading, medians, show
from pages import served
from peer_venvs import python_of, version

HERE = Path(__file__).parent
ROOM = HERE.parent / ".bench" / "room"
"""Keeps pages and files; git looks away."""
PEERS = {"tap-slack": "tap_slack_pass.py", "airbyte-source-slack": "airbyte_pass.py"}
A_RECORD = ('"type": "RECORD"', '"type":"RECORD"')
MOST_MIB = 150
Found = dict[str, list[Figures]]
"""Rounds by who made which pass: "product first", "floor quiet", "tap-slack" …"""


def run(script: str, *arguments: str) -> Figures:
    """Make one pass in a process of its own. Raises CalledProcessError."""
    done = subprocess.run([sys.executable, str(HERE / script), *arguments], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # above it stands the log


def product(url: str, port: str, *more: str) -> Figures:
    """Make one pass of the product; it has to end well."""
    figures = run("one_pass.py", url, port, *more)
    if figures["state"] != "done":
        raise SystemExit(f"The pass did not end well: {figures}")
    return figures


def floor(file: str, port: str) -> Figures:
    return run("floors/pass_floor.py", file, port)


def peer(name: str, python: Path, port: str) -> Figures | None:
    """Have a peer read the pages into a file; None, said loudly, where it does not."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.jsonl"
        with records.open("wb") as written:
            command = [python, HERE / "peers" / PEERS[name], port, folder]
            done = subprocess.run(command, stdout=written, stderr=subprocess.PIPE, text=True, check=False)
        with records.open() as lines:
            users = sum(any(each in line[:40] for each in A_RECORD) for line in lines)
        if done.returncode or not users:
            print(f"NOT MEASURED: {version(name)} read {users} users and said: {done.stderr[-400:]}", flush=True)
            return None
        figures = json.loads((Path(folder) / "figures.json").read_text())
    rates = {f"users_a_{of}second": round(users / figures[key]) for of, key in (("", "wall_s"), ("cpu_", "cpu_s"))}
    return {"users": users, **rates, **figures}


def tell(who: str, figures: Figures) -> Figures:
    """Show the figures of a pass while the next one is awaited."""
    print(json.dumps({"who": who, **figures}), file=sys.stderr, flush=True)
    return figures


def one_round(
    port: str, url: str | None, folder: Path, *, with_floor: bool, peers: dict[str, Path]
) -> Iterator[tuple[str, Figures]]:
    """Make the passes of a round, one after the other."""
    with tempfile.TemporaryDirectory(dir=folder) as room:
        for kind in ("first", "quiet"):
            yield f"product {kind}", product(url or f"sqlite:///{room}/usersync.sqlite3", port)
            if with_floor:
                yield f"floor {kind}", floor(f"{room}/floor.sqlite3", port)
    if with_floor:
        yield "fetch", floor("-", port)
    for name, python in peers.items():
        if (figures := peer(name, python, port)) is not None:
            yield name, figures


def rounds(
    port: str, many: int, room: Path, *, url: str | None = None, with_floor: bool = True, peers: Path | None = None
) -> Found:
    """Make so many rounds. What they found is shown as they go."""
    pythons = {name: python for name in PEERS if peers and (python := python_of(name, peers)) is not None}
    found: Found = {}
    for _ in range(many):
        for who, figures in one_round(port, url, room, with_floor=with_floor, peers=pythons):
            found.setdefault(who, []).append(tell(who, figures))
    return found


def lines(users: int, many: int, room: Path, peers: Path | None) -> Iterator[Row]:
    """Measure all that stands beside a floor or a peer."""
    with served(users, room) as port:
        found = rounds(port, many, room, peers=peers)
    middle = {who: medians(each) for who, each in found.items()}
    first, quiet, fetch = (middle[each] for each in ("product first", "product quiet", "fetch"))
    fill, compare = middle["floor first"], middle["floor quiet"]
    of = f"{users:,}"
    yield Line(f"first pass of {of}, cpu; raw inserts, search at the end", first["cpu_s"], fill["cpu_s"], 1.4, unit="s")
    yield Line(f"first pass of {of}, from beginning to end; the same", first["wall_s"], fill["wall_s"], None, unit="s")
    yield Line(f"first pass of {of}, cpu; pages only fetched, parsed", first["cpu_s"], fetch["cpu_s"], None, unit="s")
    rates = {name: middle[name]["users_a_cpu_second"] for name in PEERS if name in middle}
    for name, rate in rates.items():
        target = 3 if rate == max(rates.values()) else None  # the best of them is what counts
        ours = first["users_a_cpu_second"]
        yield Line(
            f"users a cpu second of it; {version(name)} into a file", ours, rate, target, at_most=False, unit="/s"
        )
    for name in sorted(PEERS.keys() - rates.keys()):
        yield NotMeasured(f"users a cpu second of it; {version(name)} into a file", "not installed, or it failed")
    yield Line(f"pass of {of}, nothing changed, cpu; digests only", quiet["cpu_s"], compare["cpu_s"], 1.4, unit="s")
    yield Line("the same, cpu; pages only fetched, parsed", quiet["cpu_s"], fetch["cpu_s"], None, unit="s")
    peaks = first["peak_mib"], fill["peak_mib"]
    yield Line(f"peak memory of a first pass of {of}; the floor's", *peaks, 1.5, unit="MiB")
    yield Line(f"peak memory of a first pass of {of}; {MOST_MIB} MiB", peaks[0], MOST_MIB, 1, unit="MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--url", help="an empty database; without it, a new SQLite file for each round")
    parser.add_argument("--room", "--pages", type=Path, default=ROOM, help="a folder that keeps the pages")
    parser.add_argument("--peers", type=Path, help="a folder for venvs of peers; without it, no line of them")
    parser.add_argument("--no-floor", action="store_true")
    given = parser.parse_args()
    if not given.no_floor and not given.url:
        print(heading())
        show(lines(given.users, given.rounds, given.room, given.peers))
        return
    with served(given.users, given.room) as port:
        found = rounds(port, given.rounds, given.room, url=given.url, with_floor=not given.no_floor)
    for who, each in found.items():
        print(f"median {who}: {json.dumps(medians(each))}")


if __name__ == "__main__":
    main()
