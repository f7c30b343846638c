"""What our code asks of Slack, read from its source: methods of the Web API, events, commands, buttons."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

METHODS = {
    name: name.replace("_", ".")
    for name, found in vars(AsyncWebClient).items()
    if not name.startswith("_") and "_" in name and inspect.iscoroutinefunction(found)
}
"""slack_sdk's name of each method, and Slack's own."""

REGISTRARS = frozenset({"event", "command", "action", "shortcut", "view", "options", "message", "function"})
"""How Bolt's app takes listeners; some of them need something in the manifest."""


class Unreadable(Exception):
    """The source says something of Slack that cannot be read without running it. The message names the place."""


@dataclass
class Usage:
    """Everything that was found."""

    calls: set[str] = field(default_factory=set)
    registered: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in REGISTRARS})


def usage_of(sources: Iterable[Path]) -> Usage:
    """Read all of these files. Raises Unreadable."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8"), filename=str(path)) for path in sources}
    constants = {name: text for tree in trees.values() for name, text in _constants(tree)}
    found = Usage()
    for path, tree in trees.items():
        found.calls.update(_calls(path, tree))
        for registrar, name in _registrations(path, tree, constants):
            found.registered[registrar].add(name)
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Find names that stand for a text, at the top of a module."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                    yield target.id, node.value.value


def _calls(path: Path, tree: ast.Module) -> Iterator[str]:
    """Find methods that are read from a client, named for `getattr`, called by Slack's name, or hidden in `say`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            yield METHODS[node.attr]
        elif isinstance(node, ast.Constant) and node.value in METHODS:
            yield METHODS[str(node.value)]
        elif isinstance(node, ast.arg) and node.arg == "say":
            yield "chat.postMessage"
        elif isinstance(node, ast.Call) and _is_api_call(node):
            yield _text(path, node, {})


def _is_api_call(node: ast.Call) -> bool:
    """Say whether it is `client.api_call(…)`; the client's own override passes on what it was given."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "api_call"):
        return False
    owner = node.func.value
    return not (isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super")


def _registrations(path: Path, tree: ast.Module, constants: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Find `app.event("…")` and its kin; a pattern that matches everything subscribes to nothing."""
    if _is_command_line(tree):
        return
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REGISTRARS):
            continue
        if not ast.unparse(node.func.value).endswith(("app", "bolt")) or _matches_all(node):
            continue
        is_in_manifest = node.func.attr in ("event", "command")
        yield node.func.attr, _text(path, node, constants) if is_in_manifest else ast.unparse(node)


def _is_command_line(tree: ast.Module) -> bool:
    """Say whether `app` is typer's here, whose commands are verbs of a terminal."""
    return any(isinstance(node, ast.Import) and node.names[0].name == "typer" for node in tree.body)


def _matches_all(node: ast.Call) -> bool:
    return bool(node.args) and ast.unparse(node.args[0]) in ("re.compile('')", "re.compile('.*')")


def _text(path: Path, node: ast.Call, constants: dict[str, str]) -> str:
    """Read the first argument: a text, or a name that stands for one."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    name = first.attr if isinstance(first, ast.Attribute) else first.id if isinstance(first, ast.Name) else ""
    if name in constants:
        return constants[name]
    raise Unreadable(f"{path.name}:{node.lineno}: {ast.unparse(node)} names nothing that can be compared.")
