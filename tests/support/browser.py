"""A real browser for tests, and pages of it that must not complain."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from playwright.async_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: nothing of the page was seen in a browser"),
]


_ALWAYS = ((390, "light"), (1280, "dark"))


def shapes(*widths: int) -> list[ParameterSet]:
    """Give each width of a page, light and dark: a phone in light and a desk in dark always, the rest as slow ones."""
    every = [(width, scheme) for width in widths for scheme in ("light", "dark")]
    return [pytest.param(*each, marks=[] if each in _ALWAYS else pytest.mark.slow) for each in every]


@asynccontextmanager
async def a_page(browser: Browser, *, is_new: bool = False, but_for: str = "", **options: Any) -> AsyncIterator[Page]:
    """Open a page that must not complain: a message of the console is a failed test, but for those that hold this.

    To a browser that `is_new` the page has yet to learn the time zone, and asks for its list once more to show it.
    """
    options = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "Europe/Lisbon", **options}
    context = await browser.new_context(**options)
    if not is_new:
        await context.add_cookies([{"name": "tz", "value": "Europe%2FLisbon", "domain": "127.0.0.1", "path": "/"}])
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    complaints = [each for each in complaints if not but_for or but_for not in each]
    assert [] == complaints, complaints
    await context.close()
