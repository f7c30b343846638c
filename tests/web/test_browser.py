"""The pages in a real browser: with and without script, live, in both colour schemes, and on a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from starlette.applications import Starlette

from db.recording import set_hidden
from tests.support.browser import NEEDS_CHROMIUM, a_page
from tests.support.promptness import promptly
from tests.support.waiting import eventually
from tests.web.conftest import NOON, TEAM, Service, Slack, serving

AXE = Path(__file__).parents[1] / "support/vendor/axe-4.14.1.min.js"

pytestmark = NEEDS_CHROMIUM

PEOPLE: tuple[dict[str, Any], ...] = (
    {
        "id": "U1",
        "real_name": "Ada Lovelace",
        "display_name": "countess",
        "pronouns": "she/her",
        "title": "Principal Programme Manager, Cross-Border Regulatory Reporting",
        "tz": "Europe/London",
        "status_emoji": ":coffee:",
        "status_text": "Open for questions, all day and in any language you like",
        "email": "ada.lovelace.of.the.analytical.engine@meridian.example",
        "phone": "+44 20 5550 0142",
    },
    {"id": "U2", "real_name": "Constantina Papadopoulou-van der Westhuizen-Featherstonehaugh", "tz": "Asia/Kolkata"},
    {"id": "U3", "real_name": "Grace", "is_restricted": True, "guest_expiration_ts": 1798675200, "tz": "Asia/Tokyo"},
    {"id": "U4", "real_name": "Linus", "deleted": True},
    {"id": "U5", "real_name": "Deploybot", "is_bot": True},
    {"id": "U6", "real_name": "فريد الحسيني", "title": "Gulf"},
    {"id": "U7", "real_name": "Unbreakable" * 12, "display_name": "wide" * 20},
    *({"id": f"U9{number:02}", "real_name": f"Person {number:02}", "tz": "Europe/Paris"} for number in range(60)),
)
EVERYBODY = "/?kind=member&kind=guest&kind=bot&kind=external&state=active&state=deactivated"


@pytest.fixture
async def url(app: Starlette, slack: Slack) -> AsyncIterator[str]:
    await slack.shows(*PEOPLE)
    async with serving(app) as url:
        yield url


async def connected(page: Page) -> None:
    """Wait until the stream is open: only then can a change arrive as it happens."""
    # Asked again and again from outside: our own policy forbids the page to evaluate what it is told to wait for.
    is_open = "document.getElementById('stream')?._htmx?.sse?.status === 200"
    await eventually(lambda: page.evaluate(is_open), of="the stream")


async def test_a_change_reaches_the_row_within_a_second_and_keeps_what_was_typed(
    browser: Browser, url: str, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await page.locator("#q").press_sequentially("Ada")
        await expect(page.locator("#people .row")).to_have_count(1)
        await page.locator("#q").press_sequentially(" L")

        async def a_title_changes(number: int) -> None:
            await slack.says("U1", title=f"Chief Engineer {number}")
            await expect(page.locator(f"#u-{TEAM}-U1 .who-title")).to_have_text(f"Chief Engineer {number}")

        await promptly(a_title_changes, within_s=1)
        await expect(page.locator("#news > li").first).to_contain_text("Ada Lovelace is now Chief Engineer")
        await expect(page.locator("#q")).to_have_value("Ada L")
        await expect(page.locator("#q")).to_be_focused()


async def test_the_stream_opens_even_if_the_last_script_comes_late(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:

        async def hold_back(route: Route) -> None:
            last = await page.evaluate("[...document.scripts].at(-1).src")
            if route.request.url == last:
                # Whatever the scripts before it have put off until later has happened by then.
                await eventually(lambda: page.evaluate("document.readyState === 'interactive'"), of="the parsed page")
                await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            await route.continue_()

        await page.route("**/*.js", hold_back)
        await page.goto(url)
        await connected(page)
        await slack.says("U1", title="Chief Engineer")

        await expect(page.locator(f"#u-{TEAM}-U1 .who-title")).to_have_text("Chief Engineer")


async def test_a_page_that_cannot_reach_the_stream_does_not_claim_to_be_live(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.clock.install()
        await page.route("**/live?*", lambda _route: None)
        await page.goto(url)
        await expect(page.locator("#dot")).to_have_text("Live")
        await page.clock.run_for(6000)

        await expect(page.locator("#dot")).to_contain_text("Catching up, as of")


class LateAnswers:
    """Holds back what the server has answered until it is let go."""

    def __init__(self) -> None:
        self.has_read, self.may_answer = asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        self.has_read.set()
        await self.may_answer.wait()
        await route.fulfill(response=answer)


async def test_a_list_that_was_read_before_a_change_does_not_undo_it(browser: Browser, url: str, slack: Slack) -> None:
    late = LateAnswers()
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await page.route("**/?q=*", late)
        await page.locator("#q").press_sequentially("ada")
        await late.has_read.wait()
        title = page.locator(f"#u-{TEAM}-U1 .who-title")
        await slack.says("U1", title="Chief Engineer")
        await expect(title).to_have_text("Chief Engineer")
        late.may_answer.set()
        await expect(page.locator("#people .row")).to_have_count(1)

        await expect(title).to_have_text("Chief Engineer")


async def test_a_list_that_was_read_before_an_erasure_does_not_bring_anybody_back(
    browser: Browser, url: str, slack: Slack
) -> None:
    late = LateAnswers()
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await page.route("**/?q=*", late)
        await page.locator("#q").press_sequentially("a")
        await late.has_read.wait()
        await slack.says("U1", is_forgotten=True)
        await expect(page.locator(f"#u-{TEAM}-U1")).to_have_count(0)
        late.may_answer.set()
        await page.wait_for_url("**/?q=a")

        await expect(page.locator(f"#u-{TEAM}-U1")).to_have_count(0)


async def test_live_changes_move_neither_scroll_nor_focus(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        name = page.locator(f"#u-{TEAM}-U920 .name")
        await name.focus()
        before = await page.evaluate("[scrollY, document.activeElement.getBoundingClientRect().top]")
        for number in range(5):
            await slack.says("U920", title=f"Title {number}")
            await slack.says("U1", status_text=f"Status {number}")
        await expect(page.locator(f"#u-{TEAM}-U920 .who-title")).to_have_text("Title 4")
        await expect(page.locator("#news > li").first).to_contain_text("Status 4")

        await expect(name).to_be_focused()
        assert before == await page.evaluate("[scrollY, document.activeElement.getBoundingClientRect().top]")
        await expect(page.locator("#news > li")).to_have_count(3)


async def test_who_joins_or_leaves_waits_behind_the_toast(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await slack.says("U700", real_name="Aaron", joined=True)
        await slack.says("U3", deleted=True)
        await expect(page.locator("#toast")).to_contain_text("2 people joined, left or moved")
        await expect(page.locator("#people .name").first).to_have_text("Ada Lovelace")
        await expect(page.locator(f"#u-{TEAM}-U3 .badge").last).to_have_text("Deactivated")
        await page.locator("#toast a").click()

        await expect(page.locator("#people .name").first).to_have_text("Aaron")
        await expect(page.locator(f"#u-{TEAM}-U3")).to_have_count(0)
        await expect(page.locator("#toast")).to_be_hidden()


async def test_who_may_no_longer_fit_the_filter_waits_behind_the_toast(
    browser: Browser, url: str, slack: Slack
) -> None:
    await slack.says("U1", title="Pilot")
    async with a_page(browser) as page:
        await page.goto(f"{url}/?title=pilot")
        await connected(page)
        await slack.says("U1", phone="+1")
        await slack.says("U1", title="Captain")
        await expect(page.locator("#toast")).to_contain_text("1 person may no longer fit this list.")
        await expect(page.locator(f"#u-{TEAM}-U1 .title")).to_have_text("Captain")
        await page.locator("#toast a").click()

        await expect(page.locator(f"#u-{TEAM}-U1")).to_have_count(0)
        await expect(page.locator("#toast")).to_be_hidden()


async def test_where_no_filter_asks_for_it_a_change_raises_no_toast(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await slack.says("U1", title="Captain")

        await expect(page.locator(f"#u-{TEAM}-U1 .title")).to_have_text("Captain")
        await expect(page.locator("#toast")).to_be_empty()


async def test_who_is_erased_is_gone_from_an_open_page_at_once(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await slack.says("U1", title="Chief Engineer")
        await expect(page.locator("#news")).to_contain_text("Ada Lovelace")

        await slack.says("U1", is_forgotten=True)

        await expect(page.locator(f"#u-{TEAM}-U1")).to_have_count(0)
        assert "Lovelace" not in await page.content()


async def test_who_is_hidden_is_in_the_strip_no_more_once_the_page_was_read_anew(
    browser: Browser, url: str, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await slack.says("U1", title="Chief Engineer")
        await slack.says("U2", title="Admiral")
        await expect(page.locator("#news > li")).to_have_count(2)
        async with slack.store.transaction() as tx:
            await set_hidden(tx, TEAM, "U1", is_hidden=True, now=NOON)
        await page.locator("#toast a").click()

        await expect(page.locator("#news > li")).to_have_count(1)
        await expect(page.locator("#news > li")).to_contain_text("Constantina")
        await expect(page.locator(f"#u-{TEAM}-U1")).to_have_count(0)
        assert "Lovelace" not in await page.content()
        await slack.says("U2", title="Commodore")
        await expect(page.locator("#news > li").first).to_contain_text("Commodore")


async def test_a_search_keeps_what_the_strip_was_told_meanwhile(browser: Browser, url: str, slack: Slack) -> None:
    late = LateAnswers()
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await page.route("**/?q=*", late)
        await page.locator("#q").press_sequentially("ada")
        await late.has_read.wait()
        await slack.says("U2", title="Admiral")
        await expect(page.locator("#news > li")).to_have_count(1)
        late.may_answer.set()
        await expect(page.locator("#people .row")).to_have_count(1)

        await expect(page.locator("#news > li")).to_contain_text("Admiral")


async def test_on_a_phone_an_open_directory_leads_to_its_runs(browser: Browser, url: str) -> None:
    async with a_page(browser, viewport={"width": 390, "height": 844}) as page:
        await page.goto(url)
        await page.locator(".pages").get_by_role("link", name="Runs").click()

        await expect(page.get_by_role("heading", level=1)).to_have_text("Runs")


async def test_a_search_asks_as_one_types_and_leaves_an_address_to_share(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.keyboard.press("/")
        await page.keyboard.type("grace", delay=30)
        await expect(page.locator("#people .row")).to_have_count(1)
        await expect(page.locator("#count")).to_have_text("1")
        await page.wait_for_url("**/?q=grace")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#people .name")).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Escape")

        await expect(page.locator("#people .row")).to_have_count(50)


async def test_fifty_more_come_below_without_leaving_the_page(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.locator("a[rel=next]").click()

        await expect(page.locator("#people .row")).to_have_count(65)
        await expect(page.locator("#shown")).to_have_text("65")
        await expect(page.locator("a[rel=next]")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_a_freshness_sentence_is_seen_at_every_width(
    browser: Browser, url: str, service: Service, width: int
) -> None:
    async with a_page(browser, viewport={"width": width, "height": 844}) as page:
        for path in ("/", f"/users/{TEAM}/U1"):
            await page.goto(url + path)
            await expect(page.locator("#fresh")).to_contain_text("As of")
            service.is_now(sockets=0, last_heard_at=None)
            await page.goto(url + path)
            await expect(page.locator("#fresh .fresh-more")).to_be_visible()
            service.is_now(sockets=2, last_heard_at=NOON)


@pytest.mark.parametrize("width", [320, 390])
async def test_on_a_phone_a_profile_keeps_pronouns_and_the_way_back_in_one_line(
    browser: Browser, url: str, width: int
) -> None:
    async with a_page(browser, viewport={"width": width, "height": 844}) as page:
        await page.goto(f"{url}/users/{TEAM}/U1")
        await expect(page.locator(".headline .aside")).to_be_visible()
        for user in ("U2", "U7"):
            await page.goto(f"{url}/users/{TEAM}/{user}")
            box = await page.locator(".trail a").bounding_box()

            assert box is not None
            assert box["width"] > 2 * box["height"], user


async def test_what_the_strip_promises_while_slack_is_not_heard_is_true(
    browser: Browser, url: str, service: Service, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await expect(page.get_by_text("Changes in Slack appear here as they happen.")).to_be_visible()
        service.is_now(sockets=0)
        await expect(page.locator("#dot")).to_contain_text("Offline since")

        await expect(page.get_by_text("Changes in Slack appear here once the directory is live.")).to_be_visible()
        await expect(page.get_by_text("Changes in Slack appear here as they happen.")).to_be_hidden()


async def test_a_clock_that_reaches_midnight_tells_the_day(browser: Browser, url: str) -> None:
    # The server says 22:12 in Kolkata; the browser goes on to half past six in Lisbon, which is midnight there.
    async with a_page(browser) as page:
        await page.clock.install(time=NOON.replace(hour=18, minute=30))
        await page.goto(url)

        await expect(page.locator(f"#u-{TEAM}-U2 .time-clock")).to_have_text("Tue 00:00")


async def test_everything_works_without_script(browser: Browser, url: str) -> None:
    async with a_page(browser, java_script_enabled=False) as page:
        await page.goto(url)
        await page.locator("a[rel=next]").click()
        await expect(page.locator("#people .row")).to_have_count(15)
        await page.get_by_role("link", name="Bots").click()
        await expect(page.locator(".chip")).to_contain_text("Kind: members, guests, bots")
        await page.locator("#q").fill("deploy")
        await page.keyboard.press("Enter")
        await page.locator("#people .name").click()

        await expect(page.get_by_role("heading", level=1)).to_contain_text("Deploybot")


async def test_the_browser_tells_its_zone_and_the_page_its_difference(browser: Browser, url: str) -> None:
    async with a_page(browser, is_new=True) as page:
        await page.goto(url)

        await expect(page.locator(f"#u-{TEAM}-U2 .time-words")).to_contain_text("5 ½ h ahead")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 1024, 390])
async def test_pages_have_no_barriers_and_never_scroll_sideways(
    browser: Browser, url: str, slack: Slack, scheme: str, width: int
) -> None:
    await slack.says("U1", title="Chief Engineer of the Analytical Engine, and of everything that follows from it")
    axe = AXE.read_text()
    async with a_page(browser, color_scheme=scheme, viewport={"width": width, "height": 844}) as page:
        for path in (EVERYBODY, "/?q=ada", "/?q=nobody", f"/users/{TEAM}/U1", f"/users/{TEAM}/U7"):
            await page.goto(url + path)
            await page.evaluate(axe)
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            violations = [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]

            assert [] == violations, path
            assert width == await page.evaluate("document.documentElement.scrollWidth"), path


async def test_the_smallest_phone_does_not_scroll_sideways(browser: Browser, url: str) -> None:
    async with a_page(browser, viewport={"width": 320, "height": 600}) as page:
        for path in (EVERYBODY, f"/users/{TEAM}/U1", f"/users/{TEAM}/U7"):
            await page.goto(url + path)

            assert 320 == await page.evaluate("document.documentElement.scrollWidth"), path
