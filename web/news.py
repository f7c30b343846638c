"""Changes as sentences of what just happened, for the strip and the stream. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from db.news import OWN
from db.records import STATUS_FIELDS, Change, User
from web.clocks import zone_of
from web.custom_status import read_status
from web.names import name_of

Mark = Literal["", "name", "new", "old"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence; what people wrote themselves is marked, so that a page can hold it apart."""

    text: str
    mark: Mark = ""


Sentence = tuple[Part, ...]
Values = Mapping[str, Any]

PICTURE = frozenset({"avatar_hash", "image_72", "image_192", "image_512", "image_1024", "image_original"})
RANKS = {"is_primary_owner": "the primary owner", "is_owner": "an owner", "is_admin": "an admin"}


def news_of(change: Change, user: User) -> Sentence | None:
    """Tell a change as something that just happened; None where nothing of it is worth a sentence.

    Bots and people of other companies have no news; their rows alone change.
    """
    if user.kind not in OWN:
        return None
    subject = Part(name_of(user), "name")
    if change.is_new_user:
        return (subject, Part(" joined" if user.joined_at else " is now in the directory"))
    told = list(_predicates(change, user))
    if not told:
        return None
    sentence: list[Part] = [subject, Part(" "), *told[0]]
    if len(told) > 1:
        sentence += [Part(", "), *told[1]] if len(told) > 2 else [Part(" and "), *told[1]]
    if len(told) > 2:
        sentence.append(Part(" and more"))
    return tuple(sentence)


def _predicates(change: Change, user: User) -> Iterator[Sentence]:
    """Yield what can be said, the weightiest first."""
    before, after = change.before, change.after
    for tell in (_stay, _name, _title, _rank):
        yield from tell(before, after)
    if {"status_text", "status_emoji"} & after.keys():
        # A change lists only what moved; the other half of the status is on the row.
        yield _status({field: after.get(field, getattr(user, field)) for field in STATUS_FIELDS})
    yield from _details(before, after)


def _stay(before: Values, after: Values) -> Iterator[Sentence]:
    if "deleted" in after and bool(before.get("deleted")) != bool(after["deleted"]):
        yield (Part("left" if after["deleted"] else "is back"),)
    elif "missing_since" in after:
        yield (Part("is no longer listed by Slack" if after["missing_since"] else "is listed by Slack again"),)
    if after.get("is_restricted") is not None and bool(before.get("is_restricted")) != bool(after["is_restricted"]):
        yield (Part("is now a guest" if after["is_restricted"] else "is now a member"),)


def _name(before: Values, after: Values) -> Iterator[Sentence]:
    if after.get("real_name"):
        was = before.get("real_name")
        yield (Part("is the new name of "), Part(was, "old")) if was else (Part("has a name now"),)
    if after.get("display_name"):
        yield (Part("now goes by "), Part(after["display_name"], "new"))


def _title(_before: Values, after: Values) -> Iterator[Sentence]:
    if "title" in after:
        title = after["title"]
        yield (Part("is now "), Part(title, "new")) if title else (Part("has no title any more"),)


def _rank(before: Values, after: Values) -> Iterator[Sentence]:
    for field, words in RANKS.items():
        if field in after and bool(before.get(field)) != bool(after[field]):
            yield (Part(f"is {'now' if after[field] else 'no longer'} {words}"),)
            return


def _status(values: Values) -> Sentence:
    status = read_status(values["status_emoji"], values["status_text"])
    return (Part("set a new status: "), Part(status.line, "new")) if status else (Part("cleared their status"),)


def _details(_before: Values, after: Values) -> Iterator[Sentence]:
    if PICTURE & after.keys():
        yield (Part("has a new picture" if after.get("is_custom_image", True) else "has no picture any more"),)
    if after.get("pronouns"):
        yield (Part("now uses "), Part(after["pronouns"], "new"))
    if city := city_of(after.get("tz")):
        yield (Part("is now on "), Part(city, "new"), Part(" time"))
    for field, words in (("email", "e-mail address"), ("phone", "phone number")):
        if after.get(field):
            yield (Part(f"has a new {words}"),)


def city_of(tz: str | None) -> str:
    """Return the city that a zone is named after; nothing for zones that name none."""
    zone = zone_of(tz)
    if zone is None or "/" not in zone.key or zone.key.startswith("Etc/"):
        return ""
    return zone.key.rpartition("/")[2].replace("_", " ")
