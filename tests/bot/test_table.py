"""One table of words: help, suggestions, the manifest's hint and the page about Slack are made from it, or agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.blocks.replies import message
from bot.command import words
from bot.command.table import TABLE, Whom, entries, help_words, nearest, usage_hint
from bot.command.typed import Word
from tests.support.block_kit import check_message

ROOT = Path(__file__).parents[2]
SHOWN = entries(has_places=True)
"""What there is in a service."""


def test_every_word_has_one_line_and_what_is_posted_only_where_it_has_a_place() -> None:
    assert {each.word for each in TABLE} == set(Word) - {Word.BARE}
    assert len(TABLE) == len({each.word for each in TABLE})
    assert all(each.usage.split()[0] == each.word.value for each in TABLE)
    assert TABLE == SHOWN
    placeless = {each.word for each in entries(has_places=False)}
    assert {Word.ALERTS, Word.DIGEST} == {each.word for each in TABLE} - placeless


def test_the_manifest_hints_at_every_word() -> None:
    (command,) = yaml.safe_load((ROOT / "manifest.yml").read_text())["features"]["slash_commands"]

    assert usage_hint(SHOWN) == command["usage_hint"]


def test_help_names_every_word_and_for_whom_it_is() -> None:
    told = help_words(TABLE)

    for each in TABLE:
        assert f"• `/usersync {each.usage}`: {each.help}" in told
    assert len([each for each in TABLE if each.whom is Whom.ADMINS]) == told.count("(admins and owners)\n")
    check_message(message([told]))


def test_the_page_about_slack_has_a_row_for_every_word() -> None:
    page = (ROOT / "docs/slack.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `/usersync ?([^`]*)` \| (.+?) \| (.+?) \|$", page, flags=re.MULTILINE)

    assert [*(each.usage for each in SHOWN), ""] == [usage.replace("\\|", "|") for usage, _, _ in rows]
    for each, (_, _, whom) in zip(SHOWN, rows[:-1], strict=True):
        assert whom.startswith("Admins") == (each.whom is Whom.ADMINS)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("stauts", Word.STATUS),
        ("resnyc", Word.RESYNC),
        ("HLEP", Word.HELP),
        ("dead letters", Word.DEAD_LETTERS),
        ("deadletters", Word.DEAD_LETTERS),
        ("change 7d", Word.CHANGES),
        ("status please", Word.STATUS),
        ("frob", None),
        ("", None),
        ("<@U1>", None),
        ("x" * 3_000, None),
        ("alert here", Word.ALERTS),
        ("digest", Word.DIGEST),
    ],
)
def test_the_nearest_word_is_suggested(typed: str, word: Word | None) -> None:
    assert word is nearest(typed, SHOWN)


def test_a_suggestion_is_a_sentence_without_markup_of_others() -> None:
    assert (
        "I do not know “stauts”. Did you mean `/usersync status`? `/usersync help` lists what there is."
        == words.unknown("stauts", Word.STATUS)
    )
    assert "&lt;!channel&gt;" in words.unknown("<!channel> `status`", Word.STATUS)
