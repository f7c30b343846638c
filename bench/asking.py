"""How pages are asked for: side after side in turns, or through many connections at once."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from sides import Side


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked for one line."""

    turns: int = 5
    """Of each side."""
    asked: int = 80
    """Pages of a turn."""
    words: int = 40
    """Searches of a turn."""
    warming: int = 5
    """Pages that are asked for before, and not counted."""
    connections: int = 16
    load_s: float = 6.0
    pass_s: float = 45.0

    @property
    def words_needed(self) -> int:
        return self.warming + self.turns * self.words


USUAL, QUICK = Effort(), Effort(turns=1, asked=5, words=8, warming=1, connections=4, load_s=0.3, pass_s=1)
Paths = Callable[[], Iterator[str]]


def in_turns(effort: Effort, *sides: tuple[Side, Paths], asked: int | None = None) -> list[list[float]]:
    """Ask each side for its paths, turn by turn; gives the milliseconds of each side."""
    many = effort.asked if asked is None else asked
    took: list[list[float]] = [[] for _ in sides]
    paths = [cycle(make()) for _, make in sides]
    for turn in range(effort.turns + 1):
        for number, (side, _) in enumerate(sides):
            with closing(side.connect()) as connection:  # a server closes one that nobody asks through for a while
                times = [side.ask(connection, path) for path in islice(paths[number], many if turn else effort.warming)]
            took[number] += times if turn else []  # the first ones warm up
    return took


def always(path: str) -> Paths:
    return lambda: iter([path])


def asks(*paths: str) -> Paths:
    return lambda: iter(paths)


def a_second(side: Side, paths: Paths, effort: Effort) -> float:
    """Ask for one path after the other through many connections at once; gives the answers in a second."""
    asked = cycle(paths())
    until = time.perf_counter() + effort.load_s

    def keep_asking(_: int) -> int:
        answers = 0
        with closing(side.connect()) as connection:
            while time.perf_counter() < until:
                side.ask(connection, next(asked))
                answers += 1
        return answers

    began = time.perf_counter()
    with ThreadPoolExecutor(effort.connections) as threads:
        answers = sum(threads.map(keep_asking, range(effort.connections)))
    return answers / (time.perf_counter() - began)


def p50(took: Sequence[float]) -> float:
    return statistics.median(took)


def p99(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=100, method="inclusive")[-1]
