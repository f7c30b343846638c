"""The validator of what is shown in Slack refuses what Slack would refuse, or nothing could be trusted to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.block_kit import check_message, check_view

Json = dict[str, Any]


def words(text: str = "said", **rest: Any) -> Json:
    return {"type": "mrkdwn", "text": text, **rest}


def plain(text: str = "said") -> Json:
    return {"type": "plain_text", "text": text}


ON_TUESDAYS = {"trigger_actions_on": ["on_tuesdays"]}


def an_input(**more: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "find", **more}


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def button(**rest: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": "do", **rest}


def confirm(**rest: Any) -> Json:
    return {"title": plain(), "text": words(), "confirm": plain(), "deny": plain(), **rest}


SECTION: Json = {"type": "section", "text": words()}
GOOD: list[Json] = [
    SECTION,
    {"type": "header", "text": plain()},
    {"type": "section", "fields": [words(), plain()], "accessory": button()},
    {"type": "context", "elements": [words(), {"type": "image", "image_url": "https://a/b.png", "alt_text": "b"}]},
    {"type": "actions", "elements": [button(style="danger", value="1", confirm=confirm(style="danger"))]},
    {"type": "image", "image_url": "https://a/b.png", "alt_text": "b", "title": plain()},
    {"type": "divider"},
]


def test_what_slack_takes_is_given_back() -> None:
    message = {"text": "said", "blocks": GOOD}
    home = {"type": "home", "blocks": GOOD * 14, "private_metadata": "x"}

    assert message == check_message(message)
    assert home == check_view(home)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section"},
        {"type": "section", "text": words("")},
        {"type": "section", "text": words("x" * 3_001)},
        {"type": "section", "text": words(emoji=True)},
        {"type": "section", "text": "said"},
        {"type": "section", "text": words(), "colour": "red"},
        {"type": "section", "fields": [words()] * 11},
        {"type": "section", "fields": [words("x" * 2_001)]},
        {"type": "header", "text": words()},
        {"type": "header", "text": plain("x" * 151)},
        {"type": "context", "elements": []},
        {"type": "context", "elements": [words()] * 11},
        {"type": "context", "elements": [button()]},
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [button(action_id=f"{number}") for number in range(26)]},
        {"type": "actions", "elements": [button(), button()]},
        {"type": "actions", "elements": [button(text=plain("x" * 76))]},
        {"type": "actions", "elements": [button(text=words())]},
        {"type": "actions", "elements": [button(action_id="")]},
        {"type": "actions", "elements": [button(value="x" * 2_001)]},
        {"type": "actions", "elements": [button(value=5)]},
        {"type": "actions", "elements": [button(url="https://a/" + "x" * 3_000)]},
        {"type": "actions", "elements": [button(url="javascript:alert(1)")]},
        {"type": "actions", "elements": [button(style="loud")]},
        {"type": "actions", "elements": [button(confirm={})]},
        {"type": "actions", "elements": [button(confirm=confirm(title=words()))]},
        {"type": "actions", "elements": [button(confirm=confirm(text=words("x" * 301)))]},
        {"type": "actions", "elements": [button(confirm=confirm(confirm=plain("x" * 31)))]},
        {"type": "image", "image_url": "https://a/b.png"},
        {"type": "image", "image_url": "/faces/1", "alt_text": "b"},
        {"type": "input", "label": plain("Find"), "element": {"type": "datepicker"}},
        {"type": "input", "label": words(), "element": an_input()},
        {"type": "input", "label": plain("Find"), "element": an_input(initial_value="")},
        {"type": "input", "label": plain("Find"), "element": an_input(max_length=3, initial_value="anna")},
        {"type": "input", "label": plain("Find"), "element": an_input(max_length=3_001)},
        {"type": "input", "label": plain("Find"), "element": an_input(placeholder=plain("x" * 151))},
        {"type": "input", "label": plain("Find"), "element": an_input(dispatch_action_config=ON_TUESDAYS)},
        {"type": "data_table", "caption": "Runs", "rows": [[cell("When")]]},
        {"type": "data_table", "caption": "", "rows": [[cell("When")], [cell("now")]]},
        {"type": "data_table", "caption": "Runs", "rows": [[cell("When")], [cell("now"), cell("Done")]]},
        {"type": "data_table", "caption": "Runs", "rows": [[cell("When")], [cell("")]]},
        {"type": "data_table", "caption": "Runs", "rows": [[cell("When")], [words()]]},
        {"type": "data_table", "caption": "Runs", "rows": [[cell("When")], [cell("x" * 10_000)]]},
        {"type": "data_table", "caption": "Runs", "rows": [[cell("When")]] * 102},
        {"type": "poem"},
        "said",
    ],
    ids=str,
)
def test_what_slack_refuses_is_refused(block: Any) -> None:
    with pytest.raises(AssertionError):
        check_message({"text": "said", "blocks": [block]})


def test_a_box_and_a_table_of_the_right_shape_are_taken() -> None:
    box = {"type": "input", "label": plain("Find"), "dispatch_action": True, "element": an_input(initial_value="anna")}
    table = {"type": "data_table", "caption": "Runs", "rows": [[cell("When")], [cell("now")]]}

    check_view({"type": "home", "blocks": [box, table]})


@pytest.mark.parametrize(
    "message", [{}, {"text": " "}, {"text": "x" * 40_001}, {"text": "x", "blocks": [SECTION] * 51}]
)
def test_a_message_has_words_and_an_end(message: Json) -> None:
    with pytest.raises(AssertionError):
        check_message(message)


@pytest.mark.parametrize(
    "view",
    [
        {"type": "page", "blocks": []},
        {"type": "home"},
        {"type": "home", "blocks": [SECTION] * 101},
        {"type": "home", "blocks": [], "private_metadata": "x" * 3_001},
        {"type": "home", "blocks": [{"type": "section", "text": words("x" * 2_900)}] * 90},
        {"type": "modal", "blocks": [], "title": plain("x" * 25)},
        {"type": "home", "blocks": [{**SECTION, "block_id": "a"}] * 2},
    ],
    ids=lambda view: str(view)[:60],
)
def test_a_view_keeps_its_limits(view: Json) -> None:
    with pytest.raises(AssertionError):
        check_view(view)
