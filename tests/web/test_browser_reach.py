"""Pages for everybody in a real browser: large text, the smallest phones, odd words, forced colours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect
from starlette.applications import Starlette

from tests.support.browser import CHROMIUM, NEEDS_CHROMIUM, QUIET, a_page
from tests.web.conftest import TEAM, Slack, serving
from tests.web.test_browser import EVERYBODY, PEOPLE, connected

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
async def url(app: Starlette, slack: Slack) -> AsyncIterator[str]:
    await slack.shows(*PEOPLE)
    async with serving(app) as url:
        yield url


@pytest.fixture
async def large() -> AsyncIterator[Browser]:
    """Start a browser in which all text is twice as large, as its reader has set it."""
    async with async_playwright() as playwright:
        args = [*QUIET, "--blink-settings=defaultFontSize=32"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        yield browser
        await browser.close()


@pytest.mark.parametrize("width", [390, 1280])
async def test_text_twice_as_large_covers_and_cuts_nothing(large: Browser, url: str, width: int) -> None:
    async with a_page(large, viewport={"width": width, "height": 900}) as page:
        for path in (EVERYBODY, f"{EVERYBODY}&view=cards", f"/users/{TEAM}/U3", "/runs"):
            await page.goto(url + path)
            assert width == await page.evaluate("document.documentElement.scrollWidth"), path
        await page.goto(f"{url}/?view=cards")
        field = await page.locator("#q").bounding_box()
        view = await page.locator(".segments[aria-label=View]").bounding_box()
        card = await page.locator(".person-card").first.bounding_box()

        assert field is not None
        assert view is not None
        assert card is not None
        assert field["width"] >= 200
        assert field["x"] + field["width"] <= view["x"] or field["y"] + field["height"] <= view["y"]
        assert card["width"] >= 300


@pytest.mark.parametrize("width", [320, 650, 700])
async def test_a_narrow_page_scrolls_nowhere_and_cuts_no_brand(browser: Browser, url: str, width: int) -> None:
    async with a_page(browser, viewport={"width": width, "height": 600}) as page:
        for path in ("/?q=person", "/?q=person&view=cards"):
            await page.goto(url + path)
            assert width == await page.evaluate("document.documentElement.scrollWidth"), path
        is_whole = "(each) => each.scrollWidth <= each.clientWidth"

        assert await page.locator(".brand bdi").evaluate(is_whole)


async def test_a_word_without_end_stays_in_the_rail(browser: Browser, url: str, slack: Slack) -> None:
    await slack.says("U1", title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
    async with a_page(browser) as page:
        await page.goto(url)
        rail = page.locator("#rail-groups")

        assert await rail.evaluate("(each) => each.scrollWidth <= each.clientWidth")


async def test_forced_colours_tell_what_is_chosen(browser: Browser, url: str) -> None:
    look = "(each) => { const style = getComputedStyle(each); return style.backgroundColor + style.borderBottomColor; }"
    async with a_page(browser, forced_colors="active") as page:
        await page.goto(url)
        await page.locator("#you > summary").click()
        for chosen, other in (
            (".pages [aria-current=page]", ".pages [aria-current=false]"),
            (".segments-view [aria-current=true]", ".segments-view [aria-current=false]"),
            ("[name=theme][aria-pressed=true]", "[name=theme][aria-pressed=false]"),
            ("[name=keys][aria-pressed=true]", "[name=keys][aria-pressed=false]"),
        ):
            marks = [await page.locator(each).first.evaluate(look) for each in (chosen, other)]

            assert marks[0] != marks[1], chosen


async def test_the_focus_goes_on_to_the_first_of_fifty_more(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.locator("a[rel=next]").focus()
        await page.keyboard.press("Enter")

        await expect(page.locator("#people .name").nth(50)).to_be_focused()


@pytest.mark.parametrize("view", ["list", "cards"])
async def test_back_from_a_person_shows_as_many_and_the_one_who_was_opened(
    browser: Browser, url: str, view: str
) -> None:
    async with a_page(browser) as page:
        await page.goto(f"{url}/?view={view}")
        await page.locator("a[rel=next]").click()
        await expect(page.locator("#people > li")).to_have_count(65)
        name = page.locator("#people .name").nth(60)
        await name.click()
        await expect(page.locator("#person")).to_be_visible()
        await page.go_back()

        await expect(page.locator("#people > li")).to_have_count(65)
        await expect(name).to_be_focused()
        assert await page.evaluate("scrollY") > 1000


async def test_a_change_of_view_is_no_step_on_the_way_back(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(f"{url}/whats-new")
        await page.goto(url)
        await page.get_by_role("link", name="Cards").click()
        await expect(page.locator(".person-card").first).to_be_visible()
        await page.go_back()

        await expect(page.get_by_role("heading", level=1)).to_have_text("What’s new")


async def test_filters_on_a_phone_stay_open_where_one_was_chosen(browser: Browser, url: str) -> None:
    async with a_page(browser, viewport={"width": 390, "height": 844}) as page:
        await page.goto(url)
        button = page.locator("#rail > summary")
        before = await button.bounding_box()
        await button.click()
        assert before == await button.bounding_box()
        await page.get_by_role("link", name="Bots").click()

        await expect(page.locator(".chip")).to_contain_text("Kind: members, guests, bots")
        await expect(page.get_by_role("link", name="Bots")).to_be_focused()


async def test_a_long_group_stays_long_and_says_who_is_left(browser: Browser, url: str, slack: Slack) -> None:
    await slack.shows(*({"id": f"U8{number:02}", "real_name": "B", "title": f"Title {number}"} for number in range(70)))
    async with a_page(browser) as page:
        await page.goto(url)
        await page.locator(".group-more a").first.click()
        await expect(page.locator(".group-others")).to_contain_text(": type to search")
        await page.locator("#q").press_sequentially("b")
        await page.wait_for_url("**/?q=b&more=title")


async def test_the_list_of_keys_takes_the_focus_and_gives_it_back(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        name = page.locator("#people .name").first
        await name.focus()
        await page.keyboard.press("?")
        await expect(page.get_by_role("button", name="Close")).to_be_focused()
        await page.keyboard.press("Escape")

        await expect(name).to_be_focused()


async def test_a_new_answer_takes_back_what_the_toast_announced(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await slack.says("U3", deleted=True)
        await expect(page.locator("#toast")).to_contain_text("1 person joined, left or moved")
        await page.locator("#q").press_sequentially("person")
        await expect(page.locator("#people > li")).to_have_count(50)

        await expect(page.locator("#toast")).to_be_empty()


async def test_the_toast_leaves_the_focus_with_the_people(browser: Browser, url: str, slack: Slack) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await connected(page)
        await slack.says("U3", deleted=True)
        await page.locator("#toast a").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#toast")).to_be_empty()

        await expect(page.locator("#results")).to_be_focused()


async def test_a_filter_clicked_while_one_types_keeps_what_was_typed(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.locator("#q").fill("grace")
        await page.get_by_role("link", name="Bots").click()

        await page.wait_for_url("**/?q=grace&kind=*")
        await expect(page.locator("#q")).to_have_value("grace")


async def test_paper_tells_the_day_and_how_many_are_left_out(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.emulate_media(media="print")
        as_of = "getComputedStyle(document.querySelector('.fresh time'), '::after').content"

        assert "Monday 23 November 2026" in await page.evaluate(as_of)
        await expect(page.locator(".pager-words")).to_have_text("50 of 65 shown")
