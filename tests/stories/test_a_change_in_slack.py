"""A change in Slack is a row in the table, acked only when it is committed."""

from __future__ import annotations

from bot.service import Service
from bot.simulator import Simulator
from db.records import Change, Kind, Position, State, User
from tests.support.promptness import promptly
from tests.support.waiting import eventually


async def find(service: Service, slack: Simulator, user_id: str) -> User | None:
    async with service.store.reading() as rx:
        return await rx.users.find_user(slack.team_id, user_id)


async def changes(service: Service) -> tuple[Change, ...]:
    async with service.store.reading() as rx:
        return await rx.changes.list_changes(Position({}))


async def test_someone_who_joins_is_a_row_within_a_second(slack: Simulator, service: Service) -> None:
    joined = []

    async def somebody_joins(_: int) -> None:
        joined.append(slack.joins("Ada Lovelace", title="Engineer", tz="Europe/London"))
        await eventually(lambda: find(service, slack, joined[-1].id), of="the row")

    await promptly(somebody_joins, within_s=1)

    row = await find(service, slack, joined[-1].id)
    assert row is not None
    assert ("Ada Lovelace", "Engineer", "Europe/London") == (row.real_name, row.title, row.tz)
    assert row.joined_at is not None
    await slack.eventually_acked()


async def test_a_changed_title_is_in_the_row_and_in_the_change_log(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace", title="Engineer")
    await slack.eventually_acked()

    slack.changes(ada, title="Chief Engineer")
    await slack.eventually_acked()

    row = await find(service, slack, ada.id)
    last = (await changes(service))[-1]
    assert row is not None
    assert "Chief Engineer" == row.title
    assert ({"title": "Engineer"}, {"title": "Chief Engineer"}) == (last.before, last.after)


async def test_an_unknown_user_in_a_change_is_inserted(slack: Simulator, service: Service) -> None:
    grace = slack.adds("Grace Hopper")

    slack.changes(grace, title="Rear Admiral")
    await slack.eventually_acked()

    row = await find(service, slack, grace.id)
    assert row is not None
    assert ("Grace Hopper", "Rear Admiral") == (row.real_name, row.title)
    assert row.joined_at is None


async def test_a_known_user_who_joins_is_updated(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()

    user = ada.payload()
    slack.sends({"type": "team_join", "user": {**user, "real_name": "Ada King", "updated": user["updated"] + 1}})
    await slack.eventually_acked()

    row = await find(service, slack, ada.id)
    assert row is not None
    assert "Ada King" == row.real_name


async def test_someone_who_leaves_keeps_the_row_and_its_fields(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace", title="Engineer", email="ada@meridian.example", phone="+44 20 7946 0000")
    await slack.eventually_acked()

    slack.deactivates(ada)
    await slack.eventually_acked()

    row = await find(service, slack, ada.id)
    assert row is not None
    assert State.DEACTIVATED is row.state
    assert ("Engineer", "ada@meridian.example", "+44 20 7946 0000") == (row.title, row.email, row.phone)


async def test_someone_who_comes_back_is_active_again(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace")
    slack.deactivates(ada)
    slack.reactivates(ada)
    await slack.eventually_acked()

    row = await find(service, slack, ada.id)
    assert row is not None
    assert State.ACTIVE is row.state


async def test_an_erased_user_leaves_no_word_behind(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace", title="Engineer", email="ada@meridian.example")
    await slack.eventually_acked()

    slack.forgets(ada)
    await slack.eventually_acked()

    row = await find(service, slack, ada.id)
    assert row is not None
    assert Kind.ERASED is row.kind
    assert (None, None, None, "") == (row.real_name, row.title, row.email, row.search_text)
    assert "Lovelace" not in repr(await changes(service))


async def test_a_redelivered_event_changes_nothing(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()
    before = await find(service, slack, ada.id)
    known = len(await changes(service))
    payload = slack.envelopes[-1].payload

    slack.sends_payload(payload)
    await slack.eventually_acked()

    assert before == await find(service, slack, ada.id)
    assert known == len(await changes(service))


async def test_a_payload_that_changes_no_field_moves_only_the_watermark(slack: Simulator, service: Service) -> None:
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked()
    before = await find(service, slack, ada.id)

    slack.sends({"type": "user_change", "user": {**ada.payload(), "updated": ada.payload()["updated"] + 1}})
    await slack.eventually_acked()

    after = await find(service, slack, ada.id)
    assert before is not None
    assert after is not None
    assert after.updated == before.updated + 1
    assert (before.rev, before.changed_at) == (after.rev, after.changed_at)


async def test_the_first_walk_finds_everybody_and_tells_no_change_of_anybody(slack: Simulator, start: object) -> None:
    ids = {slack.adds(name).id for name in ("Ada Lovelace", "Grace Hopper", "Alan Turing")}

    service: Service = await start()  # type: ignore[operator]
    await eventually(lambda: service.runs.finished, of="the first walk")

    async with service.store.reading() as rx:
        known = await rx.users.find_users(slack.team_id, ids)
        log = await rx.changes.list_changes(Position({}))
    assert ids == set(known)
    assert [True] == [change.is_reset for change in log]
    assert 1 == len(slack.calls("users.list"))


async def test_a_later_start_walks_again_and_tells_what_had_been_missed(slack: Simulator, start: object) -> None:
    ada = slack.adds("Ada Lovelace", title="Engineer")
    service: Service = await start()  # type: ignore[operator]
    await eventually(lambda: service.runs.finished, of="the first walk")
    await service.close()
    slack.changes(ada, quietly=True, title="Chief Engineer")

    again: Service = await start()  # type: ignore[operator]
    await eventually(lambda: again.runs.finished, of="the walk after the second start")

    row = await find(again, slack, ada.id)
    assert row is not None
    assert "Chief Engineer" == row.title
    assert {"title": "Chief Engineer"} == (await changes(again))[-1].after
