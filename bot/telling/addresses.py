"""Addresses outside Slack that hear of alerts, through Apprise; they hold secrets, so none is ever printed.

Apprise is an extra: without it there are no such addresses, and settings that name some are refused in words.
"""

from __future__ import annotations

import asyncio
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from bot.blocks.notices import Notice
from bot.channels import NotPosted
from bot.telling.words import body, title

PATIENCE_S = 20
"""For one address; e-mail takes a while."""
_LACKING = (
    "USERSYNC_ALERT_URLS: the package Apprise, which takes them, is not installed. "
    "Run `pip install 'usersync[urls]'`, or leave the setting out."
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):")


class Notifier(Protocol):
    """What is needed of Apprise's object for one address."""

    async def async_notify(self, *, title: str, body: str, notify_type: str) -> object:
        """Send it; tells something true if it was taken."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address."""

    number: int
    """Its place in the setting, from 1."""
    notifier: Notifier = field(repr=False)
    patience_s: float = PATIENCE_S
    is_editable: bool = False
    is_deaf: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Its place in the setting: what it says is a secret."""
        return "", f"address {self.number}"

    async def post(self, notice: Notice) -> str | None:
        """Tell of a beginning. Raises NotPosted."""
        await self._send(notice)
        return None

    async def edit(self, ts: str | None, notice: Notice) -> None:  # noqa: ARG002 - nothing can be edited there
        """Tell of the end. Raises NotPosted."""
        await self._send(notice)

    async def post_too_many(self, most: int) -> None:
        """Tell that there is more than is told. Raises NotPosted."""
        await self._notify(
            "usersync: More is wrong than is told here", f"{most} messages within an hour are enough.", "failure"
        )

    async def _send(self, notice: Notice) -> None:
        kind = "failure" if notice.until is None else "success"
        await self._notify(title(notice), body(notice), kind)

    async def _notify(self, title: str, body: str, kind: str) -> None:
        try:
            async with asyncio.timeout(self.patience_s):
                is_taken = await self.notifier.async_notify(title=title, body=body, notify_type=kind)
        except TimeoutError as error:
            raise self._refusal(f"did not answer within {self.patience_s:g} s", is_certain=False) from error
        if not is_taken:
            raise self._refusal("did not take an alert", is_certain=True)  # what Apprise says counts

    def _refusal(self, why: str, *, is_certain: bool) -> NotPosted:
        words = f"Address {self.number} of USERSYNC_ALERT_URLS {why}. It is tried again; check it if this lasts."
        return NotPosted(words, word="not_taken", may_help=True, is_certain=is_certain)


def addresses(urls: Sequence[str]) -> list[Address]:
    """Make them of addresses without problems."""
    if not urls:
        return []
    from apprise import Apprise  # an extra, and slow to load: only who uses it pays for it

    made = []
    with _quiet():
        for number, url in enumerate(urls, 1):
            notifier = Apprise()
            notifier.add(url)
            made.append(Address(number, notifier))
    return made


def url_problems(urls: Sequence[str]) -> list[str]:
    """Tell what is wrong with some addresses, each by its place and its scheme alone."""
    if not urls:
        return []
    try:
        with _quiet():
            from apprise import Apprise

            return [_wrong(number, url) for number, url in enumerate(urls, 1) if not Apprise.instantiate(url)]
    except ImportError:
        return [_LACKING]


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Apprise write no line, for it may hold parts of an address; nor warn of old modules that it tries first."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _wrong(number: int, url: str) -> str:
    found = _SCHEME.match(url)
    said = f"begins with {found[1]}:" if found else "has no scheme"
    return (
        f"USERSYNC_ALERT_URLS: Apprise does not understand address {number}, which {said}. "
        "github.com/caronc/apprise tells how each service is written."
    )
