"""The door: closed by default; opened once by a link; shut again at the next request for whoever leaves."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import QUICK, settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.browser import NEEDS_CHROMIUM, a_page
from tests.support.html import read
from tests.support.locks import written
from tests.support.program import running, serve_environment
from tests.support.streams import from_now_on
from tests.support.visitor import Visitor, a_link, token_of
from tests.support.waiting import eventually

Start = Callable[..., Any]
CLOSED = ("/", "/?q=Ada", "/users/T0SIM00001/U1", "/live", "/live?view=directory", "/nowhere", "/healthz/", "/signin/")


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings with a door, as by default."""
    return settings_for(slack, database_url, auth="slack")


@pytest.fixture
async def visitor(service: Service) -> Visitor:
    return Visitor(service.url)


async def someone(slack: Simulator, service: Service, name: str = "Ada Lovelace", **fields: Any) -> Any:
    user = slack.joins(name, **fields)
    await slack.eventually_acked()
    await eventually(lambda: find(service, slack, user.id), of=name)
    return user


async def signed_in(slack: Simulator, service: Service, **fields: Any) -> tuple[Any, Visitor]:
    user = await someone(slack, service, **fields)
    visitor = Visitor(service.url)
    assert 303 == (await visitor.signs_in(await a_link(service, slack.team_id, user.id))).status_code
    return user, visitor


@pytest.mark.parametrize("path", CLOSED)
async def test_nobody_who_is_not_signed_in_sees_anything(
    slack: Simulator, service: Service, visitor: Visitor, path: str
) -> None:
    await someone(slack, service)
    answer = await visitor.get(path)

    assert 401 == answer.status_code
    for word in ("Ada", "Lovelace", slack.team_name, "people ", "Live", "As of"):
        assert word not in answer.text.replace("in your people", ""), word
    if not path.startswith("/live"):
        assert "/usersync open" in answer.text
        assert "usersync signin-link" in answer.text


async def test_programs_are_told_in_a_line(visitor: Visitor) -> None:
    for path, accept in (("/", "application/json"), ("/live", "text/event-stream"), ("/live", "*/*")):
        answer = await visitor.get(path, headers={"Accept": accept})
        assert (401, "text/plain; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        assert len(answer.text) < 200


async def test_health_and_style_are_open(visitor: Visitor) -> None:
    page = await visitor.get("/")
    style = read(page.text).one("link", rel="stylesheet").attributes["href"]

    assert (200, 200) == ((await visitor.get("/healthz")).status_code, (await visitor.get(style)).status_code)


async def test_a_link_asks_and_its_button_signs_in(slack: Simulator, service: Service, visitor: Visitor) -> None:
    ada = await someone(slack, service, first_name="Ada")
    page = await visitor.opens(await a_link(service, slack.team_id, ada.id))
    before = await visitor.get("/")
    answer = await visitor.confirms(page)
    inside = await visitor.get("/")

    assert "Sign in as Ada ?" == read(page.text).one("h1").text
    assert slack.team_name in page.text
    assert (200, 401, 303, "/", 200) == (
        page.status_code, before.status_code, answer.status_code, answer.headers["location"], inside.status_code
    )  # fmt: skip
    assert "Ada Lovelace" == read(inside.text).one(class_="viewer-name").text
    assert "same-origin" == inside.headers["referrer-policy"] == page.headers["referrer-policy"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(slack: Simulator, service: Service) -> None:
    ada = await someone(slack, service)
    visitor = Visitor(service.url)
    cookie = (await visitor.signs_in(await a_link(service, slack.team_id, ada.id))).headers["set-cookie"]

    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=2592000"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_a_link_works_once(slack: Simulator, service: Service, visitor: Visitor) -> None:
    ada = await someone(slack, service)
    link = await a_link(service, slack.team_id, ada.id)
    await visitor.signs_in(link)
    other = Visitor(service.url)
    opened, spent = await other.opens(link), await other.spends(token_of(link))

    assert (410, 410) == (opened.status_code, spent.status_code)
    assert "/usersync open" in opened.text
    assert "Ada" not in opened.text
    assert "set-cookie" not in spent.headers
    assert 401 == (await other.get("/")).status_code


async def test_of_two_who_spend_a_link_at_the_same_moment_one_is_signed_in(slack: Simulator, service: Service) -> None:
    ada = await someone(slack, service)
    link = await a_link(service, slack.team_id, ada.id)
    answers = await asyncio.gather(*(Visitor(service.url).spends(token_of(link)) for _ in range(4)))

    assert [303, 410, 410, 410] == sorted(each.status_code for each in answers)
    assert 1 == len([each for each in answers if "set-cookie" in each.headers])


async def test_looking_at_a_link_spends_nothing(slack: Simulator, service: Service, visitor: Visitor) -> None:
    ada = await someone(slack, service)
    link = await a_link(service, slack.team_id, ada.id)
    for method in ("GET", "HEAD", "OPTIONS", "GET", "PUT"):
        answer = await visitor.request(method, httpx.URL(link).raw_path.decode())
        assert "set-cookie" not in answer.headers

    assert 303 == (await visitor.signs_in(link)).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ""}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": "https://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"}, {"Origin": "http://[bad"}, {"Origin": "file://"},
    ],
    ids=str,
)  # fmt: skip
async def test_a_form_from_elsewhere_spends_nothing(
    slack: Simulator, service: Service, visitor: Visitor, headers: dict[str, str]
) -> None:
    ada = await someone(slack, service)
    link = await a_link(service, slack.team_id, ada.id)
    foreign = await visitor.spends(token_of(link), **headers)

    assert 403 == foreign.status_code
    assert "Nothing was done" in foreign.text
    assert 303 == (await visitor.signs_in(link)).status_code


async def test_a_form_that_does_not_say_where_it_comes_from_spends_nothing(
    slack: Simulator, service: Service, visitor: Visitor
) -> None:
    ada = await someone(slack, service)
    token = token_of(await a_link(service, slack.team_id, ada.id))

    assert 403 == (await visitor.post("/signin", data={"token": token})).status_code
    assert 303 == (await visitor.spends(token)).status_code


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "\x00", "é"])
async def test_a_token_that_nobody_made_is_told_kindly(visitor: Visitor, token: str) -> None:
    answer = await visitor.spends(token)

    assert 410 == answer.status_code
    assert "no longer works" in answer.text


async def test_a_huge_form_is_not_read(visitor: Visitor) -> None:
    assert 413 == (await visitor.spends("x" * 100_000)).status_code


async def test_without_a_link_the_door_says_how_to_get_one(visitor: Visitor) -> None:
    page = await visitor.get("/signin")

    assert 200 == page.status_code
    assert "/usersync open" in page.text


class MovedClock:
    """The host's time, and as much as a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def test_links_and_sessions_end_in_time(slack: Simulator, settings: Settings) -> None:
    clock = MovedClock()
    async with Service(settings, clock=clock, pace=QUICK) as service:
        ada = await someone(slack, service)
        visitor = Visitor(service.url)
        late, in_time = [await a_link(service, slack.team_id, ada.id) for _ in range(2)]
        clock.ahead = timedelta(minutes=9, seconds=50)
        signed_in = await visitor.signs_in(in_time)
        clock.ahead = timedelta(minutes=10, seconds=1)
        expired = [await visitor.opens(late), await visitor.spends(token_of(late))]
        clock.ahead = timedelta(days=29, hours=23)
        near_the_end = await visitor.get("/")
        clock.ahead = timedelta(days=60)
        after_the_end = await visitor.get("/")

    assert 303 == signed_in.status_code
    assert [410, 410] == [each.status_code for each in expired]
    assert (200, 401) == (near_the_end.status_code, after_the_end.status_code)


async def test_whoever_is_deactivated_is_out_at_the_next_request(slack: Simulator, service: Service) -> None:
    ada, visitor = await signed_in(slack, service)
    slack.deactivates(ada)
    await slack.eventually_acked()
    refused = await visitor.get("/")

    assert 403 == refused.status_code
    assert "deactivated" in refused.text
    assert "Ada" not in refused.text
    assert "Max-Age=0" in refused.headers["set-cookie"]
    assert 401 == (await visitor.get("/")).status_code


async def test_whoever_is_erased_is_out_at_the_next_request(slack: Simulator, service: Service) -> None:
    ada, visitor = await signed_in(slack, service)
    slack.forgets(ada)
    await slack.eventually_acked()

    assert 403 == (await visitor.get("/")).status_code


async def test_an_open_stream_ends_when_its_reader_is_deactivated(slack: Simulator, service: Service) -> None:
    ada, visitor = await signed_in(slack, service)
    async with visitor.stream("GET", "/live", headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.aiter_lines()
        assert "retry: 1000" == await anext(lines)
        await from_now_on(lines)
        slack.deactivates(ada)
        async with asyncio.timeout(12):
            async for _ in lines:
                pass

    assert 403 == (await visitor.get("/live")).status_code


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_restricted": True}, "a guest"), ({"is_ultra_restricted": True}, "a guest"), ({"is_bot": True}, "a bot"),
        ({"is_stranger": True}, "another company"), ({"deleted": True}, "deactivated"),
    ],
    ids=str,
)  # fmt: skip
async def test_the_directory_is_for_active_members(
    slack: Simulator, service: Service, visitor: Visitor, fields: dict[str, bool], words: str
) -> None:
    user = await someone(slack, service, **fields)
    link = await a_link(service, slack.team_id, user.id)
    opened, spent = await visitor.opens(link), await visitor.spends(token_of(link))

    assert (403, 403) == (opened.status_code, spent.status_code)
    assert words in opened.text
    assert 401 == (await visitor.get("/")).status_code


async def test_guests_come_in_where_the_operator_says_so(slack: Simulator, settings: Settings, start: Start) -> None:
    service: Service = await start(settings.model_copy(update={"guests_may_sign_in": True}))
    _, visitor = await signed_in(slack, service, is_restricted=True)

    assert 200 == (await visitor.get("/")).status_code


async def test_a_link_for_nobody_we_know_opens_nothing(slack: Simulator, service: Service, visitor: Visitor) -> None:
    for key in ((slack.team_id, "U0NOBODY01"), ("T0ELSEWHERE", "U1")):
        assert 403 == (await visitor.opens(await a_link(service, *key))).status_code


async def test_before_the_first_reading_a_member_comes_in_by_slacks_word(slack: Simulator, start: Start) -> None:
    ada, guest = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper", is_restricted=True)
    slack.faults.fail("users.list", slow_seconds=60, times=None)
    service: Service = await start()
    await eventually(lambda: service.introduction.known_team_id, of="the workspace")
    visitor = Visitor(service.url)

    assert 303 == (await visitor.signs_in(await a_link(service, slack.team_id, ada.id))).status_code
    pages = [await visitor.get("/") for _ in range(5)]
    assert [200] * 5 == [each.status_code for each in pages]
    assert 1 == len(slack.calls("users.info"))
    assert 403 == (await visitor.opens(await a_link(service, slack.team_id, guest.id))).status_code
    assert 403 == (await visitor.opens(await a_link(service, slack.team_id, "U0NOBODY01"))).status_code
    slack.deactivates(ada)
    await slack.eventually_acked()
    assert 403 == (await visitor.get("/")).status_code


async def test_while_slack_does_not_tell_who_somebody_is_nothing_is_spent(slack: Simulator, start: Start) -> None:
    ada = slack.adds("Ada Lovelace")
    slack.faults.fail("users.list", slow_seconds=60, times=None)
    slack.faults.fail("users.info", error="internal_error", times=2)
    service: Service = await start()
    await eventually(lambda: service.introduction.known_team_id, of="the workspace")
    visitor = Visitor(service.url)
    link = await a_link(service, slack.team_id, ada.id)
    silent = [await visitor.opens(link), await visitor.spends(token_of(link))]

    assert [503, 503] == [each.status_code for each in silent]
    assert "Slack does not answer" in silent[0].text
    assert 303 == (await visitor.signs_in(link)).status_code


@pytest.mark.parametrize("cookie", ["", "x", "W10.x", "null", "a" * 3000, "eyJhIjoxfQ"])
async def test_a_forged_cookie_is_no_session(visitor: Visitor, cookie: str) -> None:
    assert 401 == (await visitor.get("/", headers={"Cookie": f"usersync_session={cookie}"})).status_code


async def test_a_changed_cookie_and_one_of_another_house_are_no_session(
    slack: Simulator, service: Service, settings: Settings, start: Start, tmp_path: Path
) -> None:
    _, visitor = await signed_in(slack, service)
    sealed = visitor.cookies["usersync_session"]
    other: Service = await start(
        settings.model_copy(
            update={"database_url": SecretStr(f"sqlite:///{tmp_path / 'other.sqlite3'}"), "secret_key": None}
        )
    )
    answers = [
        await Visitor(url).get("/", headers={"Cookie": f"usersync_session={value}"})
        for url, value in ((service.url, f"{'X' if sealed[0] != 'X' else 'Y'}{sealed[1:]}"), (other.url, sealed))
    ]

    assert [401, 401] == [each.status_code for each in answers]


async def test_signing_out_ends_the_session_and_nobody_else_can_do_it(slack: Simulator, service: Service) -> None:
    _, visitor = await signed_in(slack, service)
    foreign = await visitor.post("/signout", headers={"Origin": "http://evil.example"})
    still_in = await visitor.get("/")
    left = await visitor.signs_out()

    assert (403, 200, 303) == (foreign.status_code, still_in.status_code, left.status_code)
    assert (401, 200) == ((await visitor.get("/")).status_code, (await visitor.get("/signin")).status_code)


@pytest.mark.runs_on("sqlite", because="only beside a file there is a file with the key")
async def test_a_session_and_its_key_outlive_a_restart(
    slack: Simulator, settings: Settings, start: Start, tmp_path: Path
) -> None:
    first: Service = await start()
    _, visitor = await signed_in(slack, first)
    path = tmp_path / "usersync.sqlite3.key"
    key, mode = path.read_text(), stat.S_IMODE(path.stat().st_mode)
    await first.close()
    again: Service = await start(settings)
    answer = await Visitor(again.url).get(
        "/", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())}
    )

    assert 200 == answer.status_code
    assert 0o600 == mode
    assert key == path.read_text()


async def test_with_another_key_nobody_is_signed_in(slack: Simulator, settings: Settings, start: Start) -> None:
    first: Service = await start()
    _, visitor = await signed_in(slack, first)
    await first.close()
    again: Service = await start(settings.model_copy(update={"secret_key": SecretStr("quite another key")}))
    session = visitor.cookies["usersync_session"]

    assert 401 == (await Visitor(again.url).get("/", headers={"Cookie": f"usersync_session={session}"})).status_code


async def test_while_the_database_is_away_nobody_gets_in_and_nobody_is_thrown_out(
    slack: Simulator, service: Service, database_url: str
) -> None:
    ada, visitor = await signed_in(slack, service)
    link = await a_link(service, slack.team_id, ada.id)
    await written(database_url, "ALTER TABLE users RENAME TO elsewhere")
    away = [await visitor.get("/"), await visitor.opens(link), await visitor.spends(token_of(link))]
    stranger = await Visitor(service.url).get("/")
    await written(database_url, "ALTER TABLE elsewhere RENAME TO users")

    assert [503, 503, 503] == [each.status_code for each in away]
    assert "Ada" not in away[0].text
    assert "set-cookie" not in away[0].headers
    assert 401 == stranger.status_code
    assert 200 == (await visitor.get("/")).status_code


async def test_at_a_public_address_links_begin_with_it_and_cookies_are_bound_to_it(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    service: Service = await start(settings.model_copy(update={"public_url": "https://people.example/"}))
    ada = await someone(slack, service)
    link = await a_link(service, slack.team_id, ada.id)
    visitor = Visitor(service.url)
    named = {"Host": "people.example", "Origin": "https://people.example"}
    cookie = (await visitor.spends(token_of(link), **named)).headers["set-cookie"]

    assert link.startswith("https://people.example/signin?token=")
    assert cookie.startswith("__Host-usersync_session=")
    assert "Secure" in cookie


async def test_knowingly_open_nobody_is_asked_and_nobody_is_anybody(
    slack: Simulator, settings: Settings, start: Start, tmp_path: Path
) -> None:
    service: Service = await start(settings.model_copy(update={"auth": "none"}))
    visitor = Visitor(service.url)
    page = await visitor.get("/")

    assert 200 == page.status_code
    assert "Sign out" not in page.text
    assert "This directory is open" in read(page.text).one(class_="ribbon").text
    assert [303, 303] == [(await visitor.get("/signin?token=x")).status_code, (await visitor.signs_out()).status_code]
    assert not (tmp_path / "usersync.sqlite3.key").exists()


@pytest.mark.parametrize("auth", ["slack", "none"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_no_name_but_our_own_is_answered_wherever_we_listen(
    settings: Settings, start: Start, host: str, auth: str
) -> None:
    service: Service = await start(settings.model_copy(update={"host": host, "auth": auth}))
    visitor = Visitor(service.url)
    refused = await visitor.get("/", headers={"Host": "rebound.example"})
    port = httpx.URL(service.url).port
    statuses = [
        (await visitor.get("/", headers={"Host": each})).status_code
        for each in ("localhost", f"localhost:{port}", f"192.0.2.7:{port}", f"[::1]:{port}")
    ]

    assert 400 == refused.status_code
    assert f"http://localhost:{port}/" == read(refused.text).one("main").one("a").attributes["href"]
    assert {401 if auth == "slack" else 200} == set(statuses)


async def test_the_operators_link_works_and_no_log_holds_one(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    ada = slack.adds("Ada Lovelace", email="ada@meridian.example")
    env = serve_environment(slack, database_url, USERSYNC_AUTH="slack")
    async with running("serve", env=env, cwd=tmp_path) as program:
        url = await program.url()
        await eventually(lambda: slack.calls("users.list"), within_s=40, of="the first reading")
        port = str(httpx.URL(url).port)
        words = ("ada@MERIDIAN.example", ada.id, f"{slack.team_id}/{ada.id}", f"@{ada.payload()['name']}")
        links = [await _link(word, env | {"USERSYNC_PORT": port}, tmp_path) for word in words]
        visitor = Visitor(url)
        signed_in = await visitor.signs_in(links[0])
        inside = await visitor.get("/")
        at_the_door = [(await Visitor(url).get(path)).text for path in ("/", "/signin", "/signin?token=x")]

    command = re.search(r"look at it: (.+ signin-link YOUR-SLACK-ID)", program.output)
    assert command
    assert all(command[1] in [each.text for each in read(text).all("code")] for text in at_the_door)
    assert all(link.startswith(f"http://localhost:{port}/signin?token=") for link in links)
    assert (303, 200) == (signed_in.status_code, inside.status_code)
    assert "usersync signin-link YOUR-SLACK-ID" in program.output
    assert "token=" not in program.output
    assert token_of(links[0]) not in program.output


async def _link(word: str, env: dict[str, str], folder: Path) -> str:
    async def tried() -> str:
        async with running("signin-link", word, env=env, cwd=folder) as command:
            return command.output.strip() if not await command.ended() else ""

    link = await eventually(tried, within_s=40, of=f"a link for {word}")
    assert re.fullmatch(r"http://localhost:\d+/signin\?token=[\w-]{43}", link)
    return link


async def test_a_word_that_means_nobody_or_several_is_told(
    slack: Simulator, service: Service, database_url: str, tmp_path: Path
) -> None:
    for name in ("Ada Lovelace", "Ada King"):
        await someone(slack, service, name, email="ada@meridian.example")
    env = serve_environment(slack, database_url, USERSYNC_AUTH="slack")
    told = {}
    for word in ("ada@meridian.example", "U0NOBODY01", "T0ELSEWHERE/U1", "nobody"):
        async with running("signin-link", word, env=env, cwd=tmp_path) as command:
            told[word] = (await command.ended(), command.output)

    assert [2, 1, 1, 1] == [code for code, _ in told.values()]
    assert f"{slack.team_id}/" in told["ada@meridian.example"][1]
    assert all("http" not in words and "Traceback" not in words for _, words in told.values())


class TestInABrowser:
    """What only a real browser can prove: it sends our forms with an origin of ours."""

    pytestmark = NEEDS_CHROMIUM

    async def test_someone_signs_in_looks_around_and_signs_out(
        self, slack: Simulator, service: Service, browser: Browser
    ) -> None:
        ada = await someone(slack, service, first_name="Ada")
        link = await a_link(service, slack.team_id, ada.id)
        async with a_page(browser) as page:
            await page.goto(service.url.rstrip("/") + httpx.URL(link).raw_path.decode())
            await expect(page.locator("h1")).to_have_text("Sign in as Ada?")
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.locator("#dot")).to_have_text("Live")
            await expect(page.locator(".viewer-name")).to_have_text("Ada Lovelace")
            assert service.url == page.url

            await page.locator("#you > summary").click()
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.locator("h1")).to_have_text("Sign in from Slack")

    async def test_the_open_page_of_whoever_is_deactivated_shows_nobody_any_more(
        self, slack: Simulator, service: Service, browser: Browser
    ) -> None:
        ada = await someone(slack, service)
        link = await a_link(service, slack.team_id, ada.id)
        page = await browser.new_page()
        await page.goto(service.url.rstrip("/") + httpx.URL(link).raw_path.decode())
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("#dot")).to_have_text("Live")

        slack.deactivates(ada)

        await expect(page.locator(".card")).to_contain_text("Slack says that you are deactivated", timeout=10_000)
        assert 0 == await page.locator(".row").count()
        await page.close()
