"""What viewers chose for their browser: list or cards, colours, keys of one letter; cookies, for it needs no script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.address import Address
from web.cookies import Cookie
from web.forms import read_form
from web.returning import is_local

KEPT = timedelta(days=365)
SHAPE, THEME, KEYS = "view", "theme", "keys"
"""The names of the fields of a form, and of the parameter of an address."""


class Shape(StrEnum):
    """How the people are laid out."""

    LIST = "list"
    CARDS = "cards"


class Theme(StrEnum):
    """In which colours; the system's own are the default."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Keys(StrEnum):
    """Whether keys of one letter do anything (WCAG 2.1.4)."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Choices:
    """What one browser keeps; the defaults where it keeps nothing."""

    shape: Shape = Shape.LIST
    theme: Theme = Theme.SYSTEM
    keys: Keys = Keys.ON

    @property
    def own_theme(self) -> str:
        """The theme where it is not the system's, else nothing."""
        return "" if self.theme is Theme.SYSTEM else self.theme.value


Choice = TypeVar("Choice", bound=StrEnum)


class Chooser:
    """Reads choices, and lets browsers keep them."""

    def __init__(self, address: Address) -> None:
        public_url = address.url if address.is_https else None
        self._cookies = {name: Cookie(f"usersync_{name}", public_url=public_url) for name in (SHAPE, THEME, KEYS)}

    def of(self, request: Request) -> Choices:
        """Tell what holds for a request: what its address asks for, else what its browser keeps."""
        kept = {name: cookie.read(request) for name, cookie in self._cookies.items()}
        return Choices(
            shape=asked_shape(request) or _one_of(Shape, kept[SHAPE]) or Shape.LIST,
            theme=_one_of(Theme, kept[THEME]) or Theme.SYSTEM,
            keys=_one_of(Keys, kept[KEYS]) or Keys.ON,
        )

    def keep_shape(self, request: Request, answer: Response) -> None:
        """Let the browser keep the layout that the address asks for, if it asks for one."""
        if shape := asked_shape(request):
            self._cookies[SHAPE].keep(answer, shape.value, KEPT)

    async def choose(self, request: Request) -> Response:
        """Take a form of the viewer's menu, and lead back to its page; what does not exist is passed over."""
        form = await read_form(request)
        answer = RedirectResponse(_came_from(request), status_code=303)
        for name, known in ((SHAPE, Shape), (THEME, Theme), (KEYS, Keys)):
            if value := _one_of(known, form.get(name, "")):
                self._cookies[name].keep(answer, value.value, KEPT)
        return answer


def asked_shape(request: Request) -> Shape | None:
    """Return the layout that an address asks for; None where it asks for none that exists."""
    return _one_of(Shape, request.query_params.get(SHAPE, ""))


def _one_of(known: type[Choice], text: str) -> Choice | None:
    return known(text) if text in set(known) else None


def _came_from(request: Request) -> str:
    """Return the page that the form stood on; browsers tell it to its own house. Origins has looked at who sent it."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    place = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return place if is_local(place) else "/"
