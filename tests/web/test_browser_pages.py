"""List and cards, menus, keys and paper in a real browser: with and without script, at every width, in every colour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from tests.support.browser import NEEDS_CHROMIUM, a_page, shapes
from tests.support.promptness import promptly
from tests.web.conftest import TEAM, Slack, serving
from tests.web.test_browser import AXE, EVERYBODY, PEOPLE, connected

pytestmark = NEEDS_CHROMIUM
STATES = {
    # What is looked at, and what is opened there by a click.
    "the list": (EVERYBODY, ""),
    "cards": (f"{EVERYBODY}&view=cards", ""),
    "cards found by what they do not show": ("/?q=engine&view=cards", ""),
    "a row found by what it does not show": ("/?q=engine&view=list", ""),
    "no result": ("/?q=nobody", ""),
    "nobody under the filter": ("/?kind=external", ""),
    "the viewer's menu": ("/", "#you > summary"),
    "the export": ("/", "#take > summary"),
    "the order": ("/", "#sort > summary"),
    "the print sheet": (f"/print{EVERYBODY.removeprefix('/')}", ""),
}


@pytest.fixture
async def url(app: Starlette, slack: Slack) -> AsyncIterator[str]:
    await slack.shows(*PEOPLE)
    async with serving(app) as url:
        yield url


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), shapes(390, 800, 1280))
async def test_every_state_is_without_barriers_and_never_scrolls_sideways(
    browser: Browser, url: str, scheme: Any, width: int
) -> None:
    axe = AXE.read_text()
    # Still, or a menu would be looked at while it fades in.
    options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    async with a_page(browser, viewport={"width": width, "height": 844}, **options) as page:
        for state, (path, opened) in STATES.items():
            await page.goto(url + path)
            if opened:
                await page.locator(opened).click()
            await page.evaluate(axe)
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            violations = [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]

            assert [] == violations, state
            assert width == await page.evaluate("document.documentElement.scrollWidth"), state


@pytest.mark.parametrize("has_script", [True, False])
async def test_cards_stay_through_filters_and_search(browser: Browser, url: str, has_script: bool) -> None:
    async with a_page(browser, java_script_enabled=has_script) as page:
        await page.goto(url)
        await page.get_by_role("link", name="Cards").click()
        await expect(page.locator("#people .person-card")).to_have_count(50)
        await page.get_by_role("link", name="Bots").click()
        await expect(page.locator(".chip")).to_contain_text("Kind: members, guests, bots")
        await page.locator("#q").fill("deploy")
        await page.keyboard.press("Enter")

        await expect(page.locator("#people .person-card")).to_have_count(1)
        await page.get_by_role("link", name="List", exact=True).click()
        await expect(page.locator("#people .row")).to_have_count(1)


async def test_fifty_more_cards_come_below(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(f"{url}/?view=cards")
        await page.locator("a[rel=next]").click()

        await expect(page.locator("#people .person-card")).to_have_count(65)


async def test_a_change_reaches_a_card_within_a_second_and_keeps_what_was_typed(
    browser: Browser, url: str, slack: Slack
) -> None:
    async with a_page(browser) as page:
        await page.goto(f"{url}/?view=cards")
        await connected(page)
        await page.locator("#q").press_sequentially("Ada")
        await expect(page.locator("#people .person-card")).to_have_count(1)
        card = page.locator(f"#u-{TEAM}-U1.person-card")

        async def a_title_changes(number: int) -> None:
            await slack.says("U1", title=f"Chief Engineer {number}")
            await expect(card.locator(".who-title")).to_have_text(f"Chief Engineer {number}")

        await promptly(a_title_changes, within_s=1)
        await expect(page.locator("#q")).to_have_value("Ada")
        await expect(page.locator("#q")).to_be_focused()


async def test_arrows_walk_the_list_and_enter_opens_a_person(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(f"{url}/?q=person")
        await page.keyboard.press("Control+k")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        assert "Person 01" == await focused(page)
        await page.keyboard.press("ArrowRight")
        assert "Person 01" == await focused(page)
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("heading", level=1)).to_contain_text("Person 01")


async def test_arrows_walk_the_cards_in_both_directions(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(f"{url}/?q=person&view=cards")
        await page.locator("#q").focus()
        seen = []
        for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
            await page.keyboard.press(key)
            seen.append(await focused(page))

        assert ["Person 00", "Person 01", "Person 05", "Person 04", "Person 00", "q"] == seen


async def test_keys_of_one_letter_can_be_switched_off(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#keys")).to_be_hidden()
        await page.locator("#you > summary").click()
        await page.get_by_role("button", name="Off").click()
        await page.keyboard.press("?")
        await page.keyboard.press("/")
        await expect(page.locator("#keys")).to_be_hidden()
        await expect(page.locator("#q")).not_to_be_focused()
        await page.keyboard.press("Control+k")

        await expect(page.locator("#q")).to_be_focused()


async def test_without_script_the_menu_opens_changes_the_colours_and_shows_the_keys(browser: Browser, url: str) -> None:
    async with a_page(browser, java_script_enabled=False, color_scheme="light") as page:
        await page.goto(f"{url}/?q=ada")
        before = await page.locator("body").evaluate("(each) => getComputedStyle(each).backgroundColor")
        await page.locator("#you > summary").click()
        await page.get_by_role("button", name="All keys").click()
        await expect(page.locator("#keys")).to_be_visible()
        await page.get_by_role("button", name="Close").click()
        await page.get_by_role("button", name="Dark").click()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")

        assert page.url == f"{url}/?q=ada"
        assert before != await page.locator("body").evaluate("(each) => getComputedStyle(each).backgroundColor")


async def test_a_menu_closes_by_escape_and_by_going_elsewhere(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        summary, sheet = page.locator("#take > summary"), page.locator("#take .menu-sheet")
        await summary.click()
        await expect(sheet).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(sheet).to_be_hidden()
        await expect(summary).to_be_focused()
        await summary.click()
        await page.locator("h1").click()

        await expect(sheet).to_be_hidden()


async def test_the_tools_follow_what_is_typed(browser: Browser, url: str) -> None:
    async with a_page(browser) as page:
        await page.goto(url)
        await page.locator("#q").press_sequentially("grace")
        await page.wait_for_url("**/?q=grace")
        await page.locator("#take > summary").click()

        await expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", "/export.csv?q=grace")
        await expect(page.locator("#take .menu-lead")).to_have_text("1 person, as filtered now")


async def test_on_a_phone_the_pages_stand_below_and_hide_nothing_that_has_focus(browser: Browser, url: str) -> None:
    async with a_page(browser, viewport={"width": 390, "height": 844}) as page:
        await page.goto(url)
        bar = await page.locator(".pages").bounding_box()
        assert bar is not None
        assert (0, 390, 844) == (bar["x"], bar["width"], bar["y"] + bar["height"])
        for number in range(12):
            name = page.locator("#people .name").nth(number)
            await name.focus()
            box = await name.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= bar["y"], number
        for target in await page.locator(".pages a:visible, summary:visible").all():
            box = await target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44, await target.text_content()


@pytest.mark.parametrize("path", ["/", "/?view=cards", "/print"])
async def test_paper_shows_people_alone_in_ink_on_white(browser: Browser, url: str, path: str) -> None:
    async with a_page(browser, color_scheme="dark") as page:
        await page.goto(url + path)
        await page.emulate_media(media="print")

        await expect(page.get_by_text("Ada Lovelace").first).to_be_visible()
        for gone in (".bar", ".search", ".tools", ".side", ".sheet-bar", ".pager a"):
            assert 0 == await page.locator(gone).locator("visible=true").count(), gone
        assert "rgb(255, 255, 255)" == await page.evaluate("getComputedStyle(document.body).backgroundColor")


async def test_a_page_at_twice_its_size_loses_nothing(browser: Browser, url: str) -> None:
    # A browser that zooms to 200 % has half as many pixels of ours (WCAG 1.4.4).
    async with a_page(browser, viewport={"width": 640, "height": 450}, device_scale_factor=2) as page:
        for path in (EVERYBODY, f"{EVERYBODY}&view=cards"):
            await page.goto(url + path)

            assert 640 == await page.evaluate("document.documentElement.scrollWidth"), path
            await expect(page.locator("#q")).to_be_visible()
            await expect(page.locator("#people .name").first).to_be_visible()


async def test_forced_colours_keep_the_strip_and_what_is_chosen(browser: Browser, url: str) -> None:
    async with a_page(browser, forced_colors="active") as page:
        await page.goto(url)
        fill = "(each) => getComputedStyle(each).fill"
        now = await page.locator(f"#u-{TEAM}-U2 .strip-now").evaluate(fill)
        hours = await page.locator("#i-day .strip-sun").evaluate(fill)

        assert now != hours


async def test_nothing_moves_for_whoever_asked_for_stillness(browser: Browser, url: str) -> None:
    async with a_page(browser, reduced_motion="reduce") as page:
        await page.goto(url)
        await page.locator("#take > summary").click()

        sheet = page.locator("#take .menu-sheet")
        assert "none" == await sheet.evaluate("(each) => getComputedStyle(each).animationName")
