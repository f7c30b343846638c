"""Counts at the end of a run which tests were tried on which engine, and says why nothing was tried on one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tests.support.engines import ENGINES, SERVERS, engine_of

_NONE = "none"
_used: set[str] = set()
"""What the test that runs now has been at: by way of SQLAlchemy, in this process, or by a program that it started."""
_WORST_FIRST = ("failed", "skipped", "passed")


def note_engine(url: str) -> None:
    """Note that a program was given this database; a URL that is none is nobody's engine."""
    try:
        name = make_url(url).get_backend_name()
    except ArgumentError:
        return
    _used.update({"mariadb" if name == "mysql" else name} & {*ENGINES})


@sa.event.listens_for(sa.Engine, "engine_connect")
def _note_connection(connection: sa.Connection) -> None:
    name = connection.dialect.name
    _used.add("mariadb" if name == "mysql" else name)


class EngineReport:
    """Hooks of pytest. A test goes by the engine that it asked for, else by all that it has been at."""

    def __init__(self) -> None:
        self._outcomes: dict[str, str] = {}
        self._engines: dict[str, str] = {}
        self._reasons: dict[str, set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Begin each test with nothing noted."""
        _used.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Tell it with each report, which is all that comes back from another process."""
        asked = engine_of(item)
        named = [asked] if asked else [each for each in ENGINES if each in _used]
        item.user_properties[:] = [each for each in item.user_properties if each[0] != "engine"]
        item.user_properties.append(("engine", "+".join(named) or _NONE))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of a test's phases, and the engine that its last one knows."""
        engine = str(dict(report.user_properties).get("engine", _NONE))
        outcomes = (report.outcome, self._outcomes.get(report.nodeid, "passed"))
        self._outcomes[report.nodeid] = min(outcomes, key=_WORST_FIRST.index)
        self._engines[report.nodeid] = engine
        if report.skipped and isinstance(report.longrepr, tuple):
            self._reasons.setdefault(engine, set()).add(str(report.longrepr[2]).removeprefix("Skipped: "))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for each engine."""
        counts: dict[str, Counter[str]] = {}
        for nodeid, outcome in self._outcomes.items():
            counts.setdefault(self._engines[nodeid], Counter())[outcome] += 1
        terminalreporter.section("tests by database engine")
        for engine in sorted(counts, key=_place):
            told = ", ".join(f"{counts[engine][outcome]:,} {outcome}" for outcome in ("passed", "failed", "skipped"))
            terminalreporter.line(f"{engine:<24} {told}")
        for engine, found in counts.items():
            if not found["passed"] and not found["failed"] and engine in SERVERS:
                reasons = "; ".join(sorted(self._reasons.get(engine, ()))) or "nobody said why"
                terminalreporter.line(f"NOTHING WAS TRIED ON {engine}: {reasons}", yellow=True, bold=True)


def _place(engines: str) -> tuple[int, str]:
    first = engines.partition("+")[0]
    return ENGINES.index(first) if first in ENGINES else len(ENGINES), engines
