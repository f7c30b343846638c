"""Templates as pages: everything is escaped, and a name that a view forgot to hand in is an error."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape
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


class _Direct(CodeGenerator):
    """Writes what a page does some thousand times in the way that takes Python least, and prints the same.

    What templates are handed are values of ours, of which they ask attributes alone; and what they print becomes a part
    of a text, of which nobody asks whether it was escaped. No template may turn escaping off.
    """

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - jinja's name
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:  # noqa: ARG002 - jinja's signature
        self.write("environment.escaped(")


def _escaped(value: object) -> str:
    """Escape a value; most need none, and to make a `Markup` of a name takes longer than to see that."""
    if type(value) is int:
        return str(value)
    if type(value) is not str or "&" in value or "<" in value or ">" in value or '"' in value or "'" in value:
        return escape(value)
    return value


class _Environment(jinja2.Environment):
    code_generator_class = _Direct
    escaped = staticmethod(_escaped)


class Templates:
    """The templates of this package."""

    def __init__(self, assets: Assets, pictures: Pictures = NO_PICTURES, *, folder: Path = FOLDER) -> None:
        written_by = zlib.crc32(Path(__file__).read_bytes())  # another generator writes another program
        kept = Compiled(folder, f"{version('jinja2')} escaped by {written_by:08x} {_WAY}")
        self._environment = _Environment(loader=_Inlined(folder), bytecode_cache=kept, autoescape=True, **_WAY)
        self._environment.globals.update(asset=assets.path, hours=hours_attribute())
        self._environment.filters["picture"] = pictures.shown
        self._pieces: WeakValueDictionary[bytes, Piece] = WeakValueDictionary()
        """By what is in them, as long as somebody keeps a page of them: what stands between is alike on most pages."""

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
        first, *rest = self.render(name, **values | places).split(f"<{mark}:")
        found: list[Piece | str] = [self._piece(first)]
        for each in rest:
            place, _, text = each.partition(">")
            found += (pieces.get(place, place), self._piece(text))
        return tuple(found)

    def _piece(self, text: str) -> Piece:
        """Give the same piece for the same text, so that it is compressed once."""
        piece = Piece(text)
        return self._pieces.setdefault(piece.plain, piece)

    def page(self, name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
        """Render to an answer."""
        return HTMLResponse(self.render(name, **values), status_code=status_code)
