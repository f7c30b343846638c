"""What `usersync doctor` prints: a line for each check, with a symbol and a word, in plain text of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

WIDTH = 100
_INDENT = " " * 24


class Verdict(Enum):
    """How a check went; the value is how it is printed."""

    OK = "✓ ok"
    WARNING = "! warning"
    FAILED = "✗ failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; where it is not ok: what is wrong, what it costs, how to mend it."""

    check: str
    verdict: Verdict
    words: str
    cost: str = ""
    remedy: str = ""

    @property
    def is_failure(self) -> bool:
        return self.verdict is Verdict.FAILED


def ok(check: str, words: str) -> Finding:
    """Say that it is as it should be."""
    return Finding(check, Verdict.OK, words)


def warning(check: str, words: str, *, cost: str = "", remedy: str = "") -> Finding:
    """Say that something is missing which one can do without."""
    return Finding(check, Verdict.WARNING, words, cost, remedy)


def failed(check: str, words: str, *, cost: str = "", remedy: str = "") -> Finding:
    """Say that usersync cannot work like this."""
    return Finding(check, Verdict.FAILED, words, cost, remedy)


def report(findings: Iterable[Finding]) -> str:
    """Write all of them, and a last line that sums them up."""
    found = list(findings)
    failures = sum(each.is_failure for each in found)
    warnings = sum(each.verdict is Verdict.WARNING for each in found)
    total = f"{_counted(len(found), 'check')}: {failures} failed, {_counted(warnings, 'warning')}."
    return "\n".join([*(_lines(each) for each in found), "", total])


def _lines(finding: Finding) -> str:
    head = f"{finding.verdict.value:<10} {finding.check:<12} "
    parts = [finding.words]
    parts += [f"It costs: {finding.cost}"] if finding.cost else []
    parts += [f"Mend it: {finding.remedy}"] if finding.remedy else []
    beginnings = [head, *([_INDENT] * (len(parts) - 1))]
    return "\n".join(_wrapped(part, beginning) for part, beginning in zip(parts, beginnings, strict=True))


def _wrapped(words: str, beginning: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return textwrap.fill(plain, WIDTH, initial_indent=beginning, subsequent_indent=_INDENT, break_on_hyphens=False)


def _counted(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
