"""How the demo's story opens: a few people join, move, leave and have full years, so that there is news at once."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bot.simulator import titles
from bot.simulator.workspace import Workspace

JOINERS, MOVERS, LEAVERS = 4, 3, 2
ANNIVERSARIES = ((0, 3), (1, 5), (3, 1), (5, 8))
"""In so many days the years are full, and how many."""


def opening(sim: Workspace, rng: random.Random) -> Iterator[Callable[[], None]]:
    """Yield what happens, one thing after the other; each is told by an event like any other."""
    acts: list[Callable[[], None]] = [
        *(lambda: _joins(sim),) * JOINERS,
        *(lambda: _moves(sim, rng),) * MOVERS,
        *(lambda: _leaves(sim, rng),) * LEAVERS,
        *(_years(sim, rng, days, years) for days, years in ANNIVERSARIES),
    ]
    rng.shuffle(acts)
    yield from acts


def _joins(sim: Workspace) -> None:
    sim.joins()


def _moves(sim: Workspace, rng: random.Random) -> None:
    """Somebody who has a title gets another one."""
    for _ in range(50):
        user = sim.anyone(rng)
        if user and (old := user.payload()["profile"]["title"]):
            new = titles.title(rng)
            if new and new != old:
                sim.changes(user, title=new)
                return


def _leaves(sim: Workspace, rng: random.Random) -> None:
    if user := sim.anyone(rng):
        sim.deactivates(user)


def _years(sim: Workspace, rng: random.Random, days: int, years: int) -> Callable[[], None]:
    """Somebody fills in a first day whose return is near; of 29 February the day before is taken."""

    def fill_in() -> None:
        on = datetime.fromtimestamp(sim.time.second(), UTC).date() + timedelta(days=days)
        day = 28 if (on.month, on.day) == (2, 29) else on.day
        if user := sim.anyone(rng):
            sim.changes(user, start_date=f"{on.replace(year=on.year - years, day=day)}")

    return fill_in
