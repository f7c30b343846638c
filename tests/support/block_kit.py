"""Slack's limits on what an app shows: `check_message` and `check_view` raise AssertionError with everything amiss.

Facts: docs.slack.dev, Block Kit reference (blocks, elements, composition objects), chat.postMessage, views.publish. The
keys allowed are those we use; one that is missing here is first looked up there, then added.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Json = dict[str, Any]

MOST_BLOCKS, MOST_BLOCKS_OF_A_VIEW = 50, 100
MOST_BYTES_OF_A_VIEW = 250_000
MOST_TEXT = 40_000
MOST_SECTION, MOST_FIELD, MOST_FIELDS = 3_000, 2_000, 10
MOST_HEADER = 150
MOST_CONTEXT, MOST_ACTIONS = 10, 25
MOST_LABEL, MOST_VALUE, MOST_URL, MOST_ACTION_ID, MOST_BLOCK_ID = 75, 2_000, 3_000, 255, 255
MOST_ALT, MOST_IMAGE_TITLE = 2_000, 2_000
MOST_CONFIRM_TITLE, MOST_CONFIRM_TEXT, MOST_CONFIRM_WORD = 100, 300, 30
MOST_VIEW_TITLE, MOST_CALLBACK_ID, MOST_METADATA = 24, 255, 3_000
MOST_OPTIONS, MOST_OPTION = 100, 75
MOST_INPUT_LABEL, MOST_PLACEHOLDER, MOST_TYPED = 2_000, 150, 3_000
MOST_ROWS, MOST_COLUMNS, MOST_CELLS_TEXT = 101, 20, 10_000
STYLES = {None, "primary", "danger"}

Faults = Iterator[str]


def check_message(message: Json) -> Json:
    """Return the message if Slack would take it: from a response URL, or as the arguments of chat.postMessage."""
    _raise([*_message(message)], message)
    return message


def check_view(view: Json) -> Json:
    """Return the view if Slack would take it."""
    _raise([*_view(view)], view)
    return view


def _raise(faults: list[str], shown: Json) -> None:
    assert not faults, "; ".join(faults) + f"\n{json.dumps(shown, indent=1, ensure_ascii=False)[:4_000]}"


def _message(message: Json) -> Faults:
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        yield "a message needs a text, which notifications show"
    elif len(text) > MOST_TEXT:
        yield f"its text has {len(text)} letters, of {MOST_TEXT}"
    yield from _blocks(message.get("blocks", []), most=MOST_BLOCKS)


def _view(view: Json) -> Faults:
    kind = view.get("type")
    if kind not in ("home", "modal"):
        yield f"a view is a home or a modal, not {kind!r}"
    if kind == "modal":
        yield from _plain(view.get("title"), MOST_VIEW_TITLE, "a modal's title")
    yield from _short(view, "callback_id", MOST_CALLBACK_ID)
    yield from _short(view, "private_metadata", MOST_METADATA)
    if (size := len(json.dumps(view).encode())) > MOST_BYTES_OF_A_VIEW:
        yield f"a view of {size} bytes, of {MOST_BYTES_OF_A_VIEW}"
    if "blocks" not in view:
        yield "a view needs blocks"
    yield from _blocks(view.get("blocks", []), most=MOST_BLOCKS_OF_A_VIEW)


def _blocks(blocks: Any, *, most: int) -> Faults:
    if not isinstance(blocks, list):
        yield "blocks are a list"
        return
    if len(blocks) > most:
        yield f"{len(blocks)} blocks, of {most}"
    ids = [each["block_id"] for each in blocks if isinstance(each, dict) and "block_id" in each]
    yield from (f"two blocks have the id {each!r}" for each in _twice(ids))
    for number, block in enumerate(blocks):
        yield from (f"block {number}: {fault}" for fault in _block(block))


def _block(block: Any) -> Faults:
    if not isinstance(block, dict):
        yield "a block is an object"
        return
    checks: dict[str, tuple[Callable[[Json], Faults], set[str]]] = {
        "section": (_section, {"text", "fields", "accessory", "expand"}),
        "header": (_header, {"text"}),
        "context": (_context, {"elements"}),
        "actions": (_actions, {"elements"}),
        "image": (_image_block, {"image_url", "alt_text", "title"}),
        "divider": (lambda _: iter(()), set()),
        "input": (_input, {"label", "element", "dispatch_action", "hint", "optional"}),
        "data_table": (_table, {"caption", "rows", "page_size", "row_header_column_index"}),
    }
    kind = block.get("type")
    if kind not in checks:
        yield f"of the unknown type {kind!r}"
        return
    check, keys = checks[kind]
    yield from _keys(block, {"type", "block_id", *keys})
    yield from _short(block, "block_id", MOST_BLOCK_ID)
    yield from check(block)


def _section(block: Json) -> Faults:
    if not block.keys() & {"text", "fields"}:
        yield "a section needs text or fields"
    if "text" in block:
        yield from _words(block["text"], MOST_SECTION, "a section's text")
    fields = block.get("fields")
    if fields is not None:
        if not isinstance(fields, list) or not 0 < len(fields) <= MOST_FIELDS:
            yield f"a section has 1 to {MOST_FIELDS} fields"
        else:
            for each in fields:
                yield from _words(each, MOST_FIELD, "a field")
    if "accessory" in block:
        yield from _element(block["accessory"], {"button", "image", "overflow", "static_select"})


def _header(block: Json) -> Faults:
    yield from _plain(block.get("text"), MOST_HEADER, "a header")


def _context(block: Json) -> Faults:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= MOST_CONTEXT:
        yield f"a context has 1 to {MOST_CONTEXT} elements"
        return
    for each in elements:
        if isinstance(each, dict) and each.get("type") == "image":
            yield from _image(each)
        else:
            yield from _words(each, MOST_SECTION, "a context's text")


def _actions(block: Json) -> Faults:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= MOST_ACTIONS:
        yield f"actions have 1 to {MOST_ACTIONS} elements"
        return
    ids = [each.get("action_id") for each in elements if isinstance(each, dict) and each.get("action_id")]
    yield from (f"two elements have the action id {each!r}" for each in _twice(ids))
    for each in elements:
        yield from _element(each, {"button", "overflow", "static_select"})


def _input(block: Json) -> Faults:
    yield from _plain(block.get("label"), MOST_INPUT_LABEL, "an input's label")
    element = block.get("element")
    if not isinstance(element, dict) or element.get("type") != "plain_text_input":
        yield "an input of ours is a plain_text_input"
        return
    yield from _keys(
        element,
        {"type", "action_id", "placeholder", "initial_value", "max_length", "dispatch_action_config", "multiline"},
    )
    yield from _short(element, "action_id", MOST_ACTION_ID)
    yield from _short(element, "initial_value", element.get("max_length", MOST_TYPED))
    if "placeholder" in element:
        yield from _plain(element["placeholder"], MOST_PLACEHOLDER, "a placeholder")
    if not 1 <= element.get("max_length", 1) <= MOST_TYPED:
        yield f"max_length is 1 to {MOST_TYPED}"
    if element.get("initial_value") == "":
        yield "an initial_value says something"
    wanted = set(element.get("dispatch_action_config", {}).get("trigger_actions_on", []))
    if not wanted <= {"on_enter_pressed", "on_character_entered"}:
        yield f"an input is not told of {sorted(wanted)}"


def _table(block: Json) -> Faults:
    rows = block.get("rows")
    if not block.get("caption") or not isinstance(block["caption"], str):
        yield "a table needs a caption"
    if not isinstance(rows, list) or not 2 <= len(rows) <= MOST_ROWS:
        yield f"a table has a header and 1 to {MOST_ROWS - 1} rows"
        return
    if len({len(row) for row in rows}) != 1 or not 1 <= len(rows[0]) <= MOST_COLUMNS:
        yield f"the rows of a table have the same number of cells, at most {MOST_COLUMNS}"
    cells = [cell for row in rows for cell in row]
    if any(cell.keys() != {"type", "text"} or cell["type"] != "raw_text" or not cell["text"] for cell in cells):
        yield "a cell of ours is raw_text that says something"
    elif (letters := sum(len(cell["text"]) for cell in cells)) > MOST_CELLS_TEXT:
        yield f"a table of {letters} letters, of {MOST_CELLS_TEXT}"


def _element(element: Any, allowed: set[str]) -> Faults:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in allowed:
        yield f"an element of the type {kind!r} does not stand here"
    elif kind == "button":
        yield from _button(element)
    elif kind == "image":
        yield from _image(element)
    else:
        yield from _choice(element)


def _button(button: Json) -> Faults:
    yield from _keys(button, {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"})
    yield from _plain(button.get("text"), MOST_LABEL, "a button's label")
    yield from _short(button, "action_id", MOST_ACTION_ID)
    yield from _short(button, "value", MOST_VALUE)
    yield from _short(button, "url", MOST_URL)
    yield from _short(button, "accessibility_label", MOST_LABEL)
    if not button.get("action_id"):
        yield "a button needs an action id, or nobody knows which was pressed"
    if "url" in button and not str(button["url"]).startswith(("http://", "https://", "slack://", "mailto:")):
        yield f"a button's address is none: {button['url']!r}"
    if button.get("style") not in STYLES:
        yield f"a button has the unknown style {button.get('style')!r}"
    if "confirm" in button:
        yield from _confirm(button["confirm"])


def _choice(element: Json) -> Faults:
    yield from _short(element, "action_id", MOST_ACTION_ID)
    options = element.get("options")
    most = 5 if element.get("type") == "overflow" else MOST_OPTIONS
    if not isinstance(options, list) or not 0 < len(options) <= most:
        yield f"a choice has 1 to {most} options"
        return
    for each in options:
        yield from _plain(each.get("text"), MOST_OPTION, "an option")
        yield from _short(each, "value", 150)
    if "confirm" in element:
        yield from _confirm(element["confirm"])


def _confirm(dialog: Any) -> Faults:
    if not isinstance(dialog, dict):
        yield "a confirm dialog is an object"
        return
    yield from _keys(dialog, {"title", "text", "confirm", "deny", "style"})
    yield from _plain(dialog.get("title"), MOST_CONFIRM_TITLE, "a dialog's title")
    yield from _words(dialog.get("text"), MOST_CONFIRM_TEXT, "a dialog's text")
    yield from _plain(dialog.get("confirm"), MOST_CONFIRM_WORD, "a dialog's yes")
    yield from _plain(dialog.get("deny"), MOST_CONFIRM_WORD, "a dialog's no")
    if dialog.get("style") not in STYLES:
        yield f"a dialog has the unknown style {dialog.get('style')!r}"


def _image_block(block: Json) -> Faults:
    yield from _image(block)
    if "title" in block:
        yield from _plain(block["title"], MOST_IMAGE_TITLE, "an image's title")


def _image(image: Json) -> Faults:
    if not str(image.get("image_url", "")).startswith(("https://", "http://")):
        yield f"an image needs an address that everybody reaches, not {image.get('image_url')!r}"
    yield from _short(image, "image_url", MOST_URL)
    if not isinstance(image.get("alt_text"), str):
        yield "an image needs an alt_text"
    yield from _short(image, "alt_text", MOST_ALT)


def _plain(text: Any, most: int, what: str) -> Faults:
    yield from _words(text, most, what)
    if isinstance(text, dict) and text.get("type") != "plain_text":
        yield f"{what} is plain_text"


def _words(text: Any, most: int, what: str) -> Faults:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        yield f"{what} is a text object, not {text!r}"
        return
    yield from _keys(text, {"type", "text"} | ({"emoji"} if text["type"] == "plain_text" else {"verbatim"}))
    said = text.get("text")
    if not isinstance(said, str) or not said:
        yield f"{what} is empty"
    elif len(said) > most:
        yield f"{what} has {len(said)} letters, of {most}"


def _short(holder: Json, key: str, most: int) -> Faults:
    if key in holder and (not isinstance(holder[key], str) or len(holder[key]) > most):
        yield f"{key} is a text of at most {most} letters"


def _keys(holder: Json, allowed: set[str]) -> Faults:
    if more := sorted(holder.keys() - allowed):
        yield f"unknown keys: {', '.join(more)}"


def _twice(ids: Iterable[str]) -> list[str]:
    return sorted(each for each, count in Counter(ids).items() if count > 1)
