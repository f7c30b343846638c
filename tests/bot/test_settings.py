"""Settings: every name that is promised is read, and every problem is told at once, with its remedy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import (
    SECRETS,
    Settings,
    demo_port,
    is_loopback,
    known_names,
    load_settings,
    proxy_for,
)
from bot.settings_words import SettingsError

ROOT = Path(__file__).parents[2]
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1-2-abc", "SLACK_APP_TOKEN": "xapp-1-A-2-abc"}


def load(env_file: Path | None = None, **environ: str) -> Settings:
    return load_settings(environ, env_file=env_file)


def told(value: object) -> object:
    """Tell a value, be it kept as a secret or not."""
    if isinstance(value, tuple):
        return tuple(map(told, value)) if any(isinstance(each, SecretStr) for each in value) else value
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def problems_of(env_file: Path | None = None, *, needs_tokens: bool = False, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ, env_file=env_file, needs_tokens=needs_tokens)
    return refusal.value.problems


def problem_of(**environ: str) -> str:
    (problem,) = problems_of(**environ)
    return problem


def problems_with_tokens(**tokens: str) -> tuple[str, ...]:
    return problems_of(needs_tokens=True, **{**TOKENS, **tokens})


HALVES = {"SLACK_CLIENT_ID": "SLACK_CLIENT_SECRET", "SLACK_CLIENT_SECRET": "SLACK_CLIENT_ID"}
"""Neither signs anybody in without the other."""
PROMISED: dict[str, tuple[str, str, Any]] = {
    "SLACK_BOT_TOKEN": ("xoxb-1", "slack_bot_token", "xoxb-1"),
    "SLACK_APP_TOKEN": ("xapp-1", "slack_app_token", "xapp-1"),
    "SLACK_API_URL": ("http://127.0.0.1:1/api/", "slack_api_url", "http://127.0.0.1:1/api/"),
    "SLACK_CLIENT_ID": ("1.2", "slack_client_id", "1.2"),
    "SLACK_CLIENT_SECRET": ("s", "slack_client_secret", "s"),
    "SLACK_SIGNING_SECRET": ("s", "slack_signing_secret", "s"),
    "DATABASE_URL": ("postgresql://h/d", "database_url", "postgresql://h/d"),
    "PORT": ("8080", "port", 8080),
    "USERSYNC_PORT": ("8081", "port", 8081),
    "USERSYNC_HOST": ("::1", "host", "::1"),
    "USERSYNC_PUBLIC_URL": ("https://people.example", "public_url", "https://people.example"),
    "USERSYNC_AUTH": ("none", "auth", "none"),
    "USERSYNC_AUTH_HEADER": ("X-User", "auth_header", "X-User"),
    "USERSYNC_TRUSTED_PROXIES": (
        "10.0.0.1, 10.0.0.0/24",
        "trusted_proxies",
        (ip_network("10.0.0.1"), ip_network("10.0.0.0/24")),
    ),
    "USERSYNC_SECRET_KEY": ("sixteen-or-more.", "secret_key", "sixteen-or-more."),
    "USERSYNC_SESSION_DAYS": ("7", "session_days", 7),
    "USERSYNC_GUESTS_MAY_SIGN_IN": ("yes", "guests_may_sign_in", True),
    "USERSYNC_ADMINS": ("T1/U1 T1/U2", "admins", {("T1", "U1"), ("T1", "U2")}),
    "USERSYNC_VISIBILITY": ("phone=admins", "visibility", {"phone": "admins"}),
    "USERSYNC_FIELDS": ("Xf01=Work place, Xf02=Team", "fields", (("Xf01", "Work place"), ("Xf02", "Team"))),
    "USERSYNC_WORKSPACES": ("T1", "workspaces", ("T1",)),
    "USERSYNC_ALERT_CHANNEL": ("C1", "alert_channel", "C1"),
    "USERSYNC_ALERT_URLS": (
        "json://a.example/?to=1,2, mailto://u:p@b.example,",
        "alert_urls",
        ("json://a.example/?to=1,2", "mailto://u:p@b.example"),
    ),
    "USERSYNC_RECONCILE_EVERY": ("90m", "reconcile_every", 5_400),
    "USERSYNC_HISTORY_KEEP": ("30d", "history_keep", 30 * 86_400),
    "USERSYNC_CONTACT_KEEP": ("30d", "contact_keep", 30 * 86_400),
    "USERSYNC_AVATARS": ("initials", "avatars", "initials"),
    "USERSYNC_LOG_FORMAT": ("json", "log_format", "json"),
    "USERSYNC_SOCKETS": ("3", "sockets", 3),
    "USERSYNC_TRANSPORT": ("socket", "transport", "socket"),
}
DEFAULTS = {
    "slack_api_url": "https://slack.com/api/", "database_url": "sqlite:///data/usersync.sqlite3", "host": "127.0.0.1",
    "port": 3000, "auth": "slack", "session_days": 30, "guests_may_sign_in": False, "reconcile_every": 6 * 3600,
    "history_keep": 365 * 86_400, "avatars": "slack", "log_format": "console", "sockets": 2, "transport": "socket",
}  # fmt: skip


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_name_is_read(name: str) -> None:
    text, field, value = PROMISED[name]

    other = {HALVES[name]: "1.2"} if name in HALVES else {}

    assert value == told(getattr(load(**{name: text}, **other), field))


def test_no_name_is_read_that_was_not_promised_and_each_has_its_help() -> None:
    assert PROMISED.keys() == known_names().keys()
    assert all(known_names().values())


def test_all_promised_names_may_be_given_together() -> None:
    settings = load(**{name: text for name, (text, _, _) in PROMISED.items()})

    assert (8081, "::1") == (settings.port, settings.host)


@pytest.mark.parametrize(("field", "value"), DEFAULTS.items())
def test_what_is_not_given_has_its_default(field: str, value: object) -> None:
    assert value == told(getattr(load(), field))


def test_what_is_given_empty_counts_as_not_given() -> None:
    assert 3000 == load(USERSYNC_PORT="  ", PORT="").port


@pytest.mark.parametrize("name", ["HOST", "AUTH", "AVATARS", "SECRET_KEY", "SHELL", "SLACK_SOMETHING_NEW"])
def test_names_without_our_prefix_are_nobodys_business(name: str) -> None:
    assert load() == load(**{name: "0.0.0.0"})


def test_all_problems_are_told_at_once() -> None:
    problems = problems_of(
        needs_tokens=True,
        PORT="many", USERSYNC_SECRET_KEY="short", USERSYNC_AUTH="maybe", USERSYNC_RECONCILE_EVERY="soon",
        USERSYNC_GUESTS_MAY_SIGN_IN="perhaps", USERSYNC_SOCKETS="0", USERSYNC_AVATAR="slack",
        SLACK_SIGNING_SECRET_FILE="/nowhere", SLACK_API_URL="slack.com", SLACK_BOT_TOKEN="xapp-1",
    )  # fmt: skip
    expected = {
        "PORT:", "USERSYNC_SECRET_KEY:", "USERSYNC_AUTH:", "USERSYNC_RECONCILE_EVERY:", "USERSYNC_GUESTS_MAY_SIGN_IN:",
        "USERSYNC_SOCKETS:", "USERSYNC_AVATAR:", "SLACK_SIGNING_SECRET_FILE:", "SLACK_API_URL:", "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    }  # fmt: skip

    assert expected == {problem.split()[0] for problem in problems}
    assert len(expected) == len(problems)


def test_serve_tells_all_problems_at_once_and_ends_with_2(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "USERSYNC_PORT": "many", "USERSYNC_HOTS": "x"}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "serve"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30
    )
    told = re.findall(r"^- (\w+)", ended.stderr, re.MULTILINE)

    assert 2 == ended.returncode
    assert ["USERSYNC_HOTS", "USERSYNC_PORT", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"] == told
    assert "Traceback" not in ended.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("USERSYNC_PORT", "many", "whole number"), ("USERSYNC_PORT", "70000", "at most 65535"),
        ("USERSYNC_PORT", "-1", "at least 0"), ("PORT", "3000.5", "whole number"),
        ("USERSYNC_SESSION_DAYS", "0", "at least 1"), ("USERSYNC_SOCKETS", "11", "at most 10"),
        ("USERSYNC_AUTH", "open", "'slack', 'proxy' or 'none'"),
        ("USERSYNC_AVATARS", "gravatar", "'slack' or 'initials'"),
        ("USERSYNC_LOG_FORMAT", "xml", "'console' or 'json'"), ("USERSYNC_HISTORY_KEEP", "1y", "s, m, h or d, like 6h"),
        ("USERSYNC_HISTORY_KEEP", "365", "s, m, h or d, like 6h"), ("USERSYNC_GUESTS_MAY_SIGN_IN", "2", "yes or no"),
        ("USERSYNC_ALERT_CHANNEL", "#ops", "write the id of a channel"), ("USERSYNC_ALERT_CHANNEL", "D1", "like C0123"),
        ("USERSYNC_TRANSPORT", "http", "Leave it out"), ("SLACK_API_URL", "ftp://x", "https address"),
    ],
)  # fmt: skip
def test_a_bad_value_is_told_with_its_remedy(name: str, value: str, remedy: str) -> None:
    problem = problem_of(**{name: value})

    assert problem.startswith(f"{name}: ")
    assert remedy in problem


def test_an_address_that_apprise_does_not_know_is_told_by_its_place_and_scheme_alone() -> None:
    first, second = problems_of(USERSYNC_ALERT_URLS="json://a.example/planted plant3d://secret@b secret-words")

    assert "address 2" in first
    assert "plant3d:" in first
    assert "address 3" in second
    assert "has no scheme" in second
    assert "secret" not in first + second


def test_without_apprise_the_setting_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    problem = problem_of(USERSYNC_ALERT_URLS="json://a.example/planted")

    assert "pip install 'usersync[urls]'" in problem
    assert "planted" not in problem
    assert (None, ()) == (load().alert_channel, load().alert_urls)


def test_a_setting_with_two_names_may_be_wrong_under_both() -> None:
    assert {"USERSYNC_PORT:", "PORT:"} == {each.split()[0] for each in problems_of(USERSYNC_PORT="x", PORT="y")}


def test_whatever_prints_the_settings_shows_no_secret() -> None:
    given = {
        "SLACK_BOT_TOKEN": "xoxb-planted", "SLACK_APP_TOKEN": "xapp-planted", "SLACK_CLIENT_SECRET": "planted-client",
        "SLACK_SIGNING_SECRET": "planted-signing", "USERSYNC_SECRET_KEY": "planted-key-of-many-letters",
        "DATABASE_URL": "postgresql://usersync:planted@db.example/usersync",
        "USERSYNC_ALERT_URLS": "json://planted.example json://usersync:planted@b.example",
    }  # fmt: skip
    settings = load(**given, SLACK_CLIENT_ID="1.2")
    printed = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"

    assert "planted" not in printed
    assert set(given) == set(SECRETS) - {"SLACK_CLIENT_ID"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("proxy.example", "'proxy.example' is neither"),
        ("10.0.0.0.1", "'10.0.0.0.1' is neither"),
        ("10.0.0.5/8", "write 10.0.0.0/8"),
        ("0.0.0.0/0", "is everybody"),
        ("::/0", "is everybody"),
        ("::ffff:0.0.0.0/96", "is everybody"),
    ],
)
def test_a_proxy_that_cannot_be_believed_is_told(value: str, words: str) -> None:
    assert words in problem_of(USERSYNC_TRUSTED_PROXIES=f"10.0.0.1, {value}")


def test_a_proxy_is_an_address_or_a_network() -> None:
    settings = load(USERSYNC_TRUSTED_PROXIES="10.0.0.1 172.16.0.0/12,fd00::/8 ::ffff:10.1.0.0/112")
    wanted = ("10.0.0.1/32", "172.16.0.0/12", "fd00::/8", "10.1.0.0/16")

    assert wanted == tuple(str(each) for each in settings.trusted_proxies)


def test_a_database_url_that_cannot_be_used_is_told_before_anything_is_opened() -> None:
    assert "DATABASE_URL cannot be used" in problem_of(DATABASE_URL="oracle://x")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("USERSYNC_POTR", "Did you mean USERSYNC_PORT?"),
        ("USERSYNC_AVATAR", "Did you mean USERSYNC_AVATARS?"),
        ("USERSYNC_RECONCILE_EVRY", "Did you mean USERSYNC_RECONCILE_EVERY?"),
        ("USERSYNC_SECRETKEY_FILE", "Did you mean USERSYNC_SECRET_KEY_FILE?"),
        ("USERSYNC_XYZZY", "Take it out."),
        ("USERSYNC_", "Take it out."),
        ("USERSYNC_port", "Take it out."),
    ],
)
def test_an_unknown_name_with_our_prefix_is_refused_with_a_guess(name: str, hint: str) -> None:
    assert f"{name}: there is no such setting. {hint}" == problem_of(**{name: "1"})


def test_a_file_is_read_for_secrets_alone() -> None:
    assert "there is no such setting" in problem_of(USERSYNC_HOST_FILE="/run/host")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    text = "json://from-a-file.example" if name == "USERSYNC_ALERT_URLS" else "sqlite:///from-a-file.db"
    (tmp_path / "secret").write_text(f"{text}\n")
    other = {HALVES[name]: "1.2"} if name in HALVES else {}
    settings = load(**{f"{name}_FILE": str(tmp_path / "secret")}, **other)

    assert told(getattr(settings, PROMISED[name][1])) in (text, (text,))


def test_a_secret_given_plainly_wins_over_its_file(tmp_path: Path) -> None:
    assert "plain" == told(
        load(SLACK_BOT_TOKEN="plain", SLACK_BOT_TOKEN_FILE=str(tmp_path / "nowhere")).slack_bot_token
    )


def test_what_stands_in_a_file_that_cannot_be_read_is_not_told_as_missing_too() -> None:
    unread = {f"{name}_FILE": "/nowhere" for name in ("SLACK_BOT_TOKEN", "USERSYNC_SECRET_KEY")}
    problems = problems_of(needs_tokens=True, DATABASE_URL="postgresql://h/d", **unread)

    assert ["SLACK_BOT_TOKEN_FILE:", "USERSYNC_SECRET_KEY_FILE:", "SLACK_APP_TOKEN"] == [
        each.split()[0] for each in problems
    ]


def test_a_short_key_in_a_file_is_told_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2")

    assert problem_of(USERSYNC_SECRET_KEY_FILE=str(tmp_path / "key")).startswith("USERSYNC_SECRET_KEY_FILE: ")


def test_a_secret_file_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    problems = [
        problem_of(SLACK_BOT_TOKEN_FILE=str(path)) for path in (tmp_path / "nowhere", tmp_path, tmp_path / "binary")
    ]

    assert 3 == len([problem for problem in problems if "SLACK_BOT_TOKEN_FILE: the file cannot be read" in problem])


@pytest.mark.parametrize("token", ["xoxb-1-2-abc", "xoxe.xoxb-1-abc"])
def test_tokens_that_are_right_pass(token: str) -> None:
    settings = load_settings({**TOKENS, "SLACK_BOT_TOKEN": token}, env_file=None, needs_tokens=True)

    assert (token, TOKENS["SLACK_APP_TOKEN"]) == (told(settings.slack_bot_token), told(settings.slack_app_token))


def test_tokens_are_asked_for_only_where_they_are_needed() -> None:
    assert load().slack_bot_token is None


def test_missing_tokens_are_both_told_with_where_to_find_them() -> None:
    bot, app = problems_of(needs_tokens=True)

    assert "SLACK_BOT_TOKEN is missing" in bot
    assert "Install App" in bot
    assert "SLACK_APP_TOKEN is missing" in app
    assert "Basic Information" in app


def test_swapped_tokens_are_recognised() -> None:
    (problem,) = problems_with_tokens(SLACK_BOT_TOKEN="xapp-1-secret", SLACK_APP_TOKEN="xoxb-1-secret")

    assert "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped" in problem
    assert "secret" not in problem


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ('"xoxb-1"', "wrapped in quotes"), ("'xoxb-1'", "wrapped in quotes"), ("xoxp-1", "must begin with xoxb-"),
        ("xoxb-1 2", "holds a blank"),
        ("“xoxb-1”", "wrapped in quotes"), ("`xoxb-1`", "wrapped in quotes"), ("Bearer xoxb-1", "the word Bearer"),
        ("xoxb-1\n2", "a line break inside"), ("xoxb-1\u200b2", "a letter that no token has"),
        ("xoxe-1-x", "a refresh token"), ("xoxe.xoxp-1-x", "a configuration token"), ("xoxa-2-x", "a retired kind"),
        ("0123456789abcdef0123456789abcdef", "a signing secret"), ("123.456", "a client id"),
        ("https://hooks.slack.com/services/T1/B1/x", "a webhook"), ("'xoxp-1'", "a user token"),
        ("xoxb-", "is missing"), ("xoxb-…", "is missing"), ("xoxb-...", "is missing"), ("xoxb-your-token", "missing"),
        ("xoxb-é", "a letter that no token has"), ("hello", "must begin with xoxb-"),
    ],
)  # fmt: skip
def test_a_token_that_cannot_be_one_is_told_without_being_quoted(token: str, words: str) -> None:
    (problem,) = problems_with_tokens(SLACK_BOT_TOKEN=token)

    assert words in problem
    assert token == "xoxb-" or token not in problem


def test_a_token_in_a_file_is_looked_at_as_closely(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("\ufeff'xoxb-1-2-abc'\n", encoding="utf-8")

    (problem,) = problems_of(
        needs_tokens=True, SLACK_BOT_TOKEN_FILE=str(file), SLACK_APP_TOKEN=TOKENS["SLACK_APP_TOKEN"]
    )

    assert "SLACK_BOT_TOKEN is wrapped in quotes" in problem


def test_quotes_hide_no_swap() -> None:
    (problem,) = problems_with_tokens(SLACK_BOT_TOKEN='"xapp-1-a"', SLACK_APP_TOKEN="‘xoxb-1-b’")

    assert "swapped" in problem


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "people.example", "127.0.0.1.example"])
def test_behind_a_sign_in_the_directory_may_listen_anywhere(host: str) -> None:
    assert host == load(USERSYNC_HOST=host).host
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_loopback_is_known_by_all_its_names(host: str) -> None:
    assert host == load(USERSYNC_HOST=host).host
    assert is_loopback(host)


def test_a_proxy_is_believed_only_where_header_and_address_are_known() -> None:
    proxy = {"USERSYNC_AUTH": "proxy"}
    header, trusted = {"USERSYNC_AUTH_HEADER": "X-Email"}, {"USERSYNC_TRUSTED_PROXIES": "10.0.0.7"}

    assert 2 == len(problems_of(**proxy))
    assert "USERSYNC_TRUSTED_PROXIES is missing" in problem_of(**proxy, **header)
    assert "USERSYNC_AUTH_HEADER is missing" in problem_of(**proxy, **trusted)
    assert "no name of a header" in problem_of(**proxy, **trusted, USERSYNC_AUTH_HEADER="X Email: a")
    assert "proxy" == load(**proxy, **header, **trusted).auth


@pytest.mark.parametrize("wrong", ["proxy.local", "10.0.0.7/8", "10.0.0.0/33", "10.0.0.7; ::1", ","])
def test_an_address_of_a_proxy_that_is_none_is_told(wrong: str) -> None:
    assert "USERSYNC_TRUSTED_PROXIES: " in problem_of(USERSYNC_TRUSTED_PROXIES=wrong)


@pytest.mark.parametrize("name", HALVES)
def test_half_of_what_signs_in_with_slack_is_told(name: str) -> None:
    assert f"{HALVES[name]} is missing" in problem_of(**{name: "1.2"})


def test_several_keys_are_told_apart_and_each_has_to_be_long() -> None:
    new, old = "bmV3IGtleQ+/bmV3IGtleQ==", "b2xkIGtleQ+/b2xkIGtleQ=="

    assert (new, old) == load(USERSYNC_SECRET_KEY=f"{new}, {old}").secret_keys
    assert "fewer than 16" in problem_of(USERSYNC_SECRET_KEY=f"{new} short")
    assert "fewer than 16" in problem_of(USERSYNC_SECRET_KEY=",")


def test_a_short_key_is_refused_without_being_quoted() -> None:
    problem = problem_of(USERSYNC_SECRET_KEY="hunter2")

    assert "openssl" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "mariadb://u@h/d", "mysql+asyncmy://u@h/d"])
def test_on_a_server_the_service_asks_for_a_key_unless_nobody_signs_in(url: str) -> None:
    (problem,) = problems_with_tokens(DATABASE_URL=url)
    given = {**TOKENS, "DATABASE_URL": url}
    keyed = load_settings({**given, "USERSYNC_SECRET_KEY": "x" * 16}, env_file=None, needs_tokens=True)
    opened = load_settings({**given, "USERSYNC_AUTH": "none"}, env_file=None, needs_tokens=True)

    assert "USERSYNC_SECRET_KEY is missing" in problem
    assert ("x" * 16, None) == (told(keyed.secret_key), opened.secret_key)
    assert url == told(load(DATABASE_URL=url).database_url)


@pytest.mark.parametrize(
    "url",
    [
        "https://people.example",
        "http://people.example:8080/",
        "https://[::1]:3000",
        "http://10.0.0.1",
        "https://B\u00fccher.example",
    ],
)
def test_a_public_address_is_a_scheme_and_a_host(url: str) -> None:
    assert url == load(USERSYNC_PUBLIC_URL=url).public_url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://stra\u00dfe.example", "xn--"), ("https://b\u00fc..example", "xn--"),
        ("people.example", "http or https"), ("ftp://people.example", "http or https"), ("https://", "with a host"),
        ("https://people.example?x=1", "no ?"), ("https://people.example/#", "no ?"),
        ("https://people.example/people", "below a path"), ("https://a:b@people.example", "name nobody"),
        ("https://people.example:many", "no address"), ("https://[people", "no address"),
        ("https://people .example", "http or https"),
    ],
)  # fmt: skip
def test_a_public_address_that_cannot_be_one_is_told_in_words(url: str, words: str) -> None:
    problem = problem_of(USERSYNC_PUBLIC_URL=url)

    assert problem.startswith("USERSYNC_PUBLIC_URL:")
    assert words in problem


def test_env_file_lies_beneath_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        'SLACK_BOT_TOKEN="xoxb-$file"  # quotes are taken off\nUSERSYNC_PORT=4000\nUSERSYNC_AVATARS=initials\nLOOSE\n'
    )
    settings = load(file, USERSYNC_PORT="5000")

    assert ("xoxb-$file", 5000, "initials") == (told(settings.slack_bot_token), settings.port, settings.avatars)


def test_lines_of_env_file_that_say_nothing_are_all_told_with_the_rest(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# tokens\n\n\nSLACK BOT TOKEN=xoxb-1-2-secret\nUSERSYNC_PORT=many\n=x\nSLACK_APP_TOKEN='xapp-1-se\n"
    )
    problems = problems_of(file, needs_tokens=True)

    assert ["line 4:", "line 6:", "line 7:"] == [each.partition(", ")[2][:7] for each in problems[:3]]
    assert ["USERSYNC_PORT:", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"] == [each.split()[0] for each in problems[3:]]
    assert "NAME=value" in problems[0]
    assert not [each for each in problems if "secret" in each or "xapp-1-se" in each]


def test_a_file_of_windows_is_read_from_its_first_name_on(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("\ufeffUSERSYNC_PORT=4000\r\nUSERSYNC_SOCKETS=3\r\n".encode())
    settings = load(file)

    assert (4000, 3) == (settings.port, settings.sockets)


def test_an_unknown_name_in_env_file_is_refused_too(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("USERSYNC_POTR=1\n")

    assert "USERSYNC_PORT?" in problems_of(file)[0]


def test_without_an_env_file_the_environment_is_all(tmp_path: Path) -> None:
    assert load() == load(tmp_path / ".env") == load(tmp_path)


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://plain.example:3128")
    return monkeypatch


def test_slack_is_reached_through_the_proxy_that_is_set(proxied: pytest.MonkeyPatch) -> None:
    assert "http://proxy.example:3128" == proxy_for("https://slack.com/api/")
    assert "http://plain.example:3128" == proxy_for("http://slack.example/api/")


@pytest.mark.parametrize("url", ["http://127.0.0.1:4000/api/", "http://localhost:4000/api/", "http://[::1]:4000/api/"])
def test_this_machine_is_reached_without_a_proxy(proxied: pytest.MonkeyPatch, url: str) -> None:
    assert proxy_for(url) is None
    assert not [name for name in ("HTTPS_PROXY", "HTTP_PROXY") if name in os.environ]


@pytest.mark.parametrize("no_proxy", ["slack.com", ".slack.com", "example.org, slack.com", "*"])
def test_no_proxy_is_heeded(proxied: pytest.MonkeyPatch, no_proxy: str) -> None:
    proxied.setenv("NO_PROXY", no_proxy)

    assert proxy_for("https://slack.com/api/") is None
    assert "HTTPS_PROXY" not in os.environ


def test_no_proxy_for_others_changes_nothing(proxied: pytest.MonkeyPatch) -> None:
    proxied.setenv("NO_PROXY", "example.org")

    assert "http://proxy.example:3128" == proxy_for("https://slack.com/api/")


def test_the_demo_reads_its_port_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERSYNC_PORT", "1")
    default = demo_port()
    monkeypatch.setenv("PORT", " 4000 ")

    assert (3000, 4000) == (default, demo_port())


@pytest.mark.parametrize("port", ["many", "-1", "65536", "3000.0"])
def test_the_demo_tells_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)

    with pytest.raises(SettingsError, match="PORT: it must be a number"):
        demo_port()


def test_a_settings_file_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"SLACK_BOT_TOKEN=xoxb-\xff\xfe\n")

    (problem,) = problems_of(file)

    assert ".env: it cannot be read" in problem
