"""The paths of the page, and what is done at each; everything that changes something is a POST of this page."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from bot.simulator.page.blocks import blocks_of
from bot.simulator.page.cast import Cast, Role
from bot.simulator.page.controls import action, filled_in, pressed
from bot.simulator.page.frame import MOST_LETTERS, View, empty_page, page
from bot.simulator.page.guard import guarded
from bot.simulator.page.happenings import REFUSED_SECONDS, Happenings
from bot.simulator.page.regions import CLOSE, MODAL, Stage, home_of
from bot.simulator.page.talk import Talk, Turn
from bot.simulator.page.tree import as_json
from bot.simulator.slack import Simulator

Json = dict[str, Any]
Form = Mapping[str, Sequence[str]]

STATIC = Path(__file__).with_name("static")
COMMAND = "/usersync"
ANSWER_SECONDS = 2.0
"""How long a browser without script is kept waiting, so that the page it gets holds the answer already."""


class SlackPage:
    """The page of one simulator: make it before `start`, and close it before `stop`."""

    def __init__(self, sim: Simulator, *, refused_seconds: float = REFUSED_SECONDS) -> None:
        self._sim = sim
        self._cast = Cast(sim)
        self._talk = Talk(sim)
        self._happenings = Happenings(sim, refused_seconds=refused_seconds)
        self._stage = Stage(sim, self._cast, self._talk, self._happenings)
        self._cast.roles()  # before anything happens to anybody
        self._tasks: set[asyncio.Task[None]] = set()
        sim.serves(
            [
                web.get("/", guarded(self._handle_page)),
                web.get("/page/state", guarded(self._handle_state)),
                web.get("/page/{name:page\\.css|page\\.js|mark\\.svg}", guarded(_handle_static)),
                web.post("/page/type", guarded(self._handle_type)),
                web.post("/page/press", guarded(self._handle_press)),
                web.post("/page/home", guarded(self._handle_home)),
                web.post("/page/happen", guarded(self._handle_happen)),
            ]
        )

    @property
    def url(self) -> str:
        return f"{self._sim.url}/"

    def leads_to(self, directory: str) -> None:
        """Say where the directory is, so that the page can point to it; the address ends in a stroke."""
        self._stage.directory = directory

    async def close(self) -> None:
        """End what still waits for an answer, and let connections in again."""
        self._happenings.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _handle_page(self, request: web.Request) -> web.StreamResponse:
        roles = self._cast.roles()
        role = self._cast.find(request.query.get("as", "")) or next(iter(roles), None)
        if role is None:
            return web.Response(text=empty_page(), content_type="text/html")
        tab = _tab(request.query)
        view = View(
            role,
            tab,
            request.query.get("typed", "")[:MOST_LETTERS],
            self._sim.team_name,
            self._stage.directory,
            roles,
            self._happenings.people(),
        )
        return web.Response(text=page(view, self._stage.regions(role, tab=tab)), content_type="text/html")

    async def _handle_state(self, request: web.Request) -> web.StreamResponse:
        role = self._cast.find(request.query.get("as", ""))
        if role is None:
            return web.json_response({"error": "Nobody here has that id."}, status=404)
        regions = self._stage.regions(role, tab=_tab(request.query))
        live = {name: [as_json(each) for each in nodes] for name, nodes in regions.items()}
        return web.json_response({"live": live})

    async def _handle_type(self, request: web.Request) -> web.StreamResponse:
        form = await _form(request)
        role, typed = self._role(form), _first(form, "typed").strip()[:MOST_LETTERS]
        if role is None or not typed:
            return _refused(request, 400, "Nothing was typed, or by nobody who is here.")
        refusal = _why_not(typed)
        turn = self._talk.begins(role.user.id, typed, refusal=refusal)
        if not refusal:
            await self._wait_for(self._type(turn, role))
        return _done(request, role, "talk")

    async def _handle_press(self, request: web.Request) -> web.StreamResponse:
        form = await _form(request)
        role, place = self._role(form), _first(form, "place")
        if role is None:
            return _refused(request, 400, "Nobody here has that id.")
        if place == MODAL and _first(form, "press") == CLOSE:
            self._sim.board.close_modal(role.user.id)
            return _done(request, role, "home")
        view = self._view(role, place)
        entry = self._talk.find(role.user.id, place)
        message = view or (entry.message if entry else None)
        blocks = blocks_of(message or {})
        found = pressed(blocks, _first(form, "press"))
        if found is None:
            return _refused(request, 409, "That is not there any more: the app has written something else since.")
        block, element, option = found
        values = filled_in(blocks, form)
        told = action(block, element, option, values)
        shown = {**view, "state": {"values": values}} if view else None
        key = home_of(role) if view else place  # a modal stands before the Home
        await self._wait_for(self._press(role, key, str(element.get("action_id", "")), shown, told))
        return _done(request, role, "home" if view else "talk")

    def _view(self, role: Role, place: str) -> Json | None:
        board = self._sim.board
        views = {"home": board.homes, MODAL: board.open_modals}.get(place, {})
        return views.get(role.user.id)

    async def _handle_home(self, request: web.Request) -> web.StreamResponse:
        role = self._role(await _form(request))
        if role is None:
            return _refused(request, 400, "Nobody here has that id.")
        self._sim.opens_home(role.user)
        return _done(request, role, "home")

    async def _handle_happen(self, request: web.Request) -> web.StreamResponse:
        form = await _form(request)
        role, happening = self._role(form), self._happenings.find(_first(form, "happening"))
        if role is None or happening is None:
            return _refused(request, 404, "That cannot be made to happen here.")
        self._happenings.happen(happening)
        return _done(request, role, "home" if _first(form, "tab") == "home" else "talk")

    async def _type(self, turn: Turn, role: Role) -> None:
        turn.interaction = await self._sim.types(role.user, turn.typed)
        if not turn.interaction.error:
            with suppress(TimeoutError):
                await turn.interaction.answered(timeout=ANSWER_SECONDS)

    async def _press(self, role: Role, key: str, action_id: str, view: Json | None, told: Json) -> None:
        pressed = await self._sim.presses(role.user, action_id, view=view, **told)
        self._talk.presses_at(key, role.user.id, pressed)

    async def _wait_for(self, doing: Coroutine[Any, Any, None]) -> None:
        """Let it go on by itself, and wait for a moment: the answer is usually there within it."""
        task = asyncio.create_task(doing, name="pretend Slack, something typed or pressed")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait([task], timeout=ANSWER_SECONDS)

    def _role(self, form: Form) -> Role | None:
        return self._cast.find(_first(form, "as"))


async def _handle_static(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / request.match_info["name"])


async def _form(request: web.Request) -> Form:
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    return parse_qs(await request.text(), keep_blank_values=True, max_num_fields=200)


def _first(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _tab(query: Mapping[str, str]) -> str:
    return "home" if query.get("tab") == "home" else "talk"


def _why_not(typed: str) -> str:
    """What Slack says to what is no command of the app; empty for one that is."""
    word = typed.split()[0]
    if word == COMMAND:
        return ""
    if word.startswith("/"):
        return f"{word} is not a valid command here. The app has one: {COMMAND}."
    return f"Nobody reads what is merely said here. Begin with {COMMAND}."


def _wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _done(request: web.Request, role: Role, tab: str) -> web.StreamResponse:
    if _wants_json(request):
        return web.json_response({"ok": True})
    return web.Response(status=303, headers={"Location": f"/?{urlencode({'as': role.user.id, 'tab': tab})}"})


def _refused(request: web.Request, status: int, words: str) -> web.StreamResponse:
    if _wants_json(request):
        return web.json_response({"error": words}, status=status)
    return web.Response(status=status, text=words)
