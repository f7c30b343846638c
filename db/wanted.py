"""What is to be counted beside a list: a filter as a sight sees it, and the groups of values beside it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from db.countable import COLUMNS
from db.filters import TITLES, ZONES, FieldValue, UserFilter
from db.sight import Sight


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question of what is found, and of how many each value would find."""

    user_filter: UserFilter
    sight: Sight
    field_ids: tuple[str, ...] = ()
    longer: str = ""
    """The group of which more values are wanted: `TITLES`, `ZONES`, or the id of a custom field."""
    days: tuple[date, ...] = ()
    """Those of which it is wanted how many joined since."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of values that this sight may filter by."""
        seen = [name for name, column in ((TITLES, "title"), (ZONES, "tz")) if self.sight.sees(column)]
        return (*seen, *(field_id for field_id in self.field_ids if self.sight.sees_field(field_id)))

    def chosen(self, group: str) -> list[str]:
        """The values of a group that the filter names."""
        if group in COLUMNS:
            return sorted(self.user_filter.titles if group == TITLES else self.user_filter.zones)
        return sorted(each.value_key for each in self.user_filter.fields if each.field_id == group)

    def without(self, group: str) -> UserFilter:
        """The filter without one group of values."""
        return self._with(group, frozenset())

    def with_only(self, group: str, value: str) -> UserFilter:
        """The filter with one value of a group in the place of those it names."""
        return self._with(group, frozenset({value}))

    def _with(self, group: str, values: frozenset[str]) -> UserFilter:
        if group == TITLES:
            return replace(self.user_filter, titles=values)
        if group == ZONES:
            return replace(self.user_filter, zones=values)
        others = frozenset(each for each in self.user_filter.fields if each.field_id != group)
        return replace(self.user_filter, fields=others | {FieldValue(group, value) for value in values})
