"""A pass at the pace that Slack grants, over a server that grants no more: 20 calls in any minute.

    python bench/paced.py --users 26000

The pace is the product's own, as users get it. It stands beside (calls - 1) times three seconds, which is what a caller
takes who spreads its calls evenly; the first twenty may go at once. A user that is lost ends the measurement.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lines import Line, heading, show
from pages import PAGE, served
from passes import ROOM, product, tell

A_MINUTE = 20
USERS = 26 * PAGE - 2
"""Of twenty-six pages; two more belong to Slack."""


def lines(users: int, room: Path) -> Iterator[Line]:
    """Make one pass; it takes a minute for every twenty pages."""
    with served(users, room, A_MINUTE) as port, tempfile.TemporaryDirectory(dir=room) as folder:
        figures = tell("product paced", product(f"sqlite:///{folder}/usersync.sqlite3", port, "--paced"))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/meter") as answer:
            meter = json.load(answer)
    listed = users + 2  # the app's bot and Slackbot
    if figures["users"] != listed or figures["inserted"] != listed:
        raise SystemExit(f"Of {listed} users some were lost: {figures}")
    evenly_s = max(1, meter["calls"] - meter["refused"] - 1) * 60 / A_MINUTE
    what = f"pass of {users:,} at {A_MINUTE} calls a minute ({meter['refused']} refused); calls spread evenly"
    yield Line(what, figures["wall_s"], evenly_s, 1, unit="s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--room", type=Path, default=ROOM, help="a folder that keeps the pages")
    given = parser.parse_args()
    print(heading())
    show(lines(given.users, given.room))


if __name__ == "__main__":
    main()
