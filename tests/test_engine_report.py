"""The count at the end of a run: by engine, and loud where nothing was tried on one."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.support.engine_report import EngineReport

Outcome = Literal["passed", "failed", "skipped"]


class Terminal:
    """What pytest writes to, kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def section(self, title: str) -> None:
        self.lines.append(title)

    def line(self, text: str, **_: Any) -> None:
        self.lines.append(text)


def told(*reports: pytest.TestReport) -> str:
    """Run a report over these phases of tests."""
    report, terminal = EngineReport(), Terminal()
    for each in reports:
        report.pytest_runtest_logreport(each)
    report.pytest_terminal_summary(terminal)  # type: ignore[arg-type]
    return "\n".join(" ".join(line.split()) for line in terminal.lines)


def a_phase(
    name: str, engine: str, outcome: Outcome = "passed", *, when: Literal["setup", "call"] = "call", reason: str = ""
) -> pytest.TestReport:
    longrepr = ("a file", 1, f"Skipped: {reason}") if reason else None
    return pytest.TestReport(name, ("", 0, ""), {}, outcome, longrepr, when, user_properties=[("engine", engine)])


def test_tests_are_counted_by_the_engine_they_ran_on() -> None:
    words = told(
        a_phase("a", "sqlite"), a_phase("b", "sqlite", "failed"), a_phase("c", "postgresql"), a_phase("d", "none")
    )

    assert "sqlite 1 passed, 1 failed, 0 skipped\npostgresql 1 passed, 0 failed, 0 skipped\nnone 1 passed" in words
    assert "NOTHING" not in words


def test_a_test_whose_preparation_failed_has_not_passed_whatever_follows() -> None:
    words = told(a_phase("a", "mariadb", "failed", when="setup"), a_phase("a", "mariadb"))

    assert "mariadb 0 passed, 1 failed" in words


def test_an_engine_on_which_all_was_skipped_is_named_with_the_reason() -> None:
    words = told(
        a_phase("a", "postgresql", "skipped", when="setup", reason="TEST_POSTGRESQL_URL is not set"),
        a_phase("b", "sqlite"),
    )

    assert "NOTHING WAS TRIED ON postgresql: TEST_POSTGRESQL_URL is not set" in words


@pytest.mark.runs_on("sqlite", "postgresql", because="a mark is given to what is no file")
def test_what_needs_a_server_is_marked_so(request: pytest.FixtureRequest, database_url: str) -> None:
    assert database_url.startswith("sqlite") == (request.node.get_closest_marker("server") is None)
