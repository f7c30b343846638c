"""The signal to end: heard once, obeyed in peace, and in the last resort by leaving whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

LAST_RESORT_S = 9
"""After the signal, of the ten seconds that Docker grants before it kills."""


def stop_on_signal(*, last_resort_s: float = LAST_RESORT_S) -> asyncio.Event:
    """Tell by an event that SIGTERM or Ctrl+C came in.

    If the process is still there nine seconds later, something hangs that nobody can end, such as a line to a silent
    database. By then the sockets are long closed, and whatever was acked is committed: it exits with 0.
    """
    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():
            stop.set()
            last_resort = threading.Timer(last_resort_s, _leave)
            last_resort.daemon = True
            last_resort.start()

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, end)
    return stop


def _leave() -> None:
    os.write(2, b"Something hangs still, nine seconds after the signal to end. It is left behind; nothing is lost.\n")
    os._exit(0)
