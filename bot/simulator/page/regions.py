"""The parts of the page that change by themselves, as elements; a browser writes anew only what has changed."""

from datetime import UTC, datetime

from bot.simulator.page.blocks import blocks_of, drawn, shown
from bot.simulator.page.cast import Cast, Role
from bot.simulator.page.controls import text_in
from bot.simulator.page.happenings import Happening, Happenings, Told
from bot.simulator.page.lately import Line, ago, lately
from bot.simulator.page.mrkdwn import Reader, outward
from bot.simulator.page.talk import NOT_ANSWERED, Entry, Talk
from bot.simulator.page.tree import Element, Node, el, keyed
from bot.simulator.slack import Simulator

Regions = dict[str, list[Element]]


class Stage:
    """Everything that is to be seen, for the person whom one acts as. `directory` is its address, with a last `/`."""

    def __init__(self, sim: Simulator, cast: Cast, talk: Talk, happenings: Happenings) -> None:
        self._sim = sim
        self._cast = cast
        self._talk = talk
        self._happenings = happenings
        self.directory = ""

    @property
    def reader(self) -> Reader:
        return Reader(self._name_of, self._sim.url)

    def _name_of(self, some_id: str) -> str:
        known = self._sim.channels.name_of(some_id)
        return known if known != some_id else self._cast.name_of(some_id)

    def regions(self, role: Role, *, tab: str) -> Regions:
        """By name, each a list of named elements."""
        main = {"home": self._home(role)} if tab == "home" else {"talk": self._conversation(role)}
        return {
            **main,
            "modal": self._modal(role),
            "told": self._told(role, tab),
            "weather": self._weather(),
            "troubles": [keyed(each.name, trouble(each)) for each in self._happenings.troubles()],
            "lately": self._lately(),
        }

    def _conversation(self, role: Role) -> list[Element]:
        entries = self._talk.seen_by(role.user.id)
        if not entries:
            words = "Nothing has been said yet. Send /usersync help to see what can be asked."
            return [keyed("empty", el("p", words, class_="empty"))]
        return [keyed(entry.key, self._entry(entry, role)) for entry in entries]

    def _entry(self, entry: Entry, role: Role) -> Element:
        at = datetime.fromtimestamp(entry.at, UTC).astimezone()
        when = el("time", f"{at:%H:%M:%S}", datetime=at.isoformat(timespec="seconds"))
        if entry.message is None:
            face = el("img", class_="face", src=role.face, alt="", width="36", height="36")
            who = el("p", el("bdi", role.user.real_name), when, class_="who")
            return el("article", face, el("div", who, el("p", entry.typed, class_="typed"), *_notes(entry)))
        face = el("img", class_="face", src="/page/mark.svg", alt="", width="36", height="36")
        who = el("p", el("span", "usersync"), el("span", "App", class_="badge"), when, class_="who")
        said = el("form", *_hidden(role.user.id, entry.key), *shown(entry.message, self.reader), **QUIET_PRESS)
        where = entry.where or "Only visible to you"
        seen_by = el("p", f"{where} · edited" if "edited" in entry.message else where, class_="seen-by")
        return el("article", face, el("div", seen_by, who, said, *_notes(entry)), class_="of-app")

    def _home(self, role: Role) -> list[Element]:
        view = self._sim.board.homes.get(role.user.id)
        if view is None or not blocks_of(view):
            return [keyed("empty", el("p", "The app has published nothing here.", class_="empty"))]
        note = (
            [keyed("note", el("p", NOT_ANSWERED, class_="note"))]
            if self._talk.is_unanswered(home_of(role), role.user.id)
            else []
        )
        return [*note, *drawn(blocks_of(view), self.reader)]

    def _modal(self, role: Role) -> list[Element]:
        view = self._sim.board.open_modals.get(role.user.id)
        if view is None:
            return []
        title = text_in(view.get("title"))
        close = el("button", text_in(view.get("close")) or "Close", name="press", value=CLOSE, class_="button")
        head = el("div", el("h3", title, class_="b-header"), close, class_="modal-head")
        body = [head, *drawn(blocks_of(view), self.reader)]
        form = el("form", *_hidden(role.user.id, MODAL), *body, **QUIET_PRESS)
        return [keyed(str(view["id"]), el("div", form, role="dialog", aria_label=title, class_="modal"))]

    def _told(self, role: Role, tab: str) -> list[Element]:
        told = self._happenings.told
        if told is None:
            return []
        return [keyed(f"{self._happenings.count}", self._sentence(told, role, tab))]

    def _sentence(self, told: Told, role: Role, tab: str) -> Element:
        look = outward(f"{self.directory}{told.path}", told.link) if self.directory and told.link else None
        there = f"/?as={role.user.id}&tab=talk&typed={told.type_next.replace(' ', '+')}"
        attrs = {"data_type": told.type_next} if tab == "talk" else {}
        then = el("a", f"Type {told.type_next}", href=there, **attrs) if told.type_next else None
        pieces: list[Node] = [told.words, *(piece for each in (look, then) if each for piece in (" ", each))]
        return el("p", *pieces)

    def _weather(self) -> list[Element]:
        sim, count = self._sim, self._sim.sockets
        marks = [
            _mark("sockets", f"{count} connection{'' if count == 1 else 's'}", is_well=count > 0),
            _mark("token", "Token revoked" if sim.is_revoked else "Token good", is_well=not sim.is_revoked),
        ]
        if self._happenings.is_page_lost_next:
            marks.append(_mark("page", "Page 2 will be lost", is_well=False))
        return marks

    def _lately(self) -> list[Element]:
        now = self._sim.time.now()
        lines = [keyed(line.key, _line(line, now)) for line in lately(self._sim)]
        return lines or [keyed("empty", el("li", "Nothing yet.", class_="quiet"))]


MODAL, CLOSE = "modal", "close"
QUIET_PRESS = {"method": "post", "action": "/page/press", "class_": "blocks", "data_quiet": "press"}


def home_of(role: Role) -> str:
    """What presses in somebody's Home are kept under."""
    return f"home.{role.user.id}"


def trouble(happening: Happening) -> Element:
    """One trouble, with what it will do."""
    hint = el("span", happening.hint, class_="quiet", id=f"hint-{happening.name}")
    return el("div", happens(happening, described_by=f"hint-{happening.name}"), hint, class_="trouble")


def happens(happening: Happening, *, described_by: str | None = None) -> Element:
    """The button of one happening."""
    attrs = {"name": "happening", "value": happening.name, "id": f"happening-{happening.name}", "class_": "button"}
    return el("button", happening.label, aria_describedby=described_by, **attrs)


def _hidden(user_id: str, place: str) -> list[Node]:
    return [
        el("input", type="hidden", name="as", value=user_id),
        el("input", type="hidden", name="place", value=place),
    ]


def _notes(entry: Entry) -> list[Element]:
    notes = [el("p", entry.note, class_="note")] if entry.note else []
    return [*notes, el("p", "Sent; waiting for the answer …", class_="quiet")] if entry.is_pending else notes


def _mark(key: str, words: str, *, is_well: bool) -> Element:
    return keyed(key, el("li", words, class_="mark-well" if is_well else "mark-ill"))


def _line(line: Line, now: float) -> Element:
    whom = el("bdi", line.whom) if line.whom else None
    way = el("span", "Asked" if line.way == "call" else "Sent", class_="way")
    times = el("span", f"{line.times} times", class_="quiet") if line.times > 1 else None
    became = el("span", line.outcome, class_=f"became-{line.tone}")
    return el(
        "li",
        way,
        el("span", el("code", line.what), whom, times, class_="what"),
        became,
        el("span", ago(now - line.at), class_="quiet"),
    )
