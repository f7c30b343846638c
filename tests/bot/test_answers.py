"""Answers to one command: five posts within half an hour, then a direct message; the log never holds its address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.command.answers import OPEN_FOR_S, Answer, Answers
from bot.command.typed import read_typed
from bot.simulator import Simulator
from bot.slack import SlackClock, make_client


class Hours:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
async def answers(slack: Simulator, hours: Hours) -> AsyncIterator[Answers]:
    """Answers to the pretend Slack, on the test's own clock."""
    async with aiohttp.ClientSession() as session:
        client = make_client(
            token=slack.bot_token, api_url=slack.api_url, proxy=None, session=session, clock=SlackClock()
        )
        yield Answers(session, client, proxy=None, monotonic=hours, pause_s=0.01)


def an_answer(answers: Answers, slack: Simulator) -> tuple[Answer, Any]:
    """Begin an answer; return it with the pretend Slack's side of its address."""
    opened = slack.board.open_response_url()
    url = f"{slack.url}/response/{opened.id}"
    return answers.to(read_typed({"user_id": "U1", "response_url": url})), opened


async def test_the_last_post_is_kept_for_the_end(slack: Simulator, answers: Answers) -> None:
    answer, opened = an_answer(answers, slack)

    for number in range(9):
        await answer.show({"text": f"{number}"})
    await answer.end({"text": "the end"})

    assert ["0", "1", "2", "3", "the end"] == [post["text"] for post in opened.posts]
    assert ["the end"] == [post["text"] for post in opened.visible]
    assert 0 == opened.refused
    assert {} == slack.board.messages


async def test_after_half_an_hour_the_address_is_left_alone(slack: Simulator, answers: Answers, hours: Hours) -> None:
    answer, opened = an_answer(answers, slack)
    await answer.show({"text": "begun"})

    hours.now_s += OPEN_FOR_S + 1
    await answer.show({"text": "on its way"})
    await answer.end({"text": "the end"})

    assert ["begun"] == [post["text"] for post in opened.posts]
    assert ["the end"] == [message["text"] for message in slack.board.messages["U1"]]


async def test_a_first_post_that_failed_is_not_replaced(slack: Simulator, answers: Answers) -> None:
    answer, opened = an_answer(answers, slack)
    slack.faults.fail("response_url", http_status=500, times=2)

    await answer.show({"text": "begun"})
    await answer.end({"text": "the end"})

    assert [None] == [post.get("replace_original") for post in opened.posts]


@pytest.mark.parametrize("trouble", ["missing_scope", "channel_not_found", "ratelimited"])
async def test_an_answer_that_reaches_nobody_is_one_line_in_the_log_without_its_address(
    slack: Simulator, answers: Answers, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, opened = an_answer(answers, slack)
    slack.faults.fail("response_url", http_status=404, times=None)
    slack.faults.fail("chat.postMessage", error=trouble)

    await answer.end({"text": "the end"})

    logged = capsys.readouterr().out
    assert trouble in logged
    assert opened.id not in logged
    assert {} == slack.board.messages
