"""Imports go one way, the environment is read in one file, and nothing is swallowed: DESIGN section 3 as a test."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "db", "web")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

NEVER: dict[str, set[str]] = {
    "db": {"slack_bolt", "slack_sdk", "starlette", "uvicorn", "aiohttp", "bot", "web", "tests"},
    "web": {"slack_bolt", "slack_sdk", "sqlalchemy", "alembic", "bot", "tests"},
    "bot": {"sqlalchemy", "alembic", "starlette", "web", "tests"},
    "bot/simulator": {"slack_bolt", "slack_sdk", "starlette", "sqlalchemy", "alembic", "db", "web", "tests"},
}
LEAVE: dict[str, set[str]] = {
    "bot/service.py": {"web", "starlette"},  # the composition root
    "bot/webserver.py": {"starlette"},  # it serves any Starlette app, and knows nothing of ours
    "web/signin.py": {"slack_sdk"},
    "web/install.py": {"slack_sdk"},
}
CATCHES_ALL = {
    "bot/digest.py": 1,  # the edge of a supervised task: without a digest the directory is as good as with it
    "bot/alerts.py": 1,  # the edge of a supervised task: whoever watches must not end what is watched
    "bot/errands.py": 1,  # the edge of a supervised task: whoever waits for an answer is told that it failed
    "bot/intake.py": 1,  # the ingest boundary: a stumble costs an event a detour, not its loss
    "bot/ingest.py": 1,  # the ingest boundary: nobody is acked for whatever it was
    "bot/telling/teller.py": 1,  # the edge of a supervised task: whoever tells of trouble must not end for it
    "bot/socket_client.py": 1,  # the edge of a supervised task
}
LOOKS_WITHOUT_A_SIGHT = {
    "web/bearers.py",  # whose token it is
    "web/doorkeeper.py",  # who somebody is, before anything can be told of what they may see
    "web/live.py",  # reads the log once for all, and tells it through the sight of each
    "web/signin.py",  # whose link it is
    "web/views/health.py",  # whether the database answers; it names nobody
}
READS_THE_ENVIRONMENT = {"bot/settings.py"}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "urllib.request.getproxies", "dotenv.dotenv_values"}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "managers", "manager", "tools"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Name every module, and every name from one, that a file imports, wherever it does so."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return "bot/simulator" if name_of(path).startswith("bot/simulator/") else name_of(path).split("/")[0]


def forbidden(path: Path) -> set[str]:
    packages = {name.split(".")[0] for name in imported(path)}
    return packages & NEVER[room_of(path)] - LEAVE.get(name_of(path), set())


def attributes(path: Path) -> set[str]:
    """Name what is read of a module by its full name, as `os.environ`."""
    found = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return found | set(imported(path))


def catches_all(path: Path) -> Iterator[ast.ExceptHandler]:
    """Find handlers of everything; one that ends by raising again swallows nothing."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {each.id for each in caught if isinstance(each, ast.Name)}
        is_broad = node.type is None or names & {"Exception", "BaseException"}
        raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if is_broad and not raises_again:
            yield node


def test_there_is_something_to_walk() -> None:
    assert set(ROOMS) == {name_of(path).split("/")[0] for path in MODULES}
    assert {"bot/service.py", "db/merge.py", "web/app.py", "bot/simulator/slack.py"} <= set(map(name_of, MODULES))


@pytest.mark.parametrize("room", NEVER)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    assert {} == {name_of(path): found for path in MODULES if room_of(path) == room and (found := forbidden(path))}


def test_only_the_composition_root_knows_both_bot_and_web() -> None:
    both = {name_of(path) for path in MODULES if {"bot", "web"} <= {name.split(".")[0] for name in imported(path)}}

    assert both <= {"bot/service.py"}


def test_the_simulator_imports_nothing_of_ours_but_itself() -> None:
    ours = {
        name
        for path in MODULES
        if room_of(path) == "bot/simulator"
        for name in imported(path)
        if name.split(".")[0] in (*ROOMS, "tests") and not name.startswith("bot.simulator")
    }

    assert set() == ours


def test_only_the_demo_imports_the_simulator() -> None:
    users = {
        name_of(path)
        for path in MODULES
        if room_of(path) != "bot/simulator" and any(name.startswith("bot.simulator") for name in imported(path))
    }

    assert users <= {"bot/demo.py"}


def test_the_environment_is_read_in_one_file() -> None:
    readers = {name_of(path) for path in MODULES if attributes(path) & ENVIRONMENT}

    assert READS_THE_ENVIRONMENT == readers


def test_everything_is_caught_only_where_the_list_says() -> None:
    found = {name_of(path): len(list(catches_all(path))) for path in MODULES}

    assert CATCHES_ALL == {name: count for name, count in found.items() if count}


def test_people_are_shown_through_a_sight() -> None:
    found = {
        name_of(path)
        for path in MODULES
        if room_of(path) == "web"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "reading"
    }

    assert LOOKS_WITHOUT_A_SIGHT == found


def test_imports_name_the_whole_way() -> None:
    relative = {
        name_of(path)
        for path in MODULES
        if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree_of(path)))
    }

    assert set() == relative


def test_every_module_says_what_it_promises() -> None:
    silent = {name_of(path) for path in MODULES if path.read_text().strip() and not ast.get_docstring(tree_of(path))}

    assert set() == silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert set() == {name_of(path) for path in MODULES if path.stem in VAGUE or path.parent.name in VAGUE}


def test_our_rooms_are_not_hidden_by_the_standard_library() -> None:
    assert set() == set(ROOMS) & sys.stdlib_module_names


@pytest.mark.parametrize(
    ("source", "is_caught"),
    [
        ("try:\n  pass\nexcept Exception:\n  pass", True),
        ("try:\n  pass\nexcept (ValueError, Exception):\n  pass", True),
        ("try:\n  pass\nexcept:\n  pass", True),
        ("try:\n  pass\nexcept BaseException:\n  raise", False),
        ("try:\n  pass\nexcept ValueError:\n  pass", False),
    ],
)
def test_the_walk_sees_a_handler_of_everything(source: str, is_caught: bool, tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(source)

    assert is_caught == bool(list(catches_all(file)))


def test_the_walk_sees_imports_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import os.path\ndef late():\n    from web.app import create_app\n    return os.environ")

    assert {"os.path", "web.app.create_app"} == set(imported(file))
    assert "os.environ" in attributes(file)
