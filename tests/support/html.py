"""Reads a page as a person sees it: headings, rows, links and words, not markup."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"img", "input", "meta", "link", "br", "wbr", "hr"})


@dataclass
class Element:
    """An element with its attributes and everything inside it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All the words inside, with single spaces."""
        words = "".join(each if isinstance(each, str) else f" {each.text} " for each in self.children)
        return " ".join(words.split())

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Find every element inside of that tag with those attributes; `class_` asks for one class among several."""
        found = []
        for each in self.children:
            if isinstance(each, Element):
                found += [each] if each.matches(tag, attributes) else []
                found += each.all(tag, **attributes)
        return found

    def one(self, tag: str = "", **attributes: str) -> Element:
        """Find the only such element."""
        found = self.all(tag, **attributes)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} elements are {tag} {attributes}")
        return found[0]

    def matches(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag and self.tag != tag:
            return False
        for name, value in attributes.items():
            if name == "class_":
                if value not in self.attributes.get("class", "").split():
                    return False
            elif self.attributes.get(name) != value:
                return False
        return True


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open[-1].tag != tag:
            raise AssertionError(f"<{self.open[-1].tag}> is closed by </{tag}>")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """Read a page, or a part of one; elements that cross are an error."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if len(reader.open) != 1:
        raise AssertionError(f"<{reader.open[-1].tag}> is never closed")
    return reader.open[0]
