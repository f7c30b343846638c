"""Answers as blocks: within Slack's limits, with a text for notifications, and without anybody else's markup."""

from __future__ import annotations

import pytest

from bot.blocks.bars import bar
from bot.blocks.replies import Button, Press, Question, escape, message
from tests.support.block_kit import check_message

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


DROP = Press("Drop", "drop_letter", "7", asks=Question("Drop it?", "It is gone then.", yes="Drop"), is_grave=True)


def test_a_row_of_buttons_stands_where_it_was_put() -> None:
    made = check_message(message(["One.", (Press("Replay", "replay_letter", "7"), DROP), "Two."], button=LINK))

    assert {
        "text": "One.\nTwo.",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "One.", "verbatim": True}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "replay_letter",
                        "text": {"type": "plain_text", "text": "Replay"},
                        "value": "7",
                    },
                    {
                        "type": "button",
                        "action_id": "drop_letter",
                        "text": {"type": "plain_text", "text": "Drop"},
                        "value": "7",
                        "style": "danger",
                        "confirm": {
                            "title": {"type": "plain_text", "text": "Drop it?"},
                            "text": {"type": "mrkdwn", "text": "It is gone then."},
                            "confirm": {"type": "plain_text", "text": "Drop"},
                            "deny": {"type": "plain_text", "text": "Keep"},
                            "style": "danger",
                        },
                    },
                ],
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": "Two.", "verbatim": True}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "open_directory",
                        "style": "primary",
                        "text": {"type": "plain_text", "text": "Open the directory"},
                        "url": LINK.url,
                    }
                ],
            },
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "Works once.", "verbatim": True}]},
        ],
    } == made


def test_a_link_and_a_deed_stand_side_by_side_below() -> None:
    made = check_message(message(["Here."], button=LINK, presses=(DROP,)))

    assert ["open_directory", "drop_letter"] == [each["action_id"] for each in made["blocks"][1]["elements"]]


def test_however_much_is_said_slack_takes_it() -> None:
    question = Question("Drop?", "x" * 5_000, yes="Drop")
    parts = ["&" * 9_000, (Press("Drop", "drop_letter", asks=question),)] * 60

    check_message(message(parts, button=LINK))


@pytest.mark.parametrize(
    ("share", "drawn"),
    [
        (0, "░░░░░░░░░░░░ 0 %"),
        (0.42, "▓▓▓▓▓░░░░░░░ 42 %"),
        (0.999, "▓▓▓▓▓▓▓▓▓▓▓░ 99 %"),
        (1, "▓▓▓▓▓▓▓▓▓▓▓▓ 100 %"),
        (7, "▓▓▓▓▓▓▓▓▓▓▓▓ 100 %"),
        (-1, "░░░░░░░░░░░░ 0 %"),
    ],
)
def test_a_bar_is_full_only_when_all_is_done(share: float, drawn: str) -> None:
    assert drawn == bar(share)
