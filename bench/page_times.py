"""What a reader of the directory waits for, as ratios of one run: beside floors, beside a peer, and beside itself.

    python bench/page_times.py --users 100000 --room FOLDER --peers FOLDER

The room keeps the filled file, which is made once for each state of the code (a minute); the peers' folder a venv with
Datasette, which is made once. Each side is a process of its own, asked over HTTP by one that is none of them, in turns,
so that whatever else the machine does meets all alike. Somebody is signed in, and says as a browser does that gzip is
understood. No page is asked for with an `If-None-Match`. The product keeps what it made of an address until something
is committed or the minute ends, so "again" says of a line that it had been made before; of all others every address,
and every word that is searched for, is asked for once. Two sizes (`--users 100000 1000000`) are also compared.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import re
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import product as product_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from asking import USUAL, Effort, Paths, a_second, always, asks, in_turns, p50, p99
from filled import Words, filled, remove, to_be_written, words_of
from lines import Line, NotMeasured, Row, heading, show
from passes import ROOM
from peer_venvs import python_of, version
from sides import Side, datasette, directory, floor, slack, wait_for

PARTS = ("page", "load", "search", "pass")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
READING = "Reading people from Slack"
MOST_MS = 1000


def page_lines(product: Side, least: Side, effort: Effort, of: str) -> Iterator[Line]:
    ours, others = in_turns(effort, (product, always("/")), (least, always("/")))
    yield Line(f"first page of {of}, again, p50; the least app", p50(ours), p50(others), 1.7)
    yield Line(f"first page of {of}, again, p99; the least app", p99(ours), p99(others), 1.7)
    ours, others = in_turns(effort, (product, unasked_pages(product)), (least, always("/")))
    yield Line(f"page of {of} that nobody asked for, p50; the least app", p50(ours), p50(others), 1.7)
    yield Line(f"page of {of} that nobody asked for, p99; the least app", p99(ours), p99(others), None)
    deep, early = unasked_pages(product, "n"), unasked_pages(product, "a")
    ours, others = in_turns(effort, (product, deep), (product, early))
    yield Line(f"page from the middle of {of}, p50; one near the beginning", p50(ours), p50(others), 1.1)


def unasked_pages(product: Side, first: str = "m") -> Paths:
    """Give the pages behind hundreds of names; another letter gives others."""
    link = next_link(product)
    return asks(*(behind(f"{first}{one}{two}", link) for one, two in product_of(LETTERS, LETTERS)))


def next_link(product: Side) -> str:
    link = re.search(r'rel="next" href="([^"]*)"', product.read("/"))
    assert link is not None, "a page has a next one"
    return html.unescape(link[1])


def behind(name: str, link: str) -> str:
    """Tell the address of the page behind a name: the cursor of the first page, moved there."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)
    cursor = query["after"][0]
    order, _, *key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    there = base64.urlsafe_b64encode(json.dumps([order, name, *key], separators=(",", ":")).encode()).decode()
    return f"/?{urllib.parse.urlencode({'after': there.rstrip('=')})}"


def search_lines(product: Side, least: Side, words: Words, effort: Effort, of: str) -> Iterator[Line]:
    for what, sought in (("a rare word", words.rare), ("a surname", words.surnames)):
        ours, others = in_turns(
            effort, (product, asks(*map(searched, sought))), (least, asks(*map(matched, sought))), asked=effort.words
        )
        yield Line(f"search {of} for {what}, p50; the index itself", p50(ours), p50(others), 2)
    common = (product, common_word(words)), (least, always(matched(words.common)))
    ours, others = in_turns(effort, *common, asked=effort.words // 4 or 1)
    what = f"search {of} for “{words.common}” ({words.common_found:,})"
    yield Line(f"{what}, p99; the index itself", p99(ours), p99(others), None)


def common_word(words: Words) -> Paths:
    """Give the search for the common word in all its spellings of small and capital letters."""
    return asks(*map(searched, map("".join, product_of(*((each, each.upper()) for each in words.common)))))


def searched(word: str) -> str:
    return f"/?{urllib.parse.urlencode({'q': word})}"


def matched(word: str) -> str:
    """Ask the index for the beginning of a word of names, titles and addresses, as it keeps them."""
    match = " OR ".join(f'"{tag}{word.lower()}"*' for tag in ("nw", "tt", "ee"))
    return f"/?{urllib.parse.urlencode({'match': match})}"


def load_lines(product: Side, file: Path, peers: Path | None, effort: Effort, of: str) -> Iterator[Row]:
    what = f"first page of {of}, again, {effort.connections} connections; {version('datasette')}"
    some = "&".join(f"_col={name}" for name in ("real_name", "title", "tz", "kind", "state", "image_72"))
    python = python_of("datasette", peers) if peers else None
    if python is None:
        yield NotMeasured(what, "not installed")
        return
    with datasette(python, file) as peer:
        page = f"/{file.stem}/users?_size=50"
        ours, others = a_second(product, always("/"), effort), a_second(peer, always(page), effort)
        anew, less = (
            a_second(product, unasked_pages(product, "k"), effort),
            a_second(peer, always(f"{page}&{some}"), effort),
        )
    yield Line(what, ours, others, 15, unit="/s", at_most=False)
    yield Line("a page that nobody asked for; the same", anew, others, None, unit="/s", at_most=False)
    yield Line("a page that nobody asked for; datasette, six columns", anew, less, None, unit="/s", at_most=False)


def pass_lines(file: Path, users: int, rest: Side, effort: Effort) -> Iterator[Line]:
    """Ask while a pass writes everybody, in turns with a product that rests.

    The pass goes at Slack's own pace; but of few people, at a call a minute, or it were over before it is seen.
    """
    calls_a_minute = 20 if users > 25_000 else 1
    copy = to_be_written(file)
    took: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        api_url = stack.enter_context(slack(users))
        writing = stack.enter_context(directory(copy, api_url, "passes", str(calls_a_minute)))
        wait_for(lambda: READING in writing.read("/"))
        until = time.monotonic() + effort.pass_s
        with closing(writing.connect()) as one, closing(rest.connect()) as other:
            while time.monotonic() < until:
                took[0].extend(writing.ask(one, "/") for _ in range(20))
                took[1].extend(rest.ask(other, "/") for _ in range(20))
        if READING not in writing.read("/"):
            print("(the pass ended before it had been watched long enough: take more --users)", file=sys.stderr)
    remove(copy)
    slowly = "" if calls_a_minute > 1 else ", one page a minute"
    what = f"first page of {users:,}, p99, while a pass writes{slowly}"
    yield Line(f"{what}; at rest", p99(took[0]), p99(took[1]), 1.5 if not slowly else None)
    yield Line("the slowest of these; a second", max(took[0]), MOST_MS, 1)


def lines_of(users: int, room: Path, peers: Path | None, effort: Effort, parts: tuple[str, ...]) -> Iterator[Row]:
    """Measure one size."""
    room.mkdir(parents=True, exist_ok=True)
    file, of = filled(room, users), f"{users:,}"
    with ExitStack() as stack:
        product = stack.enter_context(directory(file, stack.enter_context(slack(users)), "rests"))
        if "page" in parts:
            with floor("page_floor.py", file) as least:
                yield from page_lines(product, least, effort, of)
        if "search" in parts:
            with floor("search_floor.py", file) as least:
                yield from search_lines(product, least, words_of(file, effort.words_needed), effort, of)
        if product.took_ms:
            yield Line(f"the slowest request of all these, of {of}; a second", max(product.took_ms), MOST_MS, 1)
        if "load" in parts:
            yield from load_lines(product, file, peers, effort, of)
        if "pass" in parts:
            yield from pass_lines(file, users, product, effort)


def lines_between(few: int, many: int, room: Path, effort: Effort) -> Iterator[Line]:
    """Measure one size beside another: pages that nobody asked for, and the word that one in six matches."""
    with ExitStack() as stack:
        small, large = (
            stack.enter_context(directory(filled(room, users), stack.enter_context(slack(users)), "rests"))
            for users in (few, many)
        )
        ours, others = in_turns(effort, (large, unasked_pages(large, "k")), (small, unasked_pages(small, "k")))
        yield Line(f"page from the middle of {many:,}, p50; of {few:,}", p50(ours), p50(others), 1.1)
        words = [words_of(filled(room, users), effort.words_needed) for users in (few, many)]
        sides = (large, common_word(words[1])), (small, common_word(words[0]))
        ours, others = in_turns(effort, *sides, asked=effort.words // 4 or 1)
        what = f"search {many:,} for what one in six matches, p99"
        yield Line(f"{what}; {few:,}", p99(ours), p99(others), 1.3)
        yield Line(f"{what}; a second", p99(ours), MOST_MS, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=[100_000])
    parser.add_argument("--room", type=Path, default=ROOM)
    parser.add_argument("--peers", type=Path, help="a folder for the venv of Datasette; without it, no line of it")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="some of the lines")
    given = parser.parse_args()
    print(heading(), flush=True)
    for users in given.users:
        show(lines_of(users, given.room, given.peers, USUAL, tuple(given.only or PARTS)))
    for many in given.users[1:]:
        show(lines_between(given.users[0], many, given.room, USUAL))


if __name__ == "__main__":
    main()
