"""What a process has freed is the system's again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATUS = Path("/proc/self/statm")
PROGRAM = """
import asyncio, os
from pathlib import Path
from bot.spare_memory import give_back

def held_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

async def main():
    pieces = [bytes(5000) for _ in range(10_000)]
    kept = pieces[-1]
    before = held_mb()
    del pieces
    giving = asyncio.create_task(give_back(every_s=0.01))
    async with asyncio.timeout(20):
        while before - held_mb() < 40:
            await asyncio.sleep(0.01)
    giving.cancel()
    print("given back", len(kept))

asyncio.run(main())
"""


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells so how much a process holds")
def test_what_was_freed_is_given_back_though_something_behind_it_is_kept() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "given back 5000" == done.stdout.strip()
