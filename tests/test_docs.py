"""The documentation is true: settings, verbs, columns, queries, routes and links are compared with the code."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import AliasChoices, SecretStr
from starlette.routing import Route

from bot.cli import app as command_line
from bot.demo import PEOPLE as PEOPLE_OF_THE_DEMO
from bot.feed import feed, read_events
from bot.runs.claim import Order, claimed
from bot.service import Service
from bot.settings import SECRETS, Settings, known_names
from bot.simulator import Simulator
from bot.simulator.payloads import listed
from db import Store
from db.records import AlertKind, RunState
from db.tables import changes, users
from tests.conftest import settings_for
from tests.support.factories import TEAM, a_short_payload, a_user_payload, an_event
from web import Status, create_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
NOT_OURS = frozenset({"__pycache__", "vendor", "build", "dist", "data"})
MARKDOWN = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in NOT_OURS for part in path.relative_to(ROOT).parts)
)
LONGEST_LINE = 120
LINK = re.compile(r"\[[^\]]+\]: https://\S+")
"""The definition of a link is one line, however long the address."""
ROW_OF_A_TEST = re.compile(r"\|.*`(test_\w+|tests/\S+)` \|")
"""A row of a table is one line, however long the name of its test."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """Take out fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def quoted(text: str) -> set[str]:
    """Find what stands in backticks."""
    return set(re.findall(r"`([^`\n]+)`", without_code(text)))


def queries(name: str) -> list[str]:
    return re.findall(r"^```sql\n(.*?)^```$", text_of(name), flags=re.MULTILINE | re.DOTALL)


QUERIES = [
    pytest.param(query, id=f"{name}-{number}")
    for name in ("README.md", "docs/sql.md")
    for number, query in enumerate(queries(name), start=1)
]


def names_of(field: str) -> tuple[str, ...]:
    alias = Settings.model_fields[field].validation_alias
    assert isinstance(alias, AliasChoices)
    return tuple(str(each) for each in alias.choices)


def default_words(field: str) -> str:
    """Write a default the way an operator would."""
    default = Settings.model_fields[field].default
    default = default.get_secret_value() if isinstance(default, SecretStr) else default
    if default in (None, (), frozenset(), {}):
        return "—"
    if isinstance(default, bool):
        return "`yes`" if default else "`no`"
    if field in ("reconcile_every", "history_keep", "contact_keep"):
        days, rest = divmod(default, 86_400)
        return f"`{days}d`" if not rest else f"`{default // 3600}h`"
    return f"`{default}`"


def test_every_setting_is_listed_with_its_default_and_its_help() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", text_of("docs/settings.md"), flags=re.MULTILINE)

    assert [
        (names_of(field)[0], default_words(field), known.description) for field, known in Settings.model_fields.items()
    ] == table


def test_every_name_that_is_read_is_mentioned() -> None:
    assert set() == known_names().keys() - quoted(text_of("docs/settings.md"))


def test_exactly_the_secrets_are_said_to_come_from_files() -> None:
    listed = re.findall(r"^- `([A-Z_]+)_FILE`$", text_of("docs/settings.md"), flags=re.MULTILINE)

    assert list(SECRETS) == listed


def test_the_example_of_a_settings_file_names_only_known_settings() -> None:
    named = re.findall(r"^#?([A-Z][A-Z_]*)=", text_of(".env.example"), flags=re.MULTILINE)

    assert {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"} <= set(named)
    assert set() == set(named) - known_names().keys()


@pytest.mark.parametrize("name", MARKDOWN)
def test_no_page_names_a_setting_that_does_not_exist(name: str) -> None:
    known = known_names().keys() | {f"{secret}_FILE" for secret in SECRETS} | {"USERSYNC_"}
    named = set(re.findall(r"\b(?:USERSYNC|SLACK)_[A-Z_]*", text_of(name)))

    assert set() == named - known


def verbs() -> dict[str, Any]:
    group: Any = typer.main.get_command(command_line)
    return dict(group.commands)


def parameters(verb: Any) -> list[Any]:
    """Gather what a verb takes, and what the words that may follow it take."""
    following = getattr(verb, "commands", {}).values()
    return [*verb.params, *(each for word in following for each in parameters(word))]


def shown_as(argument: Any, name: str) -> str:
    """Tell what an argument is called in the usage; one of several has dots behind it there."""
    metavar: str = argument.metavar or ""
    return metavar if metavar.isalpha() else name.upper()


def sections(text: str) -> dict[str, str]:
    """Part a page at its second headings."""
    heading, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    return {"": heading} | {part.partition("\n")[0]: part.partition("\n")[2] for part in rest}


def test_exactly_the_verbs_that_exist_have_a_section() -> None:
    headings = [heading for heading in sections(text_of("docs/cli.md")) if heading.startswith("`usersync ")]

    assert [f"`usersync {verb}`" for verb in verbs()] == headings


@pytest.mark.parametrize("verb", verbs())
def test_every_argument_and_option_of_a_verb_is_in_its_section(verb: str) -> None:
    section = sections(text_of("docs/cli.md"))[f"`usersync {verb}`"]
    wanted = {
        shown_as(parameter, name) if parameter.param_type_name == "argument" else name
        for parameter in parameters(verbs()[verb])
        for name in parameter.opts
    } | getattr(verbs()[verb], "commands", {}).keys()

    assert set() == wanted - quoted(section)


def test_the_options_without_a_verb_are_documented() -> None:
    group: Any = typer.main.get_command(command_line)

    assert all(f"usersync {name}" in text_of("docs/cli.md") for each in group.params for name in each.opts)


async def told(document: str, tmp_path: Path, *, team_id: str) -> str:
    """Feed a document into the database of this test and return what the terminal shows."""
    store = await Store.open(f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
    words = [fed.words async for fed in feed(store, read_events(document), team_id=team_id, clock=lambda: NOW)]
    await store.close()
    return "\n".join(words)


async def test_the_readmes_example_of_feed_shows_what_feed_tells(tmp_path: Path) -> None:
    example = re.search(
        r"^echo '(.*)' \|\n.* feed --team (\w+) -\n```\n\n```\n(.*)\n```$", text_of("README.md"), flags=re.MULTILINE
    )

    assert example
    assert example[3] == await told(example[1], tmp_path, team_id=example[2])


async def test_the_manuals_examples_of_feed_show_what_feed_tells(tmp_path: Path) -> None:
    section = sections(text_of("docs/cli.md"))["`usersync feed`"]
    examples = re.findall(r"^echo '(.*)' \| usersync feed -\n```\n+```\n(.*)\n```$", section, flags=re.MULTILINE)
    await told('{"user": {"id": "U1234567", "real_name": "Ada Lovelace"}}', tmp_path, team_id="T01234567")

    assert 2 == len(examples)
    for document, words in examples:
        assert words == await told(document, tmp_path, team_id="T01234567")


def test_every_column_of_users_is_documented() -> None:
    section = sections(text_of("docs/sql.md"))["`users`"]

    assert set() == set(users.columns.keys()) - quoted(section)


def test_every_column_of_changes_is_documented() -> None:
    section = sections(text_of("docs/sql.md"))["`changes`"]

    assert set() == set(changes.columns.keys()) - quoted(section)


PEOPLE = [
    a_user_payload("U1", real_name="Ada Lovelace", title="", email="ada@meridian.example", is_admin=True),
    a_user_payload("U2", real_name="Grace Hopper", title="Commodore"),
    a_user_payload("U2", real_name="Grace Hopper", title="Rear Admiral", updated=1_700_000_100),
    a_user_payload(
        "U3", real_name="Alan Turing", is_restricted=True, guest_invited_by="U1", guest_expiration_ts=1_800_000_000
    ),
    a_user_payload("U4", real_name="Charles Babbage"),
    a_short_payload("U4", updated=1_700_000_100),
]


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[sqlite3.Connection]:
    """A database with a few people in it, opened as an owner's own program would open it."""
    path = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{path}")
    payloads = [an_event(user, event_id=f"Ev{number}") for number, user in enumerate(PEOPLE)]
    async for fed in feed(store, payloads, team_id=TEAM, clock=lambda: NOW):
        assert fed.outcome.reason is None
    async with claimed(store, TEAM, Order(), instance="a test", clock=lambda: NOW) as claim:
        await claim.end(RunState.DONE, at=NOW, counts={"seen": len(PEOPLE)}, is_read=True)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        yield connection


@pytest.mark.parametrize("query", QUERIES)
async def test_a_printed_query_finds_something(table: sqlite3.Connection, query: str) -> None:
    assert table.execute(query).fetchall()


async def test_the_readmes_query_answers_what_the_readme_shows(tmp_path: Path) -> None:
    (answer,) = re.findall(r"^```\ntz .*?\n-.*?\n(.*?)^```$", text_of("README.md"), flags=re.MULTILINE | re.DOTALL)
    path = tmp_path / "demo.sqlite3"
    store = await Store.open(f"sqlite:///{path}")
    slack = Simulator(crowd=PEOPLE_OF_THE_DEMO)
    payloads = [listed(user, locale=False) for _, user in slack.crowd.listed_from(0)]
    everybody = [{"event": {"type": "user_change", "user": payload}} for payload in payloads]
    async for fed in feed(store, everybody, team_id=slack.team_id, clock=lambda: datetime.now(UTC)):
        assert fed.outcome.reason is None
    await store.close()

    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(queries("README.md")[0]).fetchall()
    assert [line.split() for line in answer.splitlines()] == [[str(value) for value in row] for row in rows]


def test_there_are_at_least_five_queries_to_begin_with() -> None:
    assert len(queries("docs/sql.md")) >= 5


async def test_every_route_is_documented(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
    routes = create_app(store=store, bell=store.bell, status=Status, clock=lambda: NOW).routes
    await store.close()

    assert routes
    assert set() == {route.path for route in routes if isinstance(route, Route)} - quoted(
        text_of("docs/architecture.md")
    )


async def test_exactly_the_metrics_that_exist_are_documented(tmp_path: Path) -> None:
    named = re.findall(r"^\| `(usersync_\w+)` \|", text_of("docs/metrics.md"), flags=re.MULTILINE)
    async with Simulator() as slack:
        settings = settings_for(slack, f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
        async with Service(settings) as service:
            await service.alerts.look()
            text = service.metrics.exposition()[0].decode()

    exist = re.findall(r"^# TYPE (usersync_\w+) ", text, flags=re.MULTILINE)
    assert [name for name in exist if not name.endswith("_created")] == sorted(named, key=exist.index)


def test_exactly_the_kinds_of_alerts_that_exist_are_documented() -> None:
    section = sections(text_of("docs/metrics.md"))["Alerts"]

    assert [kind.value for kind in AlertKind] == re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


def test_the_readme_names_only_targets_that_make_knows() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", text_of("Makefile"), flags=re.MULTILINE))
    named = {target for name in MARKDOWN for target in re.findall(r"\bmake ([a-z]+)\b(?=`| |$)", commands(name))}

    assert {"demo", "test", "setup", "check"} <= named
    assert set() == named - targets


def commands(name: str) -> str:
    """Keep what stands in fenced blocks and in backticks."""
    text = text_of(name)
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *quoted(text)])


def anchors(name: str) -> set[str]:
    """Find the anchors that a page's headings make."""
    headings = re.findall(r"^#+ (.*)$", without_code(text_of(name)), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(name: str) -> Iterator[tuple[str, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(name))):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    dead = []
    for path, anchor in links(name):
        target = (folder / path).resolve() if path else ROOT / name
        if not target.exists():
            dead.append(path)
        elif anchor and anchor not in anchors(target.relative_to(ROOT).as_posix()):
            dead.append(f"{path}#{anchor}")

    assert [] == dead


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_page_has_one_first_heading_and_short_lines(name: str) -> None:
    text = text_of(name)

    assert 1 == len(re.findall(r"^# ", without_code(text), flags=re.MULTILINE))
    assert [] == [
        line
        for line in text.splitlines()
        if len(line) > LONGEST_LINE and not (LINK.fullmatch(line) or ROW_OF_A_TEST.fullmatch(line))
    ]


def test_every_decision_is_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in (DOCS / "decisions").glob("*.md"))

    assert [f"{number:04}" for number in range(1, len(names) + 1)] == [name[:4] for name in names]
    assert all(text_of(f"docs/decisions/{name}").startswith(f"# {int(name[:4])}. ") for name in names)


def test_every_test_that_the_page_on_reliability_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of("docs/reliability.md")))
    exist = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }

    assert len(named) > 50
    assert set() == named - exist


def test_the_page_on_reliability_lists_exactly_the_protections_that_are_tried() -> None:
    section = sections(text_of("docs/reliability.md"))["Protections, taken away one by one"]
    trials = [
        (trial["protection"], trial["file"])
        for file in sorted((ROOT / "tests" / "trials").glob("*.toml"))
        for trial in tomllib.loads(file.read_text(encoding="utf-8"))["trial"]
    ]

    assert trials == re.findall(r"^\| (.*?) \| `(\S+)` \|", section, flags=re.MULTILINE)


TEXT_SUFFIXES = frozenset(
    {".cfg", ".css", ".example", ".html", ".js", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".yaml", ".yml", ""}
)
HIDDEN_AND_OURS = frozenset({".ci", ".env.example", ".gitignore", ".github", ".dockerignore"})


def texts() -> Iterator[Path]:
    """Walk through what is ours: no caches, no environment, nothing that others wrote."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            is_hidden = path.name.startswith(".") and path.name not in HIDDEN_AND_OURS
            if is_hidden or path.name in NOT_OURS or path.name.endswith(".egg-info"):
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix in TEXT_SUFFIXES:
                yield path


# The brackets keep each pattern from matching itself.
TELLTALES = {
    "a package index": re.compile(
        r"py[p]i|python[h]osted|/simpl[e]/|(?<!emit-)index-ur[l]|find-link[s]=", re.IGNORECASE
    ),
    "a path of some machine": re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|User[s]/\w+|hom[e]/\w+)/|file:/{3}\w"),
}


@pytest.mark.parametrize("what", TELLTALES)
def test_no_text_names(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in texts()
        for line in path.read_text(encoding="utf-8").splitlines()
        if TELLTALES[what].search(line)
    ]

    assert [] == found


@pytest.mark.parametrize("name", ["runtime.txt", "build.txt", "dev.txt"])
def test_a_lock_holds_hashes_and_no_address(name: str) -> None:
    lock = text_of(f"locks/{name}")

    assert "--hash=sha256:" in lock
    assert "://" not in lock
