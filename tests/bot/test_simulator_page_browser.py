"""The page of the pretend Slack in a real browser: every block, both colour schemes, a phone, and no script at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from bot.simulator import Simulator
from bot.simulator.page import SlackPage
from tests.support.browser import NEEDS_CHROMIUM, a_page

AXE = Path(__file__).parents[1] / "support/vendor/axe-4.14.1.min.js"
EVIL = "<img src=x onerror=\"document.title='evil'\">"

pytestmark = NEEDS_CHROMIUM

Json = dict[str, Any]


def words(text: str, kind: str = "mrkdwn") -> Json:
    return {"type": kind, "text": text}


def a_button(label: str, **more: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": words(label, "plain_text"), **more}


QUESTION = {
    "title": words("Sure?", "plain_text"),
    "text": words("It is gone then."),
    "confirm": words("Yes", "plain_text"),
}


def every_block(base: str) -> list[Json]:
    picture = {"type": "image", "image_url": f"{base}/avatars/U1.svg", "alt_text": "Somebody"}
    option = {"text": words("One", "plain_text"), "value": "1"}
    field = {"type": "plain_text_input", "action_id": "name", "placeholder": words("A name", "plain_text")}
    long = "https://people.example/" + "unbreakable" * 20
    return [
        {"type": "header", "text": words("Everything at once :eyes:", "plain_text")},
        {"type": "section", "text": words(f"*bold* _it_ ~no~ `code` <{long}>\n&gt; said\n• one\n• two\n```{long}```")},
        {"type": "section", "fields": [words("*Sockets*\n2 of 2"), words("*People*\n1,240")], "accessory": picture},
        {"type": "section", "text": words("A choice"), "accessory": a_button("Stop", style="danger")},
        {"type": "divider"},
        {"type": "context", "elements": [picture, words("Read <@U1> 14 seconds ago")]},
        {"type": "image", "title": words("A picture", "plain_text"), **picture},
        {"type": "image", "image_url": "https://elsewhere.example/x.png", "alt_text": "Not shown"},
        {
            "type": "input",
            "label": words("Whom", "plain_text"),
            "element": field,
            "hint": words("By name", "plain_text"),
        },
        {
            "type": "actions",
            "elements": [
                a_button("Resync", style="primary"),
                a_button("Open", url="https://people.example/"),
                {"type": "static_select", "action_id": "pick", "options": [option]},
                {"type": "overflow", "action_id": "more", "options": [option]},
                {"type": "radio_buttons", "action_id": "one", "options": [option]},
                {"type": "datepicker", "action_id": "when"},
            ],
        },
        {
            "type": "data_table",
            "caption": "The last resyncs",
            "rows": [[{"type": "raw_text", "text": each} for each in row] for row in (("When", "What"), ("now", long))],
        },
        {"type": "actions", "elements": [a_button("Drop", style="danger", confirm=QUESTION)]},
        {"type": "video", "title": words("Who knows", "plain_text")},
    ]


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    sim = Simulator(ack_deadline=0.1)
    page = SlackPage(sim)
    sim.adds("Olga Owner", is_owner=True)
    sim.adds("Constantina Papadopoulou-van der Westhuizen-Featherstonehaugh")
    sim.adds("Gus Guest", is_restricted=True)
    async with sim:
        page.leads_to("http://127.0.0.1:1/")
        yield sim
        await page.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
async def test_the_page_has_no_barriers_and_never_scrolls_sideways(
    browser: Browser, sim: Simulator, width: int, scheme: str
) -> None:
    olga = sim.users()[-3]["id"]
    sim.board.post("C0GENERAL01", {"blocks": every_block(sim.url), "attachments": [{"fallback": "attached"}]})
    sim.board.publish_home(olga, {"type": "home", "blocks": every_block(sim.url)}, expected_hash=None)
    modal = {"type": "modal", "title": words("A modal", "plain_text"), "blocks": every_block(sim.url)}
    sim.board.open_modal(sim.board.trigger(olga), modal)
    axe = AXE.read_text()
    async with a_page(browser, color_scheme=scheme, viewport={"width": width, "height": 844}) as page:
        await page.goto(sim.url)
        await page.get_by_label("Type a command").fill("/usersync help")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("dispatch_failed")).to_be_visible()
        await page.get_by_role("button", name="Revoke the token").click()
        await expect(page.get_by_role("status")).to_contain_text("worth nothing")
        for tab in ("talk", "home"):
            await page.goto(f"{sim.url}/?as={olga}&tab={tab}")
            await expect(page.get_by_role("heading", name="Everything at once 👀")).to_have_count(2)
            await page.locator(".asks summary").first.click()
            await expect(page.get_by_role("button", name="Yes").first).to_be_visible()
            await page.evaluate(axe)
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            violations = [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]

            assert [] == violations, tab
            assert width == await page.evaluate("document.documentElement.scrollWidth"), tab


async def test_what_others_wrote_never_becomes_markup_not_even_as_it_changes(browser: Browser, sim: Simulator) -> None:
    async with a_page(browser) as page:
        await page.goto(sim.url)
        sim.adds(EVIL)
        block = {"type": "section", "text": words(EVIL, "plain_text"), "accessory": a_button(EVIL)}
        sim.board.post("C0GENERAL01", {"text": EVIL})
        sim.board.post("C0GENERAL01", {"blocks": [block, {"type": EVIL}]})
        sim.sends({"type": "user_change", "user": {"real_name": EVIL}})
        await page.get_by_label("Type a command").fill(EVIL)
        await page.keyboard.press("Enter")

        await expect(page.get_by_text("Nobody reads what is merely said")).to_be_visible()
        await expect(page.get_by_role("log").get_by_text(EVIL)).to_have_count(5)
        await expect(page.locator("img[src=x]")).to_have_count(0)
        assert "Pretend Slack of Meridian" == await page.title()


async def test_a_message_that_changes_keeps_the_focus_and_what_stays_is_left_alone(
    browser: Browser, sim: Simulator
) -> None:
    sim.board.post("C0GENERAL01", {"text": "first"})
    posted = sim.board.post("C0GENERAL01", {"blocks": [{"type": "actions", "elements": [a_button("Go")]}]})
    async with a_page(browser) as page:
        await page.goto(f"{sim.url}/?as=U0NOBODY")  # the first of the cast stands in
        first = await page.get_by_text("first", exact=True).element_handle()
        await page.get_by_role("button", name="Go").focus()
        blocks = [{"type": "actions", "elements": [a_button("Go on")]}]
        sim.board.update("C0GENERAL01", posted["ts"], {"blocks": blocks})

        await expect(page.get_by_role("button", name="Go on")).to_be_focused()
        assert first is not None
        assert await first.evaluate("(node) => node.isConnected")


async def test_the_keyboard_alone_is_enough_and_a_link_fills_in_what_to_type_next(
    browser: Browser, sim: Simulator
) -> None:
    async with a_page(browser) as page:
        await page.goto(sim.url)
        await page.get_by_role("button", name="Send an unreadable event").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Type /usersync status").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Type a command")).to_be_focused()
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("log")).to_contain_text("/usersync status")


async def test_the_page_says_when_the_demo_has_ended(browser: Browser, sim: Simulator) -> None:
    async with a_page(browser, but_for="ERR_CONNECTION_REFUSED") as page:
        await page.goto(sim.url)
        await expect(page.get_by_text("0 connections")).to_be_visible()
        await sim.stop()

        await expect(page.get_by_role("alert")).to_contain_text("Has the demo ended?")


async def test_it_works_without_any_script(browser: Browser, sim: Simulator) -> None:
    async with a_page(browser, java_script_enabled=False) as page:
        await page.goto(sim.url)
        await page.get_by_role("link", name="Gus Guest").click()
        await page.get_by_label("Type a command").fill("/usersync help")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("log")).to_contain_text("dispatch_failed")
        await page.get_by_role("button", name="Someone joins").click()
        await expect(page.get_by_role("status")).to_contain_text("joined.")
        await page.get_by_role("button", name="Home").click()

        await expect(page.get_by_text("The app has published nothing here.")).to_be_visible()
        await expect(page.locator("[aria-current=true]")).to_contain_text("Gus Guest")
        assert ["slash_commands", "events_api", "events_api"] == [each.type for each in sim.envelopes]
