"""What can be pressed or filled in within blocks: drawn as controls of a form, and read back from what it sends."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.simulator.page.mrkdwn import Reader, is_safe, outward
from bot.simulator.page.tree import Element, Node, el

Json = dict[str, Any]

LINES = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
CHOICES = frozenset({"static_select", "radio_buttons", "checkboxes"})


def controls_of(block: Json) -> list[Json]:
    """The elements of a block that may be controls, in order."""
    found = block.get("elements") or [block.get("accessory") or block.get("element")]
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def is_control(element: Json) -> bool:
    """Whether it can be pressed or filled in."""
    return element.get("type") in {"button", "overflow", *LINES, *CHOICES}


def control(element: Json, place: str, reader: Reader, *, label: str = "") -> Element:
    """Draw one; `place` is where it stands, `label` what the block around it is called."""
    kind = element.get("type")
    words = label or text_in(element.get("placeholder")) or "Choose"
    if kind == "button":
        return _button(element, place, reader)
    if kind == "overflow":
        rows = [_press(f"{place}-{number}", element, option, reader) for number, option in enumerate(options(element))]
        return el("details", el("summary", "More"), el("div", *rows, class_="more"), class_="overflow")
    if kind in LINES:
        return _line(element, place, words)
    if kind == "static_select":
        chosen = value_of(_dict(element.get("initial_option")))
        rows = [
            el("option", text_in(each.get("text")), value=value_of(each), selected=value_of(each) == chosen)
            for each in options(element)
        ]
        field = el("select", *rows, name=f"in-{place}", aria_label=words)
        return el("span", field, _go("Choose", place, element), class_="field")
    if kind in ("radio_buttons", "checkboxes"):
        return _boxes(element, place, words)
    return el("span", f"{words} (a {kind} of Slack, not drawn here)", class_="quiet")


def pressed(blocks: Sequence[Json], press: str) -> tuple[Json, Json, int | None] | None:
    """Find what a press means: block, element, and which option of it; None where it stands there no more."""
    place, _, action_id = press.partition(":")
    numbers = place.split("-")
    if len(numbers) not in (2, 3) or not all(each.isascii() and each.isdecimal() for each in numbers):
        return None
    block_at, element_at, *option = map(int, numbers)
    if block_at >= len(blocks) or element_at >= len(found := controls_of(blocks[block_at])):
        return None
    element = found[element_at]
    if element.get("action_id", "") != action_id or not is_control(element):
        return None
    block = {"block_id": block_id(blocks[block_at], block_at), **blocks[block_at]}
    return block, element, option[0] if option else None


def block_id(block: Json, position: int) -> str:
    """Slack makes one up where an app gave none."""
    return str(block.get("block_id") or f"block{position}")


def action(block: Json, element: Json, option: int | None, values: Json) -> Json:
    """The action that Slack tells the app of, but for its id."""
    told: Json = {key: element[key] for key in ("type", "text", "value") if key in element}
    told |= {"block_id": block["block_id"]}
    if option is not None and option < len(options(element)):
        told["selected_option"] = options(element)[option]
    filled: Json = values.get(block["block_id"], {}).get(element.get("action_id"), {})
    return told | filled


def filled_in(blocks: Sequence[Json], form: Mapping[str, Sequence[str]]) -> Json:
    """`state.values` of a view: what stands in each field, by block and action."""
    values: dict[str, Json] = {}
    for at, block in enumerate(blocks):
        for number, element in enumerate(controls_of(block)):
            kind, name = element.get("type"), f"in-{at}-{number}"
            if kind not in LINES | CHOICES:
                continue
            told = _filled(element, form.get(name, []))
            values.setdefault(block_id(block, at), {})[str(element.get("action_id", ""))] = {"type": kind, **told}
    return values


def options(element: Json) -> list[Json]:
    """What can be chosen, whatever group it is in."""
    groups = element.get("option_groups") or [element]
    found = [option for group in groups if isinstance(group, dict) for option in group.get("options") or []]
    return [each for each in found if isinstance(each, dict)]


def text_in(composition: object) -> str:
    """The words of a text object, as they are written."""
    return str(_dict(composition).get("text") or "")


def value_of(option: Json) -> str:
    """What an option stands for."""
    return str(option.get("value") or "")


def _filled(element: Json, said: Sequence[str]) -> Json:
    if element.get("type") in LINES:
        return {"value": said[0] if said and said[0] else None}
    chosen = [each for each in options(element) if value_of(each) in said]
    if element.get("type") == "checkboxes":
        return {"selected_options": chosen}
    return {"selected_option": chosen[0] if chosen else None}


def _button(element: Json, place: str, reader: Reader) -> Element:
    style = {"primary": " button-main", "danger": " button-bad"}.get(str(element.get("style")), "")
    words = reader.plain(text_in(element.get("text")))
    url, press = str(element.get("url") or ""), f"{place}:{element.get('action_id', '')}"
    if is_safe(url):
        return outward(url, *words, class_=f"button{style}", data_press=press)
    if question := _dict(element.get("confirm")):
        return _asks(question, words, press, style, reader)
    return el("button", *words, name="press", value=press, class_=f"button{style}")


def _asks(question: Json, words: list[Node], press: str, style: str, reader: Reader) -> Element:
    """A button that asks before it tells the app; whoever does not mean it closes it again."""
    title, yes = reader.plain(text_in(question.get("title"))), reader.plain(text_in(question.get("confirm")) or "Yes")
    tone = " button-bad" if question.get("style") == "danger" else " button-main"
    answer = el("button", *yes, name="press", value=press, class_=f"button{tone}")
    said = el("div", el("strong", *title), *reader.mrkdwn(text_in(question.get("text"))), answer, class_="question")
    return el("details", el("summary", *words, class_=f"button{style}"), said, class_="asks")


def _press(place: str, element: Json, option: Json, reader: Reader) -> Element:
    words = reader.plain(text_in(option.get("text")))
    url, press = str(option.get("url") or ""), f"{place}:{element.get('action_id', '')}"
    if is_safe(url):
        return outward(url, *words, class_="button", data_press=press)
    return el("button", *words, name="press", value=press, class_="button")


def _go(words: str, place: str, element: Json) -> Element:
    return el("button", words, name="press", value=f"{place}:{element.get('action_id', '')}", class_="button")


def _line(element: Json, place: str, label: str) -> Element:
    """A field for words; where the app hears of Enter, a button says the same."""
    shared = {"name": f"in-{place}", "aria_label": label, "autocomplete": "off"}
    value, hint = str(element.get("initial_value") or ""), text_in(element.get("placeholder")) or None
    if element.get("multiline"):
        field = el("textarea", value, rows="3", placeholder=hint, **shared)
    else:
        field = el("input", value=value, placeholder=hint, **shared)
    hears = bool(element.get("dispatch_action_config")) or bool(element.get("action_id"))
    return el("span", field, _go("Enter", place, element) if hears else None, class_="field")


def _boxes(element: Json, place: str, label: str) -> Element:
    kind = "checkbox" if element.get("type") == "checkboxes" else "radio"
    rows: list[Node] = [
        el("label", el("input", type=kind, name=f"in-{place}", value=value_of(each)), f" {text_in(each.get('text'))}")
        for each in options(element)
    ]
    return el("fieldset", el("legend", label), *rows, _go("Choose", place, element), class_="boxes")


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}
