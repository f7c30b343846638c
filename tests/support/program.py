"""The program as operators run it: its own process, an environment of its own, signals from outside."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from bot.simulator import Simulator
from tests.support.engine_report import note_engine

ROOT = Path(__file__).parents[2]
NOWHERE = Path("/")
"""A folder to run in that holds neither anybody's `.env` nor anything of ours."""


def environment(**more: str) -> dict[str, str]:
    """Make an environment that holds nothing but what the program needs."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **more}


def serve_environment(slack: Simulator, database_url: str, **more: str) -> dict[str, str]:
    """Make an environment that leads to the pretend Slack; without a sign-in, unless the door is the subject."""
    return environment(
        **{
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": database_url,
            "USERSYNC_PORT": "0",
            "USERSYNC_AUTH": "none",
            **key_for(database_url),
            **more,
        }
    )


def key_for(database_url: str) -> dict[str, str]:
    """Give the key that signs sessions where it cannot lie beside a file."""
    return {} if database_url.startswith("sqlite") else {"USERSYNC_SECRET_KEY": "a-key-of-the-tests-for-servers"}


class Program:
    """A running `usersync`; what it prints is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self._reader = asyncio.create_task(self._read(), name="program output")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.output += line.decode()

    async def url(self, *, within_s: float = 40) -> str:
        """Wait for the address that it prints."""
        from tests.support.waiting import eventually

        found = await eventually(lambda: re.search(r"http://\S+", self.output), within_s=within_s, of="the address")
        return found[0]

    async def ended(self, within_s: float = 120) -> int:
        """Wait for its end and tell the exit code."""
        async with asyncio.timeout(within_s):
            await self._reader
            return await self.process.wait()

    def tell(self, signal_number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(signal_number)


@contextlib.asynccontextmanager
async def running(*arguments: str, env: Mapping[str, str], cwd: Path) -> AsyncIterator[Program]:
    """Run `usersync ARGUMENTS`; whatever is still running afterwards is killed."""
    async with running_command(sys.executable, "-m", "bot", *arguments, env=env, cwd=cwd) as program:
        yield program


@contextlib.asynccontextmanager
async def running_command(*command: str, env: Mapping[str, str], cwd: Path) -> AsyncIterator[Program]:
    """Run any command; whatever is still running afterwards is killed."""
    if "DATABASE_URL" in env:
        note_engine(env["DATABASE_URL"])
    process = await asyncio.create_subprocess_exec(
        *command, env=dict(env), cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    program = Program(process)
    try:
        yield program
    except AssertionError as error:
        error.add_note(f"what the program printed last:\n{program.output[-4000:]}")
        raise
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await program.ended()
