"""A Home as blocks: what it is made of, drawn ever plainer, within Slack's limits whatever people are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.blocks.home import Look, Part, Person, Rule, Search, Small, Table, Title, home, modal
from bot.blocks.replies import Button, Press, Question
from bot.command.pressed import read_pressed
from bot.home import words
from bot.home.opened import Viewer, read_opened
from db.records import Run, RunKind, RunState, User
from tests.support.block_kit import check_view

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
HOSTILE = ["<!channel>", "*bold* `code` ~x~", "<https://evil.example|x>", "x" * 500, "\u202eevil", "&lt;", "\u0000", ""]
LINK = Button("Open the directory", "https://people.example/", "open_directory", "It works once.")
DROP = Press("Drop", "drop_letter", "7", asks=Question("Drop it?", "It is gone then.", yes="Drop"), is_grave=True)
TABLE = Table(
    "The last resyncs",
    ("Resync", "When"),
    (("first", "just now"), ("asked for", "")),
    ("*Done* · First, just now", "*Held* · Asked for"),
)
PARTS: list[Part] = [
    Title("People of Meridian"),
    Search("search_home", "anna"),
    "1 person for “anna”:",
    Person("*Anna Kowalska*\nAnalyst", "https://avatars.slack-edge.com/a.png", "Anna Kowalska"),
    Person("*Nobody's face*"),
    "",
    (LINK, DROP),
    Rule(),
    TABLE,
    Small("As of now."),
]


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def cell(text: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": text}


HEAD = [
    {"type": "header", "text": plain("People of Meridian")},
    {
        "type": "input",
        "block_id": "search.215cbeb7",
        "dispatch_action": True,
        "label": plain("Find people"),
        "element": {
            "type": "plain_text_input",
            "action_id": "search_home",
            "placeholder": plain("A name, title, e-mail address or phone number"),
            "max_length": 200,
            "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
            "initial_value": "anna",
        },
    },
    {"type": "section", "text": mrkdwn("1 person for “anna”:")},
]
ANNA = {"type": "section", "text": mrkdwn("*Anna Kowalska*\nAnalyst")}
FACE = {"type": "image", "image_url": "https://avatars.slack-edge.com/a.png", "alt_text": "Anna Kowalska"}
MIDDLE = [
    {"type": "section", "text": mrkdwn("*Nobody's face*")},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "open_directory",
                "style": "primary",
                "text": plain("Open the directory"),
                "url": "https://people.example/",
            },
            {
                "type": "button",
                "action_id": "drop_letter",
                "text": plain("Drop"),
                "value": "7",
                "style": "danger",
                "confirm": {
                    "title": plain("Drop it?"),
                    "text": {"type": "mrkdwn", "text": "It is gone then."},
                    "confirm": plain("Drop"),
                    "deny": plain("Keep"),
                    "style": "danger",
                },
            },
        ],
    },
    {"type": "context", "elements": [mrkdwn("It works once.")]},
    {"type": "divider"},
]
LINES = [{"type": "section", "text": mrkdwn(each)} for each in TABLE.lines]
FOOT = [{"type": "context", "elements": [mrkdwn("As of now.")]}]


def test_a_rich_home_has_faces_and_a_table() -> None:
    table = {
        "type": "data_table",
        "caption": "The last resyncs",
        "rows": [
            [cell("Resync"), cell("When")],
            [cell("first"), cell("just now")],
            [cell("asked for"), cell("–")],
        ],
    }

    expected = {"type": "home", "blocks": [*HEAD, {**ANNA, "accessory": FACE}, *MIDDLE, table, *FOOT]}
    assert expected == check_view(home(PARTS))


def test_a_simple_home_has_neither() -> None:
    expected = {"type": "home", "blocks": [*HEAD, ANNA, *MIDDLE, *LINES, *FOOT]}
    assert expected == check_view(home(PARTS, Look.SIMPLE))


def test_a_bare_home_is_sections_and_says_what_to_type_instead() -> None:
    view = check_view(home(PARTS, Look.BARE))

    assert {"section"} == {each["type"] for each in view["blocks"]}
    assert [
        "*People of Meridian*",
        "To find somebody, type `/usersync find` with a name.",
        "1 person for “anna”:",
        "*Anna Kowalska*\nAnalyst",
        "*Nobody's face*",
        "<https://people.example/|Open the directory> · It works once.",
        *TABLE.lines,
        "As of now.",
        "Slack takes no buttons here just now; `/usersync help` lists what can be typed instead.",
    ] == [each["text"]["text"] for each in view["blocks"]]


def test_a_modal_only_shows_something() -> None:
    view = check_view(modal("The directory that has a very long name", ["Here.", (LINK,)]))

    assert ("modal", "Close", 24) == (view["type"], view["close"]["text"], len(view["title"]["text"]))
    assert ["section", "actions", "context"] == [each["type"] for each in view["blocks"]]


def test_a_table_without_rows_is_none() -> None:
    view = check_view(home([Table("The last resyncs", ("When",), (), ("None yet.",))]))

    assert ["section"] == [each["type"] for each in view["blocks"]]


@pytest.mark.parametrize("look", Look)
def test_however_much_is_said_slack_takes_it(look: Look) -> None:
    parts: list[Part] = [
        Title("x" * 1_000),
        Search("search_home", "🌵" * 5_000),
        *[Person("&" * 600, "https://a.example/" + "x" * 4_000, "x" * 9_000)] * 90,
        (Button("Open", "https://a.example/?q=a|b>c<d", "open"), Button("Long", "https://a/" + "x" * 4_000, "long")),
        *[(DROP,)] * 90,
        Table("c" * 999, ("a",), (("x" * 5_000,),) * 5, ("l" * 9_000,)),
        Small("s" * 9_000),
    ]

    check_view(home(parts, look))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("look", Look)
def test_whatever_people_are_called_nobody_is(name: str, look: Look) -> None:
    user = a_user(real_name=name or None, title=name, joined_at=NOW - timedelta(days=2))
    parts: list[Part] = [
        Title(words.title(name)),
        words.newcomer(user, NOW, base="https://people.example", face=""),
        words.found_person(user, NOW, base="", face="https://avatars.slack-edge.com/a.png"),
        words.runs([a_run(reason=name)], NOW),
        words.away(name),
        words.unsure(name),
        words.undone(name),
    ]
    view = check_view(home(parts, look))

    for text in mrkdwn_in(view):
        assert "<!channel>" not in text
        assert "<https://evil" not in text


def test_the_last_runs_are_told_with_how_they_ended() -> None:
    runs = [
        a_run(state=RunState.RUNNING, seen=12, ended=False),
        a_run(kind=RunKind.RESYNC, asked_by="U1", drift=3, drift_fields={"title": 3}),
        a_run(state=RunState.HELD, reason="The run was held. 60 are absent.", absent=60),
        a_run(state=RunState.FAILED, reason="Cancelled by @U2."),
        a_run(state=RunState.FAILED, reason="Slack answers <b>."),
        a_run(kind=RunKind.BACKFILL, inserted=7),
    ]
    table = words.runs(runs, NOW)

    assert (
        ("Scheduled", "3 minutes ago", "Under way", "12 people read so far."),
        (
            "Asked for",
            "2 minutes ago",
            "Done",
            "Corrected 3 people that events had not told us (title 3).",
        ),
        ("Scheduled", "2 minutes ago", "Held", "60 people seemed to be gone, and nobody was marked."),
        ("Scheduled", "2 minutes ago", "Cancelled", ""),
        ("Scheduled", "2 minutes ago", "Failed", "Slack answers <b>."),
        ("First", "2 minutes ago", "Done", "7 new."),
    ) == table.rows
    assert "" == words.runs(runs, NOW, told="*It failed.* Slack answers &lt;b&gt;.").rows[4][3]
    assert "*Done* · Asked for by <@U1>, 2 minutes ago\nCorrected 3" in table.lines[1]
    assert table.lines[3].startswith("*Cancelled by <@U2>* · Scheduled")
    assert "Slack answers &lt;b&gt;." in table.lines[4]


def test_more_newcomers_are_counted_and_led_to() -> None:
    link = "<https://p.example/whats-new|What’s new> tells who moved and left as well."

    assert f"and 7 more in the last 30 days. {link}" == words.more_new(7, base="https://p.example")
    assert "and more than 10,000 more in the last 30 days" == words.more_new(10_001, base="")
    assert "" == words.more_new(0, base="")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"event": None},
        {"event": {"tab": "messages", "user": "U1"}},
        {"event": {"tab": "home"}},
        {"event": {"tab": "home", "user": ["U1"]}},
        {"event": {"tab": "home", "user": "<!channel>"}},
        {"event": {"tab": ["home"], "user": "U1"}},
    ],
    ids=str,
)
def test_what_is_no_opened_home_is_none(payload: dict[str, Any]) -> None:
    assert read_opened(payload) is None


def test_an_opened_home_is_somebodys_of_the_installed_workspace() -> None:
    event = {"type": "app_home_opened", "tab": "home", "user": "U1AB"}
    authorizations = [{"team_id": "T0HERE"}]

    assert Viewer("T0HERE", "U1AB") == read_opened(
        {"team_id": "T0THERE", "authorizations": authorizations, "event": event}
    )
    assert Viewer("T0THERE", "U1AB") == read_opened({"team_id": "T0THERE", "event": event})
    assert Viewer("", "U1AB") == read_opened({"event": event, "authorizations": 5})


@pytest.mark.parametrize(
    ("payload", "is_on_home"),
    [
        ({"container": {"type": "view"}, "view": {"type": "home"}}, True),
        ({"container": {"type": "view"}, "view": {"type": "modal"}}, False),
        ({"container": {"type": "message"}}, False),
        ({"container": "view", "view": "home"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_press_knows_whether_it_was_on_a_home(payload: dict[str, Any], is_on_home: bool) -> None:
    assert is_on_home is read_pressed(payload).is_on_home


def a_user(**values: Any) -> User:
    return User(team_id="T1", id="U1", **values)


def a_run(**given: Any) -> Run:
    began, state = NOW - timedelta(minutes=3), given.pop("state", RunState.DONE)
    ended_at = began + timedelta(minutes=1) if given.pop("ended", True) else None
    usual: dict[str, Any] = {"kind": RunKind.RECONCILE, "asked_by": None}
    return Run(
        run_id=1,
        team_id="T1",
        state=state,
        instance=None,
        is_confirmed=False,
        started_at=began,
        heartbeat_at=began,
        ended_at=ended_at,
        **{**usual, **given},
    )


def mrkdwn_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["text"])] if value.get("type") == "mrkdwn" else []
        return own + [each for inner in value.values() for each in mrkdwn_in(inner)]
    return [each for inner in value for each in mrkdwn_in(inner)] if isinstance(value, list) else []
