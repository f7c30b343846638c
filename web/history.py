"""Changes as sentences of what was, for the history of one person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from db.filters import CustomField
from db.records import Change, User
from web.facts import People, said_in, values_of
from web.news import PICTURE, RANKS, Part, Sentence, Values, city_of

_LABELS = {
    "real_name": "Name",
    "display_name": "Display name",
    "title": "Title",
    "pronouns": "Pronouns",
    "email": "E-mail",
    "phone": "Phone",
    "name": "Slack name",
    "start_date": "Start date",
    "tz": "Time zone",
}
_UNSEEN = "somebody who is not shown here"


def history_of(
    change: Change, user: User, *, workspace: str, marked: Iterable[CustomField] = (), people: People | None = None
) -> tuple[Sentence, ...]:
    """Tell a change as history, a sentence for each field; empty where it holds nothing that people ask about.

    Of the custom fields only the `marked` ones are told, under their labels; `people` are those whom they name.
    """
    if change.is_new_user:
        words = "Joined " if user.joined_at else "First seen in "
        return ((Part(words), Part(workspace, "new")),)
    return (*_stay(change, workspace), *_kind(change.before, change.after), *_fields(change, marked, people or {}))


def _stay(change: Change, workspace: str) -> Iterator[Sentence]:
    if _is_other(change.before, change.after, "deleted"):
        yield (Part("Left " if change.after["deleted"] else "Came back to "), Part(workspace, "new"))
    if "missing_since" in change.after:
        yield (Part("No longer listed by Slack" if change.after["missing_since"] else "Listed by Slack again"),)


def _kind(before: Values, after: Values) -> Iterator[Sentence]:
    """Tell of kinds and ranks: Slack says a guest of one channel to be a guest as well."""
    if places := [each for each in ("is_stranger", "is_external") if _is_other(before, after, each)]:
        is_elsewhere = any(after[each] for each in places)
        yield (Part("Now belongs to another workspace" if is_elsewhere else "No longer belongs to another workspace"),)
    if _is_other(before, after, "is_bot"):
        yield (Part("Became a bot" if after["is_bot"] else "No longer a bot"),)
    is_of_one = _is_other(before, after, "is_ultra_restricted")
    if is_of_one and after["is_ultra_restricted"]:
        yield (Part("Became a guest of one channel"),)
    elif _is_other(before, after, "is_restricted"):
        yield (Part("Became a guest" if after["is_restricted"] else "Became a full member"),)
    elif is_of_one:
        yield (Part("No longer a guest of one channel alone"),)
    for field, words in RANKS.items():
        if _is_other(before, after, field):
            yield (Part(f"{'Became' if after[field] else 'No longer'} {words}"),)
            return


def _fields(change: Change, marked: Iterable[CustomField], people: People) -> Iterator[Sentence]:
    before, after = change.before, change.after
    for name, label in _LABELS.items():
        if name in after and (old := before.get(name) or "") != (new := after[name] or ""):
            yield _difference(label, _worded(name, old), _worded(name, new))
    for field in marked if "fields" in after else ():
        was, now = (_field_words(change.team_id, values, field, people) for values in (before, after))
        if was != now:
            yield _difference(field.label, was, now)
    if PICTURE & after.keys():
        yield (Part("New picture"),)


def _field_words(team_id: str, values: Values, field: CustomField, people: People) -> str:
    said = values.get("fields")
    words = ", ".join(each.text for each in values_of(team_id, said, field, people))
    return words or (_UNSEEN if said_in(said, field, "value") else "")


def _difference(label: str, old: str, new: str) -> Sentence:
    if not old:
        return (Part(f"{label} set to "), Part(new, "new"))
    if not new:
        return (Part(f"{label} removed, it was "), Part(old, "old"))
    return (Part(f"{label} changed from "), Part(old, "old"), Part(" to "), Part(new, "new"))


def _worded(field: str, value: str) -> str:
    return city_of(value) or value if field == "tz" else value


def _is_other(before: Values, after: Values, field: str) -> bool:
    """Say whether a flag has turned; one that Slack had never told, and tells as False, has not."""
    return field in after and bool(before.get(field)) != bool(after[field])
