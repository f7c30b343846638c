"""The long versions of the stories about faults: `make torture`, and the figures that they print at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Figure = Callable[..., None]
FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Note a figure for the end: `figure("kills survived", 40, of="SQLite, events")`."""
    figures = request.config.stash.setdefault(FIGURES, [])

    def note(name: str, value: object, *, of: str) -> None:
        figures.append(f"{of}: {name} {value}")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(f"  {line}")
