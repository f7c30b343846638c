"""Somebody is erased, hidden, or asks what is held of them, while the service runs and while it does not."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.clock import utc_now
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db import Sight, Store, looking
from db.copies import keep_copy
from db.filters import UserFilter
from db.records import Position, Workspace
from tests.stories.test_a_change_in_slack import find
from tests.support.asking import rows
from tests.support.factories import an_observation
from tests.support.leftovers import leftovers
from tests.support.memory import keep
from tests.support.program import NOWHERE, environment, running, serve_environment
from tests.support.visitor import Visitor
from tests.support.waiting import eventually

Start = Callable[..., Any]
ADA = {"title": "Zqtitle", "email": "zqada@x.example", "phone": "+44 20 7946 4711", "display_name": "zqdisplay"}
WORDS = ["Zqname", "Zqtitle", "zqada@", "7946 4711", "zqdisplay", "Zqformer", "zqletter"]


def url_of(settings: Settings) -> str:
    """Tell where the table lies."""
    return settings.database_url.get_secret_value()


async def said(settings: Settings, *words: str) -> tuple[int, str]:
    """Run a verb in a process of its own."""
    env = environment(DATABASE_URL=url_of(settings))
    async with running(*words, env=env, cwd=NOWHERE) as program:
        return await program.ended(), program.output


async def a_life(slack: Simulator) -> str:
    """Let somebody join, change, and be spoken of in a payload that cannot be read."""
    ada = slack.joins("Ada Zqname", **{**ADA, "title": "Zqformer"})
    await slack.eventually_acked()
    slack.changes(ada, **ADA)
    slack.sends({"type": "user_change", "user": {"id": 5, "text": f"zqletter <@{ada.id}>"}})
    await slack.eventually_acked()
    return ada.id


async def test_whoever_is_active_in_slack_is_not_purged_and_hiding_is_offered(
    slack: Simulator, service: Service, settings: Settings
) -> None:
    user_id = await a_life(slack)

    code, output = await said(settings, "purge", slack.team_id, user_id)

    assert 1 == code
    assert f"usersync hide {slack.team_id}/{user_id}" in output
    row = await find(service, slack, user_id)
    assert row is not None
    assert "Ada Zqname" == row.real_name


async def test_an_unknown_id_is_not_purged(slack: Simulator, service: Service, settings: Settings) -> None:
    codes = [await said(settings, "purge", word) for word in ("U0NOBODY", f"{slack.team_id}/U0NOBODY", "T0NONE/U1")]

    assert [1, 1, 1] == [code for code, _ in codes]
    assert "nothing here speaks of that id" in codes[0][1]
    assert "T0NONE is not known here" in codes[2][1]
    assert await find(service, slack, "U0NOBODY") is None


async def test_whoever_left_is_purged_to_the_byte_while_the_service_runs(
    slack: Simulator, service: Service, settings: Settings
) -> None:
    user_id = await a_life(slack)
    last_words = slack.user(user_id).payload()
    slack.deactivates(slack.user(user_id))
    await slack.eventually_acked()
    assert set(WORDS) == {word for each in (await leftovers(url_of(settings), WORDS)).values() for word in each}

    code, output = await said(settings, "purge", f"{slack.team_id}/{user_id}")

    assert (0, {}) == (code, await leftovers(url_of(settings), WORDS)), output
    assert "1 dead letter" in output
    assert "Slack itself" in output
    assert "what the app posted in Slack" in output
    slack.sends({"type": "user_change", "user": {**last_words, "updated": last_words["updated"] + 5}})
    slack.changes(slack.user(user_id), title="Zqtitle")
    await slack.eventually_acked()
    service.runs.want("for the test")
    await slack.eventually_acked()
    assert {} == await leftovers(url_of(settings), WORDS)
    async with service.store.reading() as rx:
        told = [each for each in await rx.changes.list_changes(Position({})) if each.user_id == user_id]
    assert told[0].after.get("is_forgotten")
    assert {"is_forgotten", "deleted"} >= {field for each in told for field in each.fields}
    code, output = await said(settings, "purge", f"{slack.team_id}/{user_id}")
    assert 0 == code, output


async def test_whoever_slack_erased_is_wiped_while_the_service_runs(
    slack: Simulator, service: Service, settings: Settings
) -> None:
    user_id = await a_life(slack)

    slack.forgets(slack.user(user_id))
    await slack.eventually_acked()

    async def nothing_left() -> bool:
        return not await leftovers(url_of(settings), WORDS)

    await eventually(nothing_left, within_s=40, of="the wiping")


@pytest.mark.runs_on("sqlite", because="what is left to wipe is the bytes and the copies of a file")
async def test_what_a_killed_process_left_to_wipe_is_wiped_by_the_next(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    store = await Store.open(url_of(settings))
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace(slack.team_id))
    of_ada = {"team_id": slack.team_id, "real_name": "Ada Zqname", "updated": 1, "email": "zqada@x.example"}
    await keep(store, an_observation("U0ADA", **of_ada))
    keep_copy(Path(url_of(settings).removeprefix("sqlite:///")), "0005", now=utc_now())
    await keep(store, an_observation("U0ADA", team_id=slack.team_id, updated=2, is_forgotten=True))
    await store.close()
    assert await leftovers(url_of(settings), WORDS)

    service = await start()

    async def nothing_due() -> bool:
        async with service.store.reading() as rx:
            return not await rx.wipes.list_due()

    await eventually(nothing_due, within_s=40, of="the wiping")
    assert {} == await leftovers(url_of(settings), WORDS)


async def test_a_hidden_person_is_on_no_surface_until_they_are_shown_again(
    slack: Simulator, service: Service, settings: Settings
) -> None:
    user_id = await a_life(slack)
    async with looking(service.store, Sight()) as seen:
        before, count = await seen.find_position(), (await seen.count_users(UserFilter())).total

    code, output = await said(settings, "hide", user_id)

    assert 0 == code, output
    async with looking(service.store, Sight(sees_contact_of_gone=True)) as seen:
        told = (await seen.follow(before, limit=50)).lines
        everything = [
            await seen.find_user(slack.team_id, user_id),
            await seen.list_users(UserFilter()),
            await seen.list_users(UserFilter(q="zqname")),
            await seen.list_recent(50),
            await seen.list_history(slack.team_id, user_id, 50),
            await seen.follow(Position({}), limit=500),
        ]
        assert count - 1 == (await seen.count_users(UserFilter())).total
    assert [(None, True)] == [(each.change.user_id, each.change.is_reset) for each in told]
    assert not [word for word in WORDS if word in str(everything)]
    async with service.store.reading() as rx:
        shown, all_there = await rx.users.tally(slack.team_id, but_hidden=True), await rx.users.tally(slack.team_id)
    assert sum(all_there.values()) - 1 == sum(shown.values())

    slack.changes(slack.user(user_id), title="Still Zqtitle")
    await slack.eventually_acked()
    row = await find(service, slack, user_id)
    assert row is not None
    assert row.hidden_at is not None
    key = f"{slack.team_id}/{user_id}"
    assert (0, f"{key} is hidden already.\n") == await said(settings, "hide", user_id)
    assert (0, f"{key} is shown again.\n") == await said(settings, "unhide", "zqada@x.example")
    assert (0, f"{key} is not hidden.\n") == await said(settings, "unhide", user_id)
    async with Visitor(service.url) as visitor:
        assert "Still Zqtitle" in (await visitor.get("/")).text


async def test_a_hidden_person_who_is_erased_stays_erased(
    slack: Simulator, service: Service, settings: Settings
) -> None:
    user_id = await a_life(slack)
    await said(settings, "hide", user_id)

    slack.forgets(slack.user(user_id))
    await slack.eventually_acked()

    row = await find(service, slack, user_id)
    assert row is not None
    assert ("erased", None, None) == (row.kind, row.hidden_at, row.real_name)
    assert (0, f"{slack.team_id}/{user_id} is erased; there is nothing left to hide.\n") == await said(
        settings, "hide", f"{slack.team_id}/{user_id}"
    )


async def test_whoever_asks_what_is_held_of_them_gets_all_of_it(
    slack: Simulator, service: Service, settings: Settings, tmp_path: Path
) -> None:
    user_id = await a_life(slack)
    slack.changes(slack.user(user_id), status_text="at the dentist")
    await slack.eventually_acked()
    async with service.store.transaction() as tx:
        await tx.signins.make(slack.team_id, user_id, now=utc_now())

    code, output = await said(settings, "export", "--user", "zqada@x.example")
    held = json.loads(output)

    assert 0 == code
    assert "at the dentist" == held["user"]["status_text"]
    assert ("zqada@x.example", "zqada@x.example") == (held["user"]["email"], held["user"]["email_key"])
    assert ["Zqtitle", "Zqformer"] == [each["after"]["title"] for each in held["history"]]
    assert not [each for each in held["history"] if "status_text" in each["after"] and each["before"]]
    assert "zqletter" in held["dead_letters"][0]["payload"]
    assert 1 == len(held["signin_links"])
    assert "digest" not in held["signin_links"][0]
    file = tmp_path / "ada.json"
    assert 0 == (await said(settings, "export", "--user", user_id, "--output", str(file)))[0]
    assert held | {"written_at": ""} == json.loads(file.read_text()) | {"written_at": ""}
    assert 0o600 == file.stat().st_mode & 0o777


async def test_an_export_that_cannot_be_written_says_so_and_leaves_no_half(
    slack: Simulator, service: Service, settings: Settings, tmp_path: Path
) -> None:
    user_id = await a_life(slack)

    code, output = await said(settings, "export", "--user", user_id, "--output", str(tmp_path / "no" / "ada.json"))
    nobody = await said(settings, "export", "--user", "nobody@x.example")

    assert 1 == code
    assert "cannot be written" in output
    assert 1 == nobody[0]


async def test_events_go_on_while_a_person_is_purged(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    env = serve_environment(slack, database_url)
    async with running("serve", env=env, cwd=tmp_path) as serve:
        await serve.url()
        gone, stays = slack.joins("Ada Zqname"), slack.joins("Grace Hopper")
        slack.deactivates(gone)
        await slack.eventually_acked()

        async with running("purge", gone.id, env=environment(DATABASE_URL=database_url), cwd=tmp_path) as purge:
            slack.changes(stays, title="Rear Admiral")
            assert 0 == await purge.ended(), purge.output
        await slack.eventually_acked()

        assert [("Rear Admiral",)] == rows(database_url, f"SELECT title FROM users WHERE id = '{stays.id}'")
        serve.tell(signal.SIGTERM)
        assert 0 == await serve.ended()
