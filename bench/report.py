"""The report of a run: tables in markdown with the machine and the command, and the same figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lines import Figures, Row, as_markdown

BEGINS, ENDS = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
"""Between these two a page keeps what a run wrote; the rest of it is left alone."""
SAID = ("processors", "memory", "kernel", "python", "sqlite")


def measured(rows: Sequence[Row], *, title: str, told: Figures) -> Figures:
    """Put together what is kept of one part: its rows, as values and as they are shown, and where that was."""
    return {"title": title, **told, "table": as_markdown(rows), "lines": [row.as_json() for row in rows]}


def write(path: Path, parts: dict[str, Figures], order: Sequence[str]) -> None:
    """Write both files; parts that were not run this time are kept from the JSON that is there."""
    beside = path.with_suffix(".json")
    known: dict[str, Figures] = json.loads(beside.read_text()) if beside.exists() else {}
    known |= parts
    known = {name: known[name] for name in order if name in known}
    beside.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    text = f"{BEGINS}\n\n{as_page(known)}\n{ENDS}"
    there = path.read_text() if path.exists() else ""
    if BEGINS in there and ENDS in there:
        before, _, rest = there.partition(BEGINS)
        path.write_text(before + text + rest.partition(ENDS)[2])
    else:
        path.write_text(f"# Figures\n\n{text}\n")


def as_page(parts: dict[str, Figures]) -> str:
    """Write the tables of all parts, each under the machine and the command that made it."""
    paragraphs, last = [], ""
    for part in parts.values():
        machine = part["machine"]
        where = (
            f"On {machine['processors']}, {machine['memory']} of memory, {machine['kernel']},\n"
            f"Python {machine['python']}, SQLite {machine['sqlite']}."
        )
        if where != last:
            paragraphs.append(where)
            last = where
        when = f"{machine['date']}, commit {machine['commit']}, {machine['busy before']} before it began:"
        paragraphs += [f"### {part['title']}", f"{when}\n`{part['command']}`", part["table"]]
    return "\n\n".join(paragraphs) + "\n"
