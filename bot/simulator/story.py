"""The demo's story: an ordinary company's day, told without end through the same verbs that the tests use."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.simulator import titles
from bot.simulator.crowd import PretendUser
from bot.simulator.opening import opening
from bot.simulator.workspace import Workspace

ROOM_TO_GROW = 0.05
"""How far joining and leaving may drift apart, as a share of the crowd: the place neither empties nor overflows."""

STATUS_SECONDS = (1800, 3600, 7200, 4 * 3600, 0)


async def tell(
    sim: Workspace,
    *,
    rng: random.Random,
    sleep: Callable[[float], Awaitable[object]],
    pace: float = 4.0,
) -> None:
    """Let something happen every `pace` seconds or so, for ever; ends by cancellation only. The opening is quicker."""
    for act in opening(sim, rng):
        await sleep(rng.uniform(0.4, 1.6) * pace / 4)
        act()
    story = Story(sim, rng)
    while True:
        await sleep(rng.uniform(0.4, 1.6) * pace)
        story.goes_on()


@dataclass
class Story:
    """What has happened so far, as far as it matters for what may happen next."""

    sim: Workspace
    rng: random.Random
    balance: int = 0
    wearers: list[PretendUser] = field(default_factory=list)
    leavers: list[PretendUser] = field(default_factory=list)
    faces: int = 0

    def goes_on(self) -> None:
        """One thing happens, statuses and titles most often."""
        chances: dict[Callable[[], None], int] = {
            self.sets_status: 38,
            self.clears_status: 18,
            self.gets_title: 14,
            self.joins: 6,
            self.leaves: 5,
            self.comes_back: 1,
            self.changes_picture: 4,
            self.changes_display_name: 3,
            self.changes_pronouns: 2,
            self.moves: 3,
            self.marries: 1,
        }
        self.rng.choices(list(chances), list(chances.values()))[0]()

    def sets_status(self) -> None:
        if user := self.sim.anyone(self.rng):
            text, emoji, _ = self.rng.choice(titles.STATUSES)
            seconds = self.rng.choice(STATUS_SECONDS)
            expiration = self.sim.time.second() + seconds if seconds else 0
            self.sim.changes(user, status_text=text, status_emoji=emoji, status_expiration=expiration)
            self.wearers.append(user)

    def clears_status(self) -> None:
        """Mostly who set one in this story; sometimes anybody, who may then have had none, as in life."""
        user = self.wearers.pop(0) if self.wearers else self.sim.anyone(self.rng)
        if user and not user.payload()["deleted"]:
            self.sim.changes(user, status_text="", status_emoji="", status_expiration=0)

    def gets_title(self) -> None:
        if user := self.sim.anyone(self.rng):
            self.sim.changes(user, title=titles.title(self.rng))

    def joins(self) -> None:
        if self.balance < self._room():
            self.balance += 1
            self.sim.joins()

    def leaves(self) -> None:
        user = self.sim.anyone(self.rng)
        if user and self.balance > -self._room():
            self.balance -= 1
            self.leavers.append(user)
            self.sim.deactivates(user)

    def comes_back(self) -> None:
        if self.leavers and self.balance < self._room():
            self.balance += 1
            self.sim.reactivates(self.leavers.pop())

    def changes_picture(self) -> None:
        if user := self.sim.anyone(self.rng):
            self.faces += 1
            self.sim.changes(user, face=self.faces)

    def changes_display_name(self) -> None:
        if user := self.sim.anyone(self.rng):
            given = str(user.payload()["profile"]["first_name"])
            self.sim.changes(user, display_name=self.rng.choice(("", given, given.lower(), user.real_name)))

    def changes_pronouns(self) -> None:
        if user := self.sim.anyone(self.rng):
            self.sim.changes(user, pronouns=self.rng.choice(("she/her", "he/him", "they/them", "")))

    def moves(self) -> None:
        """To another office, for good or for a while: the time zone changes."""
        if user := self.sim.anyone(self.rng):
            office = self.rng.choice(("Europe/Lisbon", "America/New_York", "Asia/Singapore", "Europe/Berlin"))
            self.sim.changes(user, tz=office)

    def marries(self) -> None:
        """Two people share a family name from now on."""
        one, other = self.sim.anyone(self.rng), self.sim.anyone(self.rng)
        if one and other and one.id != other.id:
            family = str(other.payload()["profile"]["last_name"])
            given = str(one.payload()["profile"]["first_name"])
            if family and given:
                self.sim.changes(one, real_name=f"{given} {family}")

    def _room(self) -> int:
        return max(5, int(self.sim.crowd.size * ROOM_TO_GROW))
