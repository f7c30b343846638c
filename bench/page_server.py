"""What page_times.py asks, each in a process of its own: the real service on a filled file, and a Slack that it hears.

    python bench/page_server.py slack USERS              a pretend Slack; prints the address of its API
    python bench/page_server.py rests FILE API_URL       the service, which begins no pass; prints address and a link
    python bench/page_server.py passes FILE API_URL N    the same, and it begins a pass at once, at N calls a minute

The link signs in, once, somebody who may look: the directory stands behind its usual door.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.loading import loading

with loading():  # as `usersync serve` does: what was loaded is not looked at again by the collector
    from bot.pace import Pace
    from bot.runs.runner import RunPace
    from bot.runs.schedule import Rhythm
    from bot.service import Service
    from bot.settings import Settings
    from bot.simulator import Simulator
    from db import Sight, looking
    from db.filters import UserFilter
    from db.records import Kind, State

MEMBERS = UserFilter(kinds=frozenset({Kind.MEMBER}), states=frozenset({State.ACTIVE}))
A_DAY_S = 86_400


def tell(**values: str) -> None:
    print(json.dumps(values), flush=True)


async def slack(users: str) -> None:
    async with Simulator(crowd=int(users), seed=7) as simulator:
        tell(api_url=simulator.api_url)
        await asyncio.Event().wait()


async def directory(file: str, api_url: str, *, rest_s: float, runs: RunPace | None = None) -> None:
    settings = Settings.model_validate(
        {
            "SLACK_BOT_TOKEN": "xoxb-pretend-bot",
            "SLACK_APP_TOKEN": "xapp-pretend-app",
            "SLACK_API_URL": api_url,
            "DATABASE_URL": f"sqlite:///{file}",
            "USERSYNC_PORT": 0,
        }
    )
    # A start is a gap, and a gap has everybody read again after a rest.
    pace = Pace(rhythm=Rhythm(rest_s=rest_s), runs=runs or RunPace())
    async with Service(settings, pace=pace) as service:
        async with looking(service.store, Sight()) as seen:
            viewer = (await seen.list_users(MEMBERS, limit=1)).users[0]
        tell(url=service.url, link=await service.links.make(viewer.team_id, viewer.id))
        await service.failed


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["slack", users]:
            asyncio.run(slack(users))
        case ["rests", file, api_url]:
            asyncio.run(directory(file, api_url, rest_s=A_DAY_S))
        case ["passes", file, api_url, calls]:
            asyncio.run(directory(file, api_url, rest_s=0, runs=RunPace(lists_a_minute=int(calls))))
        case _:
            sys.exit(__doc__)
