"""A Home as a person sees it: opened, searched, pressed on, and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from bot.simulator.interactions import Interaction
from tests.support.block_kit import check_view
from tests.support.waiting import eventually

Json = dict[str, Any]


class Home:
    """One person's Home. Whatever is read of it, Slack would have taken."""

    def __init__(self, slack: Simulator, user: PretendUser) -> None:
        self.slack, self.user = slack, user

    @property
    def view(self) -> Json:
        """As it stands there now; empty before it was published."""
        view = self.slack.board.homes.get(self.user.id)
        return check_view(view) if view else {}

    @property
    def publications(self) -> int:
        """How often the app asked for it to be published, taken or not."""
        return len([each for each in self.slack.calls("views.publish") if each.args["user_id"] == self.user.id])

    @property
    def words(self) -> str:
        """Everything to be read on it."""
        return "\n".join(_words(self.view.get("blocks", [])))

    @property
    def types(self) -> set[str]:
        """Of its blocks and of what stands in them."""
        return set(_types(self.view.get("blocks", [])))

    @property
    def actions(self) -> list[str]:
        """What can be pressed, in order."""
        return [each["action_id"] for each in self._controls()]

    def control(self, action_id: str) -> Json:
        """The first that is called so; raises AssertionError where there is none."""
        found = next((each for each in self._controls() if each["action_id"] == action_id), None)
        assert found is not None, (action_id, self.actions)
        return found

    async def open(self, *words: str, within_s: float = 10) -> str:
        """Open the tab, and wait until it was published anew, with these words; tell what stands there."""
        return await self._after(lambda: self.slack.opens_home(self.user), words, within_s)

    async def search(self, typed: str | None, *words: str) -> str:
        """Type into the box, press Enter, and wait for the answer."""
        element = self.control("search_home")
        told = {"type": "plain_text_input", "value": typed}
        before = self._mark()
        pressed = await self.slack.presses(self.user, element["action_id"], view=self.view, **told)
        assert pressed.error is None
        return await self._told(before, words, 10)

    async def press(self, action_id: str, *words: str, within_s: float = 10, **more: Any) -> str:
        """Press a button that stands there, and wait for what follows."""
        before = self._mark()
        await self.only_press(action_id, **more)
        return await self._told(before, words, within_s)

    async def only_press(self, action_id: str, **more: Any) -> Interaction:
        """Press a button that stands there, and wait for the ack alone."""
        button = self.control(action_id)
        told = {"value": button.get("value", ""), **more}
        pressed = await self.slack.presses(self.user, action_id, view=self.view, **told)
        assert pressed.error is None
        return pressed

    async def reads(self, *words: str, within_s: float = 10) -> str:
        """Wait until all of these words stand there."""
        try:
            await eventually(lambda: all(each in self.words for each in words), within_s=within_s, of=f"{words}")
        except AssertionError as error:
            raise AssertionError(f"{words} did not all stand in: {self.words}") from error
        return self.words

    def _mark(self) -> str:
        return str(self.view.get("hash"))

    async def _after(self, act: Callable[[], object], words: tuple[str, ...], within_s: float) -> str:
        before = self._mark()
        act()
        return await self._told(before, words, within_s)

    async def _told(self, before: str, words: tuple[str, ...], within_s: float) -> str:
        await eventually(lambda: self._mark() != before, within_s=within_s, of="a Home published anew")
        return await self.reads(*words, within_s=within_s)

    def _controls(self) -> list[Json]:
        return [
            each
            for block in self.view.get("blocks", [])
            for each in [*block.get("elements", []), block.get("element"), block.get("accessory")]
            if isinstance(each, dict) and "action_id" in each
        ]


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        extra = [value[key] for key in ("caption", "initial_value") if isinstance(value.get(key), str)]
        return own + extra + [word for each in value.values() for word in _words(each)]
    return [word for each in value for word in _words(each)] if isinstance(value, list) else []


def _types(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["type"]] if isinstance(value.get("type"), str) else []
        return own + [each for inner in value.values() for each in _types(inner)]
    return [each for inner in value for each in _types(inner)] if isinstance(value, list) else []
