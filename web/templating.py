"""Templates as pages: everything is escaped, and a name that a view forgot to hand in is an error."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse

from web.assets import Assets
from web.clocks import hours_attribute
from web.kept import Compiled
from web.pictures import Pictures
from web.pieces import Piece

FOLDER = Path(__file__).parent / "templates"
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_INCLUDE = re.compile(r'\{%(-?)\s*include\s+"([^"]+)"\s*(-?)%\}')
_WAY: dict[str, Any] = {
    "undefined": jinja2.StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "auto_reload": False,
}
NO_PICTURES = Pictures(())
Pieces = tuple[Piece | str, ...]


class _Inlined(jinja2.FileSystemLoader):
    """Indentation is for whoever writes a template; browsers need not be sent it.

    What a template includes by its name becomes a part of it: to include it while a page is rendered takes longer than
    to render it, and a row of the list includes five.
    """

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_fresh = super().get_source(environment, template)

        def inlined(include: re.Match[str]) -> str:
            text = self.get_source(environment, include[2])[0].removesuffix("\n")
            return f"{{%{include[1]} if true %}}{text}{{% endif {include[3]}%}}"

        return _INCLUDE.sub(inlined, _INDENTATION.sub("", source)), name, is_fresh


class Templates:
    """The templates of this package."""

    def __init__(self, assets: Assets, pictures: Pictures = NO_PICTURES) -> None:
        kept = Compiled(FOLDER, f"{version('jinja2')} escaped {_WAY}")
        self._environment = jinja2.Environment(loader=_Inlined(FOLDER), bytecode_cache=kept, autoescape=True, **_WAY)
        self._environment.globals.update(asset=assets.path, hours=hours_attribute())
        self._environment.filters["picture"] = pictures.shown

    def compile_all(self) -> None:
        """Compile every template, so that no start has to, if they can be kept."""
        for name in self._environment.list_templates(extensions=["html"]):
            self._environment.get_template(name)

    def render(self, name: str, **values: Any) -> str:
        """Render to text."""
        return self._environment.get_template(name).render(values)

    def part(self, name: str, **values: Any) -> Markup:
        """Render a part of a page, which its template prints as it is."""
        return Markup(self.render(name, **values))  # noqa: S704  # nosec B704 - a template has escaped what is in it

    def printed(self, name: str, *, pieces: Mapping[str, Piece], spots: Collection[str], **values: Any) -> Pieces:
        """Render to pieces: those that were made before, what stands between, and the spots that are yet to be filled.

        Nobody can have written the marks by which they are told apart: they are of this rendering.
        """
        mark = secrets.token_hex(8)
        places = {each: Markup(f"<{mark}:{each}>") for each in (*pieces, *spots)}  # noqa: S704  # nosec B704 - names
        found = re.split(f"<{mark}:([a-z_]+)>", self.render(name, **values | places))
        return tuple(pieces.get(each, each) if at % 2 else Piece(each) for at, each in enumerate(found))

    def page(self, name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
        """Render to an answer."""
        return HTMLResponse(self.render(name, **values), status_code=status_code)
