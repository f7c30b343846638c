"""A browser on its way through Sign in with Slack, step by step."""

from __future__ import annotations

from typing import Any

import httpx

from bot.simulator import Simulator
from tests.support.visitor import Visitor

PUBLIC = "https://people.example"


class Traveller(Visitor):
    """A visitor who reaches the service by its public address: cookies are sent back as over HTTPS."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.headers["Host"] = "people.example"
        self.origin = PUBLIC
        self.kept: dict[str, str] = {}

    async def request(self, *arguments: Any, **options: Any) -> httpx.Response:
        self.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.kept.items())
        answer = await super().request(*arguments, **options)
        self.cookies.clear()
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.split(";")[0].partition("=")
            self.kept.pop(name, None)
            if "max-age=0" not in line.lower():
                self.kept[name] = value
        return answer

    async def sets_out(self) -> httpx.URL:
        """Follow the link on the page; where it leads at Slack."""
        answer = await self.get("/signin/slack")
        assert 303 == answer.status_code, answer.text
        return httpx.URL(answer.headers["location"])

    async def comes_back(self, address: str) -> httpx.Response:
        """Follow Slack's redirect."""
        return await self.get(httpx.URL(address).raw_path.decode())

    async def signs_in_as(self, slack: Simulator, user_id: str) -> httpx.Response:
        """All the way, agreeing at Slack."""
        asked = dict((await self.sets_out()).params)
        return await self.comes_back(slack.openid.consents(asked, user_id=user_id))
