"""The users of a workspace: up to a million made on demand; only those added or changed are kept in memory."""

import base64
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.simulator.clocks import SlackTime
from bot.simulator.payloads import Json, addressed, blank_user, in_event, picture_fields
from bot.simulator.people import People, Person
from bot.simulator.places import zone_fields

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ID_ROOM = 36**8
# Prime to 36, so that multiplying shuffles the ids without two of them meeting; the inverse leads back to the index.
ID_STRIDE = 1_234_567_890_127
ID_INVERSE = pow(ID_STRIDE, -1, ID_ROOM)

CROWD_EPOCH = 1_700_000_000
"""The crowd was last changed between this moment and some nineteen months later."""

BELONGS_TO_SLACK = "USLACKBOT"


@dataclass(frozen=True)
class BotUser:
    """The installed app as a user of the workspace."""

    id: str
    bot_id: str
    app_id: str


class PretendUser:
    """A user as seen now: it reads the workspace each time, so it never shows an old value."""

    def __init__(self, crowd: "Crowd", user_id: str) -> None:
        self._crowd = crowd
        self.id = user_id

    @property
    def team_id(self) -> str:
        return str(self.payload()["team_id"])

    @property
    def name(self) -> str:
        return str(self.payload()["name"])

    @property
    def real_name(self) -> str:
        return str(self.payload()["real_name"])

    @property
    def updated(self) -> int:
        return int(self.payload()["updated"])

    def payload(self) -> Json:
        """The full user object, with e-mail and locale; a copy."""
        return self._crowd.full(self.id)

    def __repr__(self) -> str:
        return f"<{self.real_name} {self.id}>"


class Crowd:
    """Slots 0 and 1 are USLACKBOT and the app's bot, then the crowd by index, then those who were added, in that order.

    `size` counts the crowd only. Users never change their slot, so a cursor keeps its meaning whoever joins or goes.
    """

    def __init__(
        self, *, team_id: str, size: int, seed: int, time: SlackTime, bot: BotUser, base_url: Callable[[], str]
    ) -> None:
        self.team_id = team_id
        self.size = size
        self._people = People(seed)
        self._time = time
        self._base_url = base_url
        self._made_before = time.second() - 60
        self._id_offset = seed * 7_919_000_003 % ID_ROOM
        self._kept: dict[str, Json] = {}
        self._added: list[str] = []
        self._added_people: dict[str, Person] = {}
        self._handles: set[str] = set()
        self._removed: set[str] = set()
        self._unlisted: set[str] = set()
        self._specials = [BELONGS_TO_SLACK, bot.id]
        self._kept[BELONGS_TO_SLACK] = self._slackbot()
        self._kept[bot.id] = self._own_bot(bot)

    @property
    def slots(self) -> int:
        return len(self._specials) + self.size + len(self._added)

    def id_at(self, index: int) -> str:
        """The id of the crowd's or the added user's index: always the same for one seed."""
        number = (index * ID_STRIDE + self._id_offset) % ID_ROOM
        letters = []
        for _ in range(8):
            number, digit = divmod(number, 36)
            letters.append(LETTERS[digit])
        return "U0" + "".join(reversed(letters))

    def index_of(self, user_id: str) -> int | None:
        """Where a user of the crowd stands, or None for anybody else."""
        if len(user_id) != 10 or not user_id.startswith("U0") or not set(user_id) <= set(LETTERS):
            return None
        index = (int(user_id[2:], 36) - self._id_offset) * ID_INVERSE % ID_ROOM
        return index if index < self.size else None

    def find(self, user_id: str) -> Json | None:
        """The full user object (not a copy if it is kept), or None if there is no such user (any more)."""
        if user_id in self._removed:
            return None
        if (kept := self._kept.get(user_id)) is not None:
            return kept
        index = self.index_of(user_id)
        return None if index is None else self._made(index)

    def full(self, user_id: str) -> Json:
        """A copy of the full user object with complete picture addresses; KeyError if there is no such user."""
        user = self.find(user_id)
        if user is None:
            raise KeyError(user_id)
        return addressed(in_event(copy.deepcopy(user)), self._base_url())

    def keep(self, user_id: str) -> Json:
        """The object to change: from now on this user is kept in memory. KeyError if there is no such user."""
        user = self.find(user_id)
        if user is None:
            raise KeyError(user_id)
        return self._kept.setdefault(user_id, user)

    def add(self, real_name: str | None, *, listed: bool = True) -> PretendUser:
        """Somebody new behind all others; not `listed` are people of other companies in shared channels."""
        index = self.size + len(self._added)
        person = self._people.plain(index, real_name)
        user_id = self.id_at(index)
        if person.handle in self._handles or self._people.has_handle(person.handle):
            person = replace(person, handle=f"{person.handle}{index}")
        self._handles.add(person.handle)
        self._kept[user_id] = blank_user(
            self.team_id, user_id, person, updated=self._time.second(), at=self._time.now()
        )
        self._added.append(user_id)
        self._added_people[user_id] = person
        if not listed:
            self._unlisted.add(user_id)
        return PretendUser(self, user_id)

    def remove(self, user_id: str) -> None:
        self.keep(user_id)
        self._removed.add(user_id)

    def person(self, user_id: str) -> Person | None:
        """Who is behind a user id, for the drawing of a portrait; None for nobody and for Slack's own bot."""
        if (added := self._added_people.get(user_id)) is not None:
            return added
        index = self.index_of(user_id)
        return None if index is None else self._people.person(index)

    def listed_from(self, slot: int) -> Iterator[tuple[int, Json]]:
        """Slot and full user object of everybody who is listed, from a slot on."""
        for position in range(slot, self.slots):
            user_id = self.at_slot(position)
            if user_id in self._removed or user_id in self._unlisted:
                continue
            user = self.find(user_id)
            if user is not None:
                yield position, addressed(user, self._base_url())

    def at_slot(self, slot: int) -> str:
        if slot < len(self._specials):
            return self._specials[slot]
        index = slot - len(self._specials)
        return self.id_at(index) if index < self.size else self._added[index - self.size]

    def _made(self, index: int) -> Json:
        person = self._people.person(index)
        user_id = self.id_at(index)
        updated = min(CROWD_EPOCH + person.age_seconds, self._made_before)
        user = blank_user(self.team_id, user_id, person, updated=updated, at=self._time.now())
        user["deleted"] = person.is_deactivated
        return user

    def _slackbot(self) -> Json:
        person = _machine("Slackbot", "slackbot")
        user = blank_user(self.team_id, BELONGS_TO_SLACK, person, updated=0, at=self._time.now())
        # Slack's own bot is no bot to the API, was never updated and lives in no time zone.
        user |= {"is_bot": False, "is_email_confirmed": False, **zone_fields(None, self._time.now())}
        user["profile"].pop("api_app_id")
        user["profile"].pop("bot_id")
        return user

    def _own_bot(self, bot: BotUser) -> Json:
        person = _machine("usersync", "usersync")
        user = blank_user(self.team_id, bot.id, person, updated=self._made_before, at=self._time.now())
        user["profile"] |= {"bot_id": bot.bot_id, "api_app_id": bot.app_id, **picture_fields(bot.id, face=None)}
        return user


def _machine(name: str, handle: str) -> Person:
    return Person(
        index=-1,
        real_name=name,
        given=name,
        family="",
        handle=handle,
        display_name=name,
        pronouns="",
        title="",
        phone="",
        zone="America/Los_Angeles",
        locale="en-US",
        skin=0,
        hair=0,
        has_face=False,
        is_bot=True,
    )


class Cursors:
    """The cursors that `users.list` has handed out: opaque to the caller, and good for a time only."""

    def __init__(self, time: SlackTime, *, lifetime_seconds: float) -> None:
        self._time = time
        self._lifetime_seconds = lifetime_seconds
        self._issued: dict[str, tuple[int, float]] = {}

    def issue(self, slot: int) -> str:
        cursor = base64.b64encode(f"user:{len(self._issued):04}:{slot:07}".encode()).decode()
        self._issued[cursor] = (slot, self._time.now())
        return cursor

    def slot(self, cursor: str) -> int | None:
        """Where the page of this cursor begins; None if it was never handed out or has expired."""
        slot, issued_at = self._issued.get(cursor, (None, 0.0))
        if slot is None or self._time.now() - issued_at > self._lifetime_seconds:
            return None
        return slot

    def expire(self) -> None:
        """Every cursor handed out so far is worthless from now on."""
        self._issued = dict.fromkeys(self._issued, (0, float("-inf")))
