"""What's new, runs and unreadable events in a real browser: no barriers in any state, on a phone, without script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, expect
from starlette.applications import Starlette

import web
from db import Store
from db.records import Workspace
from tests.support.browser import NEEDS_CHROMIUM, a_page, shapes
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from tests.web.test_door import a_door
from tests.web.test_ops import Hand, a_letter, a_run
from tests.web.test_whats_new import DEPARTMENT, a_month
from web.ports import Walk

AXE = Path(__file__).parents[1] / "support/vendor/axe-4.14.1.min.js"
LONG = "Constantina Papadopoulou-van der Westhuizen-Featherstonehaugh"
REASON = "Slack refused the page: the app lacks the permission users:read. Reinstall with the manifest."

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def app(store: Store, clock: Clock, service: Service, hand: Hand) -> Starlette:
    parts: dict[str, Any] = {"store": store, "bell": store.bell, "status": service, "clock": clock}
    house = (Workspace(TEAM, "Meridian"),)
    return web.create_app(**parts, door=a_door(), workspaces=lambda: house, actions=hand, custom_fields=(DEPARTMENT,))


@pytest.fixture
async def url(app: Starlette, slack: Slack, clock: Clock) -> AsyncIterator[str]:
    await slack.says("UADMIN", real_name="Ines Carvalho", is_admin=True)
    async with serving(app) as url:
        yield url


async def a_busy_house(slack: Slack, clock: Clock, store: Store) -> None:
    """Fill every list with what is long, foreign and wide."""
    await a_month(slack, clock, store)
    clock.passes(days=-9)
    await slack.says("ULONG", joined=True, real_name=LONG, title="Wide" * 30)
    await slack.says("UWIDE", real_name="Unbreakable" * 12, title="Programme Manager", start_date="2020-11-23")
    await slack.says("UFARID", joined=True, real_name="فريد الحسيني", title="مهندس")
    clock.passes(days=1)
    await slack.says("UWIDE", title="Principal Programme Manager, Cross-Border Regulatory Reporting" * 2)
    await slack.says("UFARID", title="مدير الهندسة")
    clock.passes(days=8)
    await a_run(store, clock, kind="backfill")
    await a_run(store, clock, kind="resync", asked_by="UADMIN", drift=3, drift_fields={"title": 2, "email": 1})
    await a_run(store, clock, state="failed", reason=REASON)
    await a_letter(store, clock, user_id="UADMIN", reason="its title is " + "long" * 40)
    for number in range(3):
        await a_letter(store, clock, user_id=f"U{number}")


async def come_in(context: BrowserContext, url: str, store: Store, clock: Clock) -> None:
    async with store.transaction() as tx:
        token = await tx.signins.make(TEAM, "UADMIN", now=clock())
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await client.post("/signin", data={"token": token}, headers={"Origin": url})
        session = answer.cookies["usersync_session"]
    await context.add_cookies([{"name": "usersync_session", "value": session, "domain": "127.0.0.1", "path": "/"}])


async def violations_of(page: Any) -> list[Any]:
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), shapes(320, 390, 1024, 1280))
async def test_no_state_has_barriers_or_scrolls_sideways(
    browser: Browser, url: str, slack: Slack, store: Store, clock: Clock, service: Service, scheme: str, width: int
) -> None:
    async with a_page(browser, color_scheme=scheme, viewport={"width": width, "height": 844}) as page:
        await come_in(page.context, url, store, clock)

        async def look(*paths: str) -> None:
            for path in paths:
                await page.goto(url + path)
                assert [] == await violations_of(page), path
                assert width == await page.evaluate("document.documentElement.scrollWidth"), path

        await look("/whats-new", "/runs", "/dead-letters")
        await a_busy_house(slack, clock, store)
        await look("/whats-new", "/runs?done=begun", "/dead-letters?done=stays", "/dead-letters/drop?number=1")
        await a_run(store, clock, state="held", absent=521, seen=719)
        await look("/runs")
        service.is_now(walk=Walk(612, clock() - timedelta(minutes=5), 1240, timedelta(minutes=2)))
        await a_run(store, clock, state="running", ended_at=None, asked_by="UADMIN", kind="resync")
        await look("/runs")


async def test_buttons_work_without_script(browser: Browser, url: str, store: Store, clock: Clock, hand: Hand) -> None:
    await a_letter(store, clock)
    await a_run(store, clock, state="held", absent=521, seen=719)
    async with a_page(browser, java_script_enabled=False) as page:
        await come_in(page.context, url, store, clock)
        await page.goto(url + "/runs")
        await page.get_by_role("button", name="Keep everybody").click()
        await expect(page.get_by_role("status")).to_contain_text("A resync was asked for.")
        await page.get_by_label("Type 521 to confirm").fill("521")
        await page.get_by_role("button", name="Read afresh and mark them").click()
        await expect(page.get_by_role("status")).to_contain_text("Confirmed")
        await page.goto(url + "/dead-letters")
        await page.get_by_role("button", name="Try again: number 1").click()
        await expect(page.get_by_role("status")).to_contain_text("Read this time")
        await page.get_by_role("link", name="Drop number 1").click()
        await page.get_by_role("button", name="Drop it").click()
        await expect(page.get_by_role("status")).to_contain_text("Dropped")

    assert ["begun", "begun", "applied", "dropped"] == [each[0] for each in hand.asked]


async def test_a_run_under_way_is_followed_to_its_end(
    browser: Browser, url: str, store: Store, clock: Clock, service: Service
) -> None:
    service.is_now(walk=Walk(612, clock(), 1240, None))
    await a_run(store, clock, state="running", ended_at=None)
    async with a_page(browser) as page:
        await come_in(page.context, url, store, clock)
        await page.goto(url + "/runs")
        await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "612")
        service.is_now(walk=Walk(900, clock(), 1240, None))
        await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "900", timeout=10_000)
        service.is_now(walk=None)
        async with store.transaction() as tx:
            running = await tx.runs.find_running(TEAM)
            assert running is not None
            await tx.runs.give_up(running, at=clock(), reason="It was cut short.")
        await expect(page.locator("tr.entry")).to_contain_text("It was cut short.", timeout=10_000)
        await expect(page.get_by_role("progressbar")).to_have_count(0)
        await expect(page.get_by_role("button", name="Start a resync")).to_be_visible()
        assert await page.locator("#runs").get_attribute("hx-trigger") is None
