"""Answers as blocks: within Slack's limits, with a text for notifications, and without anybody else's markup."""

from __future__ import annotations

import pytest

from bot.blocks.replies import Button, escape, message

LINK = Button("Open the directory", "http://127.0.0.1:3000/", "open_directory", "Works once.")


def test_a_message_says_the_same_in_its_blocks_and_in_its_text() -> None:
    made = message(["One.", "", "Two."])

    assert "One.\nTwo." == made["text"]
    assert ["One.", "Two."] == [block["text"]["text"] for block in made["blocks"]]


def test_a_button_stands_below_the_words_with_its_hint() -> None:
    made = message(["Here."], button=LINK)

    assert ["section", "actions", "context"] == [block["type"] for block in made["blocks"]]
    (button,) = made["blocks"][1]["elements"]
    assert (LINK.url, LINK.action_id, "primary") == (button["url"], button["action_id"], button["style"])
    assert LINK.url not in made["text"]


def test_an_address_too_long_for_a_button_gives_none() -> None:
    made = message(["Here."], button=Button("Open", "http://a/" + "x" * 3_000, "open"))

    assert ["section"] == [block["type"] for block in made["blocks"]]


@pytest.mark.parametrize("text", ["x" * 10_000, escape("<" * 5_000), escape("a<" * 1_499 + "<<<<"), "&" * 9_999])
def test_no_text_is_too_long_or_cut_within_an_entity(text: str) -> None:
    made = message([text] * 100)

    assert len(made["blocks"]) <= 50
    for said in (made["text"], *(block["text"]["text"] for block in made["blocks"])):
        assert len(said) <= 3_000
        assert not said.removesuffix("…").endswith(("&l", "&lt", "&g", "&a"))


def test_what_others_wrote_is_no_markup() -> None:
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt;" == escape("<!channel> & <@U1>")
