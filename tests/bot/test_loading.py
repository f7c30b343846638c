"""What a service loads at its start, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def loaded(program: str) -> str:
    """Run a program in a process of its own; give what it prints."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_service_loads_nothing_that_draws_on_terminals() -> None:
    program = (
        "import sys\n"
        "from bot.loading import loading\n"
        "with loading():\n"
        "    from bot import serving\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('rich', 'pygments')])\n"
    )
    assert "[]" == loaded(program)


def test_what_was_loaded_is_walked_no_more_and_what_comes_in_seldom() -> None:
    program = (
        "import gc\n"
        "from bot.loading import loading\n"
        "with loading():\n"
        "    from bot import serving\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000, gc.get_threshold()[0])\n"
    )
    assert "True True 10000" == loaded(program)


def test_a_verb_that_draws_finds_it_afterwards() -> None:
    program = (
        "from bot.loading import loading\n"
        "with loading():\n"
        "    from bot import resync_verb\n"
        "from bot.bar import draw_bar\n"
        "print(draw_bar.__name__)\n"
    )
    assert "draw_bar" == loaded(program)


LOADING = "import sys\nfrom bot.loading import loading\nwith loading():\n    from bot import serving\n"


def test_a_service_loads_neither_the_orm_nor_a_server_s_command_line() -> None:
    names = "('sqlalchemy.orm', 'click')"
    assert "[]" == loaded(f"{LOADING}print([name for name in {names} if name in sys.modules])\n")


def test_the_memory_works_without_the_orm_and_is_made_with_all_that_migrations_need(tmp_path: Path) -> None:
    opening = (
        f"{LOADING}"
        "import asyncio\n"
        "from db import Store\n"
        "from db.records import Workspace\n"
        "async def main():\n"
        f"    store = await Store.open('sqlite:///{tmp_path / 'people.sqlite3'}')\n"
        "    async with store.transaction() as tx:\n"
        "        await tx.workspaces.save_workspace(Workspace('T1'))\n"
        "    async with store.reading() as rx:\n"
        "        print((await rx.workspaces.find_workspace('T1')).team_id)\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "print('sqlalchemy.orm' in sys.modules)\n"
    )
    assert loaded(opening).startswith("T1\n")
    assert "T1\nFalse" == loaded(opening)


def test_a_package_that_was_loaded_partly_is_whole_for_whoever_asks_for_more() -> None:
    program = (
        f"{LOADING}"
        "before = sys.modules['sqlalchemy.ext.asyncio'].AsyncEngine\n"
        "from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession\n"
        "import sqlalchemy.ext.asyncio as whole\n"
        "print(AsyncEngine is before, AsyncSession.__name__, set(whole.__dict__) >= {'AsyncAttrs'})\n"
        "import uvicorn\n"
        "print(uvicorn.__version__ != '', hasattr(uvicorn, 'nothing'))\n"
    )
    assert "True AsyncSession True\nTrue False" == loaded(program)


def test_what_was_loaded_whole_before_stays_as_it_is() -> None:
    program = f"import sqlalchemy.ext.asyncio as whole\n{LOADING}print(whole.AsyncSession.__name__)\n"
    assert "AsyncSession" == loaded(program)


@pytest.mark.parametrize("parts", ["{'base': ('Gone',)}", "{'gone': ('Gone',)}"])
def test_a_package_whose_modules_changed_is_loaded_whole(parts: str) -> None:
    program = (
        "from bot.partly import partly\n"
        f"with partly({{'sqlalchemy.ext.asyncio': {parts}}}):\n"
        "    import sqlalchemy.ext.asyncio as whole\n"
        "print('AsyncSession' in vars(whole), '__getattr__' in vars(whole))\n"
    )
    assert "True False" == loaded(program)
