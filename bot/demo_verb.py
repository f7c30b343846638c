"""What `usersync demo` does: start the service beside a pretend Slack, and say where both are."""

from __future__ import annotations

from bot.demo import Demo
from bot.logs import configure_logs
from bot.outcome import CLEAN
from bot.serving import until
from bot.settings import demo_port
from bot.stopping import stop_on_signal


async def demo() -> int:
    """Run both until a signal comes. Raises what a service may raise at its start or die of."""
    configure_logs("console")
    stop = stop_on_signal()
    async with Demo(port=demo_port()) as running:
        print(
            f"\n  The directory is at {running.service.url}"
            f"\n  The pretend Slack is at {running.page.url}\n"
            "\n  Everybody in it is invented. In the pretend Slack you type /usersync, make people join and leave, and"
            "\n  break things, while the directory follows. Ctrl+C ends both.\n",
            flush=True,
        )
        await until(stop, running.service)
    return CLEAN
