"""What readers ask of a filled database, with its times in milliseconds: pages, searches, everybody; and memory.

python bench/questions.py sqlite:////tmp/filled.sqlite3
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from db import Sight, Store, looking
from db.filters import Page, UserFilter

TRIES = 5
A_PAGE, AN_EXPORT = 50, 1_000


async def main(url: str) -> None:
    store = await Store.open(url)

    async def page(q: str = "", *, after: str | None = None, limit: int = A_PAGE) -> Page:
        async with looking(store, Sight()) as seen:
            return await seen.list_users(UserFilter(q=q), after=after, limit=limit)

    somebody = (await page()).users[7]
    surname = (somebody.real_name or "").split()[-1]
    deep, seen, slowest, began = "", 0, 0.0, time.perf_counter()
    after: str | None = None
    while True:
        asked = time.perf_counter()
        found = await page(after=after, limit=AN_EXPORT)
        slowest = max(slowest, time.perf_counter() - asked)
        seen += len(found.users)
        if (after := found.next_cursor) is None:
            break
        deep = after
    print(f"everybody, {AN_EXPORT:,} at a time: {seen:,} in {time.perf_counter() - began:.1f} s")
    print(f"  the slowest of these {slowest * 1000:.0f} ms")
    await told("first page", page)
    await told("page at the end", lambda: page(after=deep))
    await told("a handle", lambda: page(somebody.name or ""))
    await told("a surname", lambda: page(surname))
    await told("two letters", lambda: page("an"))
    await told("a common title", lambda: page("engineer"))
    await told("a slip", lambda: page("enginwer"))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    await store.close()


async def told(name: str, ask: Callable[[], Awaitable[Page]]) -> None:
    took: list[float] = []
    for _ in range(TRIES):
        asked = time.perf_counter()
        found = await ask()
        took.append((time.perf_counter() - asked) * 1000)
    print(f"{name}: {', '.join(f'{each:.0f}' for each in took)} ms ({len(found.users)} shown)")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
