"""What people take away: the list as a file, one person as a contact card."""

from __future__ import annotations

import asyncio
import csv
import gc
import io
import json
import re
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import cycle
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Sight, Store
from db.errors import StoreUnavailable
from db.filters import CustomField, UserFilter
from db.recording import set_hidden
from db.records import SLACK_FIELDS, STATUS_FIELDS, Kind, User
from db.visibility import Audience, Policy
from tests.support.html import read
from tests.support.locks import written
from tests.support.waiting import eventually
from tests.web.conftest import NOON, TEAM, Clock, Service, Slack, serving
from tests.web.surfaces import EVERYBODY
from web.export import READ_AT_ONCE, List, as_csv, as_json
from web.pictures import SLACKS, Pictures
from web.vcard import card_of

BOM = "\ufeff"


async def rows_of(client: httpx.AsyncClient, path: str = "/export.csv") -> list[dict[str, str]]:
    answer = await client.get(path)
    assert 200 == answer.status_code
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix(BOM), newline="")))


async def test_a_file_holds_whom_the_page_shows(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada", title="Analyst")
    await slack.says("U2", real_name="Grace", title="Admiral")
    await slack.says("U3", real_name="Alan", deleted=True)
    for path in ("/", "/?q=analyst", "/?state=deactivated&kind=member"):
        page = read((await client.get(path)).text)
        shown = [each.text for each in page.all(class_="name")]
        hrefs = {each.text: each.attributes["href"] for each in page.one(id="take").all("a")}

        assert shown == [each["real_name"] for each in await rows_of(client, hrefs["CSV"])]
        assert shown == [each["real_name"] for each in (await client.get(hrefs["JSON"])).json()]
        assert shown == re.findall(r"^FN:(.*)\r$", (await client.get(hrefs["vCard"])).text, flags=re.MULTILINE)
        assert page.one("p", class_="menu-lead").text.startswith(f"{len(shown)} p")


async def test_the_columns_are_slacks_own_and_a_few_of_ours_but_no_custom_status(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.says("U1", real_name="Ada", status_text="At the dentist", tz_offset=-3600, is_admin=True, joined=True)
    csv_row, json_row = (await rows_of(client))[0], (await client.get("/export.json")).json()[0]
    ours = {"kind", "state", "joined_at", "left_at", "missing_since", "rev"}
    hidden = {"has_2fa"}  # usually for admins alone

    assert {"team_id", "id", "updated"} | ours | set(SLACK_FIELDS) - STATUS_FIELDS - hidden == csv_row.keys()
    assert list(csv_row) == list(json_row)
    assert ("member", "active", "2026-11-23T16:42:00Z", "", "true", "") == tuple(
        csv_row[name] for name in ("kind", "state", "joined_at", "left_at", "is_admin", "title")
    )
    assert (-3600, True, None, "2026-11-23T16:42:00Z") == tuple(
        json_row[name] for name in ("tz_offset", "is_admin", "title", "joined_at")
    )


@pytest.mark.parametrize(
    "beginning",
    ["=", "+", "-", "@", "\t", "\r", " =", "\n=", "\u200b=", "\u00a0+", "＝", "＋", "－", "＠", "−", "\ufeff@"],
)
async def test_no_cell_is_run_by_a_spreadsheet(client: httpx.AsyncClient, slack: Slack, beginning: str) -> None:
    title = f'{beginning}HYPERLINK("http://evil.example";"Ada, see")'
    await slack.says("U1", real_name="Ada", title=title, display_name='Says "hi", twice\nand again')
    row = (await rows_of(client))[0]

    assert f"'{title}" == row["title"]
    assert 'Says "hi", twice\nand again' == row["display_name"]
    assert title == (await client.get("/export.json")).json()[0]["title"]


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("a;=1", "a;'=1"),
        ("a; \u200b@x", "a;' \u200b@x"),
        ("a\t+1;-2", "a\t'+1;'-2"),
        ("a\r\n=1", "a\r\n'=1"),
        ("a;\n=1", "a;\n'=1"),
        ("\t=1", "'\t=1"),
        ("ours; theirs, -1", "ours; theirs, -1"),
    ],
)
async def test_nor_is_a_part_of_a_cell_where_semicolons_part_them(
    client: httpx.AsyncClient, slack: Slack, title: str, written: str
) -> None:
    await slack.says("U1", real_name="Ada", title=title, fields={"Xf1": {"value": "a;=1; -2"}})
    row, text = (await rows_of(client))[0], (await client.get("/export.csv")).text

    assert (title, written) == ((await client.get("/export.json")).json()[0]["title"], row["title"])
    assert {"Xf1": {"value": "a;=1; -2"}} == json.loads(row["fields"])
    assert f',"{written}",' in text
    assert ";=" not in text


async def test_the_marked_fields_have_columns_of_their_own(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    marked = (
        CustomField("Xf1", "Department"), CustomField("Xf2", "title"), CustomField("Xf3", "Department"),
        CustomField("Xf4", "Salary"),
    )  # fmt: skip
    values = {"Xf1": {"value": "Legal", "alt": ""}, "Xf2": {"value": "=Dr"}, "Xf3": {"value": "", "alt": "North"}}
    await slack.says("U1", real_name="Ada", title="Analyst", fields=values | {"Xf4": {"value": "much"}})
    policy = Policy({"Xf4": Audience.NOBODY})
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, custom_fields=marked, policy=policy)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        row = (await rows_of(client))[0]

    assert ("Analyst", values) == (row["title"], json.loads(row["fields"]))
    assert [("Department", "Legal"), ("title (Xf2)", "'=Dr"), ("Department (Xf3)", "North")] == [*row.items()][-3:]


async def test_a_phone_number_stays_readable_and_what_only_holds_a_sign_stays_as_it_is(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.says("U1", real_name="Anne-Marie", phone="+44 20 7946 0000", title="R&D = fun", email="a@m.example")
    row = (await rows_of(client))[0]

    assert ("'+44 20 7946 0000", "Anne-Marie", "R&D = fun", "a@m.example") == tuple(
        row[name] for name in ("phone", "real_name", "title", "email")
    )


async def test_a_number_that_begins_with_a_sign_stays_a_number(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada", tz_offset=-18000, title="-18000")
    row = (await rows_of(client))[0]

    assert ("-18000", "'-18000") == (row["tz_offset"], row["title"])


async def test_a_reader_who_leaves_while_the_database_fails_leaves_no_complaint(
    store: Store, database_url: str
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    await written(database_url, "DROP TABLE users")
    taking = asyncio.create_task(List(store, Sight(), UserFilter()).begin())
    await asyncio.sleep(0)  # it has asked, and there is no answer yet
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await eventually(lambda: all(each.get_name() != "export read" for each in asyncio.all_tasks()), of="the end of it")
    gc.collect()

    assert [] == complaints


async def test_a_spreadsheet_is_told_the_encoding_and_a_browser_the_name(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.says("U1", real_name="Zoë")
    table, array = await client.get("/export.csv"), await client.get("/export.json")

    assert table.content.startswith(BOM.encode())
    assert ("text/csv; charset=utf-8", "application/json") == (
        table.headers["content-type"],
        array.headers["content-type"],
    )
    assert 'attachment; filename="people-2026-11-23.csv"' in table.headers["content-disposition"]
    assert "filename*=UTF-8''Meridian%20people%202026-11-23.csv" in table.headers["content-disposition"]
    assert "no-store" == table.headers["cache-control"]
    assert "Zoë" in array.text


async def test_a_long_list_is_whole_and_each_is_in_it_once(client: httpx.AsyncClient, slack: Slack) -> None:
    count = 2 * READ_AT_ONCE + 1
    await slack.shows(*({"id": f"U{number}", "real_name": f"Person {number % 7}"} for number in range(count)))
    ids = [each["id"] for each in await rows_of(client)]

    assert (count, count) == (len(ids), len(set(ids)))
    assert ids == [each["id"] for each in (await client.get("/export.json")).json()]


async def test_while_people_come_go_and_move_whoever_stays_is_in_the_file_once(store: Store, slack: Slack) -> None:
    count = 3 * READ_AT_ONCE
    await slack.shows(*({"id": f"U{number:04}", "real_name": f"Person {number:04}"} for number in range(count)))
    wanted = List(store, Sight(), UserFilter())
    file, text = as_json(wanted, await wanted.begin()), b""
    moves = cycle(({"deleted": True}, {"real_name": "Aaron"}, {"real_name": "Zoë"}))
    at, touched = 0, set()
    async for part in file:
        text += part
        for user_id in (f"U{at:04}", f"U{at + READ_AT_ONCE:04}", f"U{count - 1 - at:04}"):
            await slack.says(user_id, **next(moves))
            touched.add(user_id)
        await slack.says(f"UNEW{at}", real_name=f"Person {at:04} junior", joined=True)
        at += 50
    ids = [each["id"] for each in json.loads(text)]
    stayed = [f"U{number:04}" for number in range(count) if f"U{number:04}" not in touched]

    assert stayed == [each for each in ids if each in set(stayed)]
    assert at >= 150


@pytest.mark.slow
async def test_a_file_of_many_thousands_is_written_in_little_memory(store: Store, slack: Slack) -> None:
    count = 20_000
    for start in range(0, count, 2_000):
        await slack.shows(*({"id": f"U{number:05}", "real_name": "Ada"} for number in range(start, start + 2_000)))
    wanted = List(store, Sight(), UserFilter())
    most = people = 0
    tracemalloc.start()
    try:
        async for part in as_csv(wanted, await wanted.begin()):
            most, people = max(most, len(part)), people + part.count(b"\r\n")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count + 1 == people  # the names of the columns are a line as well
    assert most < 100_000
    assert peak < 10_000_000


@pytest.mark.slow
async def test_a_download_that_breaks_off_does_not_end_like_a_whole_one(
    app: Starlette, slack: Slack, database_url: str
) -> None:
    await slack.shows(*({"id": f"U{number:05}", "real_name": "Ada " * 50} for number in range(9_000)))

    async def gone() -> None:
        await written(database_url, "ALTER TABLE users RENAME TO gone")

    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for path in ("/export.csv", "/export.json", "/export.vcf"):
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                await _takes(client, path, meanwhile=gone)
            await written(database_url, "ALTER TABLE gone RENAME TO users")


async def _takes(client: httpx.AsyncClient, path: str, *, meanwhile: Callable[[], Awaitable[None]]) -> bytes:
    """Take a file whole; something happens after its first bytes."""
    async with client.stream("GET", path, headers={"Accept-Encoding": "identity"}) as answer:
        parts = answer.aiter_bytes()
        begun = await anext(parts)
        await meanwhile()
        return begun + b"".join([part async for part in parts])


async def test_the_erased_and_the_hidden_are_in_no_file(client: httpx.AsyncClient, slack: Slack, clock: Clock) -> None:
    for user_id, name in (("U1", "Ada"), ("U2", "Grace"), ("U3", "Alan")):
        await slack.says(user_id, real_name=name)
    await slack.says("U1", is_forgotten=True)
    async with slack.store.transaction() as tx:
        await set_hidden(tx, TEAM, "U2", is_hidden=True, now=clock())
    for ending in ("csv", "json", "vcf"):
        text = (await client.get(f"/export.{ending}?{EVERYBODY}")).text

        assert ["Alan"] == [name for name in ("Ada", "Grace", "Alan", "U1", "U2") if name in text], ending


async def test_an_empty_list_is_a_file_as_well(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada")

    assert ([], []) == (await rows_of(client, "/export.csv?q=nobody"), (await client.get("/export.json?q=x")).json())


async def test_a_list_that_broke_off_is_never_a_whole_one(store: Store, slack: Slack, database_url: str) -> None:
    await slack.shows(*({"id": f"U{number}", "real_name": "Ada"} for number in range(READ_AT_ONCE + 1)))
    wanted = List(store, Sight(), UserFilter())
    file = as_json(wanted, await wanted.begin())
    begun = [await anext(file), await anext(file)]
    await written(database_url, "DROP TABLE users")
    with pytest.raises(StoreUnavailable):
        begun += [part async for part in file]

    with pytest.raises(ValueError, match="Expecting"):
        json.loads(b"".join(begun))


async def test_while_a_slow_reader_takes_its_file_nothing_is_held_open(store: Store, slack: Slack) -> None:
    await slack.shows(*({"id": f"U{number}", "real_name": "Ada"} for number in range(READ_AT_ONCE + 1)))
    wanted = List(store, Sight(), UserFilter())
    files = [as_json(wanted, await wanted.begin()) for _ in range(50)]  # more than there are connections
    for file in files:
        await anext(file)
        await anext(file)

    async with store.reading() as rx:
        assert 1 == len(await rx.workspaces.list_workspaces())
    for file in files:
        await file.aclose()  # type: ignore[attr-defined]


async def test_a_database_that_is_away_is_told_before_a_file_begins(
    client: httpx.AsyncClient, slack: Slack, database_url: str
) -> None:
    await slack.says("U1", real_name="Ada")
    await written(database_url, "DROP TABLE users")

    assert 503 == (await client.get("/export.csv")).status_code


async def test_the_head_of_a_file_alone_reads_no_list(client: httpx.AsyncClient, app: Starlette) -> None:
    answer = await client.head("/export.csv")

    assert (200, b"") == (answer.status_code, answer.content)


async def test_a_contact_card_has_what_an_address_book_has_a_place_for(
    client: httpx.AsyncClient, slack: Slack, clock: Clock
) -> None:
    await slack.says(
        "U1", real_name="Ada Lovelace", first_name="Ada", last_name="Lovelace", title="Analyst, first",
        tz="Europe/London", email="ada@m.example", phone="+44 20 7946 0000",
        image_512="https://avatars.slack-edge.com/a.png", is_custom_image=True,
    )  # fmt: skip
    page = read((await client.get(f"/users/{TEAM}/U1")).text)
    answer = await client.get(page.one("p", class_="keep").all("a")[-1].attributes["href"])

    assert "text/vcard; charset=utf-8" == answer.headers["content-type"]
    assert "filename*=UTF-8''Ada%20Lovelace.vcf" in answer.headers["content-disposition"]
    assert [
        "BEGIN:VCARD", "VERSION:4.0", "KIND:individual", f"UID:slack:{TEAM}/U1", "FN:Ada Lovelace",
        "N:Lovelace;Ada;;;", "ORG:Meridian", "TITLE:Analyst\\, first", "EMAIL:ada@m.example", "TEL:+44 20 7946 0000",
        "TZ:Europe/London", "PHOTO:https://avatars.slack-edge.com/a.png", "REV:20261123T164200Z", "END:VCARD", "",
    ] == answer.text.split("\r\n")  # fmt: skip


@pytest.mark.parametrize("told", [{"is_forgotten": True}, None], ids=["erased", "unknown"])
async def test_of_whom_is_not_there_no_card_is_given(
    client: httpx.AsyncClient, slack: Slack, told: dict[str, bool] | None
) -> None:
    if told:
        await slack.says("U1", real_name="Ada")
        await slack.says("U1", **told)

    assert 404 == (await client.get(f"/users/{TEAM}/U1/card.vcf")).status_code


def test_nothing_in_a_name_begins_another_line_or_part() -> None:
    hostile = "A\\B;C,D\r\nTEL:1\nEMAIL:x\x00\x07"
    user = User(team_id=TEAM, id="U1", real_name=hostile, title=hostile, image_512=f"https://m/{hostile}")
    lines = card_of(user, hostile, Pictures()).decode().split("\r\n")

    told = "A\\\\B\\;C\\,D\\nTEL:1\\nEMAIL:x"
    assert [f"FN:{told}", f"TITLE:{told}"] == [each for each in lines if each.startswith(("FN", "TITLE"))]
    assert not [each for each in lines if each.startswith(("TEL", "EMAIL"))]


def test_what_is_no_letter_parts_words_and_is_not_shown() -> None:
    user = User(team_id=TEAM, id="U1", real_name="Ada\tLovelace", title="tab\t=x\u2028line\u2029par\x85next\u202eleft")
    lines = card_of(user, "", Pictures()).decode().split("\r\n")

    assert {"FN:Ada Lovelace", "TITLE:tab =x line par nextleft"} < {*lines}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.MEMBER, ["KIND:individual", "ORG:Meridian"]),
        (Kind.GUEST, ["KIND:individual", "ORG:Meridian"]),
        (Kind.EXTERNAL, ["KIND:individual"]),
        (Kind.BOT, ["KIND:application", "ORG:Meridian"]),
    ],
)
def test_a_card_says_who_it_is_of_and_where_only_ours_work(kind: Kind, expected: list[str]) -> None:
    lines = card_of(User(team_id=TEAM, id="U1", kind=kind), "Meridian", Pictures()).decode().split("\r\n")

    assert expected == [each for each in lines if each.startswith(("KIND", "ORG"))]


def test_the_revision_of_a_card_is_when_the_person_changed() -> None:
    seen, changed = NOON - timedelta(days=9), NOON - timedelta(days=2)
    for told, expected in (
        ({"first_seen_at": seen, "changed_at": changed}, ["REV:20261121T164200Z"]),
        ({"first_seen_at": seen}, ["REV:20261114T164200Z"]),
        ({}, []),
    ):
        lines = card_of(User(team_id=TEAM, id="U1", **told), "", Pictures()).decode().split("\r\n")
        assert expected == [each for each in lines if each.startswith("REV")]


@pytest.mark.parametrize("path", [f"/users/{TEAM}/U1/card.vcf", "/export.vcf"])
async def test_where_no_pictures_are_shown_none_is_given_away(
    store: Store, clock: Clock, service: Service, slack: Slack, path: str
) -> None:
    await slack.says("U1", real_name="Ada", image_512="https://avatars.slack-edge.com/a.png", is_custom_image=True)
    shown = []
    for sources in (SLACKS, ()):
        app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, image_sources=sources)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            shown.append("PHOTO" in (await client.get(path)).text)

    assert [True, False] == shown


def test_long_lines_are_folded_between_letters() -> None:
    name = "Ærøskøbing–" * 30
    text = card_of(User(team_id=TEAM, id="U1", real_name=name), "", Pictures())

    assert max(map(len, text.split(b"\r\n"))) <= 75
    assert f"FN:{name}\r\n" in text.decode().replace("\r\n ", "")
    assert all(line.decode() for line in text.split(b"\r\n") if line)
