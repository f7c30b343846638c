"""A Dockerfile as a list of instructions, and its health check as something that can be run."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def instructions(text: str) -> list[tuple[str, str]]:
    """Read each instruction with its arguments on one line; comments are left out."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", kept)
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def last_stage(text: str) -> list[tuple[str, str]]:
    """Read the instructions that make the image itself."""
    found = instructions(text)
    begin = max(number for number, (word, _) in enumerate(found) if word == "FROM")
    return found[begin:]


def health_check(text: str) -> list[str]:
    """Read the command of the health check; `python` is the one that runs the tests."""
    (arguments,) = [rest for word, rest in last_stage(text) if word == "HEALTHCHECK"]
    command: list[str] = json.loads(arguments[arguments.index("CMD ") + 4 :])
    assert "python" == command[0]
    return [sys.executable, *command[1:]]
