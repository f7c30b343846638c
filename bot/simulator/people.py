"""Invented people: the same seed and index always give the same person, and none of them exists."""

import random
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property

from bot.simulator import titles
from bot.simulator.names import BOTS, REGIONS, Region

NAMED_APART = 1000
"""So many of the first people get handles without a number; beyond, the index in the handle keeps it unique."""

HANDLE_LETTERS = str.maketrans(
    {
        "ł": "l",
        "Ł": "l",
        "ø": "o",
        "Ø": "o",
        "ß": "ss",
        "æ": "ae",
        "Æ": "ae",
        "þ": "th",
        "Þ": "th",
        "ð": "d",
        "đ": "d",
        "Đ": "d",
        "ı": "i",
    }
)


@dataclass(frozen=True)
class Status:
    """A custom status: its line, its emoji as `:name:`, and its code points in hexadecimal, if it has any."""

    text: str
    emoji: str
    unicode: str


@dataclass(frozen=True)
class Person:
    """What is true of one invented person before Slack words it."""

    index: int
    real_name: str
    given: str
    family: str
    handle: str
    display_name: str
    pronouns: str
    title: str
    phone: str
    zone: str
    locale: str
    skin: int
    hair: int
    has_face: bool
    is_drawn_soft: bool = False
    covers_hair: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_single_channel_guest: bool = False
    is_admin: bool = False
    is_deactivated: bool = False
    status: Status | None = None
    guest_days: int = 0
    age_seconds: int = 0


def ascii_handle(name: str) -> str:
    """`Łucja O'Brannagh` becomes `lucja.obrannagh`; a name without a Latin letter becomes empty."""
    plain = unicodedata.normalize("NFKD", name.translate(HANDLE_LETTERS)).encode("ascii", "ignore").decode()
    words = ("".join(letter for letter in word if letter.isalnum()) for word in plain.lower().split())
    return ".".join(word for word in words if word)


class People:
    """Everybody a seed can invent, by index from 0 up."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._weights = [region.weight for region in REGIONS]

    def person(self, index: int) -> Person:
        """The person at `index`; costs some tens of microseconds, so a page of a thousand is made on demand."""
        person = self._draw(index)
        if person.is_bot:
            return person
        return replace(person, handle=self._unique_handle(person))

    def plain(self, index: int, real_name: str | None) -> Person:
        """Somebody new: an active member without custom status, with the name given or an invented one."""
        drawn = self._draw(index, bot=False)
        if real_name is not None:
            given, _, family = real_name.partition(" ")
            drawn = replace(
                drawn,
                real_name=real_name,
                given=given,
                family=family,
                handle=ascii_handle(real_name) or "user",
                display_name="",
            )
        return replace(
            drawn,
            is_guest=False,
            is_single_channel_guest=False,
            is_admin=False,
            is_deactivated=False,
            status=None,
            guest_days=0,
        )

    def has_handle(self, handle: str) -> bool:
        """Whether one of the first people already goes by this handle."""
        return handle in self._first_handles

    def _unique_handle(self, person: Person) -> str:
        if person.index < NAMED_APART:
            return self._first_handles[person.index]
        return f"{person.handle}{person.index}"

    @cached_property
    def _first_handles(self) -> list[str]:
        taken: dict[str, int] = {}
        handles = []
        for index in range(NAMED_APART):
            handle = self._draw(index).handle
            taken[handle] = taken.get(handle, 0) + 1
            handles.append(handle if taken[handle] == 1 else f"{handle}{taken[handle]}")
        return handles

    def _draw(self, index: int, *, bot: bool | None = None) -> Person:
        # One stream a person: nobody's traits depend on who was asked for before.
        dice = random.Random(f"{self.seed}/{index}")
        if bot or (bot is None and index and dice.random() < 0.022):
            return _bot(dice, index)
        region = dice.choices(REGIONS, self._weights)[0]
        she = dice.random() < 0.5
        given, family, real_name, handle = _name(dice, region, she=she)
        title = "" if dice.random() < 0.06 else titles.title(dice)
        person = Person(
            index=index,
            real_name=real_name,
            given=given,
            family=family,
            handle=handle,
            display_name=_display_name(dice, given, real_name),
            pronouns=_pronouns(dice, she=she),
            title=title,
            phone=_phone(dice, region.phone) if dice.random() < 0.6 else "",
            zone=dice.choice(region.zones.split(";")),
            locale=region.locale if dice.random() < 0.6 else "en-US",
            skin=int(dice.choice(region.skin.split(";"))) if dice.random() < 0.9 else dice.randrange(8),
            hair=int(dice.choice(region.hair.split(";"))),
            has_face=dice.random() < 0.6,
            is_drawn_soft=she,
            covers_hair=she and dice.random() < region.scarves,
            age_seconds=dice.randrange(50_000_000),
        )
        return _circumstances(dice, person)


def _circumstances(dice: random.Random, person: Person) -> Person:
    """Guests, deactivated users, admins and custom statuses, each about as frequent as in a real workspace."""
    guest = dice.random() < 0.05
    gone = not guest and dice.random() < 0.045
    if person.index == 0:
        return replace(person, is_admin=True)
    return replace(
        person,
        is_guest=guest,
        is_single_channel_guest=guest and dice.random() < 0.5,
        guest_days=dice.randrange(30, 700) if guest and dice.random() < 0.5 else 0,
        is_deactivated=gone,
        is_admin=not guest and not gone and dice.random() < 0.02,
        status=_status(dice) if not gone and dice.random() < 0.42 else None,
    )


def _status(dice: random.Random) -> Status:
    return Status(*dice.choice(titles.STATUSES))


def _name(dice: random.Random, region: Region, *, she: bool) -> tuple[str, str, str, str]:
    """Given name, family name, the name as shown, and the handle made of its Latin spelling."""
    if region.mononyms and dice.random() < 0.4:
        only = dice.choice(region.mononyms.split(";"))
        return only, "", only, ascii_handle(only)
    given, _, given_native = dice.choice((region.she if she else region.he).split(";")).partition("/")
    family, _, family_native = dice.choice(region.family.split(";")).partition("/")
    handle = ascii_handle(f"{given} {family}")
    if given_native and family_native and dice.random() < 0.4:
        return given_native, family_native, region.native.format(given=given_native, family=family_native), handle
    if dice.random() < 0.03 and "-" not in family and " " not in family:
        family = f"{family}-{dice.choice(region.family.split(';')).partition('/')[0]}"
    return given, family, f"{given} {family}", handle


def _display_name(dice: random.Random, given: str, real_name: str) -> str:
    draw = dice.random()
    if draw < 0.5:
        return ""
    if draw < 0.72:
        return given
    if draw < 0.84:
        return given.lower()
    return real_name


def _pronouns(dice: random.Random, *, she: bool) -> str:
    draw = dice.random()
    if draw < 0.55:
        return ""
    if draw < 0.6:
        return "they/them"
    return "she/her" if she else "he/him"


def _phone(dice: random.Random, pattern: str) -> str:
    return "".join(str(dice.randrange(10)) if sign == "#" else sign for sign in pattern)


def _bot(dice: random.Random, index: int) -> Person:
    name, handle = dice.choice(BOTS)
    return Person(
        index=index,
        real_name=name,
        given=name,
        family="",
        handle=f"{handle}{index}",
        display_name="",
        pronouns="",
        title="",
        phone="",
        zone="America/Los_Angeles",
        locale="en-US",
        skin=0,
        hair=0,
        has_face=False,
        is_bot=True,
        age_seconds=dice.randrange(50_000_000),
    )
