"""Pages for everybody in a real browser: large text, the smallest phones, odd words, forced colours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright
from starlette.applications import Starlette

from tests.support.browser import CHROMIUM, NEEDS_CHROMIUM, QUIET, a_page
from tests.web.conftest import TEAM, Slack, serving
from tests.web.test_browser import EVERYBODY, PEOPLE

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

        assert field and view and card
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
