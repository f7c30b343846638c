"""What the app posts by itself, as blocks: within Slack's limits, in snapshots, and without anybody else's markup."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.blocks.notices import TITLES, Notice, alert, lasted, not_kept, too_many, welcome
from bot.telling.words import NOWHERE, body, title, whereabouts
from db.posting import Purpose
from db.records import AlertKind
from tests.support.block_kit import check_message

SINCE = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=12, seconds=3)
HOSTILE = "<!channel> <https://evil.example|click> *bold* \u202eright to left\u202c & " + "x" * 500
SINCE_TOKEN = "<!date^1795452120^{date_short_pretty} {time_secs}|2026-11-23 16:42:00 UTC>"
UNTIL_TOKEN = "<!date^1795452843^{date_short_pretty} {time_secs}|2026-11-23 16:54:03 UTC>"


def small(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def test_an_alert_that_lasts() -> None:
    head = ":red_circle: *A resync failed*\nIt failed. Try `usersync doctor`."

    assert {
        "text": head,
        "blocks": [
            section(head),
            small(f"Since {SINCE_TOKEN}"),
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "open_alert_page",
                        "style": "primary",
                        "text": {"type": "plain_text", "text": "Resyncs"},
                        "url": "https://people.example/runs",
                    }
                ],
            },
        ],
    } == alert(Notice(AlertKind.RUN_FAILED, "It failed. Try `usersync doctor`.", SINCE), base="https://people.example")


def test_an_alert_that_is_told_anew_further_down() -> None:
    head = ":white_circle: *Told anew further down: The disk is nearly full*"
    below = Notice(AlertKind.DISK, HOSTILE, SINCE, is_told_below=True)

    assert {"text": head, "blocks": [section(head)]} == check_message(alert(below, base="https://people.example"))


def test_an_alert_that_is_over_and_came_back_meanwhile() -> None:
    head = ":large_green_circle: *Resolved after 12 minutes: The disk is nearly full*"
    over = Notice(AlertKind.DISK, "It was < 5 % free.", SINCE, UNTIL, times_back=2)

    assert {
        "text": head,
        "blocks": [
            section(head),
            small("It was: It was &lt; 5 % free."),
            small(f"{SINCE_TOKEN} – {UNTIL_TOKEN} · came back 2 times"),
        ],
    } == alert(over, base="https://people.example")


def test_the_first_message_says_who_asked() -> None:
    said = "Alerts of the people directory go into this channel from now on, as <@U1> asked."

    assert {"text": said, "blocks": [section(said)]} == welcome(Purpose.ALERTS, "U1")
    assert "The weekly digest of the people directory goes into" in welcome(Purpose.DIGEST, "")["text"]
    assert "does not go into this channel after all" in not_kept(Purpose.DIGEST)["text"]


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("until", [None, UNTIL])
@pytest.mark.parametrize("words", ["It is.", HOSTILE, "<" * 9_000, "&" * 499 + "<" * 9])
def test_every_kind_is_told_within_slacks_limits_and_calls_nobody(
    kind: AlertKind, until: datetime | None, words: str
) -> None:
    made = check_message(alert(Notice(kind, words, SINCE, until, times_back=9), base="https://people.example"))

    assert TITLES[kind] in made["text"]
    told = json.dumps(made)
    assert "<!channel>" not in told
    assert "<https" not in told
    check_message(too_many(10))


def test_without_the_directorys_address_there_is_no_button() -> None:
    made = alert(Notice(AlertKind.RUN_FAILED, "It failed.", SINCE))

    assert ["section", "context"] == [block["type"] for block in made["blocks"]]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (725, "12 minutes"),
        (3_600, "1 hour"),
        (100_000, "28 hours"),
        (200_000, "2 days"),
    ],
)
def test_how_long_it_lasted(seconds: int, words: str) -> None:
    assert words == lasted(SINCE, SINCE + timedelta(seconds=seconds))


def test_the_status_says_where_alerts_go_and_why_that_fails() -> None:
    assert NOWHERE == whereabouts(None, 0, [])
    assert "Alerts go to <#C1>." == whereabouts("C1", 0, [])
    assert "Alerts go to <#C1>, and to 2 further addresses." == whereabouts("C1", 2, [])
    untried = whereabouts("C1", 1, [], is_tried=False)
    assert untried.startswith("Alerts go to <#C1>, and to 1 further address. ")
    assert "nothing was posted into the channel yet" in untried
    assert "`/usersync alerts here`" in untried
    assert NOWHERE == whereabouts(None, 0, [], is_tried=False)
    assert "yet" not in whereabouts(None, 1, [], is_tried=False)
    assert "Alerts go to 1 address outside Slack, and into no channel." == whereabouts(None, 1, [])
    assert whereabouts("C1", 0, ["It is <gone>."]).endswith("*That fails right now:* It is &lt;gone&gt;.")


def test_outside_slack_it_is_plain_text() -> None:
    lasting, over = (Notice(AlertKind.DISK, "It is < 5 % free.", SINCE, until) for until in (None, UNTIL))

    assert "usersync: The disk is nearly full" == title(lasting)
    assert "It is < 5 % free.\n\nSince 2026-11-23 16:42:00 UTC." == body(lasting)
    assert "usersync: Resolved after 12 minutes: The disk is nearly full" == title(over)
    assert "From 2026-11-23 16:42:00 UTC to 2026-11-23 16:54:03 UTC, 12 minutes." in body(over)
