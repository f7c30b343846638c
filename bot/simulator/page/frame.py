"""The whole page in one sheet of HTML, complete without any script."""

from dataclasses import dataclass

from bot.simulator.page.cast import Role
from bot.simulator.page.happenings import Happening
from bot.simulator.page.mrkdwn import outward
from bot.simulator.page.regions import QUIET_PRESS, Regions, happens
from bot.simulator.page.tree import Element, Node, as_html, el

SUGGESTIONS = (
    "/usersync help",
    "/usersync status",
    "/usersync find anna",
    "/usersync open",
    "/usersync resync",
    "/usersync confirm",
    "/usersync changes 7d",
    "/usersync dead-letters",
    "/usersync alerts here",
)
MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class View:
    """What a request asks to see; `typed` stands in the box already."""

    role: Role
    tab: str
    typed: str
    workspace: str
    directory: str
    roles: list[Role]
    people: list[Happening]


def page(view: View, regions: Regions) -> str:
    """Write it for one request."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"Pretend Slack of {view.workspace}"),
        el("link", rel="icon", href="/page/mark.svg"),
        el("link", rel="stylesheet", href="/page/page.css"),
        el("script", src="/page/page.js", defer=True),
    )
    main = el("main", _lead(), el("div", *_sheets(view, regions), class_="columns"), id="main")
    body = el("body", el("a", "Skip to the conversation", href="#say", class_="skip"), _bar(view), main)
    return "<!doctype html>" + as_html([el("html", head, body, lang="en")])


def empty_page() -> str:
    """What is said in a workspace in which there is nobody to act as."""
    head = el("head", el("title", "Pretend Slack"), el("link", rel="stylesheet", href="/page/page.css"))
    words = el("main", el("h1", "A pretend Slack"), el("p", "Nobody is in this workspace, so nobody can type here."))
    return "<!doctype html>" + as_html([el("html", head, el("body", words), lang="en")])


def _bar(view: View) -> Element:
    mark = el("img", src="/page/mark.svg", alt="", width="24", height="24")
    brand = el("span", mark, el("bdi", view.workspace), el("span", "Pretend Slack", class_="badge"), class_="brand")
    directory = outward(view.directory, "The directory") if view.directory else None
    return el("header", el("div", brand, directory, class_="bar-in"), class_="bar")


def _lead() -> Element:
    return el(
        "div",
        el("h1", "A Slack to break with your own hands"),
        el(
            "p",
            "This is not Slack: it runs on your machine, everybody in it is invented, and nothing leaves it. Type what "
            "you would type in Slack, make something happen, and watch the directory follow.",
        ),
        class_="lead",
    )


def _slack(view: View, regions: Regions) -> Element:
    live = _home(view, regions["home"]) if view.tab == "home" else _talk(view, regions["talk"])
    title = el(
        "h2", "Home" if view.tab == "home" else "Conversation", class_="for-ear"
    )  # headers of blocks stand below
    modal = el("div", *regions["modal"], data_live="modal")
    return el("section", title, _act_as(view), _tabs(view), modal, live, class_="sheet slack")


def _act_as(view: View) -> Element:
    links = [
        el(
            "a",
            el("img", class_="face", src=role.face, alt="", width="28", height="28"),
            el("span", el("bdi", role.user.real_name), el("span", _part(role), class_="quiet")),
            href=f"/?as={role.user.id}&tab={view.tab}",
            aria_current="true" if role is view.role else None,
        )
        for role in view.roles
    ]
    return el("nav", el("span", "You act as", class_="label"), *links, aria_label="Whom you act as", class_="cast")


def _part(role: Role) -> str:
    return f"{role.part}, deactivated" if role.is_gone else role.part


def _tabs(view: View) -> Element:
    is_home = view.tab == "home"
    talk = el("a", "Conversation", href=f"/?as={view.role.user.id}", aria_current=None if is_home else "page")
    # Opening it tells the app, and what tells somebody something is no mere link.
    home = el("button", "Home", aria_current="page" if is_home else None)
    opens = el("form", _as(view), home, method="post", action="/page/home")
    return el("nav", talk, opens, aria_label="Tabs of the app", class_="tabs")


def _talk(view: View, entries: list[Element]) -> Element:
    log = el(
        "div",
        *entries,
        data_live="talk",
        role="log",
        aria_label="Conversation",
        tabindex="0",
        class_="talk",
    )
    box = el(
        "input",
        id="say",
        name="typed",
        value=view.typed or None,
        placeholder="/usersync help",
        list="suggestions",
        maxlength=str(MOST_LETTERS),
        autocomplete="off",
        autocapitalize="off",
        spellcheck="false",
        required=True,
    )
    form = el(
        "form",
        _as(view),
        el("label", "Type a command", for_="say"),
        el("div", box, el("button", "Send", class_="button button-main"), class_="say"),
        el("datalist", *(el("option", value=each) for each in SUGGESTIONS), id="suggestions"),
        method="post",
        action="/page/type",
        data_quiet="type",
        class_="composer",
    )
    return el("div", log, form)


def _home(view: View, blocks: list[Element]) -> Element:
    place = el("input", type="hidden", name="place", value="home")
    live = el("div", *blocks, data_live="home")
    return el("div", el("form", _as(view), place, live, **QUIET_PRESS), class_="home", id="say")


def _sheets(view: View, regions: Regions) -> list[Element]:
    return [_slack(view, regions), _make_happen(view, regions), _lately(regions["lately"])]


def _make_happen(view: View, regions: Regions) -> Element:
    form = el(
        "form",
        _as(view),
        el("input", type="hidden", name="tab", value=view.tab),
        el("div", *map(happens, view.people), class_="people"),
        el("div", *regions["troubles"], data_live="troubles", class_="troubles"),
        method="post",
        action="/page/happen",
        data_quiet="happen",
    )
    trouble = el("p", id="trouble", role="alert", hidden=True, class_="note")
    told = el("div", *regions["told"], data_live="told", role="status", class_="told")
    weather = el("ul", *regions["weather"], data_live="weather", aria_label="How this Slack is", class_="weather")
    title = el("h2", "Make something happen")
    return el("section", title, weather, told, trouble, form, class_="sheet happen")


def _lately(lines: list[Element]) -> Element:
    hint = el("p", "What the app asked of it, and what it sent the app, newest first.", class_="quiet")
    log = el("ol", *lines, data_live="lately", class_="lately")
    return el("section", el("h2", "What this Slack saw lately"), hint, log, class_="sheet saw")


def _as(view: View) -> Node:
    return el("input", type="hidden", name="as", value=view.role.user.id)
