"""The only reader of the environment: one table of name, default and help; every problem is told at once, in words."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.env_file import read_env_file
from bot.proxy_words import proxy_problems, wrong_header
from bot.role_words import role_problems
from bot.secret_key import SHORTEST
from bot.settings_values import (
    Audiences,
    ChannelId,
    CustomFields,
    Seconds,
    TrustedProxies,
    Urls,
    UserKeys,
    Words,
    YesOrNo,
)
from bot.settings_words import MAKE_A_KEY, SettingsError, in_words, unknown_names, wrong_public_url
from bot.telling.addresses import url_problems
from bot.token_words import bot_token_problems
from db.dialects import file_of
from db.engine import parse_url
from db.errors import UnusableUrl
from db.instances import ProcessRole

PREFIX = "USERSYNC_"
SECRETS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "SLACK_SIGNING_SECRET",
    "USERSYNC_SECRET_KEY",
    "DATABASE_URL",
    "USERSYNC_ALERT_URLS",
)
"""Each may also be given as `…_FILE`, the way containers hand in secrets."""

SLACK_API_URL = "https://slack.com/api/"
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def _named(name: str, default: Any, text: str, *also: str) -> Any:
    return Field(default=default, validation_alias=AliasChoices(name, *also), description=text)


class Settings(BaseModel):
    """Everything an operator can set. Below the composition root these are plain arguments."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    slack_bot_token: SecretStr | None = _named(
        "SLACK_BOT_TOKEN", None, "Bot token (xoxb-…). Slack shows it under *Install App*."
    )
    slack_app_token: SecretStr | None = _named(
        "SLACK_APP_TOKEN", None, "App-level token (xapp-…) with connections:write, made under *Basic Information*."
    )
    slack_api_url: str = _named("SLACK_API_URL", SLACK_API_URL, "Where Slack's Web API answers.")
    slack_client_id: str | None = _named("SLACK_CLIENT_ID", None, "Client id, for signing in with Slack.")
    slack_client_secret: SecretStr | None = _named("SLACK_CLIENT_SECRET", None, "Client secret, likewise.")
    slack_signing_secret: SecretStr | None = _named(
        "SLACK_SIGNING_SECRET", None, "Signing secret, for HTTP transport (later)."
    )
    database_url: SecretStr = _named(
        "DATABASE_URL", SecretStr("sqlite:///data/usersync.sqlite3"), "Where the table lives."
    )
    host: str = _named("USERSYNC_HOST", "127.0.0.1", "Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65_535)] = _named(
        "USERSYNC_PORT", 3000, "Port to listen on; plain PORT is read too.", "PORT"
    )
    public_url: str | None = _named(
        "USERSYNC_PUBLIC_URL", None, "The directory's address as people type it; sign-in links begin with it."
    )
    auth: Literal["slack", "proxy", "none"] = _named(
        "USERSYNC_AUTH", "slack", "Who lets people in; none opens the directory to whoever reaches it."
    )
    auth_header: str | None = _named("USERSYNC_AUTH_HEADER", None, "Header in which a proxy names the viewer.")
    trusted_proxies: TrustedProxies = _named(
        "USERSYNC_TRUSTED_PROXIES",
        (),
        "Addresses or networks of proxies that are believed, like 10.0.0.5 172.16.0.0/12.",
    )
    secret_key: SecretStr | None = _named(
        "USERSYNC_SECRET_KEY", None, "Keys that sign sessions, newest first; without any, SQLite has one made."
    )
    session_days: Annotated[int, Field(ge=1, le=3650)] = _named(
        "USERSYNC_SESSION_DAYS", 30, "Days a session lasts without a visit."
    )
    guests_may_sign_in: YesOrNo = _named("USERSYNC_GUESTS_MAY_SIGN_IN", False, "Whether guests may sign in.")
    admins: UserKeys = _named("USERSYNC_ADMINS", frozenset(), "Admins beside Slack's own, as T…/U…; several in a row.")
    visibility: Audiences = _named(
        "USERSYNC_VISIBILITY", {}, "Which field is for whom, like phone=admins email=nobody; see security.md."
    )
    fields: CustomFields = _named(
        "USERSYNC_FIELDS", (), "Custom profile fields to show and to filter by, like Xf01=Department, Xf02=Office."
    )
    workspaces: Words = _named("USERSYNC_WORKSPACES", (), "Workspaces that may install (later).")
    alert_channel: ChannelId | None = _named(
        "USERSYNC_ALERT_CHANNEL", None, "Channel for alerts, by its id; what is typed in Slack wins."
    )
    alert_urls: Urls = _named(
        "USERSYNC_ALERT_URLS", (), "Further addresses for alerts, as Apprise writes them; several in a row."
    )
    reconcile_every: Annotated[Seconds, Field(ge=60)] = _named(
        "USERSYNC_RECONCILE_EVERY", 6 * 3600, "How often everybody is read again."
    )
    history_keep: Seconds = _named("USERSYNC_HISTORY_KEEP", 365 * 86_400, "How long changes are kept.")
    contact_keep: Seconds = _named(
        "USERSYNC_CONTACT_KEEP", 90 * 86_400, "How long e-mail and phone of deactivated people are kept."
    )
    avatars: Literal["slack", "initials"] = _named(
        "USERSYNC_AVATARS", "slack", "Pictures from Slack, or initials only."
    )
    log_format: Literal["console", "json"] = _named("USERSYNC_LOG_FORMAT", "console", "How log lines are written.")
    sockets: Annotated[int, Field(ge=1, le=10)] = _named(
        "USERSYNC_SOCKETS", 2, "Connections to Slack (10 an app at most)."
    )
    transport: Literal["socket", "http"] = _named("USERSYNC_TRANSPORT", "socket", "How Slack's events arrive.")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys that the operator set: the first one signs, and all are accepted."""
        return tuple(re.findall(r"[^\s,]+", revealed(self.secret_key) or ""))

    @property
    def sqlite_file(self) -> str | None:
        """The file of a SQLite database; None on a server. An address that cannot be used counts as a file."""
        try:
            url = parse_url(self.database_url.get_secret_value())
        except UnusableUrl:
            return ""
        file = file_of(url)
        return str(file) if file else None


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = Path(".env"),
    needs_tokens: bool = False,
    needs_bot_token: bool = False,
    role: ProcessRole = ProcessRole.ALL,
) -> Settings:
    """Read the environment, and `.env` beneath it. Raises SettingsError with every problem and its remedy.

    `role` tells which part of the work `serve` does, and so what it needs.
    """
    beneath, unclear = read_env_file(env_file)
    given = {**beneath, **(os.environ if environ is None else environ)}
    given = {name: value.strip() for name, value in given.items() if value.strip()}
    problems = unclear + unknown_names(given, [*known_names(), *(f"{name}_FILE" for name in SECRETS)], PREFIX)
    secrets, unread = _secret_files(given)
    settings, wrong = _validated({**given, **secrets})
    problems += [*unread.values(), *wrong, *_contradictions(settings, are_read=secrets.keys())]
    lacking: list[str] = []
    if needs_tokens:
        lacking += role_problems(
            role,
            bot_token=revealed(settings.slack_bot_token),
            app_token=revealed(settings.slack_app_token),
            sqlite_file=settings.sqlite_file,
            has_key=settings.secret_key is not None or settings.auth == "none",
            public_url=settings.public_url,
        )
    elif needs_bot_token:
        lacking += bot_token_problems(revealed(settings.slack_bot_token))
    # What stands in a file that cannot be read is not missing as well.
    problems += [each for each in lacking if not each.startswith(tuple(f"{name} is missing" for name in unread))]
    if problems:
        raise SettingsError(problems)
    return settings


def revealed(secret: SecretStr | None) -> str | None:
    """Tell a secret to whom it is handed; what prints the settings shows none."""
    return secret.get_secret_value() if secret is not None else None


def known_names() -> dict[str, str]:
    """Name every variable that is read, with its help."""
    found: dict[str, str] = {}
    for each in Settings.model_fields.values():
        alias = each.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else ()
        found.update({str(name): each.description or "" for name in names})
    return found


def proxy_for(url: str) -> str | None:
    """Tell the proxy that the environment asks for; loopback and NO_PROXY go without.

    slack_sdk reads the same variables by itself and heeds no NO_PROXY, so where no proxy applies they are dropped.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_loopback(host) and not proxy_bypass(host):
        return getproxies().get(parts.scheme)
    for name in _PROXY_VARIABLES:
        os.environ.pop(name, None)
    return None


def _validated(values: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Read what can be read, so that one wrong value hides no other problem; and tell what cannot."""
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors()}
        # A second name for the same setting (PORT) comes to light, and may be wrong too, once the first is left out.
        settings, more = _validated({name: value for name, value in values.items() if name not in wrong})
        return settings, [*in_words(error), *more]


def _secret_files(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Tell what the files hold, and for each that cannot be read, by the name of the secret, why."""
    found: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in SECRETS:
        path = given.get(f"{name}_FILE")
        if path is None or name in given:
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems[name] = (
                f"{name}_FILE: the file cannot be read ({type(error).__name__}). Check its path and its mode."
            )
    return found, problems


def _contradictions(settings: Settings, *, are_read: Container[str]) -> list[str]:
    """Tell what cannot be; `are_read` are the secrets that came from files."""
    found: list[str] = []
    if settings.auth == "proxy":
        found += proxy_problems(settings.auth_header, settings.trusted_proxies)
    if settings.auth_header is not None and wrong_header(settings.auth_header):
        found.append("USERSYNC_AUTH_HEADER: it is no name of a header. Write it like X-Auth-Request-Email")
    found += _client_problems(settings)
    found += url_problems([each.get_secret_value() for each in settings.alert_urls])
    if settings.secret_key is not None and not _are_long(settings.secret_keys):
        name = "USERSYNC_SECRET_KEY_FILE" if "USERSYNC_SECRET_KEY" in are_read else "USERSYNC_SECRET_KEY"
        found.append(
            f"{name}: a key has fewer than {SHORTEST} characters and could be guessed (a blank or a comma "
            f"ends a key). {MAKE_A_KEY}"
        )
    if settings.public_url is not None and (wrong := wrong_public_url(settings.public_url)):
        found.append(f"USERSYNC_PUBLIC_URL: {wrong} Write it like https://people.example")
    if settings.transport == "http":
        found.append("USERSYNC_TRANSPORT: http is not built yet. Leave it out: Socket Mode needs no public address.")
    try:
        parse_url(settings.database_url.get_secret_value())
    except UnusableUrl as error:
        found.append(str(error))
    if not re.match(r"https?://[A-Za-z0-9.\-\[]", settings.slack_api_url) or not _is_address(settings.slack_api_url):
        found.append(f"SLACK_API_URL: it must be an http or https address, like {SLACK_API_URL}")
    return found


def _are_long(keys: tuple[str, ...]) -> bool:
    return bool(keys) and all(len(key) >= SHORTEST for key in keys)


def _client_problems(settings: Settings) -> list[str]:
    """Tell that one half of what signs in with Slack was given, and not the other."""
    id_and_secret = {"SLACK_CLIENT_ID": settings.slack_client_id, "SLACK_CLIENT_SECRET": settings.slack_client_secret}
    lacking = [name for name, value in id_and_secret.items() if not value]
    if len(lacking) != 1:
        return []
    words = "Signing in with Slack needs both; the app's page shows them under Basic Information. Or leave both out."
    return [f"{lacking[0]} is missing. {words}"]


def _is_address(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach that address."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None


def demo_port() -> int:
    """Tell the port for the demo: `PORT`, else 3000. It is all the demo reads. Raises SettingsError."""
    port = os.environ.get("PORT", "").strip() or "3000"
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
        raise SettingsError(["PORT: it must be a number from 0 to 65535."])
    return int(port)
