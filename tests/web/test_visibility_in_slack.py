"""Who sees what in Slack: for each audience, each field and each surface, as in the browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import Store, set_hidden
from db.filters import CustomField
from db.records import DeadLetter, Source
from db.visibility import Audience, Policy
from tests.web.conftest import TEAM, Clock, Slack
from tests.web.slack_surfaces import CHANNEL_READERS, SURFACES, VIEWERS, a_desk, everything_told, searched
from tests.web.test_visibility import CUSTOM, FORMS, GONE, holding, is_for, of_everything, plant, turned, whose

FIELDS = (CustomField(CUSTOM, "Zxlabelled"),)
IN_SLACK = {**FORMS, "tz": (*FORMS["tz"], ":27 there"), "picture": (*FORMS["picture"], '"image"')}
"""Also the clock of somebody in Pacific/Chatham, and any picture at all."""
SHOWN = {
    **dict.fromkeys(VIEWERS, frozenset({"title", "tz", "picture", CUSTOM})),
    CHANNEL_READERS: frozenset({"title", CUSTOM}),
}
"""What of somebody there is room for in Slack."""


async def plant_more(slack: Slack, clock: Clock) -> None:
    """Let there be somebody new, and somebody who has moved, too."""
    await slack.says("UGUEST", real_name="Gus", is_restricted=True)
    await slack.says("UNEW", real_name="Newly Known", joined=True, **of_everything())
    await slack.says("UMOVED", real_name="Mo Moved", title="Before", fields={CUSTOM: {"value": "Before", "alt": ""}})
    clock.passes(seconds=1)
    moved = {"title": "Zxtitle", "fields": {CUSTOM: {"value": "zxcustom", "alt": ""}}}
    await slack.says("UMOVED", **moved)


@pytest.mark.parametrize("turn", range(len(Audience)))
async def test_a_field_is_told_to_its_audience_and_nobody_else_on_any_surface_in_slack(
    store: Store, clock: Clock, slack: Slack, turn: int
) -> None:
    audiences = turned(turn)
    await plant(slack, clock)
    await plant_more(slack, clock)
    async with a_desk(store, clock, Policy(audiences), FIELDS) as desk:
        told = await everything_told(desk)

    for viewer, texts in told.items():
        for field, forms in IN_SLACK.items():
            found = holding(texts, forms)
            is_shown = field in SHOWN[viewer] and is_for(viewer, whose(field, audiences))
            assert bool(found) == is_shown, (viewer, field, found)


async def test_every_surface_in_slack_shows_somebody(store: Store, clock: Clock, slack: Slack) -> None:
    await plant(slack, clock)
    await plant_more(slack, clock)
    letter = DeadLetter(0, "a key", TEAM, "UNEW", "its tz is no text", "{}", Source.EVENT, clock())
    async with store.transaction() as tx:
        await tx.dead_letters.put_aside(letter)
    async with a_desk(store, clock, Policy(), FIELDS) as desk:
        told = await everything_told(desk)

    admins = {surface for surface, text in told["an admin"].items() if "Known" in text}
    assert SURFACES.keys() - {"/usersync status"} == admins, "the status tells of nobody"
    assert "Newly Known" in told[CHANNEL_READERS]["the digest"]


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize(("field", "q"), [("title", "Zxtitle"), ("email", "zxemail"), ("phone", "351919191919")])
async def test_a_search_in_slack_by_what_one_may_not_see_finds_nobody(
    store: Store, clock: Clock, slack: Slack, field: str, q: str, audience: Audience
) -> None:
    await plant(slack, clock)
    await slack.says("UGUEST", real_name="Gus", is_restricted=True)
    async with a_desk(store, clock, Policy({field: audience}), FIELDS) as desk:
        for viewer, user_id in VIEWERS.items():
            for text in await searched(desk, user_id, q):
                assert is_for(viewer, audience) == ("Wholly Known" in text), (viewer, text)


async def test_contact_data_of_whom_is_gone_are_searched_by_admins_alone_in_slack_too(
    store: Store, clock: Clock, slack: Slack
) -> None:
    await plant(slack, clock)
    await slack.says("UGUEST", real_name="Gus", is_restricted=True)
    async with a_desk(store, clock, Policy(), FIELDS) as desk:
        for viewer, user_id in VIEWERS.items():
            for q in GONE:
                for text in await searched(desk, user_id, q):
                    assert (viewer == "an admin") == ("Gary Gone" in text), (viewer, text)


async def test_a_protected_person_leaves_no_trace_in_slack(store: Store, clock: Clock, slack: Slack) -> None:
    await plant(slack, clock)
    await plant_more(slack, clock)
    planted_at, looked_at = clock.now, clock.now + timedelta(minutes=5)
    async with a_desk(store, clock, Policy(), FIELDS) as desk:
        clock.now = looked_at
        before = await everything_told(desk)
        clock.now = planted_at
        await slack.says("UZXNEW", real_name="Known Zxhidden", joined=True, title="Zxold", is_custom_image=True)
        await slack.says("UZXGONE", real_name="Known Zxgone", title="Zxold")
        clock.passes(seconds=1)
        await slack.says("UZXNEW", title="Zxhigher")
        await slack.says("UZXGONE", deleted=True)
        await hide(store, clock, is_hidden=True)
        letter = DeadLetter(0, "a key", TEAM, "UZXNEW", "its tz is no text", "{}", Source.EVENT, clock())
        async with store.transaction() as tx:
            await tx.dead_letters.put_aside(letter)
        clock.now = looked_at
        after = await everything_told(desk)
        mentioned = [text for user_id in VIEWERS.values() for text in await searched(desk, user_id, "<@UZXNEW>")]
        await hide(store, clock, is_hidden=False)
        unhidden = await everything_told(desk)

    assert before == after, "no name, and no count either"
    assert [] == [text for text in mentioned for form in ("Zxhidden", "Zxhigher", "Zxold") if form in text]
    for viewer, texts in unhidden.items():
        is_nobodys = {"the Home, with somebody mentioned", "/usersync find, somebody mentioned"}
        moved = {surface for surface, text in texts.items() if text != before[viewer][surface]}
        assert texts.keys() - is_nobodys - moved <= {"/usersync dead-letters"}, "all this would have told of them"


async def hide(store: Store, clock: Clock, *, is_hidden: bool) -> None:
    async with store.transaction() as tx:
        for user_id in ("UZXNEW", "UZXGONE"):
            assert await set_hidden(tx, TEAM, user_id, is_hidden=is_hidden, now=clock())
