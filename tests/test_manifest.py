"""The manifest, the table of scopes, the documents and the code say the same; and Slack's limits are kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import yaml

from bot.listeners.users import OBSERVED
from bot.scopes import FREE_CALLS, FREE_EVENTS, SCOPES
from bot.simulator.methods import METHODS as PRETEND_METHODS
from tests.support.slack_usage import METHODS, Unreadable, Usage, usage_of

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "manifest.yml").read_text(encoding="utf-8")
MANIFEST: dict[str, Any] = yaml.safe_load(TEXT)
FEATURES, SETTINGS = MANIFEST["features"], MANIFEST["settings"]
ASKED = MANIFEST["oauth_config"]["scopes"]
SOURCES = [
    path
    for path in sorted((ROOT / "bot").rglob("*.py"))
    if "simulator" not in path.relative_to(ROOT).parts and path.name != "scopes.py"
]
USAGE = usage_of(SOURCES)


def needed_calls() -> set[str]:
    return {call for scope in SCOPES for call in scope.calls}


def subscribed() -> set[str]:
    return {event for scope in SCOPES for event in scope.events}


def commands() -> set[str]:
    return {each["command"] for each in FEATURES["slash_commands"]}


# The code against the table and the manifest.


def test_the_code_calls_exactly_the_methods_that_the_table_lists() -> None:
    assert needed_calls() | set(FREE_CALLS) == USAGE.calls


def test_the_code_listens_to_exactly_the_events_that_the_manifest_subscribes_to() -> None:
    assert set(SETTINGS["event_subscriptions"]["bot_events"]) == {*OBSERVED, *USAGE.registered["event"]}


def test_the_code_answers_exactly_the_commands_that_the_manifest_offers() -> None:
    assert commands() == USAGE.registered["command"]


def test_nothing_is_registered_that_the_manifest_does_not_offer() -> None:
    offered = {"event", "command", "action"}  # a button needs interactivity, and that is on

    assert {} == {kind: names for kind, names in USAGE.registered.items() if names and kind not in offered}
    assert SETTINGS["interactivity"]["is_enabled"]


# The table against the manifest.


def test_the_manifest_asks_for_exactly_the_scopes_of_the_table() -> None:
    assert [scope.name for scope in SCOPES] == ASKED["bot"]
    assert "user" not in ASKED


def test_whatever_the_app_can_do_without_is_optional() -> None:
    assert ["users:read", "commands"] == [scope.name for scope in SCOPES if scope.is_required]
    assert [scope.name for scope in SCOPES if not scope.is_required] == ASKED["bot_optional"]


def test_an_optional_scope_is_listed_twice_or_slack_would_never_ask_for_it() -> None:
    assert set(ASKED["bot_optional"]) < set(ASKED["bot"])


def test_the_manifest_subscribes_to_exactly_the_events_of_the_table() -> None:
    assert [*dict.fromkeys(each for scope in SCOPES for each in scope.events), *FREE_EVENTS] == SETTINGS[
        "event_subscriptions"
    ]["bot_events"]
    assert set() == subscribed() & set(FREE_EVENTS)


def test_the_scope_for_commands_is_asked_for_because_there_is_one() -> None:
    assert commands()
    assert any(scope.name == "commands" and scope.is_required for scope in SCOPES)


def test_the_table_and_the_pretend_slack_name_the_same_scope_for_a_method() -> None:
    known = {method.name: method.scope for method in PRETEND_METHODS}

    assert {call: scope.name for scope in SCOPES for call in scope.calls} == {
        call: known[call] for call in needed_calls()
    }
    assert set() == {call for call in FREE_CALLS if known.get(call)}


def test_every_loss_is_a_sentence() -> None:
    assert [] == [scope.name for scope in SCOPES if not re.fullmatch(r"[A-Z/].*\.", scope.loss)]


# The manifest against Slack's rules (docs.slack.dev, App manifest reference).


def test_the_app_has_its_name_and_nothing_is_longer_than_slack_allows() -> None:
    shown, bot, (command,) = MANIFEST["display_information"], FEATURES["bot_user"], FEATURES["slash_commands"]

    assert "People directory" == shown["name"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", shown["background_color"])
    assert re.fullmatch(r"[a-z0-9._-]{1,80}", bot["display_name"])
    assert re.fullmatch(r"/\S{1,31}", command["command"])
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000
    assert all(len(scope) <= 50 for scope in ASKED["bot"])


def test_everything_comes_over_the_socket_so_no_address_is_named() -> None:
    assert SETTINGS["socket_mode_enabled"] is True
    assert "url" not in TEXT.replace("usersync", "")


def test_users_in_a_command_arrive_as_ids() -> None:
    assert all(each["should_escape"] for each in FEATURES["slash_commands"])


def test_tokens_do_not_rotate_and_the_app_is_for_one_workspace() -> None:
    assert (False, False) == (SETTINGS["token_rotation_enabled"], SETTINGS["org_deploy_enabled"])


def test_the_bot_may_write_to_people_and_has_a_home() -> None:
    home = FEATURES["app_home"]

    assert (True, True, True) == (
        home["home_tab_enabled"],
        home["messages_tab_enabled"],
        home["messages_tab_read_only_enabled"],
    )


@pytest.mark.parametrize("name", ["People directory", "people-directory"])
def test_nothing_in_the_code_depends_on_the_apps_name(name: str) -> None:
    rooms = [path for room in ("bot", "db", "web") for path in sorted((ROOT / room).rglob("*.py"))]

    assert [] == [path.name for path in rooms if name in path.read_text(encoding="utf-8")]


# The documents.


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_the_create_link_holds_this_very_manifest(page: str) -> None:
    expected = f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(TEXT, safe='')}"
    found = re.findall(r"^\[create\]: (\S+)$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert [expected] == found, f"The line should be:\n[create]: {expected}"
    address = urlsplit(found[0])
    asked = dict(parse_qsl(address.query, strict_parsing=True))
    assert ("https", "api.slack.com", "/apps") == (address.scheme, address.netloc, address.path)
    assert {"new_app": "1", "manifest_yaml": TEXT} == asked
    assert MANIFEST == yaml.safe_load(asked["manifest_yaml"])
    assert len(found[0]) < 8_000  # what browsers and proxies let pass


def test_the_page_of_scopes_says_what_the_table_says() -> None:
    page = (ROOT / "docs/scopes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$", page, flags=re.MULTILINE)

    assert [
        (scope.name, "yes" if scope.is_required else "no", listed(scope.calls), listed(scope.events), scope.loss)
        for scope in SCOPES
    ] == rows
    assert all(f"`{name}`" in page for name in (*FREE_CALLS, *FREE_EVENTS))


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "—"


# The reading of the code is tried on code that is wrong.


def read(tmp_path: Path, source: str) -> Usage:
    file = tmp_path / "module.py"
    file.write_text(source, encoding="utf-8")
    return usage_of([file])


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("await client.users_info(user=id)", "users.info"),
        ("ask = client.chat_postMessage", "chat.postMessage"),
        ("await _extra(client, 'team_info', 'team')", "team.info"),
        ("await getattr(client, 'views_publish')()", "views.publish"),
        ("await client.api_call('users.profile.get')", "users.profile.get"),
        ("async def answer(ack, say): ...", "chat.postMessage"),
    ],
)
def test_the_walk_sees_a_call(tmp_path: Path, source: str, call: str) -> None:
    source = source if source.startswith("async") else f"async def ask(client, id):\n    {source}"

    assert {call} == read(tmp_path, source).calls


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        ("app.event('team_rename')(listen)", "event", "team_rename"),
        ("COMMAND = '/people'\napp.command(COMMAND)(listen)", "command", "/people"),
        ("@app.command('/people')\nasync def listen(): ...", "command", "/people"),
        ("self._app.event('team_rename')(listen)", "event", "team_rename"),
        ("app.action('open')(listen)", "action", "app.action('open')"),
        ("app.shortcut('find')(listen)", "shortcut", "app.shortcut('find')"),
    ],
)
def test_the_walk_sees_a_registration(tmp_path: Path, source: str, kind: str, name: str) -> None:
    assert {name} == read(tmp_path, source).registered[kind]


@pytest.mark.parametrize("source", ["app.event(name)(listen)", "client.api_call(method)", "app.command(f'/{x}')(y)"])
def test_the_walk_refuses_what_it_cannot_read(tmp_path: Path, source: str) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path, source)


def test_a_listener_for_everything_that_is_left_subscribes_to_nothing(tmp_path: Path) -> None:
    assert Usage() == read(tmp_path, 'import re\napp.event(re.compile(""))(leave)')


def test_the_walk_knows_slacks_methods() -> None:
    assert ("users.list", "chat.postMessage", "apps.connections.open", "auth.test") == (
        METHODS["users_list"],
        METHODS["chat_postMessage"],
        METHODS["apps_connections_open"],
        METHODS["auth_test"],
    )
