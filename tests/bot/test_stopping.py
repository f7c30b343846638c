"""The signal to end: heard once, and in the last resort obeyed whatever hangs."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.support.program import environment, running_command
from tests.support.waiting import eventually

PROGRAM = """
import asyncio
from bot.stopping import stop_on_signal

async def main():
    stop = stop_on_signal(last_resort_s={last_resort_s})
    print("ready", flush=True)
    await stop.wait()
    print("told to end", flush=True)
    await asyncio.sleep({hangs_s})
    print("ended in peace", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("hangs_s", "words"), [(0, "ended in peace"), (600, "left behind")])
async def test_it_ends_in_peace_or_leaves_behind_what_hangs(
    tmp_path: Path, told: int, hangs_s: float, words: str
) -> None:
    command = [sys.executable, "-c", PROGRAM.format(hangs_s=hangs_s, last_resort_s=0.2 if hangs_s else 30)]
    async with running_command(*command, env=environment(), cwd=tmp_path) as program:
        await eventually(lambda: "ready" in program.output, within_s=20)
        program.tell(told)
        code = await program.ended()

    assert 0 == code
    assert "told to end" in program.output
    assert words in program.output
    assert ("left behind" in program.output) == (words == "left behind")
