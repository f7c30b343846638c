"""What a first pass holds at most, by the number of users: it should hardly grow with them.

    python bench/memory.py --users 10000 100000 --rounds 3

Each pass is a process of its own over a new SQLite file. The first size is what the others stand beside.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from filled import figures_of_fill
from lines import Line, heading, show
from pages import served
from passes import MOST_MIB, ROOM, product, tell

MILLION = 1_000_000


def peak_of(users: int, room: Path) -> float:
    """Make a first pass of so many, and tell its peak in MiB.

    That of a million takes many minutes and leaves the file whose pages are measured: it is made once for both.
    """
    if users >= MILLION:
        return float(tell(f"product first {users:,}", figures_of_fill(room, users))["peak_mib"])
    with served(users, room) as port, tempfile.TemporaryDirectory(dir=room) as folder:
        figures = tell(f"product first {users:,}", product(f"sqlite:///{folder}/usersync.sqlite3", port))
    return float(figures["peak_mib"])


def lines(sizes: Sequence[int], many: int, room: Path) -> Iterator[Line]:
    """Measure each size as often as there are rounds, but a million once."""
    few, *others = sizes
    peaks: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(many):
        for size in sizes:
            if size < MILLION or number == 0:
                peaks[size].append(peak_of(size, room))
    middle = {size: statistics.median(each) for size, each in peaks.items()}
    for size in others:
        what = f"peak memory of a first pass of {size:,}"
        yield Line(f"{what}; of {few:,}", middle[size], middle[few], 1.05, unit="MiB")
        yield Line(f"{what}; {MOST_MIB} MiB", middle[size], MOST_MIB, 1, unit="MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--room", type=Path, default=ROOM, help="a folder that keeps the pages")
    given = parser.parse_args()
    print(heading())
    show(lines(given.users, given.rounds, given.room))


if __name__ == "__main__":
    main()
