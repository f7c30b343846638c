"""A visitor with a browser's manners: keeps cookies, tells where a form comes from, follows nothing by itself."""

from __future__ import annotations

import httpx

from bot.service import Service
from tests.support.html import read


class Visitor(httpx.AsyncClient):
    """Asks one directory; its jar holds what it was given."""

    def __init__(self, url: str) -> None:
        # Without connections that are kept there is nothing to close when a test ends.
        limits = httpx.Limits(max_keepalive_connections=0)
        super().__init__(base_url=url, trust_env=False, headers={"Accept": "text/html"}, limits=limits)
        self.origin = url.rstrip("/")

    async def opens(self, link: str) -> httpx.Response:
        """Open a link as it was printed, at the address where the service really is."""
        return await self.get(httpx.URL(link).raw_path.decode())

    async def confirms(self, page: httpx.Response, **headers: str) -> httpx.Response:
        """Press the button of a page that asks who signs in."""
        return await self.spends(read(page.text).one("input", name="token").attributes["value"], **headers)

    async def spends(self, token: str, **headers: str) -> httpx.Response:
        """Send the form with a token."""
        return await self.post("/signin", data={"token": token}, headers={"Origin": self.origin, **headers})

    async def signs_in(self, link: str) -> httpx.Response:
        """Open a link and press its button."""
        return await self.confirms(await self.opens(link))

    async def signs_out(self) -> httpx.Response:
        """Press the button in the bar."""
        return await self.post("/signout", headers={"Origin": self.origin})


def token_of(link: str) -> str:
    """Take the token out of a link."""
    return httpx.URL(link).params["token"]


async def a_link(service: Service, team_id: str, user_id: str) -> str:
    """Have a link made, as `/usersync open` does."""
    return await service.links.make(team_id, user_id)
