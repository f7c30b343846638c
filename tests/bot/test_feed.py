"""`usersync feed`: an event from a file takes the same path as Slack's, and what came of it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.feed import FeedError, read_events
from bot.payloads import payload_text
from db import Store
from db.records import DeadLetter, User
from tests.bot.test_entries import REPLACED_APP
from tests.support.factories import TEAM, a_user_payload, an_event
from tests.support.memory import find_user, install

pytestmark = pytest.mark.runs_on("sqlite", because="a file is where it goes by itself; stories feed servers, too")

ROOT = Path(__file__).parents[2]
OTHER = "T0OTHER001"


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Feed = Callable[..., Ended]


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    """The command itself, in its own process and folder; its database is the default one there."""

    def run(*arguments: str, stdin: str | bytes = "") -> Ended:
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-m", "bot", "feed", *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            timeout=60,
        )
        out, err = ended.stdout.decode(), ended.stderr.decode()
        assert "Traceback" not in err
        return Ended(ended.returncode, out, err)

    return run


@dataclass(frozen=True)
class Known:
    """The database of the command, looked at from outside."""

    url: str

    async def installs(self, *team_ids: str) -> None:
        store = await Store.open(self.url)
        await install(store, *team_ids)
        await store.close()

    async def user(self, user_id: str, team_id: str = TEAM) -> User | None:
        store = await Store.open(self.url)
        found = await find_user(store, user_id, team_id)
        await store.close()
        return found

    async def letters(self) -> tuple[DeadLetter, ...]:
        store = await Store.open(self.url)
        async with store.reading() as rx:
            found = await rx.dead_letters.list_newest(10)
        await store.close()
        return found


@pytest.fixture
def known(tmp_path: Path) -> Known:
    return Known(f"sqlite:///{tmp_path / 'data' / 'usersync.sqlite3'}")


def text_of(*documents: object) -> str:
    return "\n".join(json.dumps(each) for each in documents)


async def test_the_payload_of_the_replaced_app_asks_for_its_workspace_once(feed: Feed, known: Known) -> None:
    payload = text_of(REPLACED_APP)
    asked = feed("-", stdin=payload)
    first = feed("-", "--team", TEAM, stdin=payload)
    again = feed("-", stdin=payload)
    user = await known.user("U1234567")

    assert (2, "") == (asked.code, asked.out)
    assert "--team T01234567" in asked.err
    assert (0, "U1234567: is new\n") == (first.code, first.out)
    assert (0, "U1234567: nothing new\n") == (again.code, again.out)
    assert user is not None
    assert ("SomeUser", "America/Los_Angeles", "ridingatrain", 1648596421) == (
        user.real_name, user.tz, user.status_text, user.updated,
    )  # fmt: skip


async def test_an_unknown_user_without_any_clock_gets_zero(feed: Feed, known: Known) -> None:
    ended = feed("-", "--team", TEAM, stdin=text_of({"user": {"id": "U1", "name": "ada"}}))
    user = await known.user("U1")

    assert 0 == ended.code
    assert user is not None
    assert 0 == user.updated


async def test_a_file_is_read_and_its_change_is_told(feed: Feed, known: Known, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(text_of(an_event(a_user_payload("U1", title="Analyst"))))
    first = feed(str(file))
    file.write_text(text_of(an_event(a_user_payload("U1", title="Director", updated=1_700_000_001))))
    second = feed(str(file))
    user = await known.user("U1")

    assert (0, "U1: is new\n", "") == (first.code, first.out, first.err)
    assert (0, "U1: changed title\n") == (second.code, second.out)
    assert user is not None
    assert "Director" == user.title


@pytest.mark.parametrize("wrap", [lambda event: event["event"], lambda event: event, lambda event: {"payload": event}],
                         ids=["bare", "payload", "envelope"])  # fmt: skip
def test_an_event_may_be_bare_a_payload_or_an_envelope(wrap: Callable[[Any], Any]) -> None:
    event = an_event(a_user_payload("U1"))
    (read,) = read_events(text_of(wrap(event)))

    assert event["event"] == read["event"]


def test_an_event_without_a_type_is_a_user_change() -> None:
    assert [{"event": {"type": "user_change", "user": {"id": "U1"}}}] == read_events('{"user": {"id": "U1"}}')


def test_several_may_stand_in_a_list_or_one_on_each_line() -> None:
    events = [an_event(a_user_payload(user_id), event_id=f"Ev{user_id}") for user_id in ("U1", "U2", "U3")]

    assert events == read_events(json.dumps(events)) == read_events(json.dumps(events, indent=2))
    assert events == read_events("\n\n" + text_of(*events) + "\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing in it"), ("  \n ", "nothing in it"), ("[]", "nothing in it"), ("nonsense", "not JSON (line 1"),
        ('{"user": ', "not JSON"), ('{"user": {}}\nnonsense', "Line 2 is not JSON"), ("[" * 200_000, "nested too deep"),
        ('{"a": 1}', "Event 1 has neither"), ("null", "Event 1 has neither"), ("[1]", "Event 1 has neither"),
        ('[{"user": {"id": "U1"}}, "x"]', "Event 2 has neither"), ('{"payload": {}}', "Event 1 has neither"),
        ("1" * 5_000, "not JSON"),
    ],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_event_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(FeedError) as refusal:
        read_events(text)

    assert words in str(refusal.value)


async def test_json_lines_are_applied_in_their_order(feed: Feed, known: Known) -> None:
    ended = feed(
        "-",
        stdin=text_of(
            an_event(a_user_payload("U1", updated=1)),
            an_event(a_user_payload("U1", title="Analyst", status_text="out", updated=2)),
            an_event(a_user_payload("U1", title="too late", updated=1)),
        ),
    )

    assert (0, ["U1: is new", "U1: changed title, changed status_text", "U1: nothing new"]) == (
        ended.code, ended.out.splitlines(),
    )  # fmt: skip


async def test_an_event_without_a_workspace_belongs_to_the_only_one(feed: Feed, known: Known) -> None:
    await known.installs(OTHER)
    ended = feed("-", stdin=text_of({"user": a_user_payload("U1")}))

    assert (0, "U1: is new\n") == (ended.code, ended.out)
    assert await known.user("U1", OTHER) is not None


async def test_between_two_workspaces_it_asks_which(feed: Feed, known: Known) -> None:
    await known.installs(TEAM, OTHER)
    event = text_of({"user": a_user_payload("U1")})
    asked = feed("-", stdin=event)
    answered = feed("-", "--team", OTHER, stdin=event)

    assert (2, "") == (asked.code, asked.out)
    assert "there are 2. Say which with --team" in asked.err
    assert 0 == answered.code
    assert await known.user("U1", OTHER) is not None
    assert await known.user("U1", TEAM) is None


async def test_where_one_event_cannot_be_placed_none_is_applied(feed: Feed, known: Known) -> None:
    await known.installs(TEAM, OTHER)
    ended = feed("-", stdin=text_of(an_event(a_user_payload("U1")), {"user": a_user_payload("U2")}))

    assert (2, "") == (ended.code, ended.out)
    assert await known.user("U1") is None


@pytest.mark.parametrize("team", ["nonsense", ""])
def test_a_team_that_is_no_workspaces_id_is_refused(feed: Feed, team: str, tmp_path: Path) -> None:
    ended = feed("-", "--team", team, stdin=text_of(REPLACED_APP))

    assert (2, "") == (ended.code, ended.out)
    assert "no workspace's id" in ended.err


async def test_a_team_that_is_not_known_is_refused_with_those_that_are(feed: Feed, known: Known) -> None:
    await known.installs(TEAM)
    ended = feed("-", "--team", OTHER, stdin=text_of(REPLACED_APP))

    assert 2 == ended.code
    assert f"Known: {TEAM}" in ended.err


async def test_what_cannot_be_read_is_put_aside_and_ends_with_1(feed: Feed, known: Known) -> None:
    bad = an_event(a_user_payload("U1", name="a\0"), event_id="EvBad")
    ended = feed("-", stdin=text_of(bad, an_event(a_user_payload("U2"), event_id="EvGood")))
    (letter,) = await known.letters()

    assert (1, ["put aside as a dead letter: it holds a NUL byte", "U2: is new"]) == (
        ended.code, ended.out.splitlines(),
    )  # fmt: skip
    assert ("event:EvBad", TEAM, "U1") == (letter.key, letter.team_id, letter.user_id)
    assert payload_text(bad)[:20] == letter.payload[:20]


async def test_an_event_of_a_workspace_that_is_not_known_is_put_aside(feed: Feed, known: Known) -> None:
    await known.installs(OTHER)
    ended = feed("-", stdin=text_of(an_event(a_user_payload("U1"))))

    assert (1, "put aside as a dead letter: its workspace has not installed usersync\n") == (ended.code, ended.out)


def test_a_missing_file_is_told_in_words(feed: Feed, tmp_path: Path) -> None:
    ended = feed("nowhere.json")

    assert (2, "") == (ended.code, ended.out)
    assert "nowhere.json cannot be read (FileNotFoundError)" in ended.err
    assert [] == list(tmp_path.iterdir())


def test_what_is_not_utf_8_is_told_in_words(feed: Feed) -> None:
    assert 2 == feed("-", stdin=b"\xff\xfe\x00").code


def test_what_is_not_json_leaves_no_database_behind(feed: Feed, tmp_path: Path) -> None:
    ended = feed("-", stdin="nonsense")

    assert 2 == ended.code
    assert "not JSON" in ended.err
    assert [] == list(tmp_path.iterdir())


def test_a_database_that_cannot_be_used_ends_with_1(feed: Feed, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    ended = feed("-", "--team", TEAM, stdin=text_of(REPLACED_APP))

    assert (1, "") == (ended.code, ended.out)
    assert ended.err
