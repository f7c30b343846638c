"""The long-lived tasks of a process, by the part of the work that it does; each is named and has no end of its own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any

from bot.house import House
from bot.housekeeping import keep_house
from bot.likeness import CONTACT_KEEP, HISTORY_KEEP, longest
from bot.pace import Pace
from bot.settings import Settings
from bot.spare_memory import give_back
from bot.wiper import Wiper

SOCKETS = "sockets"
ENDED_TOGETHER = (
    "runs", "introduction", "housekeeping", "wiping", "alerts", "told alerts", "digest", "roster", "elsewhere",
    "spare memory",
)  # fmt: skip
"""All but the sockets, which are closed once their task has ended."""

Duty = tuple[str, Coroutine[Any, Any, None]]


def duties(house: House, settings: Settings, *, clock: Callable[[], datetime], pace: Pace) -> Iterator[Duty]:
    """Tell them all."""
    yield "spare memory", give_back()
    if house.neighbours.is_shared:
        yield "roster", house.roster.run()
        yield "elsewhere", house.elsewhere.run()
    if house.role.follows_slack:
        yield from _of_who_follows_slack(house, settings, clock=clock, pace=pace)


def _of_who_follows_slack(
    house: House, settings: Settings, *, clock: Callable[[], datetime], pace: Pace
) -> Iterator[Duty]:
    yield "housekeeping", _keep_house(house, settings, clock=clock)
    yield "wiping", _make_wiper(house, clock=clock, pace=pace).run()
    yield "alerts", house.alerts.run()
    yield "told alerts", house.teller.run()
    yield "digest", house.digest.run()
    yield "introduction", house.introduction.run()
    yield SOCKETS, house.follow()
    yield "runs", house.runs.run()


def _make_wiper(house: House, *, clock: Callable[[], datetime], pace: Pace) -> Wiper:
    return Wiper(
        house.store,
        clock=clock,
        is_busy=lambda: bool(house.ingest.in_flight or house.runs.progress),
        look_every_s=pace.look_every_s,
        calm_s=pace.wipe_after_s,
    )


async def _keep_house(house: House, settings: Settings, *, clock: Callable[[], datetime]) -> None:
    """Keep house as long as the most patient of all processes wants: those beside this one have to be known first."""

    def keep(name: str, own_s: int) -> timedelta:
        return timedelta(seconds=longest(name, own_s, house.roster.others))

    if house.neighbours.is_shared:
        await house.roster.beat()
    await keep_house(
        house.store,
        clock=clock,
        history_keep=lambda: keep(HISTORY_KEEP, settings.history_keep),
        contact_keep=lambda: keep(CONTACT_KEEP, settings.contact_keep),
    )
