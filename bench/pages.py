"""Pages of `users.list`: written to disk once, and served from there by a process of their own, so it costs no other.

    python bench/pages.py 100000 FOLDER          writes them, unless they are there
    python bench/pages.py --serve FOLDER         serves them; prints the port
    python bench/pages.py --serve FOLDER 20      serves so many a minute, and refuses what is asked for beyond

However many a caller wants on a page, it gets what is on it: 999.
"""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.simulator import Simulator
from bot.simulator.payloads import listed

PAGE = 999
TEAM = "T0SIM00001"


def write_pages(users: int, folder: Path) -> None:
    """Write the crowd as pages; a folder that is whole is left alone."""
    done = folder / "done"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    crowd = Simulator(team_id=TEAM, crowd=users, seed=7).crowd
    members = (listed(user, locale=True) for _, user in crowd.listed_from(0))
    number, page = 0, list(islice(members, PAGE))
    while page:
        following = list(islice(members, PAGE))
        cursor = str(number + 1) if following else ""
        answer = {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}
        (folder / f"{number}.json").write_text(json.dumps(answer, separators=(",", ":")))
        number, page = number + 1, following
    done.touch()


class Meter:
    """Counts calls, and grants so many in any sixty seconds, as Slack's tiers do."""

    def __init__(self, a_minute: int | None) -> None:
        self._a_minute = a_minute
        self._granted: deque[float] = deque()
        self.calls = self.refused = 0

    def wait_s(self) -> int:
        """Grant a call, or tell in how many seconds one may be asked for again."""
        self.calls += 1
        now = time.monotonic()
        while self._granted and self._granted[0] <= now - 60:
            self._granted.popleft()
        if self._a_minute is not None and len(self._granted) >= self._a_minute:
            self.refused += 1
            return math.ceil(self._granted[0] + 60 - now)
        self._granted.append(now)
        return 0


def serve(folder: Path, a_minute: int | None = None) -> None:
    """Answer `users.list` with the pages, on any free port, until killed; `/meter` tells how often it was asked."""
    meter = Meter(a_minute)

    async def users_list(request: web.Request) -> web.Response:
        number = int((await request.post()).get("cursor") or request.query.get("cursor") or 0)
        if wait_s := meter.wait_s():
            refusal = {"ok": False, "error": "ratelimited"}
            return web.json_response(refusal, status=429, headers={"Retry-After": str(wait_s)})
        body = (folder / f"{number}.json").read_bytes()
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    async def tell(_: web.Request) -> web.Response:
        return web.json_response({"calls": meter.calls, "refused": meter.refused})

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/api/users.list", users_list)
        app.router.add_get("/meter", tell)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())


@contextmanager
def served(users: int, room: Path, a_minute: int | None = None) -> Iterator[str]:
    """Write the pages of so many people unless they are there, and serve them until the block ends; yields the port."""
    folder = room / f"pages-{users}"
    # Both by processes of their own: what whoever measures holds in memory must stay small.
    subprocess.run([sys.executable, __file__, str(users), str(folder)], check=True)
    command = [sys.executable, __file__, "--serve", str(folder), *([str(a_minute)] if a_minute else [])]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--serve", folder]:
            serve(Path(folder))
        case ["--serve", folder, a_minute]:
            serve(Path(folder), int(a_minute))
        case [users, folder]:
            write_pages(int(users), Path(folder))
        case _:
            sys.exit(__doc__)
