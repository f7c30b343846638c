"""Templates as pages: everything is escaped, and a name that a view forgot to hand in is an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from starlette.responses import HTMLResponse

from web.assets import Assets
from web.clocks import hours_attribute
from web.pictures import Pictures

FOLDER = Path(__file__).parent / "templates"
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
NO_PICTURES = Pictures(())


class _Unindented(jinja2.FileSystemLoader):
    """Indentation is for whoever writes a template; browsers need not be sent it."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_fresh = super().get_source(environment, template)
        return _INDENTATION.sub("", source), name, is_fresh


class Templates:
    """The templates of this package."""

    def __init__(self, assets: Assets, pictures: Pictures = NO_PICTURES) -> None:
        self._environment = jinja2.Environment(
            loader=_Unindented(FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(asset=assets.path, hours=hours_attribute())
        self._environment.filters["picture"] = pictures.shown

    def render(self, name: str, **values: Any) -> str:
        """Render to text."""
        return self._environment.get_template(name).render(values)

    def page(self, name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
        """Render to an answer."""
        return HTMLResponse(self.render(name, **values), status_code=status_code)
