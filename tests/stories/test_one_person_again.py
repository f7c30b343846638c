"""`/usersync resync @user`: one person is read again, and the answer says in words what that changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db.records import State
from db.visibility import Audience
from tests.stories.test_a_change_in_slack import find
from tests.support.away import database_away
from tests.support.locks import held
from tests.support.waiting import eventually
from tests.support.words import answer_to

Start = Callable[..., Any]


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run, who is read again."""
    return slack.adds("Grace Hopper", title="Rear admiral")


async def again(slack: Simulator, user: PretendUser, whom: str) -> str:
    return await answer_to(await slack.types(user, f"/usersync resync {whom}"))


def mentioned(user: PretendUser) -> str:
    """Write somebody as Slack does where the manifest says `should_escape`."""
    return f"<@{user.id}|somebody>"


async def test_what_no_event_had_told_is_taken_in_and_told(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    slack.changes(grace, quietly=True, title="Commodore", phone="+1 555 0100", status_text="at the dentist")
    runs = len(slack.calls("users.list"))

    told = await again(slack, ada, mentioned(grace))

    assert "title: “Rear admiral” → “Commodore”" in told
    assert "phone: nothing → “+1 555 0100”" in told
    assert "custom status" in told
    assert "dentist" not in told
    assert "*Grace Hopper*" in told
    user = await find(service, slack, grace.id)
    assert user is not None
    assert "Commodore" == user.title
    assert runs == len(slack.calls("users.list"))


async def test_all_as_known_is_said(slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service) -> None:
    assert "all was as we knew it" in await again(slack, ada, mentioned(grace))
    assert "all was as we knew it" in await again(slack, ada, f"<@{grace.id}>")


async def test_somebody_new_and_somebody_who_left_are_told(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    new = slack.adds("Nora New")
    slack.deactivates(grace, quietly=True)

    assert "was not in the directory" in await again(slack, ada, mentioned(new))
    told = await again(slack, ada, mentioned(grace))

    assert "• deactivated" in told
    assert "_deactivated_" in told


async def test_whom_slack_does_not_know_is_not_marked_for_it(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    slack.removes(grace)

    for whom in (mentioned(grace), "<@U0NOBODY99|nobody>"):
        told = await again(slack, ada, whom)
        assert "Slack does not know" in told
        assert "nobody was marked as missing" in told
    user = await find(service, slack, grace.id)
    assert user is not None
    assert State.ACTIVE is user.state


async def test_who_was_missing_and_is_back_is_told(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    slack.faults.fail("users.info", error="user_not_found", times=1)
    known = slack.crowd.keep(grace.id)
    slack.faults.fail(
        "users.list",
        alter=lambda page: {**page, "members": [each for each in page["members"] if each["id"] != known["id"]]},
    )
    await answer_to(await slack.types(ada, "/usersync resync"), "Done.")
    user = await find(service, slack, grace.id)
    assert user is not None
    assert State.MISSING is user.state
    slack.changes(grace, quietly=True)

    told = await again(slack, ada, mentioned(grace))

    assert "listed by Slack again" in told
    user = await find(service, slack, grace.id)
    assert user is not None
    assert State.ACTIVE is user.state


async def test_an_erasure_is_followed_and_no_word_is_told(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    slack.forgets(grace, quietly=True)

    told = await again(slack, ada, mentioned(grace))

    assert "was erased" in told
    assert "Grace" not in told
    assert "admiral" not in told


async def test_names_that_hold_markup_call_nobody(slack: Simulator, ada: PretendUser, service: Service) -> None:
    hostile = slack.adds("<!channel> *Boom*")
    await again(slack, ada, mentioned(hostile))
    slack.changes(hostile, quietly=True, title="<@U1> & <https://evil.example|Kate>", real_name="<!here> `x`\n> y")

    told = await again(slack, ada, mentioned(hostile))

    assert "&lt;@U1&gt; &amp; &lt;https://evil.example|Kate&gt;" in told
    assert "&lt;!here&gt; x &gt; y" in told
    assert "<!" not in told


@pytest.mark.parametrize(
    "whom", ["@nobody", "now", "Grace Hopper", "<#C0123|general>", "<!subteam^S1|@team>", "<@U1> x"]
)
async def test_what_is_nobody_gets_a_sentence_that_says_what_can_be_typed(
    slack: Simulator, ada: PretendUser, service: Service, whom: str
) -> None:
    runs, asked = len(slack.calls("users.list")), len(slack.calls("users.info"))

    told = await again(slack, ada, whom)

    assert "Whom do you mean?" in told
    assert "/usersync resync @somebody" in told
    assert (runs, asked) == (len(slack.calls("users.list")), len(slack.calls("users.info")))


async def test_it_is_for_admins(slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service) -> None:
    assert "admins and owners" in await again(slack, grace, mentioned(ada))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"error": "ratelimited"}, "Slack asks to wait"),
        ({"ratelimited": 7}, "Slack asks to wait for 7 s."),
        ({"http_status": 503, "error": "service_unavailable"}, "Slack answers"),
        ({"html": True}, "could not be read"),
        ({"slow_seconds": 9}, "could not be read"),
        ({"drop": True, "times": 3}, "could not be read"),
        ({"error": "user_not_visible"}, "does not let the app see"),
        ({"alter": lambda answer: {**answer, "user": {**answer["user"], "id": "W0OTHER"}}}, "not about this person"),
        ({"alter": lambda _: {"ok": True}}, "not about this person"),
        ({"alter": lambda answer: {**answer, "user": {"id": answer["user"]["id"], "name": 5}}}, "unreadable event"),
    ],
    ids=[
        "asked to wait",
        "asked for long",
        "unavailable",
        "a page",
        "slow",
        "cut off",
        "hidden",
        "another",
        "nobody",
        "odd",
    ],
)
async def test_what_slack_does_not_tell_changes_nothing(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service, fault: dict[str, Any], words: str
) -> None:
    before = await find(service, slack, grace.id)
    slack.faults.fail("users.info", **fault)

    asked = await slack.types(ada, f"/usersync resync {mentioned(grace)}")
    told = await answer_to(asked, within_s=40)

    assert words in told
    assert before == await find(service, slack, grace.id)


async def test_while_the_database_is_locked_it_says_so(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service, database_url: str
) -> None:
    slack.changes(grace, quietly=True, title="Commodore")
    async with held(database_url):
        asked = await slack.types(ada, f"/usersync resync {mentioned(grace)}")
        assert "cannot be read right now" in await answer_to(asked, within_s=40)


async def test_while_the_database_is_away_it_says_so(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service, database_url: str
) -> None:
    async with database_away(service, database_url):
        assert "cannot be read right now" in await again(slack, ada, mentioned(grace))


async def test_what_the_policy_hides_from_admins_is_not_told(
    slack: Simulator, ada: PretendUser, grace: PretendUser, settings: Settings, start: Start
) -> None:
    service: Service = await start(settings.model_copy(update={"visibility": {"title": Audience.NOBODY}}))
    await eventually(lambda: service.runs.finished, of="the first run")
    slack.changes(grace, quietly=True, title="Commodore")

    told = await again(slack, ada, mentioned(grace))

    assert "Commodore" not in told
    assert "title" not in told
