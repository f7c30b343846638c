"""What templates print: the same as Jinja by itself would, and a name that is not there is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

from db.records import State
from web.assets import Assets
from web.pieces import Piece
from web.templating import Templates

ODD = ("plain", "", "Ann & Bob", "<b>", "5 > 4", '"quoted"', "O'Brien", "漢字", 7, 0, True, None, 1.5, State.ACTIVE)


class Text(str):
    """A text of a kind of its own."""


class Page:
    """Something that says itself how it stands on a page."""

    def __html__(self) -> str:
        return "<i>as it says</i>"


@dataclass(frozen=True)
class Named:
    """Something with a name."""

    name: object


Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def rendered(source: str, **values: object) -> str:
        (tmp_path / "page.html").write_text(source)
        return Templates(Assets(), folder=tmp_path).render("page.html", **values)

    return rendered


@pytest.mark.parametrize("value", [*ODD, Text("<b>"), Page(), Markup("<i>as it is</i>")])
def test_what_is_printed_is_escaped_as_jinja_escapes_it(render: Render, value: object) -> None:
    source = "{{ each.name }}|{{ value }}|{{ value ~ each.name }}|{% set again %}{{ value }}{% endset %}{{ again }}"
    by_jinja = jinja2.Environment(autoescape=True).from_string(source).render(value=value, each=Named(value))
    assert render(source, value=value, each=Named(value)) == by_jinja


@pytest.mark.parametrize("source", ["{{ forgotten }}", "{{ forgotten.name }}", "{% if forgotten %}{% endif %}"])
def test_a_name_that_was_not_handed_in_is_an_error(render: Render, source: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render(source)


def test_an_attribute_that_is_not_there_is_an_error(render: Render) -> None:
    with pytest.raises(AttributeError):
        render("{{ each.nme }}", each=Named("x"))


def test_what_stands_between_is_the_same_piece_as_long_as_a_page_has_it() -> None:
    templates = Templates(Assets())
    first, second = (templates.printed("icons.html", pieces={}, spots=()) for _ in range(2))
    assert isinstance(first[0], Piece)
    assert first[0] is second[0]
