"""A Home tab, and a modal before it, drawn from their parts as richly as Slack takes them. Pure.

Facts: docs.slack.dev, Home tab views (100 blocks), Input block, Data table block (messages and Home tabs, 2026).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from bot.blocks.replies import (
    MOST_ADDRESS,
    Button,
    Press,
    Row,
    context,
    cut,
    escape,
    plain_text,
    row_of,
    section,
)

Json = dict[str, Any]

MOST_BLOCKS = 100
MOST_HEADER, MOST_MODAL_TITLE = 150, 24
MOST_CELL, MOST_CAPTION = 300, 150
MOST_TYPED, MOST_ALT = 200, 500
FIND_INSTEAD = "To find somebody, type `/usersync find` with a name."
NO_BUTTONS = "Slack takes no buttons here just now; `/usersync help` lists what can be typed instead."


class Look(IntEnum):
    """How rich a view is drawn: the next one is tried where Slack refuses something of this one."""

    RICH = 0
    """With faces, and runs as a table."""
    SIMPLE = 1
    """With what every client of Slack has known for years."""
    BARE = 2
    """Sections, and nothing else."""


@dataclass(frozen=True, slots=True)
class Title:
    """A heading; it has no markup."""

    text: str


@dataclass(frozen=True, slots=True)
class Small:
    """A small line in Slack's markup."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: words in Slack's markup, and a face where there is one to show."""

    words: str
    face: str = ""
    name: str = ""
    """Who is to be seen on it, for whom it is read to."""


@dataclass(frozen=True, slots=True)
class Search:
    """A box to type into; Enter tells us."""

    action_id: str
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain cells under a header, and the same in lines of Slack's markup."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]


Part = str | Row | Title | Small | Rule | Person | Search | Table
"""Of a view; a bare text is a paragraph in Slack's markup, in which foreign words are escaped already."""


def home(parts: Sequence[Part], look: Look = Look.RICH) -> Json:
    """Draw a Home tab; what is empty is left out."""
    return {"type": "home", "blocks": _drawn(parts, look)}


def modal(title: str, parts: Sequence[Part]) -> Json:
    """Draw a modal that only shows something."""
    return {
        "type": "modal",
        "title": plain_text(cut(title, MOST_MODAL_TITLE)),
        "close": plain_text("Close"),
        "blocks": _drawn(parts, Look.SIMPLE),
    }


def _drawn(parts: Sequence[Part], look: Look) -> list[Json]:
    draw = _bare if look is Look.BARE else _rich
    blocks = [block for part in parts if part for block in draw(part, look)][:MOST_BLOCKS]
    if look is Look.BARE and any(isinstance(each, Press) for part in parts if isinstance(part, tuple) for each in part):
        blocks = [*blocks[: MOST_BLOCKS - 1], section(NO_BUTTONS)]
    return blocks


def _rich(part: Part, look: Look) -> list[Json]:
    match part:
        case str():
            return [section(part)]
        case Title():
            return [{"type": "header", "text": plain_text(cut(part.text, MOST_HEADER))}]
        case Small():
            return [context(cut(part.text))]
        case Rule():
            return [{"type": "divider"}]
        case Person():
            return [_person(part, look)]
        case Search():
            return [_search(part)]
        case Table():
            return [_table(part)] if look is Look.RICH and part.rows else [section(each) for each in part.lines]
        case _:
            return row_of(part)


def _bare(part: Part, _look: Look) -> list[Json]:
    match part:
        case str():
            return [section(part)]
        case Title():
            return [section(f"*{escape(part.text)}*")]
        case Small():
            return [section(part.text)]
        case Rule():
            return []
        case Person():
            return [section(part.words)]
        case Search():
            return [section(FIND_INSTEAD)]
        case Table():
            return [section(each) for each in part.lines]
        case _:
            return [section(_link(each)) for each in part if isinstance(each, Button) and len(each.url) <= MOST_ADDRESS]


def _link(button: Button) -> str:
    """Write a button as a link; what would end one in Slack's markup is written as in an address."""
    url = escape(button.url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C"))
    return " · ".join(filter(None, [f"<{url}|{escape(button.label)}>", button.hint]))


def _person(person: Person, look: Look) -> Json:
    if not person.face or look is not Look.RICH or len(person.face) > MOST_ADDRESS:
        return section(person.words)
    image = {"type": "image", "image_url": person.face, "alt_text": cut(person.name, MOST_ALT) or "A face"}
    return {**section(person.words), "accessory": image}


def _search(search: Search) -> Json:
    """Lay the box. Slack keeps what somebody typed in a block that stays; another text is therefore another block."""
    typed = search.typed[:MOST_TYPED]
    return {
        "type": "input",
        "block_id": f"search.{zlib.crc32(typed.encode('utf-8', 'replace')):08x}",
        "dispatch_action": True,
        "label": plain_text("Find people"),
        "element": {
            "type": "plain_text_input",
            "action_id": search.action_id,
            "placeholder": plain_text("A name, title, e-mail address or phone number"),
            "max_length": MOST_TYPED,
            "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
            **({"initial_value": typed} if typed else {}),
        },
    }


def _table(table: Table) -> Json:
    return {
        "type": "data_table",
        "caption": table.caption[:MOST_CAPTION],
        "rows": [[_cell(each) for each in row] for row in (table.header, *table.rows)],
    }


def _cell(text: str) -> Json:
    return {"type": "raw_text", "text": cut(text, MOST_CELL) or "–"}
