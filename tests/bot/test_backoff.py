"""Pauses grow to a limit, are shortened by chance, and are never shorter than somebody asked for."""

from __future__ import annotations

import random

from bot.backoff import Backoff


async def pauses(count: int, *, chance: float | None = None, at_least_s: float = 0) -> list[float]:
    """Make pauses that are only noted."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    dice = random.Random(7)
    backoff = Backoff(sleep=sleep, chance=dice.random if chance is None else lambda: chance)
    for _ in range(count):
        await backoff.pause(at_least_s=at_least_s)
    return slept


async def test_pauses_double_up_to_half_a_minute() -> None:
    assert [0.5, 1, 2, 4, 8, 16, 30, 30] == await pauses(8, chance=1)
    assert [0.25, 0.5, 1, 2, 4, 8, 15, 15] == await pauses(8, chance=0)


async def test_chance_keeps_those_apart_who_were_thrown_out_together() -> None:
    slept = await pauses(8)

    assert all(whole / 2 < pause < whole for pause, whole in zip(slept, (0.5, 1, 2, 4, 8, 16, 30, 30), strict=True))
    assert len({pause / whole for pause, whole in zip(slept[-2:], (30, 30), strict=True)}) == 2


async def test_a_pause_is_as_long_as_was_asked_for() -> None:
    assert [7, 7, 7] == await pauses(3, chance=1, at_least_s=7)
