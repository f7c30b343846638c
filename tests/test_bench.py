"""The benchmarks run: each part, over few users, and what it found stands in the page it was told to write."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OWN_PYTHON = ROOT / ".bench" / "venv" / "bin" / "python"
A_PAGE = "# Speed\n\nAs said.\n\n<!-- figures: written by make bench -->\n<!-- end of figures -->\n\nThe end.\n"
PARTS = re.findall(r'"(\w+)": Part\(', (ROOT / "bench" / "everything.py").read_text(encoding="utf-8"))


def a_python() -> str:
    """Find one that has what the benchmarks need beside the product."""
    if OWN_PYTHON.exists():
        return str(OWN_PYTHON)
    if importlib.util.find_spec("orjson"):
        return sys.executable
    pytest.skip("What bench/requirements.txt names is not here: `make bench` installs it.")


def test_all_parts_are_tried() -> None:
    assert len(PARTS) == 7


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS, ids="the part {}".format)
def test_a_part_of_the_benchmarks_measures_few_users_and_writes_its_table(part: str, tmp_path: Path) -> None:
    if part == "start" and not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("The memory of a process is read from Linux.")
    page = tmp_path / "speed.md"
    page.write_text(A_PAGE)
    few = ["--quick", "--users", "1200", "--rounds", "1", "--no-peers", "--room", str(tmp_path)]
    command = [a_python(), "bench", *few, "--only", part, "--to", str(page)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(page.with_suffix(".json").read_text())
    written = page.read_text()
    assert list(found) == [part]
    assert all(line.get("ratio", 1) > 0 for line in found[part]["lines"])
    assert all(f"| {line['what']} |" in written for line in found[part]["lines"])
    assert written.startswith("# Speed\n\nAs said.\n")
    assert written.endswith("\n\nThe end.\n")
