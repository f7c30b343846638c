"""What one person's Home shows, gathered from table and memory through their sight; without a table, from memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.blocks.home import Part, Search, Small, Title
from bot.blocks.replies import Button, Press
from bot.command import found_words
from bot.command import words as command_words
from bot.command.condition import Condition
from bot.command.finder import Finder
from bot.command.invitation import LOCAL_HINT, Invitation
from bot.command.looking import looking
from bot.command.pressed import Deed
from bot.command.roles import Role, Roles, RoleUnknown, sight_for
from bot.command.terms import Terms
from bot.home import words
from bot.home.sheet import Sheet
from bot.home.upkeep import Upkeep
from db import Seen, Snapshot, Store
from db.errors import StoreError
from db.records import User

NEW_SHOWN = 5


class Contents:
    """Gathers what Homes show."""

    def __init__(
        self,
        store: Store,
        *,
        roles: Roles,
        invitation: Invitation,
        finder: Finder,
        upkeep: Upkeep,
        is_known: Callable[[str], bool],
        condition: Callable[[str], Condition],
        clock: Callable[[], datetime],
        terms: Terms,
    ) -> None:
        self._store = store
        self._roles = roles
        self._invitation = invitation
        self._finder = finder
        self._upkeep = upkeep
        self._is_known = is_known
        self._condition = condition
        self._clock = clock
        self._terms = terms

    async def make(self, sheet: Sheet) -> tuple[list[Part], bool]:
        """Gather one Home; tell whether it is an admin's. Whoever is nobody here is shown nothing of anybody."""
        viewer = sheet.viewer
        if not self._is_known(viewer.team_id):
            return [command_words.NOT_KNOWN], False
        try:
            role = await self._roles.find(viewer.team_id, viewer.user_id, is_enough=lambda role: role.is_active)
        except RoleUnknown as error:
            return [words.unsure(str(error)), *self._standing(viewer.team_id)], False
        if refusal := self._invitation.refusal(role):
            return [refusal], False
        try:
            async with looking(self._store) as rx:
                return await self._whole(rx, sheet, role), role.is_admin
        except StoreError as error:
            notes = [*sheet.note, words.away(error.plain)]
            return [*notes, *(self._standing(viewer.team_id, told=error.plain) if role.is_admin else [])], role.is_admin

    def _standing(self, team_id: str, *, told: str = "") -> list[Part]:
        """Tell what memory knows of how the directory runs, but for a reason that was told; it names nobody."""
        condition, now = self._condition(team_id), self._clock()
        return [
            command_words.freshness(condition, now),
            command_words.trouble(condition) if not told or told not in (condition.trouble or "") else "",
            command_words.last_read(condition, now),
            Small(words.as_of(now)),
        ]

    async def _whole(self, rx: Snapshot, sheet: Sheet, role: Role) -> list[Part]:
        team_id, now = sheet.viewer.team_id, self._clock()
        seen = Seen(rx, sight_for(role, team_id, self._terms.policy))
        condition = self._condition(team_id)
        return [
            Title(words.title(condition.workspace)),
            Search(Deed.SEARCH, sheet.sought),
            *(await self._found(seen, sheet) if sheet.sought else []),
            *self._door(),
            *([] if role.is_admin else sheet.note),
            Title(words.NEW),
            *await self._new(seen, now),
            *(await self._upkeep.parts(seen, sheet, condition) if role.is_admin else []),
            Small(words.as_of(now, version=self._terms.version if role.is_admin else "")),
        ]

    async def _found(self, seen: Seen, sheet: Sheet) -> list[Part]:
        found, now = await self._finder.look(seen, sheet.viewer.team_id, sheet.sought), self._clock()
        people = [
            words.found_person(each, now, base=self._terms.public_url, face=self._face(each)) for each in found.users
        ]
        more = found_words.more(found.rest) if found.rest else ""
        whole = Button("See them in the directory", found.url, "open_found", is_main=False) if found.url else None
        return [found.head, *people, more, *([(whole,)] if whole else [])]

    def _door(self) -> list[Part]:
        """The way into the directory: its address where that is enough, else a link made when it is asked for."""
        if address := self._terms.address():
            hint = LOCAL_HINT if self._terms.are_links_local else ""
            return [(Button("Open the directory", address, "open_directory", hint),)]
        return [(Press("Open the directory", Deed.OPEN, is_main=True),)]

    async def _new(self, seen: Seen, now: datetime) -> list[Part]:
        since = now - timedelta(days=words.NEW_DAYS)
        joined = await seen.latest.joined(since, limit=NEW_SHOWN)
        count = await seen.latest.count_joined(since)
        base = self._terms.public_url
        people: list[Part] = [words.newcomer(each, now, base=base, face=self._face(each)) for each in joined]
        more = words.more_new(count - len(joined), base=base)
        return [*(people or [words.NOBODY_NEW]), *([Small(more)] if more else [])]

    def _face(self, user: User) -> str:
        """Tell the address of a picture that they chose, if it may be shown; what is hidden is empty already."""
        picture = user.image_192 or user.image_72 or user.image_512 if user.is_custom_image else None
        return self._terms.shown_picture(picture)
