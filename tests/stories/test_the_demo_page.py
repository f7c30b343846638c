"""The demo's pretend Slack in a real browser: a newcomer types, breaks things, and watches the directory heal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.demo import Demo
from tests.support.browser import NEEDS_CHROMIUM, a_page
from tests.support.waiting import eventually

A_WHILE_MS = 20_000

pytestmark = [
    *NEEDS_CHROMIUM,
    pytest.mark.runs_on("sqlite", because="the demo keeps its people in a file of its own"),
]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """The whole demo, everybody read."""
    async with Demo(port=0, folder=tmp_path / "demo") as running:
        await eventually(lambda: running.slack.sockets >= 2 and running.service.runs.finished, within_s=40)
        yield running


async def types(page: Page, typed: str) -> None:
    await page.get_by_label("Type a command").fill(typed)
    await page.keyboard.press("Enter")


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def test_a_newcomer_asks_for_help_and_watches_somebody_join(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        talk = page.get_by_role("log")
        await types(page, "/usersync help")
        await expect(talk).to_contain_text("What you can ask of me", timeout=A_WHILE_MS)
        await types(page, "/usersync status")
        await expect(talk).to_contain_text("Following changes on 2 of 2 connections", timeout=A_WHILE_MS)
        await press(page, "Someone joins")
        told = page.get_by_role("status")
        await expect(told).to_contain_text("joined.")
        name = (await told.inner_text()).partition(" joined.")[0]
        await demo.slack.eventually_acked()
        async with page.expect_popup() as opening:
            await page.get_by_role("link", name="Open their page in the directory").click()
        directory = await opening.value

        await expect(directory.get_by_role("heading", level=1)).to_contain_text(name)
        assert directory.url.startswith(demo.service.url)


@pytest.mark.slow
async def test_dropped_sockets_are_told_and_come_back_by_themselves(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        await press(page, "Drop the sockets")
        await expect(page.get_by_text("0 connections")).to_be_visible()
        await types(page, "/usersync status")
        await expect(page.get_by_role("log")).to_contain_text("dispatch_failed", timeout=A_WHILE_MS)
        await expect(page.get_by_text("2 connections", exact=True)).to_be_visible(timeout=A_WHILE_MS)
        await types(page, "/usersync status")

        await expect(page.get_by_role("log")).to_contain_text(
            "Following changes on 2 of 2 connections", timeout=A_WHILE_MS
        )


async def test_what_a_newcomer_breaks_is_told_in_a_channel_and_resolved_in_the_same_message(
    browser: Browser, demo: Demo
) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        alert = page.get_by_role("article").filter(has_text="#alerts")
        await press(page, "Drop the sockets")
        await expect(alert).to_contain_text("No connection to Slack", timeout=A_WHILE_MS)
        await expect(alert).to_contain_text("Resolved after", timeout=A_WHILE_MS)
        await expect(alert).to_contain_text("#alerts · edited")
        await expect(alert.locator("time").last).to_have_text(re.compile(r"today \d\d:\d\d:\d\d"))
        await press(page, "Send an unreadable event")

        await expect(alert.filter(has_text="Unreadable events")).to_be_visible(timeout=A_WHILE_MS)
        await expect(alert).to_have_count(2)


async def test_alerts_are_moved_by_typing_it(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        await types(page, "/usersync alerts here")
        await expect(page.get_by_role("log")).to_contain_text("Alerts go into this channel", timeout=A_WHILE_MS)
        await types(page, "/usersync status")

        await expect(page.get_by_role("log")).to_contain_text("Alerts go to #general", timeout=A_WHILE_MS)


async def test_an_unreadable_event_is_counted_by_the_status(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        await press(page, "Send an unreadable event")
        await page.get_by_role("link", name="Type /usersync status").click()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("1 unreadable event:", timeout=A_WHILE_MS)
        async with page.expect_popup() as opening:
            await page.get_by_role("link", name="See what was put aside").click()

        await expect((await opening.value).get_by_role("heading", level=1)).to_be_visible()


async def test_a_lost_page_holds_the_run_and_the_next_one_heals_it(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        talk = page.get_by_role("log")
        await press(page, "Lose page 2 of the next pass")
        await types(page, "/usersync resync")
        await expect(talk).to_contain_text("The run was held", timeout=A_WHILE_MS)
        assert demo.service.status().trouble
        await types(page, "/usersync resync")
        await expect(talk).to_contain_text("Done.", timeout=A_WHILE_MS)

        assert demo.service.status().trouble is None


async def test_the_home_is_searched_and_a_resync_is_followed_on_it(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        await press(page, "Someone joins")
        told = page.get_by_role("status")
        await expect(told).to_contain_text("joined.")
        name = (await told.inner_text()).partition(" joined.")[0]
        await demo.slack.eventually_acked()
        await page.get_by_role("navigation").get_by_role("button", name="Home").click()
        home = page.locator('[data-live="home"]')
        await expect(home).to_contain_text("Who’s new", timeout=A_WHILE_MS)
        await expect(home).to_contain_text(name)
        await page.get_by_label("Find people").fill(name)
        await page.keyboard.press("Enter")
        await expect(home).to_contain_text(f"for “{name}”:", timeout=A_WHILE_MS)
        await expect(page.get_by_label("Find people")).to_have_value(name)
        demo.slack.faults.fail("users.list", slow_seconds=2)
        await home.get_by_role("button", name="Resync").click()
        await expect(home.get_by_role("button", name="Cancel")).to_be_visible(timeout=A_WHILE_MS)
        await expect(home).to_contain_text("Done.", timeout=A_WHILE_MS)

        await expect(home.get_by_role("table")).to_contain_text("Asked for")
        await expect(page.get_by_label("Find people")).to_have_value(name)


async def test_a_member_has_a_home_without_what_is_for_admins(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        await page.get_by_role("navigation", name="Whom you act as").get_by_role("link", name="Member").click()
        await page.get_by_role("navigation").get_by_role("button", name="Home").click()
        home = page.locator('[data-live="home"]')
        await expect(home).to_contain_text("Who’s new", timeout=A_WHILE_MS)

        await expect(home).not_to_contain_text("How the directory runs")
        await expect(home.get_by_role("link", name="Open the directory")).to_be_visible()


async def test_a_revoked_token_fails_the_run_until_it_is_given_back(browser: Browser, demo: Demo) -> None:
    async with a_page(browser) as page:
        await page.goto(demo.page.url)
        talk = page.get_by_role("log")
        await press(page, "Revoke the token")
        await types(page, "/usersync resync")
        await expect(talk).to_contain_text("token_revoked", timeout=A_WHILE_MS)
        await press(page, "Give the token back")
        await types(page, "/usersync resync")

        await expect(talk).to_contain_text("Done.", timeout=A_WHILE_MS)
