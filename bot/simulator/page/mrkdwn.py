"""Slack's markup as elements: what is not understood stays text (docs.slack.dev, Formatting message text)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urlsplit

from bot.simulator.page.signs import sign
from bot.simulator.page.tree import Element, Node, el

NameOf = Callable[[str], str]
"""From the id of a user or of a channel to the name that people read."""

QUOTE, BULLET = "&gt;", ("• ", "◦ ")
SCHEMES = frozenset({"http", "https", "mailto"})

_FENCE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<angle>[^<>\n]+)>"
    r"|(?<![\w:]):(?P<emoji>[a-z0-9_+'-]+):"
    r"|(?<![\w*])\*(?=\S)(?P<bold>(?:<[^<>\n]+>|[^*<\n])+)(?<=\S)\*(?![\w*])"
    r"|(?<!\w)_(?=\S)(?P<italic>(?:<[^<>\n]+>|[^_<\n])+)(?<=\S)_(?!\w)"
    r"|(?<![\w~])~(?=\S)(?P<strike>(?:<[^<>\n]+>|[^~<\n])+)(?<=\S)~(?![\w~])"
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: it knows people by name, and which pictures are of this machine."""

    name_of: NameOf
    base_url: str = ""

    def mrkdwn(self, text: str) -> list[Node]:
        """Paragraphs, quotes, lists and blocks of code."""
        nodes: list[Node] = []
        for position, part in enumerate(_FENCE.split(text)):
            if position % 2:
                nodes.append(el("pre", el("code", unescaped(part))))
            elif part.strip():
                nodes += self._lines(part.strip("\n"))
        return nodes

    def inline(self, text: str) -> list[Node]:
        """One line of it."""
        nodes: list[Node] = []
        position = 0
        for found in _INLINE.finditer(text):
            nodes += [unescaped(text[position : found.start()]), self._marked(found)]
            position = found.end()
        return [node for node in (*nodes, unescaped(text[position:])) if node != ""]

    def plain(self, text: str) -> list[Node]:
        """Plain text, in which emoji are the only markup."""
        parts = re.split(r":([a-z0-9_+'-]+):", text)
        return [sign(part) if position % 2 else part for position, part in enumerate(parts) if part]

    def picture(self, url: object, alt: object, *, class_: str) -> Element:
        """A picture of this machine; any other is its description, for this page asks nobody else for anything."""
        address, words = str(url or ""), str(alt or "")
        if self.base_url and address.startswith(f"{self.base_url}/"):
            return el("img", class_=class_, src=address.removeprefix(self.base_url), alt=words, loading="lazy")
        return el("span", words or "picture", class_=f"{class_} picture-away")

    def _lines(self, text: str) -> list[Node]:
        nodes: list[Node] = []
        for kind, group in groupby(text.split("\n"), key=_kind):
            lines = list(group)
            if kind == "quote":
                inner = [line.removeprefix(QUOTE).removeprefix(" ") for line in lines]
                nodes.append(el("blockquote", *self._joined(inner)))
            elif kind == "list":
                nodes.append(el("ul", *(el("li", *self.inline(line.strip()[2:])) for line in lines)))
            else:
                nodes.append(el("p", *self._joined(lines)))
        return nodes

    def _joined(self, lines: list[str]) -> list[Node]:
        nodes: list[Node] = []
        for position, line in enumerate(lines):
            nodes += [*([el("br")] if position else []), *self.inline(line)]
        return nodes

    def _marked(self, found: re.Match[str]) -> Node:
        inner = str(found[found.lastgroup or 0])
        match found.lastgroup:
            case "code":
                return el("code", unescaped(inner))
            case "emoji":
                return sign(inner)
            case "bold":
                return el("strong", *self.inline(inner))
            case "italic":
                return el("em", *self.inline(inner))
            case "strike":
                return el("s", *self.inline(inner))
            case _:
                return self._pointed(inner)

    def _pointed(self, inner: str) -> Node:
        """What stands between angle brackets: a user, a channel, a word for many, or an address."""
        there, _, label = inner.partition("|")
        words = unescaped(label)
        match there[:1]:
            case "@":
                return el("span", f"@{words or self.name_of(there[1:])}", class_="mention")
            case "#":
                return el("span", f"#{words or self.name_of(there[1:]) or there[1:]}", class_="mention")
            case "!" if there.startswith("!date^"):
                return _moment(there, words)
            case "!":
                return el("span", words or f"@{there[1:].partition('^')[0]}", class_="mention")
        url = unescaped(there)
        # What is no address that Slack would make a link stays as it was written.
        return outward(url, words or url.removeprefix("mailto:")) if is_safe(url) else f"<{unescaped(inner)}>"


def outward(url: str, *words: Node, class_: str | None = None, **attrs: str) -> Element:
    """A link that opens beside this page; only its words where the address is of a kind that could do harm."""
    if not is_safe(url):
        return el("span", *words, class_=class_)
    return el("a", *words, href=url, target="_blank", rel="noopener", class_=class_, **attrs)


def is_safe(url: str) -> bool:
    """Whether a browser may be led there: no script hides in it."""
    try:
        return urlsplit(url).scheme.lower() in SCHEMES
    except ValueError:
        return False


def unescaped(text: str) -> str:
    """Slack escapes three signs, and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _moment(there: str, fallback: str) -> Node:
    """A time as whoever looks at this machine reads it; the words for other clients where it is none."""
    stamp, _, form = there.removeprefix("!date^").partition("^")
    try:
        at = datetime.fromtimestamp(int(stamp), UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return fallback
    date = f"{at:%b} {at.day}, {at.year}"
    pretty = "today" if at.date() == datetime.now(UTC).astimezone().date() else date
    tokens = {"date_short": date, "date_short_pretty": pretty, "time_secs": f"{at:%H:%M:%S}", "time": f"{at:%H:%M}"}
    shown = form.partition("^")[0]
    for token, words in tokens.items():
        shown = shown.replace(f"{{{token}}}", words)
    return el("time", fallback if "{" in shown or not shown else shown, datetime=at.isoformat(timespec="seconds"))


def _kind(line: str) -> str:
    if line.startswith(QUOTE):
        return "quote"
    return "list" if line.lstrip().startswith(BULLET) else "text"
