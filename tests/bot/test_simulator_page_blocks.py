"""Slack's markup and its blocks on the page: near enough to Slack, and never more than text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.simulator.page.blocks import blocks_of, drawn, shown
from bot.simulator.page.controls import action, filled_in, pressed
from bot.simulator.page.mrkdwn import Reader
from bot.simulator.page.tree import as_html, as_json, el, keyed, text_of

BASE = "http://127.0.0.1:1"
READER = Reader({"U1": "Ada <Lovelace>"}.get, BASE)  # type: ignore[arg-type]


def written(text: str) -> str:
    return as_html(READER.mrkdwn(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "<p>plain</p>"),
        ("*bold* _it_ ~no~ `*code*`", "<p><strong>bold</strong> <em>it</em> <s>no</s> <code>*code*</code></p>"),
        ("*bold _and_ more*", "<p><strong>bold <em>and</em> more</strong></p>"),
        ("snake_case_word 2*3*4 a~b~c", "<p>snake_case_word 2*3*4 a~b~c</p>"),
        ("* no bold *", "<p>* no bold *</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("```\na *b*\n```", "<pre><code>a *b*</code></pre>"),
        ("&gt; said\n&gt; twice\nafter", "<blockquote>said<br>twice</blockquote><p>after</p>"),
        ("To do:\n• one\n• *two*", "<p>To do:</p><ul><li>one</li><li><strong>two</strong></li></ul>"),
        ("&amp;lt; &lt;b&gt; &amp;", "<p>&amp;lt; &lt;b&gt; &amp;</p>"),
        ("&copy;", "<p>&amp;copy;</p>"),
        ("<@U1>", '<p><span class="mention">@Ada &lt;Lovelace&gt;</span></p>'),
        ("<#C1|general> <!here>", '<p><span class="mention">#general</span> <span class="mention">@here</span></p>'),
        (":warning: :no_such_sign: 12:30:45", "<p>⚠️ :no_such_sign: 12:30:45</p>"),
        ("<javascript:alert(1)|press>", "<p>&lt;javascript:alert(1)|press&gt;</p>"),
        ("<data:text/html,x>", "<p>&lt;data:text/html,x&gt;</p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("<b", "<p>&lt;b</p>"),
        ("*", "<p>*</p>"),
    ],
)  # fmt: skip
def test_markup_becomes_elements(text: str, expected: str) -> None:
    assert expected == written(text)


def test_a_time_is_written_as_whoever_looks_reads_it_and_what_is_none_keeps_its_words() -> None:
    at = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC).astimezone()
    stamp = f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|2020 UTC>"
    expected = f'<time datetime="{at.isoformat()}">Feb {at.day}, 2020 {at:%H:%M:%S}</time>'

    assert f"<p>{expected}</p>" == written(stamp)
    assert "<p>words</p>" == written("<!date^soon^{time}|words>")
    assert ">Jan 1, 1970</time>" in written("<!date^1000^{date_short}|words>")
    assert ">words</time>" in written("<!date^1^{unheard_of}|words>")


def test_a_link_opens_beside_the_page_and_cannot_reach_back() -> None:
    link = '<a href="https://a.example/?a=1&amp;b=_x_*" target="_blank" rel="noopener">A &amp; B</a>'

    assert f"<p><strong>{link}</strong></p>" == written("*<https://a.example/?a=1&amp;b=_x_*|A &amp; B>*")


def test_text_in_attributes_ends_no_attribute() -> None:
    assert '<p title="&quot;&gt;&lt;img&gt;">&lt;img&gt;</p>' == as_html([el("p", "<img>", title='"><img>')])


def test_what_stays_the_same_keeps_its_signature() -> None:
    one, same, other = (keyed("1", el("p", text)).attrs["data-same"] for text in ("a", "a", "b"))

    assert one == same != other


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Press :eyes:"}, **more}


def test_a_message_is_its_blocks_or_else_its_text() -> None:
    message = {"text": "for notifications", "blocks": [section("*seen*")]}

    assert "seen" == text_of(shown(message, READER))
    assert "for notifications" == text_of(shown({"text": message["text"]}, READER))


def test_a_block_that_nobody_knows_is_named_and_its_words_are_shown() -> None:
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"text": "<b>words</b>"}]}]}

    assert "<b>words</b>A block of the type rich_text." == text_of(drawn([block], READER))


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"type": "section"}, {"type": "section", "text": "x", "fields": 5, "accessory": "x"},
        {"type": "context", "elements": None}, {"type": "actions", "elements": [1, None, {}]},
        {"type": "image"}, {"type": "input"}, {"type": "header", "text": None}, {"type": 7},
        {"type": "data_table"}, {"type": "data_table", "rows": [5, [None], {}], "caption": 7},
        {"type": "actions", "elements": [{"type": "button", "confirm": {}}, {"type": "button", "confirm": {"a": 1}}]},
        {"type": "actions", "elements": [{"type": "static_select"}, {"type": "overflow"}, {"type": "datepicker"}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_broken_block_breaks_nothing(broken: dict[str, Any]) -> None:
    assert as_html(drawn([broken], READER))
    assert {} == filled_in([broken], {}) or "actions" == broken["type"]


def test_a_table_has_a_header_and_rows() -> None:
    rows = [["Resync", "When"], ["first", "<b>"]]
    cells = [[{"type": "raw_text", "text": each} for each in row] for row in rows]
    html = as_html(drawn([{"type": "data_table", "caption": "Runs", "rows": cells}], READER))

    assert "<caption>Runs</caption>" in html
    assert '<th scope="col">Resync</th><th scope="col">When</th>' in html
    assert "<td>first</td><td>&lt;b&gt;</td>" in html


def test_a_button_that_asks_tells_the_app_only_after_the_answer() -> None:
    question = {"title": {"type": "plain_text", "text": "Drop?"}, "confirm": {"type": "plain_text", "text": "Yes"}}
    html = as_html(drawn([{"type": "actions", "elements": [button("drop", confirm=question)]}], READER))

    assert '<summary class="button">Press 👀</summary>' in html
    assert html.index("Drop?") < html.index('value="0-0:drop"')
    assert 1 == html.count("<button")


def test_only_pictures_of_this_machine_are_shown() -> None:
    block = {"type": "image", "image_url": f"{BASE}/faces/U1.svg", "alt_text": "Ada"}
    elsewhere = {**block, "image_url": f"{BASE}.evil.example/faces/U1.svg"}

    assert '<img class="b-picture" src="/faces/U1.svg" alt="Ada" loading="lazy">' in as_html(drawn([block], READER))
    assert "<img" not in as_html(drawn([elsewhere], READER))
    assert "Ada" in as_html(drawn([elsewhere], READER))


def test_a_button_that_leads_to_a_script_is_no_link() -> None:
    block = {"type": "actions", "elements": [button("go", url="javascript:alert(1)")]}

    html = as_html(drawn([block], READER))

    assert "javascript" not in html
    assert 'value="0-0:go"' in html


def test_a_press_finds_its_button_and_what_it_stands_for() -> None:
    blocks = [section("a"), section("b", block_id="mine", accessory=button("go", value="7"))]

    found = pressed(blocks, "1-0:go")

    assert found is not None
    block, element, option = found
    told = {"type": "button", "text": {"type": "plain_text", "text": "Press :eyes:"}, "value": "7", "block_id": "mine"}
    assert told == action(block, element, option, {})


@pytest.mark.parametrize(
    "press", ["", "1-0:other", "0-0:go", "9-0:go", "1-9:go", "1-0-x:go", "-1-0:go", "1:go", "²-0:go"]
)
def test_a_press_of_what_is_not_there_finds_nothing(press: str) -> None:
    assert pressed([section("a"), section("b", accessory=button("go"))], press) is None


def test_fields_are_read_by_block_and_action() -> None:
    choice = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
    blocks = [
        {"type": "input", "block_id": "who", "element": {"type": "plain_text_input", "action_id": "name"}},
        {"type": "actions", "elements": [{"type": "static_select", "action_id": "pick", "options": [choice]}]},
    ]

    values = filled_in(blocks, {"in-0-0": ["anna"], "in-1-0": ["1"], "in-5-0": ["lost"]})

    assert {"type": "plain_text_input", "value": "anna"} == values["who"]["name"]
    assert {"type": "static_select", "selected_option": choice} == values["block1"]["pick"]


def test_a_tree_is_sent_as_lists_in_which_text_is_text() -> None:
    assert ["p", {"class": "x"}, ["<b>", ["br", {}, []]]] == as_json(el("p", "<b>", el("br"), class_="x"))


def test_a_message_without_anything_is_empty() -> None:
    assert [] == shown({}, READER)
    assert [] == blocks_of({"blocks": "x"})


@pytest.mark.parametrize("sign", ["*", "_", "~", "`", "<", "<a>*", ":", "*<a>"])
def test_long_nonsense_is_read_in_no_time(sign: str) -> None:
    assert text_of(READER.mrkdwn(sign * 3000 + "a"))
