"""The open page and its stream in a real browser: cut lines, hidden tabs, many tabs, and what stays under the hand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette

from tests.support.browser import NEEDS_CHROMIUM, a_page
from tests.support.relay import Relay, relaying
from tests.support.waiting import eventually
from tests.web.conftest import NOON, TEAM, Service, Slack, serving
from tests.web.test_browser import PEOPLE, LateAnswers, connected

pytestmark = NEEDS_CHROMIUM

SEEN_OR_NOT = """
let isHidden = false;
Object.defineProperty(document, "hidden", { get: () => isHidden });
Object.defineProperty(document, "visibilityState", { get: () => (isHidden ? "hidden" : "visible") });
window.beSeen = (is) => { isHidden = !is; document.dispatchEvent(new Event("visibilitychange")); };
"""
"""A page under test is always seen: this lets it be put away, and taken out again."""


@pytest.fixture
async def url(app: Starlette, slack: Slack) -> AsyncIterator[str]:
    await slack.shows(*PEOPLE)
    async with serving(app) as url:
        yield url


@pytest.fixture
async def relay(url: str) -> AsyncIterator[Relay]:
    async with relaying(url) as relay:
        yield relay


async def following(app: Starlette, count: int) -> None:
    await eventually(lambda: app.state.live.readers == count, of=f"{count} open streams")


async def test_after_a_cut_the_page_goes_on_where_it_was_and_nothing_is_twice(
    browser: Browser, relay: Relay, slack: Slack
) -> None:
    context = await browser.new_context(timezone_id="Europe/Lisbon")
    page = await context.new_page()  # it complains of the cut line, and should
    await page.goto(relay.url)
    await connected(page)
    await page.locator("#q").press_sequentially("person")
    await page.wait_for_url("**/?q=person")
    await slack.says("U901", title="Before the cut")
    await expect(page.locator("#news > li")).to_have_count(1)
    await expect(page.locator("#dot")).to_have_text("Live")

    relay.cut()
    await expect(page.locator("#dot")).to_contain_text("Offline since", timeout=30_000)
    await slack.says("U902", title="During the cut")
    await slack.says("U901", title="During as well")
    relay.mend()
    await expect(page.locator("#dot")).to_have_text("Live", timeout=40_000)
    await slack.says("U903", title="After the cut")

    await expect(page.locator(f"#u-{TEAM}-U901 .who-title")).to_have_text("During as well")
    await expect(page.locator(f"#u-{TEAM}-U902 .who-title")).to_have_text("During the cut")
    await expect(page.locator(f"#u-{TEAM}-U903 .who-title")).to_have_text("After the cut")
    told = await page.locator("#news .news-words").all_inner_texts()
    assert ["After the cut", "During as well", "During the cut"] == [each.partition(" is now ")[2] for each in told]
    await expect(page.locator("#q")).to_have_value("person")
    await context.close()


async def test_the_dot_says_since_when_nothing_was_heard(browser: Browser, relay: Relay, slack: Slack) -> None:
    context = await browser.new_context(timezone_id="Europe/Lisbon")
    page = await context.new_page()
    await page.clock.install(time=NOON)
    await page.goto(relay.url)
    await connected(page)
    await slack.says("U901", title="Heard")
    await expect(page.locator("#news > li")).to_have_count(1)
    await page.clock.fast_forward(timedelta(minutes=7).total_seconds() * 1000)
    relay.cut()

    await expect(page.locator("#dot")).to_have_text("Offline since 16:42")
    relay.mend()
    await eventually(lambda: _pushed_on(page, "Live"), within_s=40, of="the stream")
    await context.close()


async def _pushed_on(page: Page, words: str) -> bool:
    await page.clock.run_for(2000)
    return await page.locator("#dot").inner_text() == words


async def test_a_hidden_tab_lets_go_of_its_stream_and_catches_up_when_it_is_seen(
    browser: Browser, url: str, app: Starlette, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.add_init_script(SEEN_OR_NOT)
        await page.goto(url)
        await following(app, 1)
        await page.evaluate("beSeen(false)")
        await following(app, 0)
        await slack.says("U1", title="Chief Engineer")
        await page.evaluate("beSeen(true)")

        await expect(page.locator(f"#u-{TEAM}-U1 .who-title")).to_have_text("Chief Engineer")
        await expect(page.locator("#news > li")).to_have_count(1)
        await expect(page.locator("#dot")).to_have_text("Live")
        await following(app, 1)


async def test_a_tab_that_is_opened_behind_others_has_no_stream_until_it_is_seen(
    browser: Browser, url: str, app: Starlette, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.add_init_script(SEEN_OR_NOT.replace("isHidden = false", "isHidden = true", 1))
        await page.goto(url)
        await eventually(lambda: page.evaluate("Boolean(window.htmx)"), of="htmx")
        await page.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert 0 == app.state.live.readers
        await slack.says("U1", title="Chief Engineer")
        await page.evaluate("beSeen(true)")

        await expect(page.locator(f"#u-{TEAM}-U1 .who-title")).to_have_text("Chief Engineer")
        await following(app, 1)


async def test_after_a_long_absence_the_list_is_read_anew_where_it_stands(
    browser: Browser, url: str, app: Starlette, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.add_init_script(SEEN_OR_NOT)
        await page.goto(f"{url}?q=ada")
        await following(app, 1)
        await page.evaluate("beSeen(false)")
        await following(app, 0)
        await slack.shows({"id": "U800", "real_name": "Adamina"})  # a reading of everybody is told as a reset
        await page.evaluate("beSeen(true)")

        await expect(page.locator("#people .row")).to_have_count(2)
        await expect(page.locator("#toast")).to_be_empty()
        await slack.shows({"id": "U801", "real_name": "Adalbert"})
        await expect(page.locator("#toast")).to_contain_text("Much has changed")
        await expect(page.locator("#people .row")).to_have_count(2)


@pytest.mark.slow
async def test_eight_tabs_stand_open_and_a_ninth_page_loads(browser: Browser, url: str, app: Starlette) -> None:
    context = await browser.new_context(timezone_id="Europe/Lisbon")
    await context.add_cookies([{"name": "tz", "value": "Europe%2FLisbon", "domain": "127.0.0.1", "path": "/"}])
    for _ in range(8):
        page = await a_tab(context, url)
        await following(app, 1)
        await expect(page.locator("#dot")).to_have_text("Live")
        await page.evaluate("beSeen(false)")
        await following(app, 0)
    ninth = await a_tab(context, url)
    await expect(ninth.locator("#people .row")).to_have_count(50)
    await following(app, 1)
    await context.close()


async def a_tab(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.add_init_script(SEEN_OR_NOT)
    await page.goto(url, timeout=5_000)
    return page


async def test_a_selection_and_a_focus_inside_a_row_outlive_its_change(
    browser: Browser, url: str, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        row = page.locator(f"#u-{TEAM}-U1")
        await row.locator(".act").first.focus()
        await row.locator(".name bdi").evaluate("(each) => getSelection().selectAllChildren(each)")
        for number in range(3):
            await slack.says("U1", title=f"Title {number}")
        await expect(row.locator(".who-title")).to_have_text("Title 2")

        await expect(row.locator(".act").first).to_be_focused()
        assert "Ada Lovelace" == await page.evaluate("getSelection().toString()")


async def test_a_search_that_answers_late_takes_neither_focus_nor_words_away(
    browser: Browser, url: str, slack: Slack
) -> None:
    late = LateAnswers()
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await page.route("**/?q=*", late)
        await page.locator("#q").press_sequentially("countess")
        await late.has_read.wait()
        await slack.says("U1", title="Chief Engineer")
        row = page.locator(f"#u-{TEAM}-U1")
        await expect(row.locator(".who-title")).to_have_text("Chief Engineer")
        await row.locator(".name").focus()
        late.may_answer.set()
        await expect(page.locator("#people .row")).to_have_count(1)

        await expect(row.locator(".who-title")).to_have_text("Chief Engineer")
        await expect(row.locator(".name")).to_be_focused()
        await expect(page.locator("#q")).to_have_value("countess")


@pytest.mark.slow
async def test_the_foot_is_true_while_the_page_stands_open(
    browser: Browser, url: str, slack: Slack, service: Service
) -> None:
    async with a_page(browser) as page:
        await page.clock.install(time=NOON)
        await page.goto(url)
        await connected(page)
        foot = page.locator("#foot")
        await expect(foot).to_have_text("65 people · as of 14 s ago · all well")
        await page.clock.run_for(31_000)
        await expect(foot).to_contain_text(re.compile(r"as of (4[5-9]|5\d) s ago"))
        await page.clock.run_for(30_000)
        await expect(foot).to_contain_text("as of 1 min ago")
        await slack.says("U1", deleted=True)
        await expect(foot).to_contain_text("64 people")
        service.is_now(trouble="Slack refuses the app token. Put a new one into SLACK_APP_TOKEN.")
        await expect(foot).to_contain_text("Slack refuses the app token")
        service.is_now(trouble=None, sockets=0)
        await expect(foot).to_contain_text("offline since 16:41")
        service.is_now(sockets=2)
        await expect(foot).to_contain_text("all well")


async def test_without_script_the_foot_is_true_when_it_is_made(browser: Browser, url: str) -> None:
    async with a_page(browser, java_script_enabled=False) as page:
        for path in ("", f"/users/{TEAM}/U1", "/runs"):
            await page.goto(url + path)

            await expect(page.locator("#foot")).to_have_text("65 people · as of 14 s ago · all well")


async def test_a_page_taken_back_from_the_history_follows_again(
    browser: Browser, url: str, app: Starlette, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await following(app, 1)
        await page.goto(f"{url}/runs")
        await following(app, 0)
        await slack.says("U1", title="Chief Engineer")
        await page.go_back()

        await expect(page.locator(f"#u-{TEAM}-U1 .who-title")).to_have_text("Chief Engineer")
        await following(app, 1)


async def test_a_search_without_an_answer_says_so_and_is_asked_again(
    browser: Browser, relay: Relay, slack: Slack
) -> None:
    context = await browser.new_context(timezone_id="Europe/Lisbon")
    page = await context.new_page()  # it complains of the cut line, and should
    await page.goto(relay.url)
    await connected(page)
    relay.cut()
    await expect(page.locator("#away")).to_contain_text("Offline since", timeout=30_000)
    await page.locator("#q").press_sequentially("grace")
    await expect(page.locator("#unasked")).to_contain_text("cannot be reached right now")
    await expect(page.locator("#people .row")).to_have_count(50)
    relay.mend()
    await page.get_by_role("button", name="Try now").click()

    await expect(page.locator("#people .row")).to_have_count(1)
    await expect(page.locator("#unasked")).to_be_empty()
    await expect(page.locator("#away")).to_be_hidden()
    await expect(page.locator("#dot")).to_have_text("Live")
    await context.close()
