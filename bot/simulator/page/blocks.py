"""Block Kit as Slack would show it, near enough; a block that nobody knows is named, and its words are shown."""

from collections.abc import Sequence
from typing import Any

from bot.simulator.page.controls import control, is_control, text_in
from bot.simulator.page.mrkdwn import Reader
from bot.simulator.page.tree import Element, Node, el, keyed

Json = dict[str, Any]


def shown(message: Json, reader: Reader) -> list[Node]:
    """A whole message: its blocks, or its text where it has none, and what is attached."""
    blocks = blocks_of(message)
    nodes: list[Node] = list(drawn(blocks, reader)) if blocks else reader.mrkdwn(str(message.get("text") or ""))
    for each in _dicts(message.get("attachments")):
        inner = {**each, "text": each.get("text") or each.get("fallback") or ""}
        nodes.append(el("div", *shown({**inner, "attachments": None}, reader), class_="attached"))
    return nodes


def blocks_of(message: Json) -> list[Json]:
    """The blocks of a message or a view, those that are none left out."""
    return _dicts(message.get("blocks"))


def drawn(blocks: Sequence[Json], reader: Reader) -> list[Element]:
    """Each block, named by its place, so that those which stay the same are left alone."""
    return [keyed(f"{at}", _block(block, at, reader)) for at, block in enumerate(blocks)]


def _block(block: Json, at: int, reader: Reader) -> Element:
    match block.get("type"):
        case "section":
            return _section(block, at, reader)
        case "header":
            return el("h3", *reader.plain(text_in(block.get("text"))), class_="b-header")
        case "divider":
            return el("hr", class_="b-divider")
        case "context":
            parts = [_small(each, reader) for each in _dicts(block.get("elements"))]
            return el("div", *parts, class_="b-context")
        case "actions":
            found = enumerate(_dicts(block.get("elements")))
            return el("div", *(control(each, f"{at}-{number}", reader) for number, each in found), class_="b-actions")
        case "image":
            title = text_in(block.get("title"))
            picture = reader.picture(block.get("image_url"), block.get("alt_text"), class_="b-picture")
            return el("figure", picture, el("figcaption", *reader.plain(title)) if title else None, class_="b-image")
        case "input":
            return _input(block, at, reader)
        case "data_table":
            return _table(block)
        case kind:
            words = el("p", said) if (said := _said(block)) else None
            return el("div", words, el("p", f"A block of the type {kind}.", class_="quiet"), class_="b-other")


def _section(block: Json, at: int, reader: Reader) -> Element:
    text = _words(block.get("text"), reader)
    fields = [el("div", *_words(each, reader)) for each in _dicts(block.get("fields"))]
    body = el("div", *text, el("div", *fields, class_="b-fields") if fields else None, class_="b-body")
    accessory = block.get("accessory")
    if not isinstance(accessory, dict):
        return el("div", body, class_="b-section")
    return el("div", body, _beside(accessory, f"{at}-0", reader), class_="b-section")


def _beside(accessory: Json, place: str, reader: Reader) -> Element:
    if accessory.get("type") == "image":
        return reader.picture(accessory.get("image_url"), accessory.get("alt_text"), class_="b-beside")
    return control(accessory, place, reader)


def _input(block: Json, at: int, reader: Reader) -> Element:
    label, hint = text_in(block.get("label")), text_in(block.get("hint"))
    element = block.get("element")
    inner = control(element, f"{at}-0", reader, label=label) if isinstance(element, dict) else None
    small = el("p", *reader.plain(hint), class_="quiet") if hint else None
    # The field itself carries the same words for the ear.
    return el("div", el("span", *reader.plain(label), class_="b-label", aria_hidden="true"), inner, small)


def _table(block: Json) -> Element:
    """Rows of cells under a header; what is wider than the page is scrolled to within its frame."""
    rows = [_cells(each) for each in block.get("rows") or [] if isinstance(each, list)]
    caption = str(block.get("caption") or "")
    head = el("tr", *(el("th", each, scope="col") for each in rows[0])) if rows else None
    body = [el("tr", *(el("td", each) for each in row)) for row in rows[1:]]
    table = el("table", el("caption", caption), el("thead", head), el("tbody", *body))
    return el("div", table, class_="b-table", role="group", aria_label=caption, tabindex="0")


def _cells(row: list[Any]) -> list[str]:
    return [str(each.get("text") or each.get("value") or _said(each)) for each in _dicts(row)]


def _small(element: Json, reader: Reader) -> Element:
    if element.get("type") == "image":
        return reader.picture(element.get("image_url"), element.get("alt_text"), class_="b-small")
    if is_control(element):
        return el("span", text_in(element.get("text")))
    return el("div", *_words(element, reader))


def _words(composition: object, reader: Reader) -> list[Node]:
    if not isinstance(composition, dict):
        return []
    text = str(composition.get("text") or "")
    if composition.get("type") == "plain_text":
        return [el("p", *reader.plain(text), class_="b-plain")]
    return reader.mrkdwn(text)


def _said(value: object) -> str:
    """All words within a block whose shape nobody knows here."""
    if isinstance(value, dict):
        own = value.get("text")
        return own if isinstance(own, str) else " ".join(filter(None, map(_said, value.values())))
    return " ".join(filter(None, map(_said, value))) if isinstance(value, list) else ""


def _dicts(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
