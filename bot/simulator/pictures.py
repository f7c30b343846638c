"""Where pictures of people and emoji are drawn for whoever asks: no picture of anybody is stored."""

from collections.abc import Callable

from aiohttp import web

from bot.simulator import emoji, portraits
from bot.simulator.workspace import Workspace


class Pictures:
    """Draws for all workspaces of one simulator."""

    def __init__(self, workspaces: Callable[[], list[Workspace]]) -> None:
        self._workspaces = workspaces

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/faces/{id}.svg", self._handle_face),
            web.get("/avatars/{id}.svg", self._handle_avatar),
            web.get("/emoji/{name}.svg", self._handle_emoji),
        ]

    async def _handle_face(self, request: web.Request) -> web.Response:
        user_id, version = request.match_info["id"], request.query.get("v", "0")
        for workspace in self._workspaces():
            if person := workspace.crowd.person(user_id):
                return _svg(portraits.of_person(person, version=version))
        return web.Response(status=404)

    async def _handle_avatar(self, request: web.Request) -> web.Response:
        return _svg(portraits.default_avatar(request.match_info["id"]))

    async def _handle_emoji(self, request: web.Request) -> web.Response:
        drawn = emoji.drawing(request.match_info["name"])
        return _svg(drawn) if drawn else web.Response(status=404)


def _svg(drawing: str) -> web.Response:
    return web.Response(text=drawing, content_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
