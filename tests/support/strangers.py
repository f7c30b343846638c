"""The program as another user runs it: one who owns nothing here, like the user of a container image."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.program import Program, running_command

STRANGER = 10001
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away and run as somebody else")

# Everything is imported before root is given up: Python itself may be out of the stranger's reach.
_BECOME = """
import os, pkgutil, sys
from importlib import import_module
import alembic.command, alembic.runtime.environment, bot, db, decimal, web
for package in (bot, web, db):
    for room in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not room.name.endswith((".__main__", ".migrations.env")):
            import_module(room.name)
os.setgroups([])
os.setgid({0})
os.setuid({0})
bot.cli.main()
"""


@contextlib.contextmanager
def public_folder() -> Iterator[Path]:
    """Make a folder that everybody can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextlib.asynccontextmanager
async def running_as_a_stranger(*arguments: str, env: Mapping[str, str], cwd: Path) -> AsyncIterator[Program]:
    """Run `usersync ARGUMENTS` as user 10001 if we are root, else as ourselves."""
    how = ["-c", _BECOME.format(STRANGER)] if os.geteuid() == 0 else ["-m", "bot"]
    async with running_command(sys.executable, *how, *arguments, env=env, cwd=cwd) as program:
        yield program
