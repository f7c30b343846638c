"""The filters as a page shows them: groups of links with counts, chips that take one back, and words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from db.filters import COUNTED_TO, FIXED, TITLES, ZONES, Counts, CustomField, FieldValue, UserFilter, ValueCount
from db.sight import COLUMN_OF
from web.news import city_of
from web.query import DEFAULT, KINDS, LACKS, SPANS, STATES, link
from web.words import counted, day, number, people, up_to

SEARCHED = frozenset(
    {"real_name", "display_name", "first_name", "last_name", "name", "title", "email", "phone", "fields"}
)
"""What a search looks at."""

Value = TypeVar("Value", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter group: a link that adds it or takes it away."""

    label: str
    count: str
    href: str
    is_chosen: bool
    is_empty: bool
    words: str = ""
    """What following the link does, where the figure alone does not say it."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the filter rail, and the link to more of its values, where there are more."""

    label: str
    choices: tuple[Choice, ...]
    more: str = ""
    more_href: str = ""
    others: str = ""
    """How many more there are than even the long group shows, and how they are found."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A group that narrows differently from the default view, and the link that takes it back."""

    group: str
    values: str
    href: str


@dataclass(frozen=True, slots=True)
class Rail:
    """What the filters of one page are made of."""

    user_filter: UserFilter
    counts: Counts
    today: date
    """In UTC, as `joined_since` is meant."""
    custom_fields: Sequence[CustomField] = ()
    """Those that the reader may see, in the order of the setting."""
    longer: str = ""
    """The group that shows many of its values."""
    joined: Mapping[date, int] = field(default_factory=dict)
    """How many would be found of those who joined since each day that is offered."""

    def groups(self) -> tuple[Group, ...]:
        """Lay out the groups; one of which nothing is known, and nothing chosen, is left out."""
        found = [self._kinds(), self._states(), *map(self._custom, self.custom_fields)]
        found += [self._titles(), self._zones(), self._joined(), self._lacks()]
        return tuple(group for group in found if group.choices)

    def chips(self) -> tuple[Chip, ...]:
        """Name what narrows differently from the default, which itself shows no chip."""
        asked = self.user_filter
        found: list[tuple[str, str, UserFilter]] = []
        if asked.kinds != DEFAULT.kinds:
            found.append(("Kind", _words(asked.kinds, KINDS), replace(asked, kinds=DEFAULT.kinds)))
        if asked.states != DEFAULT.states:
            found.append(("State", _words(asked.states, STATES), replace(asked, states=DEFAULT.states)))
        found += [
            (field.label, self._labels(values, self.counts.fields.get(field.field_id, ())), without)
            for field in self.custom_fields
            if (values := self._chosen_of(field.field_id))
            for without in (self._with_field(field.field_id, frozenset()),)
        ]
        if asked.titles:
            words = self._labels(asked.titles, self.counts.titles)
            found.append(("Title", words, replace(asked, titles=frozenset())))
        if asked.zones:
            words = ", ".join(city_of(zone) or zone for zone in sorted(asked.zones))
            found.append(("Time zone", words, replace(asked, zones=frozenset())))
        if asked.joined_since:
            words = f"since {day(asked.joined_since, self.today)}"
            found.append(("Joined", words, replace(asked, joined_since=None)))
        if asked.lacks:
            found.append(("Missing details", _words(asked.lacks, LACKS), replace(asked, lacks=frozenset())))
        return tuple(Chip(group, words, link(to)) for group, words, to in found)

    def _kinds(self) -> Group:
        chosen, counts = self.user_filter.kinds, self.counts.kinds
        to = {kind: replace(self.user_filter, kinds=(chosen ^ {kind}) or DEFAULT.kinds) for kind in KINDS}
        choices = (
            self._choice(FIXED, KINDS[kind], counts.get(kind, 0), kind in chosen, to[kind], adds=True) for kind in KINDS
        )
        return Group("Kind", tuple(choices))

    def _states(self) -> Group:
        chosen, counts = self.user_filter.states, self.counts.states
        to = {state: replace(self.user_filter, states=(chosen ^ {state}) or DEFAULT.states) for state in STATES}
        choices = (
            self._choice(FIXED, STATES[each], counts.get(each, 0), each in chosen, to[each], adds=True)
            for each in STATES
        )
        return Group("State", tuple(choices))

    def _lacks(self) -> Group:
        chosen, counts = self.user_filter.lacks, self.counts.lacks
        told = [lack for lack in LACKS if lack in counts]
        to = {lack: replace(self.user_filter, lacks=chosen ^ {lack}) for lack in told}
        choices = (self._choice(FIXED, LACKS[lack], counts[lack], lack in chosen, to[lack]) for lack in told)
        return Group("Missing details", tuple(choices))

    def _joined(self) -> Group:
        """Offer spans of days: each takes the place of another."""
        chosen = self.user_filter.joined_since
        return Group("Joined", tuple(
            Choice(label, up_to(self.joined.get(since, 0)),
                   link(replace(self.user_filter, joined_since=None if since == chosen else since)),
                   is_chosen=since == chosen, is_empty=not self.joined.get(since))
            for label, since in spans(self.today).items()
        ))  # fmt: skip

    def _titles(self) -> Group:
        chosen = self.user_filter.titles
        others = [
            _ValueLink(each, replace(self.user_filter, titles=chosen ^ {each.key})) for each in self.counts.titles
        ]
        return self._of_values("Title", "title", TITLES, chosen, others)

    def _zones(self) -> Group:
        chosen = self.user_filter.zones
        named = (replace(each, label=city_of(each.key) or each.key) for each in self.counts.zones)
        others = [_ValueLink(each, replace(self.user_filter, zones=chosen ^ {each.key})) for each in named]
        return self._of_values("Time zone", "zone", ZONES, chosen, others)

    def _custom(self, field: CustomField) -> Group:
        chosen = self._chosen_of(field.field_id)
        others = [
            _ValueLink(each, self._with_field(field.field_id, chosen ^ {each.key}))
            for each in self.counts.fields.get(field.field_id, ())
        ]
        return self._of_values(field.label, field.field_id, field.field_id, chosen, others)

    def _of_values(
        self, label: str, name: str, key: str, chosen: frozenset[str], values: Sequence[_ValueLink]
    ) -> Group:
        choices = tuple(
            self._choice(key, each.value.label, each.value.count, each.value.key in chosen, each.to, adds=bool(chosen))
            for each in values
        )
        more = self.counts.more.get(key, 0)
        if key == self.longer:
            others = f"and {counted(more, 'other')}: type to search" if more else ""
            return Group(label, choices, "Fewer", link(self.user_filter), others)
        return (
            Group(label, choices, f"{number(more)} more", link(self.user_filter, more=name))
            if more
            else Group(label, choices)
        )

    def _choice(
        self, key: str, label: str, count: int, is_chosen: bool, to: UserFilter, *, adds: bool = False
    ) -> Choice:
        """Make the link; a figure that is the least there can be is written so.

        `adds` says that others of its group are chosen: their people stay, and the figure is of those who come.
        """
        is_least = key in self.counts.least and 0 < count <= COUNTED_TO
        figure, words = up_to(count) + "+" * is_least, f"{'at least ' * is_least}{people(count)}"
        if is_chosen:
            words = f"{words[:1].upper()}{words[1:]}; click to leave out"
        elif adds:
            figure, words = f"+{figure}" if count else figure, f"Adds {words}"
        else:
            words = ""
        return Choice(label, figure, link(to), is_chosen=is_chosen, is_empty=count == 0, words=words)

    def _chosen_of(self, field_id: str) -> frozenset[str]:
        return frozenset(each.value_key for each in self.user_filter.fields if each.field_id == field_id)

    def _with_field(self, field_id: str, value_keys: frozenset[str]) -> UserFilter:
        others = frozenset(each for each in self.user_filter.fields if each.field_id != field_id)
        return replace(self.user_filter, fields=others | {FieldValue(field_id, each) for each in value_keys})

    @staticmethod
    def _labels(keys: Iterable[str], values: Sequence[ValueCount]) -> str:
        labels = {each.key: each.label for each in values}
        return ", ".join(labels.get(key, key) for key in sorted(keys))


@dataclass(frozen=True, slots=True)
class _ValueLink:
    """A value that is offered, and the filter that adds it or takes it away."""

    value: ValueCount
    to: UserFilter


def asked_columns(user_filter: UserFilter) -> frozenset[str]:
    """Name the columns of which a change may take somebody out of what this filter finds, or move them within it.

    Kinds, states and the names by which a list is ordered are not among them: a row bears those itself.
    """
    asked = {COLUMN_OF[lack] for lack in user_filter.lacks}
    asked |= {"title"} if user_filter.titles else set()
    asked |= {"tz"} if user_filter.zones else set()
    asked |= {"fields"} if user_filter.fields else set()
    return frozenset(asked | (SEARCHED if user_filter.q else set()))


def spans(today: date) -> dict[str, date]:
    """Name the days since when somebody may have joined that are offered."""
    return {f"Last {days} days": today - timedelta(days=days) for days in SPANS.values()}


def described(user_filter: UserFilter) -> str:
    """Say in words among whom this filter looks: "active members and guests"."""
    states = _words(user_filter.states, STATES, " or ")
    words = f"{states} {_words(user_filter.kinds, KINDS, ' and ').replace('external', 'external people')}"
    further = sum(map(bool, (user_filter.titles, user_filter.zones, user_filter.joined_since, user_filter.lacks)))
    further += len({each.field_id for each in user_filter.fields})
    if not further:
        return words
    return f"{words} whom {'the other filter finds' if further == 1 else 'the other filters find'}"


def _words(values: frozenset[Value], known: Mapping[Value, str], glue: str = ", ") -> str:
    return glue.join(label.lower() for value, label in known.items() if value in values)
