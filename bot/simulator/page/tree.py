"""Elements of the page as values, written as HTML or sent as JSON; whatever text is in them never becomes markup."""

import html
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element; a child that is text is only ever text."""

    tag: str
    attrs: dict[str, str]
    children: tuple["Node", ...] = ()


Node = Element | str


def el(tag: str, *children: Node | None, **attrs: str | bool | None) -> Element:
    """Make an element. `class_` stands for `class`, `data_key` for `data-key`; None and False leave a thing out."""
    named = {
        key.strip("_").replace("_", "-"): "" if value is True else str(value)
        for key, value in attrs.items()
        if value is not None and value is not False
    }
    return Element(tag, named, tuple(child for child in children if child is not None))


def keyed(key: str, element: Element) -> Element:
    """Name an element within its list, and sign it: a browser leaves alone what has the same name and signature."""
    named = replace(element, attrs={**element.attrs, "data-key": key})
    same = f"{zlib.crc32(json.dumps(as_json(named)).encode()):08x}"
    return replace(named, attrs={**named.attrs, "data-same": same})


def as_json(node: Node) -> object:
    """Text as it is; an element as its tag, its attributes and its children."""
    if isinstance(node, str):
        return node
    return [node.tag, node.attrs, [as_json(child) for child in node.children]]


def as_html(nodes: Iterable[Node]) -> str:
    """Write them as HTML, every text escaped."""
    return "".join(map(_written, nodes))


def text_of(nodes: Sequence[Node]) -> str:
    """What is to be read, without any element."""
    return "".join(node if isinstance(node, str) else text_of(node.children) for node in nodes)


def _written(node: Node) -> str:
    if isinstance(node, str):
        return html.escape(node, quote=False)
    attrs = "".join(f' {key}="{html.escape(value)}"' for key, value in node.attrs.items())
    if node.tag in VOID:
        return f"<{node.tag}{attrs}>"
    return f"<{node.tag}{attrs}>{as_html(node.children)}</{node.tag}>"
