"""The key file: made once, private, whole; what cannot be used is told in words."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.secret_key import KeyUnusable, key_path, read_or_make_key

ROOT = Path(__file__).parents[2]


def test_it_lies_beside_the_database(tmp_path: Path) -> None:
    assert tmp_path / "usersync.sqlite3.key" == key_path(str(tmp_path / "usersync.sqlite3"))


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    first, second = read_or_make_key(path), read_or_make_key(path)

    assert first == second
    assert len(first) >= 43
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_two_houses_have_two_keys(tmp_path: Path) -> None:
    assert read_or_make_key(tmp_path / "a.key") != read_or_make_key(tmp_path / "b.key")


@pytest.mark.parametrize("left", [b"", b"\n", b"half-a-key", b"  \n"])
def test_an_empty_or_half_written_file_is_made_anew(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "a.key"
    path.write_bytes(left)
    path.chmod(0o644)
    key = read_or_make_key(path)

    assert key == read_or_make_key(path) == path.read_text().strip()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    key = read_or_make_key(path)
    path.chmod(0o644)

    assert key == read_or_make_key(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_key_that_the_operator_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    path.write_text("a key of my own choice\n")

    assert "a key of my own choice" == read_or_make_key(path)


@pytest.mark.parametrize("what", ["a folder", "rubbish", "nowhere"])
def test_what_cannot_be_read_is_told_with_its_remedy(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.key"
    if what == "a folder":
        path.mkdir()
    elif what == "rubbish":
        path.write_bytes(b"\xff\xfe" * 40)
    else:
        path = tmp_path / "nowhere" / "a.key"

    with pytest.raises(KeyUnusable, match="USERSYNC_SECRET_KEY") as refusal:
        read_or_make_key(path)

    assert str(path) in str(refusal.value)


def test_processes_that_start_at_once_end_with_the_same_key(tmp_path: Path) -> None:
    code = "import sys, pathlib; from bot.secret_key import read_or_make_key as k; print(k(pathlib.Path(sys.argv[1])))"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "a.key")], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    keys = {each.communicate(timeout=30)[0] for each in started}

    assert 1 == len(keys)
    assert len(keys.pop().strip()) >= 43
