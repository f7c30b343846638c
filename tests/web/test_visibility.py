"""Who sees what: for each audience, each field and each surface, what is not for somebody is nowhere to be found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

import web
from db import Store
from db.records import DeadLetter, Source, Workspace
from db.visibility import FIELDS, Audience, Policy
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from tests.web.surfaces import EVERYBODY, STREAMS, SURFACES, VIEWERS, Place, come_in, here, until
from tests.web.test_door import a_door

CUSTOM = "XfZXCUSTOM"
PLANTED: Mapping[str, dict[str, Any]] = {
    "title": {"title": "Zxtitle"},
    "email": {"email": "zxemail@planted.example", "is_email_confirmed": True},
    "phone": {"phone": "+351 919 191 919"},
    "pronouns": {"pronouns": "zxpronouns"},
    "start_date": {"start_date": "2019-08-17"},
    "tz": {"tz": "Pacific/Chatham", "tz_label": "Zxlabel", "tz_offset": 45912},
    "locale": {"locale": "zx-ZX"},
    "status": {
        "status_text": "zxstatus",
        "status_emoji": ":zebra_face:",
        "status_expiration": 1_999_999_123,
        "status_emoji_url": "https://emoji.slack-edge.com/T0/zxstripes/1.png",
    },
    "picture": {
        "avatar_hash": "zxhash",
        **{f"image_{size}": f"https://zxpicture.example/{size}" for size in ("72", "192", "512", "1024", "original")},
        "is_custom_image": True,
    },
    "role": {"is_admin": True, "is_owner": True, "is_primary_owner": True},
    "has_2fa": {"has_2fa": True},
    "guest_invited_by": {"guest_invited_by": "UZXINVITER"},
    "guest_expiration_ts": {"guest_expiration_ts": 1_984_000_000},
    "who_can_share_contact_card": {"who_can_share_contact_card": "ZXWHO"},
    "fields": {"fields": {CUSTOM: {"value": "zxcustom", "alt": ""}, "XfOTHER": {"value": "zxother", "alt": ""}}},
    CUSTOM: {},
}
"""By the names of the policy: what the row holds of it; the single custom field is among the fields."""
FORMS: Mapping[str, tuple[str, ...]] = {
    "title": ("Zxtitle", "title changed", "Title set"),
    "email": ("zxemail", "new e-mail", "E-mail set", "is_email_confirmed"),
    "phone": ("919 191", "919191", "new phone", "Phone set"),
    "pronouns": ("zxpronouns",),
    "start_date": ("2019-08-17", "17 August 2019"),
    "tz": ("Chatham", "Zxlabel", "45912"),
    "locale": ("zx-ZX",),
    "status": ("zxstatus", "🦓", "zebra_face", "1999999123", "zxstripes", "set a new status"),
    "picture": ("zxhash", "zxpicture", "new picture", "New picture"),
    "role": ("the primary owner", "Primary owner", "is_admin", "is_owner"),
    "has_2fa": ("has_2fa",),
    "guest_invited_by": ("UZXINVITER", "guest_invited_by"),
    "guest_expiration_ts": ("1984000000", "14 Nov 2032", "guest_expiration"),
    "who_can_share_contact_card": ("ZXWHO", "who_can_share"),
    "fields": ("zxother", "XfOTHER"),
    CUSTOM: ("zxcustom", CUSTOM),
}
"""Every form in which a field could be told, also by its name alone."""
GONE = ("zxgone@planted.example", "928 282 828")


def of_everything() -> dict[str, Any]:
    return {name: value for values in PLANTED.values() for name, value in values.items()}


async def plant(slack: Slack, clock: Clock) -> None:
    """Fill the memory: a viewer of each kind, somebody with every field, somebody gone; what is planted comes last."""
    await slack.says("UADMIN", real_name="Root", is_owner=True)
    await slack.says("UMEMBER", real_name="Mia")
    await slack.says("UWHOLE", real_name="Wholly Known", is_restricted=True)
    await slack.says("UGONE", real_name="Gary Gone", email=GONE[0], phone=f"+351 {GONE[1]}")
    clock.passes(seconds=1)
    await slack.says("UGONE", deleted=True)
    await slack.says("UWHOLE", **of_everything())


async def without(slack: Slack, clock: Clock) -> None:
    """Take it all away again."""
    clock.passes(seconds=1)
    empty = {name: "" if isinstance(value, str) else None for name, value in of_everything().items()}
    await slack.says("UWHOLE", **empty)


@asynccontextmanager
async def every_viewer(
    store: Store, clock: Clock, service: Service, policy: Policy
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A house with a door and one that is open, over one memory; in each of VIEWERS' places a client."""
    house = (Workspace(TEAM, "Meridian"),)

    def an_app(**options: Any) -> Any:
        return web.create_app(
            store=store,
            bell=store.bell,
            status=service,
            clock=clock,
            policy=policy,
            workspaces=lambda: house,
            **options,
        )

    async with AsyncExitStack() as stack:
        closed = await stack.enter_async_context(serving(an_app(door=a_door())))
        opened = await stack.enter_async_context(serving(an_app()))
        clients = {}
        for viewer in VIEWERS:
            url = opened if "open" in viewer else closed
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=10))
            clients[viewer] = await come_in(viewer, client, store, clock)
        yield clients


async def everything_told(client: httpx.AsyncClient, place: Place) -> dict[str, str]:
    return {name: await look(client, place) for name, look in SURFACES.items()}


def is_for(viewer: str, audience: Audience) -> bool:
    return audience is Audience.EVERYONE or (audience is Audience.ADMINS and viewer == "an admin")


def holding(texts: Mapping[str, str], forms: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, form) for name, text in texts.items() for form in forms if form in text]


def test_every_field_of_the_policy_is_planted() -> None:
    assert {*FIELDS, CUSTOM} == PLANTED.keys() == FORMS.keys()
    assert set(of_everything()) == {column for columns in FIELDS.values() for column in columns}


def turned(turn: int) -> dict[str, Audience]:
    """Give each field an audience; in as many turns as there are audiences, each field has each."""
    audiences = list(Audience)
    return {field: audiences[(index + turn) % len(audiences)] for index, field in enumerate(PLANTED)}


def whose(field: str, audiences: Mapping[str, Audience]) -> Audience:
    """Tell for whom a field is; a custom field is for no more than all of them together."""
    names = {field, "fields"} if field == CUSTOM else {field}
    return max((audiences[name] for name in names), key=list(Audience).index)


def test_in_a_whole_turn_each_field_has_each_audience() -> None:
    turns = [turned(turn) for turn in range(len(Audience))]

    assert all({audiences[field] for audiences in turns} == set(Audience) for field in PLANTED)


@pytest.mark.parametrize("turn", range(len(Audience)))
async def test_a_field_is_told_to_its_audience_and_nobody_else_on_any_surface(
    store: Store, clock: Clock, service: Service, slack: Slack, turn: int
) -> None:
    audiences = turned(turn)
    start, _ = await here(store)
    await plant(slack, clock)
    place = Place(("UADMIN", "UMEMBER", "UWHOLE", "UGONE"), start, (await here(store))[1])
    async with every_viewer(store, clock, service, Policy(audiences)) as viewers:
        told = {viewer: await everything_told(client, place) for viewer, client in viewers.items()}

    for viewer, texts in told.items():
        for field, forms in FORMS.items():
            found = holding(texts, forms)
            assert bool(found) == is_for(viewer, whose(field, audiences)), (viewer, field, found)


@pytest.mark.parametrize("audience", [Audience.EVERYONE, Audience.ADMINS])
@pytest.mark.parametrize("path", STREAMS)
async def test_what_happens_now_is_told_to_its_audience_and_nobody_else(
    store: Store, clock: Clock, service: Service, slack: Slack, audience: Audience, path: str
) -> None:
    await plant(slack, clock)
    await without(slack, clock)
    forms = tuple(form for field in FIELDS for form in FORMS[field])
    policy = Policy(dict.fromkeys(FIELDS, audience))
    async with every_viewer(store, clock, service, policy) as viewers, AsyncExitStack() as stack:
        streams = {
            viewer: await stack.enter_async_context(client.stream("GET", path)) for viewer, client in viewers.items()
        }
        lines = {viewer: answer.aiter_lines() for viewer, answer in streams.items()}
        for each in lines.values():  # each is followed from here on
            async for line in each:
                if line.startswith("id: "):
                    break
        clock.passes(seconds=1)
        await slack.says("UWHOLE", **of_everything(), real_name="Wholly Renamed")
        _, end = await here(store)
        async with asyncio.timeout(30):
            told = {viewer: {path: await until(each, end)} for viewer, each in lines.items()}

    for viewer, texts in told.items():
        assert bool(holding(texts, forms)) == is_for(viewer, audience), (viewer, holding(texts, forms))
        assert ("Wholly Renamed" in texts[path]) == ("view" in path)
        assert ('"fields"' in texts[path]) == ("view" not in path)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize(("field", "q"), [("title", "Zxtitle"), ("email", "zxemail"), ("phone", "351919191919")])
async def test_a_search_by_what_one_may_not_see_finds_and_counts_nobody(
    store: Store, clock: Clock, service: Service, slack: Slack, field: str, q: str, audience: Audience
) -> None:
    await plant(slack, clock)
    async with every_viewer(store, clock, service, Policy({field: audience})) as viewers:
        for viewer, client in viewers.items():
            page = read((await client.get(f"/?q={q}&{EVERYBODY}")).text)
            wanted = 1 if is_for(viewer, audience) else 0
            counts = [each.text for each in page.all(class_="choice-count")]
            assert (str(wanted), wanted) == (page.one(id="count-words").text, len(page.all("li", class_="row"))), viewer
            assert wanted or set(counts) == {"0"}, (viewer, counts)
            assert wanted == len((await client.get(f"/export.json?q={q}&{EVERYBODY}")).json()), viewer
            assert wanted == len((await client.get(f"/export.csv?q={q}&{EVERYBODY}")).text.splitlines()) - 1, viewer


async def test_contact_data_of_whom_is_gone_are_for_admins_alone(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    start, _ = await here(store)
    await plant(slack, clock)
    place = Place(("UGONE",), start, (await here(store))[1])
    async with every_viewer(store, clock, service, Policy()) as viewers:
        for viewer, client in viewers.items():
            found = holding(await everything_told(client, place), GONE)
            assert (viewer == "an admin") == bool(found), (viewer, found)
            for q in ("zxgone", "351928282828"):
                assert (viewer == "an admin") == bool((await client.get(f"/export.json?q={q}&{EVERYBODY}")).json())


async def test_a_protected_person_is_nowhere(store: Store, clock: Clock, service: Service, slack: Slack) -> None:
    start, _ = await here(store)
    await plant(slack, clock)
    await slack.says("UZXHIDDEN", real_name="Zxhidden Person", title="Zxhidden title", joined=True)
    async with store.transaction() as tx:
        user = await tx.users.find_user(TEAM, "UZXHIDDEN")
        assert user is not None
        await tx.users.update([replace(user, hidden_at=clock())])
        letter = DeadLetter(0, "a key", TEAM, "UZXHIDDEN", "its tz is no text", "{}", Source.EVENT, clock())
        await tx.dead_letters.put_aside(letter)
    clock.passes(seconds=1)
    await slack.says("UZXHIDDEN", title="Zxhidden title again")
    place = Place(("UWHOLE",), start, (await here(store))[1])
    async with every_viewer(store, clock, service, Policy()) as viewers:
        for viewer, client in viewers.items():
            texts = await everything_told(client, place)
            assert [] == holding(texts, ("zxhidden", "Zxhidden", "UZXHIDDEN")), viewer
            assert "4" == read(texts["the list of everybody"]).one(id="count-words").text
            for path in (f"/users/{TEAM}/UZXHIDDEN", f"/users/{TEAM}/UZXHIDDEN/card.vcf"):
                assert 404 == (await client.get(path)).status_code, (viewer, path)
            assert [] == (await client.get(f"/export.json?q=zxhidden&{EVERYBODY}")).json(), viewer


async def test_a_hidden_field_leaves_no_hole(store: Store, clock: Clock, service: Service, slack: Slack) -> None:
    await plant(slack, clock)
    async with every_viewer(store, clock, service, Policy(dict.fromkeys(FIELDS, Audience.ADMINS))) as viewers:
        inside = {viewer: read((await viewers[viewer].get("/")).text) for viewer in ("a member", "an admin")}
        person = read((await viewers["a member"].get(f"/users/{TEAM}/UWHOLE")).text)
        whole = read((await viewers["an admin"].get(f"/users/{TEAM}/UWHOLE")).text)

    placeholders = [each.one("input", id="q").attributes["placeholder"] for each in inside.values()]
    assert ["Name", "Name, title, e-mail, phone"] == placeholders
    assert [0, 3] == [len(each.all(class_="who-title")) for each in inside.values()]
    assert [0, 1] == [len(each.all(class_="time")) for each in inside.values()]
    assert [0, 1] == [len(each.all(class_="lead")) for each in (person, whole)]
    assert [0, 1] == [len(each.all(class_="clock-line")) for each in (person, whole)]
    assert [0, 1] == [len(each.all(class_="status-pill")) for each in (person, whole)]
    assert ("WK", 0) == (person.one(class_="face-216").text, len(person.all("img")))
    assert [] == [each for each in person.all("a") if each.attributes["href"].startswith(("mailto:", "tel:"))]


async def test_the_stream_of_changes_is_no_record_of_custom_statuses(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    await plant(slack, clock)
    start, _ = await here(store)
    clock.passes(seconds=1)
    await slack.says("UWHOLE", status_text="At the dentist")
    await slack.says("UWHOLE", is_forgotten=True)
    _, end = await here(store)
    place = Place((), start, end)
    async with every_viewer(store, clock, service, Policy()) as viewers:
        text = await SURFACES["the stream of changes, replayed"](viewers["an admin"], place)

    told = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert [("UWHOLE", "erased")] == [(each["user_id"], each.get("kind")) for each in told]
    assert "fields" not in told[0]
