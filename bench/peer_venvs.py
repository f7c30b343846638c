"""Peers in venvs of their own, made from the package index as `bench/peers/*.txt` names them, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VENVS = HERE.parent / ".bench" / "peers"
"""Where they are kept unless another folder is named; git looks away."""


def version(peer: str) -> str:
    """Tell a peer's name and version: "datasette 0.65.5"."""
    lines = (HERE / "peers" / f"{peer}.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{peer}==")).replace("==", " ")


def python_of(peer: str, folder: Path) -> Path | None:
    """Make the venv of a peer unless it is there; None, said loudly, where that cannot be done."""
    venv = folder / version(peer).replace(" ", "-")
    python, done = venv / "bin" / "python", venv / "done"
    if not done.exists():
        print(f"Installing {version(peer)} into {venv} …", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        wanted = str(HERE / "peers" / f"{peer}.txt")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted],
        ):
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode:
                print(f"NOT MEASURED: {version(peer)} could not be installed: {made.stderr[-400:]}", flush=True)
                return None
        done.touch()
    return python
