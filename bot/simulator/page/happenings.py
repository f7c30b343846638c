"""What a newcomer can make happen, each told in a sentence with the place in the directory where it shows."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.simulator import titles
from bot.simulator.crowd import PretendUser
from bot.simulator.faults import Fault
from bot.simulator.slack import Simulator

Json = dict[str, Any]

REFUSED_SECONDS = 8.0
"""How long no new connection is let in after all were cut: long enough to be seen, short enough to wait for."""
LEAST_LOST = 60
"""A list that is short by fewer people would pass for people who left."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was done; where in the directory to look (a path without its first stroke); what to type next, if any."""

    words: str
    path: str = ""
    link: str = ""
    type_next: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One button."""

    name: str
    label: str
    act: Callable[[], Told]
    hint: str = ""


class Happenings:
    """Everything that can be made to happen to one pretend Slack."""

    def __init__(self, sim: Simulator, *, refused_seconds: float = REFUSED_SECONDS) -> None:
        self._sim = sim
        self._dice = random.Random()
        self._refused_seconds = refused_seconds
        self._let_in: asyncio.TimerHandle | None = None
        self._lost_page: Fault | None = None
        self.told: Told | None = None
        self.count = 0

    def people(self) -> list[Happening]:
        return [
            Happening("joins", "Someone joins", self._joins),
            Happening("title", "Someone changes title", self._gets_title),
            Happening("status", "Someone sets a status", self._sets_status),
            Happening("leaves", "Someone leaves", self._leaves),
        ]

    def troubles(self) -> list[Happening]:
        return [
            Happening("drop", "Drop the sockets", self._drop, "Cuts every connection, and lets none in for a moment."),
            self._token_button(),
            Happening(
                "page",
                "Lose page 2 of the next pass",
                self._lose_page,
                "The list comes short by a third, and nobody vanishes.",
            ),
            Happening(
                "unreadable", "Send an unreadable event", self._send_unreadable, "A change whose profile is no profile."
            ),
        ]

    def find(self, name: str) -> Happening | None:
        return next((each for each in (*self.people(), *self.troubles()) if each.name == name), None)

    def happen(self, happening: Happening) -> Told:
        self.count += 1
        self.told = happening.act()
        return self.told

    @property
    def is_page_lost_next(self) -> bool:
        return self._lost_page is not None and (self._lost_page.times or 0) > 0

    def close(self) -> None:
        if self._let_in is not None:
            self._let_in.cancel()
            self._accept()

    def _token_button(self) -> Happening:
        if self._sim.is_revoked:
            return Happening("token", "Give the token back", self._give_token, "Every call works again.")
        return Happening("token", "Revoke the token", self._revoke, "Every call of the app is refused.")

    def _joins(self) -> Told:
        user = self._sim.joins()
        return Told(f"{user.real_name} joined.", self._profile(user), "Open their page in the directory")

    def _gets_title(self) -> Told:
        user = self._sim.anyone(self._dice)
        if user is None:
            return _NOBODY
        old = user.payload()["profile"]["title"]
        new = next(title for _ in range(100) if (title := titles.title(self._dice)) != old)
        self._sim.changes(user, title=new)
        return Told(f"{user.real_name} is now {new}.", self._profile(user), "Open their page in the directory")

    def _sets_status(self) -> Told:
        user = self._sim.anyone(self._dice)
        if user is None:
            return _NOBODY
        text, emoji, _ = self._dice.choice([each for each in titles.STATUSES if each[0]])
        self._sim.changes(user, status_text=text, status_emoji=emoji, status_expiration=0)
        return Told(f"{user.real_name} set a status: {text}.", self._profile(user), "Open their page in the directory")

    def _leaves(self) -> Told:
        user = self._sim.anyone(self._dice)
        if user is None:
            return _NOBODY
        self._sim.deactivates(user)
        return Told(f"{user.real_name} left, and is deactivated.", self._profile(user), "See how the directory says so")

    def _drop(self) -> Told:
        count = self._sim.sockets
        self._sim.refuses_sockets()
        self._sim.drops_sockets()
        if self._let_in is not None:
            self._let_in.cancel()
        self._let_in = asyncio.get_running_loop().call_later(self._refused_seconds, self._accept)
        cut = "1 connection was" if count == 1 else f"{count} connections were"
        return Told(
            f"{cut} cut, and none is let in for {self._refused_seconds:g} seconds. The directory says so at its top, "
            "and #alerts here; once it is back, it reads what it may have missed.",
            "",
            "Watch the directory",
            "/usersync status",
        )

    def _revoke(self) -> Told:
        self._sim.revokes_token()
        return Told(
            "The app's token is worth nothing now: every call is refused, and who changes is still told. The next run "
            "fails, and the directory keeps everybody. No alert can be posted here either; an address outside Slack "
            "would hear of it.",
            "",
            "Watch the directory",
            "/usersync resync",
        )

    def _give_token(self) -> Told:
        self._sim.gives_token_back()
        return Told("The token works again; the app tries by itself before long.", "", "Watch the directory")

    def _lose_page(self) -> Told:
        if not self.is_page_lost_next:
            # Without smaller pages there would be no second one.
            self._sim.page_limit = min(self._sim.page_limit, max(LEAST_LOST, self._sim.crowd.slots // 3))
            self._lost_page = self._sim.faults.fail("users.list", after=1, alter=_without_people)
        return Told(
            "The second page of the next pass will come without its people. Start a pass as the owner: it is held, and "
            "nobody is hidden; #alerts says so. One more reads the whole list again.",
            "runs",
            "See the runs",
            "/usersync resync",
        )

    def _send_unreadable(self) -> Told:
        user = {"id": self._sim.crowd.id_at(0), "profile": "this is no profile", "updated": self._sim.time.second()}
        self._sim.sends({"type": "user_change", "user": user, "event_ts": self._sim.time.stamp()})
        return Told(
            "A change was sent whose profile is no profile. It is put aside, with the reason, and #alerts says so.",
            "dead-letters",
            "See what was put aside",
            "/usersync status",
        )

    def _accept(self) -> None:
        self._let_in = None
        self._sim.accepts_sockets()

    def _profile(self, user: PretendUser) -> str:
        return f"users/{self._sim.team_id}/{user.id}"


_NOBODY = Told("Nobody is left to whom that could happen.")


def _without_people(answer: Json) -> Json:
    return {**answer, "members": []}
