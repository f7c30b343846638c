"""One person's page in a real browser: clocks that go on, statuses that end, pictures that fail, no barriers."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from starlette.applications import Starlette

import web
from db import Store
from db.filters import CustomField
from tests.support.browser import NEEDS_CHROMIUM, a_page, shapes
from tests.web.conftest import NOON, TEAM, Clock, Service, Slack, serving
from tests.web.test_browser import connected
from tests.web.test_clock_changes import CHANGES

AXE = Path(__file__).parents[1] / "support/vendor/axe-4.14.1.min.js"
FACE = "https://avatars.slack-edge.com/2026-11-23/1_512.png"
PARROT = "https://emoji.slack-edge.com/T0/party_parrot/1.gif"
PROFILE = f"/users/{TEAM}/U1"

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

pytestmark = NEEDS_CHROMIUM


@asynccontextmanager
async def a_page_with_pictures(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Open a page to which Slack's pictures come."""

    async def answer(route: Route) -> None:
        await route.fulfill(body=PIXEL, content_type="image/gif")

    async with a_page(browser, **options) as page:
        await page.route("https://*.slack-edge.com/**", answer)
        yield page


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    marked = (CustomField("Xf01", "Department"), CustomField("Xf02", "A page of their own"))
    return web.create_app(store=store, bell=store.bell, status=service, clock=clock, custom_fields=marked)


@pytest.fixture
async def url(app: Starlette, slack: Slack) -> AsyncIterator[str]:
    fields = {"Xf01": {"value": "Customer"}, "Xf02": {"value": f"https://wiki.example/{'deep/' * 30}"}}
    await slack.shows(
        {
            "id": "U1", "real_name": "Diego Fuentes Márquez", "first_name": "Diego", "pronouns": "he/him",
            "title": "Support Lead, Americas", "tz": "America/Mexico_City", "name": "diego", "fields": fields,
            "email": "diego.fuentes@meridian.example", "phone": "+52 55 5550 0142", "start_date": "2025-03-03",
            "status_text": "Open for questions", "status_emoji": ":coffee:",
            "status_expiration": int(NOON.timestamp()) + 90,
        },
        {"id": "U2", "real_name": "Ada", "status_emoji": ":party_parrot:", "status_text": "Dancing",
         "status_emoji_url": PARROT, "is_custom_image": True, "image_72": FACE, "image_512": FACE},
        {"id": "U3", "real_name": "فريد الحسيني", "deleted": True},
        {"id": "U4", "real_name": "Deploybot", "is_bot": True},
        {"id": "U5", "real_name": "Weekender", "tz": "Pacific/Kiritimati", "is_restricted": True,
         "guest_expiration_ts": 1798675200},
    )  # fmt: skip
    async with serving(app) as url:
        yield url


async def test_a_status_ends_on_an_open_page_without_a_reload(browser: Browser, url: str) -> None:
    async with a_page_with_pictures(browser) as page:
        for path, part in ((PROFILE, ".status-pill"), ("/", f"#u-{TEAM}-U1 .status")):
            await page.clock.install(time=NOON)
            await page.goto(url + path)
            await expect(page.locator(part)).to_contain_text("Open for questions")
            await connected(page)  # a stream that is still unanswered after the page's minute is complained of
            await page.clock.run_for(91_000)

            await expect(page.locator(part)).to_have_count(0)


async def test_an_open_profile_goes_on_with_the_day(browser: Browser, url: str) -> None:
    # 16:42 in Lisbon is 10:42 in Mexico City; the browser goes on to half past seven of the next day there.
    async with a_page(browser) as page:
        await page.clock.install(time=NOON + timedelta(hours=20, minutes=48))
        await page.goto(url + PROFILE)

        await expect(page.locator(".time-clock")).to_have_text("07:30")
        await expect(page.locator(".time-day")).to_have_text("Tuesday")
        await expect(page.locator(".time-hour")).to_have_text("Early morning")
        await expect(page.locator(".day-tag-text")).to_have_text("13:30")
        assert "56.25%" == await page.locator(".day-line").get_attribute("x1")


@pytest.mark.slow
async def test_the_browsers_clock_agrees_with_the_servers_at_every_change(
    browser: Browser, url: str, slack: Slack, clock: Clock
) -> None:
    for number, (tz, *_) in enumerate(CHANGES):
        await slack.says(f"UC{number:02}", real_name=f"Zone {number:02}", tz=tz)
    async with a_page(browser) as page:
        for number, (_, change, *shown) in enumerate(CHANGES):
            for minutes, text in zip((-1, 1), shown, strict=True):
                await page.clock.install(time=change + timedelta(minutes=minutes))
                await page.goto(f"{url}/users/{TEAM}/UC{number:02}")

                await expect(page.locator(".time-clock")).to_have_text(text)


async def other_pixels(page: Page, one: bytes, other: bytes) -> int:
    """Count what differs by more than a shade, with the browser's own reader of pictures."""
    blank = await page.context.new_page()
    count: int = await blank.evaluate(
        """async (pictures) => {
          const [one, other] = await Promise.all(pictures.map(async (text) => {
            const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${text}`)).blob());
            const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
            canvas.drawImage(image, 0, 0);
            return canvas.getImageData(0, 0, image.width, image.height).data;
          }));
          return one.length === other.length ? one.filter((each, at) => Math.abs(each - other[at]) > 64).length : -1;
        }""",
        [b64encode(one).decode(), b64encode(other).decode()],
    )
    await blank.close()
    return count


@pytest.mark.parametrize("fails", ["404", "blocked"])
async def test_where_a_picture_does_not_come_the_initials_are_seen(browser: Browser, url: str, fails: str) -> None:
    async def answer(route: Route) -> None:
        await (route.fulfill(status=404) if fails == "404" else route.abort())

    async with a_page(browser, but_for="Failed to load resource") as page:
        await page.route("https://*.slack-edge.com/**", answer)
        await page.goto(f"{url}/users/{TEAM}/U2")
        face = page.locator(".portrait .face")
        await expect(face.locator("img")).to_have_js_property("complete", True)
        failed = await face.screenshot()
        await page.evaluate("document.querySelector('.portrait img').remove()")

        # The very initials that would be there without a picture, but for a shade along their edges.
        assert 0 == await other_pixels(page, failed, await face.screenshot())
        await expect(page.locator(".status-pill")).to_contain_text("Dancing")


async def test_the_policy_lets_a_picture_be_sent_on_to_where_gravatar_keeps_it_and_nowhere_else(
    browser: Browser, url: str
) -> None:
    async with a_page(browser, but_for="oad") as page:  # what does not load, and what the policy does not let load
        await page.goto(url + PROFILE)
        blocked = await page.evaluate(
            """async () => {
              const blocked = [];
              document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.blockedURI));
              const hosts = ["https://secure.gravatar.com/a", "https://i0.wp.com/a", "https://a.slack-edge.com/a",
                "https://evil.example/a", "http://a.slack-edge.com/a"];
              for (const host of hosts) {
                const image = new Image();
                const done = new Promise((end) => (image.onerror = image.onload = end));
                image.src = host;
                await done;
              }
              return blocked;
            }"""
        )

        assert ["https://evil.example/a", "http://a.slack-edge.com/a"] == blocked


async def barriers(page: Page) -> list[tuple[str, list[str]]]:
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), shapes(320, 390, 800, 1280))
async def test_a_profile_in_any_state_has_no_barriers_and_never_scrolls_sideways(
    browser: Browser, url: str, scheme: str, width: int
) -> None:
    async with a_page_with_pictures(browser, color_scheme=scheme, viewport={"width": width, "height": 844}) as page:
        for number in range(1, 6):
            await page.goto(f"{url}/users/{TEAM}/U{number}")

            assert [] == await barriers(page), number
            assert width == await page.evaluate("document.documentElement.scrollWidth"), number


async def test_a_profile_is_whole_without_script(browser: Browser, url: str) -> None:
    async with a_page(browser, java_script_enabled=False) as page:
        await page.goto(url + PROFILE)

        await expect(page.locator(".time-clock")).to_have_text("10:42")
        await expect(page.locator(".status-pill")).to_contain_text("Open for questions")
        await expect(page.locator("aside").get_by_role("link", name="Message in Slack")).to_be_visible()
        await expect(page.get_by_role("link", name="Save contact")).to_be_visible()
        await expect(page.locator("dl.facts")).to_contain_text("Customer")


async def test_on_a_phone_one_touch_calls_writes_or_saves(browser: Browser, url: str) -> None:
    async with a_page(browser, viewport={"width": 390, "height": 844}) as page:
        await page.goto(url + PROFILE)
        boxes = [await each.bounding_box() for each in await page.locator(".keep a").all()]

        assert 3 == len(boxes)
        assert all(box is not None and box["height"] >= 44 for box in boxes)
