"""One pass of the product over pages that are served elsewhere, in a process of its own; prints its figures as JSON.

python bench/one_pass.py URL PORT               as fast as it can
python bench/one_pass.py URL PORT --paced       at the pace that users get, which is Slack's
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from peak import peak_mib

from bot.loading import loading

with loading():  # as the product itself does
    from bot.runs.claim import Order
    from bot.runs.runner import Runner, RunPace
    from bot.slack import SlackClock, make_client, open_session
    from db import Store
    from db.records import Workspace

TEAM = "T0SIM00001"
UNPACED = RunPace(lists_a_minute=10**9, asks_a_minute=10**9)


async def main(url: str, port: str, pace: RunPace) -> None:
    store = await Store.open(url)
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace(TEAM, name="Bench"))
    session = open_session()
    client = make_client(
        token="xoxb-bench", api_url=f"http://127.0.0.1:{port}/api/", proxy=None, session=session, clock=SlackClock()
    )
    runner = Runner(store, client, verb="bench", clock=lambda: datetime.now(UTC), pace=pace)
    wall, cpu, loop = time.perf_counter(), time.process_time(), time.thread_time()
    finished = await runner.run(TEAM, Order(), on_start=lambda _: None)
    wall, cpu, loop = time.perf_counter() - wall, time.process_time() - cpu, time.thread_time() - loop
    run = finished.run
    peak = peak_mib()
    await session.close()
    await store.close()
    print(
        json.dumps(
            {
                "pass": run.kind.value,
                "state": run.state.value,
                "users": run.seen,
                "inserted": run.inserted,
                "users_a_second": round(run.seen / wall),
                "users_a_cpu_second": round(run.seen / cpu),
                "wall_s": round(wall, 3),
                "cpu_s": round(cpu, 3),
                "loop_cpu_s": round(loop, 3),
                "peak_mib": round(peak, 1),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3], pace=RunPace() if "--paced" in sys.argv else UNPACED))
