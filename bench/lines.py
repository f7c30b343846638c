"""The lines of every table: what was measured, what it stands beside, their ratio, and whether a target is met."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Figures = dict[str, Any]
HEAD = ("what", "product", "floor or peer", "ratio", "target", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure beside another; `at_most` where less is better, and no target where it only orients."""

    what: str
    product: float
    floor: float
    target: float | None
    at_most: bool = True
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        return self.product / self.floor

    @property
    def is_met(self) -> bool | None:
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def cells(self) -> tuple[str, ...]:
        """Write the line as it stands in a table."""
        target = "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self.target:g}"
        verdict = {None: "", True: "met", False: "MISSED"}[self.is_met]
        return (
            self.what,
            self._with_unit(self.product),
            self._with_unit(self.floor),
            f"{self.ratio:.2f}",
            target,
            verdict,
        )

    def as_json(self) -> Figures:
        return {**asdict(self), "ratio": round(self.ratio, 4), "is_met": self.is_met}

    def _with_unit(self, value: float) -> str:
        return f"{value:,.{0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2}f} {self.unit}"


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A line that could not be had this time; it is told in its place, never left out in silence."""

    what: str
    why: str
    is_failure: bool = False

    def cells(self) -> tuple[str, ...]:
        return (self.what, "not measured", self.why, "", "", "")

    def as_json(self) -> Figures:
        return asdict(self)


Row = Line | NotMeasured


def as_text(line: Row) -> str:
    """Write a line for a terminal, where columns are kept by spaces."""
    what, product, floor, ratio, target, verdict = line.cells()
    return f"{what:66} {product:>14} {floor:>14} {ratio:>8} {target:>7}  {verdict}".rstrip()


def heading() -> str:
    what, product, floor, ratio, target, _ = HEAD
    return f"{what:66} {product:>14} {floor:>14} {ratio:>8} {target:>7}"


def as_markdown(lines: Iterable[Row]) -> str:
    """Write a table; each row is one line however long."""
    rows = [HEAD, ("---", "---:", "---:", "---:", "---:", "---"), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def show(lines: Iterable[Row]) -> list[Row]:
    """Print each line as soon as it is known; gives them all."""
    shown = []
    for line in lines:
        print(as_text(line), flush=True)
        shown.append(line)
    return shown


def medians(rounds: Sequence[Figures]) -> Figures:
    """Take the median of every number that all rounds told."""
    numbers = [name for name, value in rounds[0].items() if isinstance(value, int | float)]
    return {name: statistics.median(each[name] for each in rounds) for name in numbers}
