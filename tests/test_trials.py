"""The trials in tests/trials/ still fit: each protection is found where its trial says, and each test exists."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TRIALS = [
    pytest.param(trial, id=f"{file.stem}: {trial['protection']}")
    for file in sorted((ROOT / "tests" / "trials").glob("*.toml"))
    for trial in tomllib.loads(file.read_text(encoding="utf-8"))["trial"]
]


@pytest.mark.parametrize("trial", TRIALS)
def test_a_trial_finds_its_protection_once_and_its_test(trial: dict[str, Any]) -> None:
    """`make trials` takes the protections away one by one; it takes minutes, so the places are looked at here."""
    text = (ROOT / trial["file"]).read_text(encoding="utf-8")

    assert 1 == text.count(trial["old"])
    assert trial["old"] != trial["new"]
    for test in trial["test"].split():
        file, _, name = test.partition("::")
        tests = (ROOT / file).read_text(encoding="utf-8")
        assert f"def {name.partition('[')[0] or 'test_'}" in tests
