"""The simulator's contract at the Web API: pages, cursors, tokens, scopes, limits, faults and response URLs."""

import time
import tracemalloc
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator


@pytest.fixture(autouse=True)
def no_proxy_anywhere(monkeypatch):
    """The raw SDK would send even local calls through a proxy that the environment names."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def web(sim: Simulator, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token=token or sim.bot_token, base_url=sim.api_url)


async def walk(sim: Simulator, *, limit: int) -> list[list[dict[str, Any]]]:
    pages, cursor = [], ""
    while True:
        answer = await web(sim).users_list(limit=limit, cursor=cursor)
        pages.append(answer["members"])
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            return pages


async def refusal(sim: Simulator, method: str, token: str | None = None, **args: Any) -> SlackApiError:
    with pytest.raises(SlackApiError) as refused:
        await web(sim, token).api_call(method, params=args)
    return refused.value


async def test_auth_test_says_whose_token_it_is(sim):
    answer = await web(sim).auth_test()

    assert (sim.team_id, sim.bot_user_id, sim.bot_id) == (answer["team_id"], answer["user_id"], answer["bot_id"])
    assert "users:read.email" in answer.headers["X-OAuth-Scopes"]


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), ("", "not_authed")])
async def test_a_wrong_token_and_no_token_are_told_apart(sim, session, token, error):
    async with session.post(sim.api_url + "auth.test", data={"token": token}) as response:
        answer = await response.json()

    assert {"ok": False, "error": error} == answer
    assert [] == sim.calls("auth.test")


@pytest.mark.parametrize("how", ["params", "data", "json"])
async def test_arguments_come_by_query_form_or_json(sim, session, how):
    ada = sim.adds("Ada Lovelace")
    headers = {"Authorization": f"Bearer {sim.bot_token}"}
    async with session.post(sim.api_url + "users.info", headers=headers, **{how: {"user": ada.id}}) as response:
        answer = await response.json()

    assert "Ada Lovelace" == answer["user"]["real_name"]


async def test_calls_are_remembered_without_their_token(sim, session):
    args = {"token": sim.bot_token, "user": "U404", "include_locale": "1"}
    async with session.get(sim.api_url + "users.info", params=args) as response:
        await response.json()

    [call] = sim.calls("users.info")
    assert {"user": "U404", "include_locale": "1"} == call.args
    assert "user_not_found" == call.outcome


async def test_an_unknown_method_is_named_as_such(sim):
    assert "unknown_method" == (await refusal(sim, "users.fly")).response["error"]


async def test_a_missing_scope_says_what_is_needed_and_what_is_there(sim):
    sim.scopes.discard("users:read")
    refused = await refusal(sim, "users.list")

    assert "missing_scope" == refused.response["error"]
    assert "users:read" == refused.response["needed"]
    assert "chat:write" in refused.response["provided"].split(",")


async def test_cursors_end_and_cover_everybody_exactly_once():
    async with Simulator(crowd=250) as sim:
        sim.adds("Ada Lovelace")
        pages = await walk(sim, limit=100)

    ids = [user["id"] for page in pages for user in page]
    assert [100, 100, 53] == [len(page) for page in pages]
    assert 250 + 3 == len(set(ids)) == len(ids)
    assert {"USLACKBOT", sim.bot_user_id} <= set(ids)


@pytest.mark.slow
async def test_a_million_users_are_listed_from_anywhere_in_little_time_and_memory():
    async with Simulator(crowd=1_000_000) as sim:
        tracemalloc.start()
        began = time.process_time()
        first = await web(sim).users_list(limit=1000)
        middle = await web(sim).users_list(limit=1000, cursor=sim.cursors.issue(600_000))
        last = await web(sim).users_list(limit=1000, cursor=sim.cursors.issue(999_502))
        seconds = time.process_time() - began
        megabytes = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        found = await web(sim).users_info(user=middle["members"][7]["id"])

    pages = [page["members"] for page in (first, middle, last)]
    assert [1000, 1000, 500] == [len(page) for page in pages]
    assert 2500 == len({user["id"] for page in pages for user in page})
    assert 2500 == len({user["profile"].get("email", user["id"]) for page in pages for user in page})
    assert "" == last["response_metadata"]["next_cursor"]
    assert middle["members"][7]["real_name"] == found["user"]["real_name"]
    assert seconds < 10
    assert megabytes < 60


def test_every_user_of_a_large_crowd_has_an_id_of_their_own():
    sim = Simulator(crowd=1_000_000)
    indexes = range(0, 1_000_000, 37)
    ids = [sim.crowd.id_at(index) for index in indexes]

    assert len(indexes) == len(set(ids))
    assert list(indexes) == [sim.crowd.index_of(user_id) for user_id in ids]


async def test_a_page_can_be_shorter_than_asked_and_not_the_last():
    async with Simulator(crowd=50) as sim:
        for index in range(5, 15):
            sim.removes(sim.user(sim.crowd.id_at(index)))
        sim.page_limit = 20
        pages = await walk(sim, limit=1000)

    assert [10, 20, 12] == [len(page) for page in pages]


async def test_without_a_limit_everybody_comes_at_once_unless_they_are_too_many():
    async with Simulator(crowd=900) as small, Simulator(crowd=1200) as large:
        answer = await web(small).api_call("users.list")
        refused = await refusal(large, "users.list")

    assert 902 == len(answer["members"])
    assert "limit_required" == refused.response["error"]


async def test_a_bad_cursor_and_an_expired_one_are_invalid():
    now = [1_790_000_000.0]
    async with Simulator(crowd=20, clock=lambda: now[0]) as sim:
        made_up = await refusal(sim, "users.list", cursor="dXNlcjpub2JvZHk=")
        page = await web(sim).users_list(limit=10)
        cursor = page["response_metadata"]["next_cursor"]
        good = await web(sim).users_list(limit=10, cursor=cursor)
        now[0] += 3600
        expired = await refusal(sim, "users.list", cursor=cursor)

    assert cursor.endswith("=")
    assert good["ok"]
    assert ["invalid_cursor"] * 2 == [refused.response["error"] for refused in (made_up, expired)]


async def test_who_joins_during_a_walk_comes_last_and_moves_nobody():
    async with Simulator(crowd=30) as sim:
        page = await web(sim).users_list(limit=20)
        ada = sim.adds("Ada Lovelace")
        rest = await web(sim).users_list(limit=20, cursor=page["response_metadata"]["next_cursor"])

    ids = [user["id"] for user in [*page["members"], *rest["members"]]]
    assert 33 == len(set(ids)) == len(ids)
    assert ada.id == ids[-1]


async def test_the_locale_comes_on_request_only(sim):
    ada = sim.adds("Ada Lovelace", locale="en-GB")
    unasked = await web(sim).users_info(user=ada.id)
    asked = await web(sim).users_info(user=ada.id, include_locale=True)
    listed = await web(sim).users_list(include_locale=True)

    assert "locale" not in unasked["user"]
    assert "en-GB" == asked["user"]["locale"]
    assert "en-GB" == listed["members"][-1]["locale"]


async def test_the_email_is_left_out_without_its_scope(sim):
    ada = sim.adds("Ada Lovelace")
    with_scope = await web(sim).users_info(user=ada.id)
    sim.scopes.discard("users:read.email")
    without = await web(sim).users_info(user=ada.id)
    listed = await web(sim).users_list()

    assert "ada.lovelace@meridian.example" == with_scope["user"]["profile"]["email"]
    assert "email" not in without["user"]["profile"]
    assert not any("email" in user["profile"] for user in listed["members"])


async def test_somebody_unlisted_is_found_by_id_only(sim):
    guest = sim.adds("Linus External", listed=False, team_id="T0FOREIGN1", is_stranger=True)
    found = await web(sim).users_info(user=guest.id)
    listed = await web(sim).users_list()

    assert "T0FOREIGN1" == found["user"]["team_id"]
    assert guest.id not in {user["id"] for user in listed["members"]}


async def test_somebody_removed_is_neither_listed_nor_found(sim):
    ada = sim.adds("Ada Lovelace")
    sim.removes(ada)
    refused = await refusal(sim, "users.info", user=ada.id)
    listed = await web(sim).users_list()

    assert "user_not_found" == refused.response["error"]
    assert 2 == len(listed["members"])


async def test_too_many_calls_get_429_with_retry_after():
    now = [1_790_000_000.0]
    async with Simulator(rate_limits=True, clock=lambda: now[0]) as sim:
        for _ in range(20):
            await web(sim).users_list()
        now[0] += 12
        refused = await refusal(sim, "users.list")
        now[0] += 48
        again = await web(sim).users_list()

    assert 429 == refused.response.status_code
    assert "ratelimited" == refused.response["error"]
    assert "48" == refused.response.headers["Retry-After"]
    assert again["ok"]


async def test_the_date_header_follows_the_clock():
    async with Simulator(clock=lambda: 1_600_000_000.0) as sim:
        answer = await web(sim).auth_test()

    assert 1_600_000_000 == parsedate_to_datetime(answer.headers["Date"]).timestamp()


async def test_a_fault_waits_strikes_and_passes(sim):
    sim.faults.fail("users.list", error="internal_error", after=1, times=2)
    for _ in range(4):
        await web(sim).api_call("users.info", params={"user": "USLACKBOT"})
    outcomes = []
    for _ in range(4):
        try:
            await web(sim).users_list()
        except SlackApiError as refused:
            outcomes.append(refused.response["error"])
        else:
            outcomes.append("ok")

    assert ["ok", "internal_error", "internal_error", "ok"] == outcomes
    assert outcomes == [call.outcome for call in sim.calls("users.list")]


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ({"http_status": 500}, 500, "application/json"),
        ({"html": True}, 503, "text/html"),
        ({"html": True, "http_status": 200}, 200, "text/html"),
        ({"ratelimited": 7}, 429, "application/json"),
        ({"truncated": True}, 200, "application/json"),
        ({"slow_seconds": 0.01}, 200, "application/json"),
    ],
)
async def test_faults_look_like_the_real_thing(sim, session, fault, status, kind):
    sim.faults.fail("users.list", **fault)
    async with session.get(sim.api_url + "users.list", params={"token": sim.bot_token}) as response:
        text = await response.text()

    assert (status, kind) == (response.status, response.content_type)
    assert text.endswith("}") is (kind == "application/json" and "truncated" not in fault)


async def test_a_dropped_line_gives_no_answer_at_all(sim, session):
    sim.faults.fail("users.list", drop=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        # Not a GET: aiohttp silently repeats one whose line broke.
        await session.post(sim.api_url + "users.list", data={"token": sim.bot_token})

    assert ["dropped"] == [call.outcome for call in sim.calls("users.list")]


async def test_an_answer_can_be_altered(sim):
    sim.faults.fail("users.list", alter=lambda answer: {**answer, "members": []}, times=None)
    answer = await web(sim).users_list()

    assert [] == answer["members"]


async def test_opening_a_connection_takes_the_app_token_in_the_header_and_post(sim, session):
    url = sim.api_url + "apps.connections.open"
    header = {"Authorization": f"Bearer {sim.app_token}"}
    answers = []
    for method, headers, data in (
        ("POST", header, {}),
        ("POST", {}, {"token": sim.app_token}),
        ("POST", {"Authorization": f"Bearer {sim.bot_token}"}, {}),
        ("GET", header, {}),
    ):
        async with session.request(method, url, headers=headers, data=data) as response:
            answers.append(await response.json())

    assert answers[0]["url"].startswith(f"ws://127.0.0.1:{sim.url.rpartition(':')[2]}/link/?ticket=")
    assert ["not_authed", "invalid_auth", "insecure_request"] == [answer["error"] for answer in answers[1:]]


async def test_messages_are_posted_updated_and_whispered(sim):
    client = web(sim)
    sim.channels.opens("alerts", channel_id="C0ALERTS01")
    posted = await client.chat_postMessage(channel="C0ALERTS01", text="started", blocks=[{"type": "divider"}])
    await client.chat_update(channel="C0ALERTS01", ts=posted["ts"], text="done")
    await client.chat_postEphemeral(channel="C0ALERTS01", user="U1", text="psst")
    unknown = await refusal(sim, "chat.update", channel="C0ALERTS01", ts="1.000000", text="x")
    silent = await refusal(sim, "chat.postMessage", channel="C0ALERTS01")

    [message] = sim.board.messages["C0ALERTS01"]
    assert ("done", posted["ts"]) == (message["text"], message["ts"])
    assert ["psst"] == [whisper["text"] for whisper in sim.board.ephemerals]
    assert "message_not_found" == unknown.response["error"]
    assert "no_text" == silent.response["error"]


async def test_an_app_posts_only_where_it_may(sim):
    public, private = (sim.opens_channel(f"ops-{is_private}", is_private=is_private) for is_private in (False, True))
    outcomes = []
    for changed in ({}, {"has_app": False}, {"has_app": True, "is_restricted": True}, {"is_archived": True}):
        for channel in (public, private):
            vars(channel).update(changed)
            try:
                await web(sim).chat_postMessage(channel=channel.id, text="hello")
            except SlackApiError as refused:
                outcomes.append(refused.response["error"])
            else:
                outcomes.append("ok")

    assert ["ok", "ok", "not_in_channel", "channel_not_found"] == outcomes[:4]
    assert ["restricted_action"] * 2 + ["is_archived"] * 2 == outcomes[4:]
    assert (
        "not_in_channel" == (await refusal(sim, "chat.postMessage", channel="C0GENERAL01", text="x")).response["error"]
    )
    assert (
        "channel_not_found" == (await refusal(sim, "chat.postMessage", channel="C0NOWHERE", text="x")).response["error"]
    )


async def test_what_stands_in_an_archived_channel_is_edited_no_more(sim):
    channel = sim.opens_channel("ops")
    posted = await web(sim).chat_postMessage(channel=channel.id, text="begun")
    channel.is_archived = True

    refused = await refusal(sim, "chat.update", channel=channel.id, ts=posted["ts"], text="over")

    assert "is_inactive" == refused.response["error"]
    assert "begun" == sim.board.messages[channel.id][0]["text"]


async def test_one_message_a_second_and_channel_is_let_through(sim):
    sim.limits.is_on = True
    ops, other = sim.opens_channel("ops"), sim.opens_channel("other")
    await web(sim).chat_postMessage(channel=ops.id, text="1")
    await web(sim).chat_postMessage(channel=other.id, text="1")

    refused = await refusal(sim, "chat.postMessage", channel=ops.id, text="2")

    assert ("ratelimited", "1") == (refused.response["error"], refused.response.headers["Retry-After"])


async def test_a_home_tab_is_kept_and_guarded_by_its_hash(sim):
    view = {"type": "home", "blocks": []}
    first = await web(sim).views_publish(user_id="U1", view=view)
    await web(sim).views_publish(user_id="U1", view=view, hash=first["view"]["hash"])
    with pytest.raises(SlackApiError) as conflict:
        await web(sim).views_publish(user_id="U1", view=view, hash=first["view"]["hash"])
    with pytest.raises(SlackApiError) as large:
        await web(sim).views_publish(user_id="U1", view={**view, "private_metadata": "x" * 250_000})

    assert "home" == sim.board.homes["U1"]["type"]
    assert "hash_conflict" == conflict.value.response["error"]
    assert "view_too_large" == large.value.response["error"]


async def test_a_view_that_holds_a_refused_type_is_not_taken(sim):
    image = {"type": "image", "image_url": "https://a.example/b.png", "alt_text": "b"}
    view = {"type": "home", "blocks": [{"type": "section", "accessory": image}]}
    sim.refuses_blocks("image")
    with pytest.raises(SlackApiError) as refused:
        await web(sim).views_publish(user_id="U1", view=view)
    await web(sim).views_publish(user_id="U1", view={"type": "home", "blocks": [{"type": "divider"}]})
    sim.refuses_blocks()
    await web(sim).views_publish(user_id="U1", view=view)

    assert "invalid_blocks" == refused.value.response["error"]
    assert view["blocks"] == sim.board.homes["U1"]["blocks"]


async def test_a_modal_opens_once_for_a_trigger_and_before_whom_it_came_from(sim):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Here"}, "blocks": []}
    trigger = sim.board.trigger("U1")
    opened = await web(sim).views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError) as again:
        await web(sim).views_open(trigger_id=trigger, view=view)

    assert "invalid_trigger_id" == again.value.response["error"]
    assert {"U1": opened["view"]["id"]} == {user: each["id"] for user, each in sim.board.open_modals.items()}
    sim.board.close_modal("U1")
    assert {} == sim.board.open_modals


async def test_custom_fields_come_by_profile_only(sim):
    ada = sim.adds("Ada Lovelace")
    sim.defines_field("Xf0TEAM", "Team")
    sim.sets_field(ada, "Xf0TEAM", "Engines")
    definitions = await web(sim).api_call("team.profile.get")
    profile = await web(sim).users_profile_get(user=ada.id)
    listed = await web(sim).users_list()

    assert ["Team"] == [field["label"] for field in definitions["profile"]["fields"]]
    assert {"Xf0TEAM": {"value": "Engines", "alt": ""}} == profile["profile"]["fields"]
    assert {} == listed["members"][-1]["profile"]["fields"]


async def test_team_and_bot_can_be_asked_about(sim):
    team = await web(sim).team_info()
    bot = await web(sim).bots_info(bot=sim.bot_id)

    assert ("Meridian", "meridian") == (team["team"]["name"], team["team"]["domain"])
    assert (sim.app_id, sim.bot_user_id) == (bot["bot"]["app_id"], bot["bot"]["user_id"])


async def test_an_uninstalled_app_has_a_dead_token(sim):
    sim.uninstalls()
    refused = await refusal(sim, "auth.test")

    assert "account_inactive" == refused.response["error"]


async def test_faces_and_avatars_are_drawn_for_everybody(session):
    async with Simulator(crowd=30) as sim:
        profiles = [user["profile"] for user in sim.users()]
        drawings = []
        for profile in profiles:
            async with session.get(profile["image_72"]) as response:
                drawings.append((response.status, response.content_type, await response.text()))

    assert {(200, "image/svg+xml")} == {(status, kind) for status, kind, _ in drawings}
    assert all(text.startswith("<svg") for _, _, text in drawings)
    assert {"faces", "avatars"} == {profile["image_72"].split("/")[3] for profile in profiles}
    assert all(("image_1024" in profile) is profile.get("is_custom_image", False) for profile in profiles)


async def test_an_emoji_of_the_workspaces_own_is_told_with_its_picture(session):
    async with Simulator(crowd=0) as sim:
        user = sim.joins("Ada")
        sim.changes(user, status_emoji=":meridian:")
        profile = next(each["profile"] for each in sim.users() if each["id"] == user.id)
        told = profile["status_emoji_display_info"][0]
        async with session.get(told["display_url"]) as drawn, session.get(f"{sim.url}/emoji/nobodys.svg") as unknown:
            answers = [drawn.status, drawn.content_type, unknown.status]
        sim.changes(user, status_emoji=":palm_tree:")
        standard = next(each["profile"] for each in sim.users() if each["id"] == user.id)

    assert [200, "image/svg+xml", 404] == answers
    assert ("meridian", told["display_url"]) == (told["emoji_name"], profile["status_emoji_url"])
    assert ("", "1f334") == (standard["status_emoji_url"], standard["status_emoji_display_info"][0]["unicode"])
