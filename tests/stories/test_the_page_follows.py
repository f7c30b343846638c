"""From Slack to the eye: a change there is on the open page within a second, without a hand being lifted."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from bot.service import Service
from bot.simulator import Simulator
from tests.support.browser import NEEDS_CHROMIUM, a_page
from tests.support.promptness import promptly

pytestmark = NEEDS_CHROMIUM


async def test_a_change_in_slack_is_on_the_open_page_within_a_second(
    slack: Simulator, service: Service, browser: Browser
) -> None:
    ada = slack.joins("Ada Lovelace", title="Engineer", tz="Europe/London")
    await slack.eventually_acked()
    row = f"#u-{slack.team_id}-{ada.id}"
    async with a_page(browser) as page:
        await page.goto(service.url)
        await expect(page.locator("#dot")).to_have_text("Live")
        await page.locator("#q").press_sequentially("Ada")
        await page.wait_for_url("**/?q=Ada")
        await expect(page.locator(row)).to_contain_text("Engineer")

        async def a_title_changes(number: int) -> None:
            slack.changes(ada, title=f"Chief Engineer {number}")
            await expect(page.locator(f"{row} .who-title")).to_have_text(f"Chief Engineer {number}")

        await promptly(a_title_changes, within_s=1)
        slack.deactivates(ada)
        await expect(page.locator(f"{row} .badge")).to_have_text("Deactivated")

        await expect(page.locator("#news > li").first).to_contain_text("Ada Lovelace left")
        await expect(page.locator("#q")).to_have_value("Ada")
        await page.goto(f"{service.url}?state=deactivated")
        await expect(page.locator(".name")).to_have_text("Ada Lovelace")


async def test_hostile_names_are_shown_as_they_are(slack: Simulator, service: Service, browser: Browser) -> None:
    name = "<img src=x onerror=alert(1)>"
    pictures = dict.fromkeys(("image_72", "image_192", "image_512"), "javascript:alert(3)")
    slack.joins(name, title="</li><script>alert(2)</script>", status_text="{{ 7*7 }}", is_custom_image=True, **pictures)
    await slack.eventually_acked()
    async with a_page(browser) as page:
        await page.goto(service.url)
        await expect(page.locator(".row .name")).to_have_text(name)
        slack.joins('"><svg onload=alert(4)>', is_custom_image=False)

        await expect(page.locator("#news > li").first).to_contain_text('"><svg onload=alert(4)> joined')
        assert 0 == await page.locator("main script, main svg[onload]").count()


async def test_when_slack_is_lost_the_page_keeps_its_people_and_says_so(
    slack: Simulator, service: Service, browser: Browser
) -> None:
    slack.joins("Ada Lovelace")
    await slack.eventually_acked()
    async with a_page(browser) as page:
        await page.goto(service.url)
        await expect(page.locator("#dot")).to_have_text("Live")

        slack.refuses_sockets()
        slack.drops_sockets()

        await expect(page.locator("#dot")).to_contain_text("Offline since", timeout=40_000)
        await expect(page.locator(".row .name")).to_have_text("Ada Lovelace")
        slack.accepts_sockets()
        await expect(page.locator("#dot")).to_have_text("Live", timeout=40_000)
