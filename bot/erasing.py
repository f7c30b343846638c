"""What `usersync purge`, `hide`, `unhide` and `export` do: open the store, do it to one person, and print it."""

from __future__ import annotations

from pathlib import Path

from bot.access import Access, write_privately
from bot.clock import utc_now
from bot.erasure import Erasure
from bot.opening import opened
from bot.outcome import CLEAN


async def purge(word: str) -> int:
    """Erase one person. Raises SettingsError, StoreError, NobodyMeant, NotPurged and NotWiped."""
    async with opened() as (_, store):
        async for line in Erasure(store, clock=utc_now).purge(word):
            print(line, flush=True)
    return CLEAN


async def hide(word: str, *, is_hidden: bool) -> int:
    """Hide one person, or show them again. Raises SettingsError, StoreError, NobodyMeant and SeveralMeant."""
    async with opened() as (_, store):
        print(await Erasure(store, clock=utc_now).hide(word, is_hidden=is_hidden))
    return CLEAN


async def export(word: str, output: Path | None) -> int:
    """Print or write what is held of one person. Raises SettingsError, StoreError, NobodyMeant and NotWritten."""
    async with opened() as (_, store):
        text = await Access(store, clock=utc_now).document(word)
    if output is None:
        print(text)
    else:
        write_privately(output, text)
        print(f"Written to {output}, readable for its owner alone.")
    return CLEAN
