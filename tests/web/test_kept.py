"""What was made once is taken by later starts, as long as it is of the same source and whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest

from web.kept import Compiled, keep, kept

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def may_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever Python was told here, it may keep what it compiled, and does so in a place of the test's own."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))


def only_file(folder: Path) -> Path:
    (found,) = (each for each in folder.rglob("*") if each.is_file())
    return found


def test_a_value_is_kept_under_its_stamp(tmp_path: Path) -> None:
    keep(tmp_path / "people.json", "of Monday", {"name": "Zoë"})

    assert {"name": "Zoë"} == kept(tmp_path / "people.json", "of Monday")
    assert kept(tmp_path / "people.json", "of Tuesday") is None
    assert kept(tmp_path / "places.json", "of Monday") is None


@pytest.mark.parametrize("length", [0, 10, 40, -1], ids=["empty", "half a head", "half a sum", "half a value"])
def test_what_is_no_longer_whole_is_made_anew(tmp_path: Path, length: int) -> None:
    keep(tmp_path / "people.json", "", "everybody")
    file = only_file(tmp_path)
    file.write_bytes(file.read_bytes()[:length])

    assert kept(tmp_path / "people.json", "") is None


def test_what_somebody_damaged_is_made_anew(tmp_path: Path) -> None:
    keep(tmp_path / "people.json", "", "everybody")
    file = only_file(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"everybody", b"somebody!"))

    assert kept(tmp_path / "people.json", "") is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder would be")

    keep(tmp_path / "people.json", "", "everybody")

    assert kept(tmp_path / "people.json", "") is None


def test_where_python_is_told_to_write_nothing_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    keep(tmp_path / "people.json", "", "everybody")

    assert [] == list(tmp_path.iterdir())


def test_a_template_that_was_edited_is_compiled_anew(tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    for text in ("Hello {{ name }}", "Bye {{ name }}"):
        template.write_text(text)
        for _ in range(2):  # compiled, then kept
            pages = jinja2.Environment(
                loader=jinja2.FileSystemLoader(tmp_path), bytecode_cache=Compiled(tmp_path, "plain"), autoescape=True
            )
            assert text.replace("{{ name }}", "Zoë") == pages.get_template("page.html").render(name="Zoë")


def test_a_template_is_taken_only_if_it_was_compiled_in_the_same_way(tmp_path: Path) -> None:
    def found(way: str) -> object:
        pages = jinja2.Environment(autoescape=True)
        return Compiled(tmp_path, way).get_bucket(pages, "page.html", None, "Hello").code

    cache = Compiled(tmp_path, "plain")
    bucket = cache.get_bucket(jinja2.Environment(autoescape=True), "page.html", None, "Hello")
    bucket.code = compile("'Hello'", "page.html", "exec")
    cache.set_bucket(bucket)

    assert bucket.code == found("plain")
    assert found("trimmed") is None


@pytest.mark.slow
def test_an_image_is_built_with_all_that_a_start_would_make(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    subprocess.run([sys.executable, "-m", "web.made_ready"], cwd=ROOT, env=environment, check=True)

    made = {each.name.partition(".")[0] for each in tmp_path.rglob("*.kept")}
    assert {each.stem for each in (ROOT / "web" / "templates").glob("*.html")} | {"emoji"} == made
