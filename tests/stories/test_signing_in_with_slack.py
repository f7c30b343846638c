"""Sign in with Slack: a code, a token or a browser that is not the right one opens nothing; the right ones do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.openid import KEYS, TOKEN, Forgery
from tests.conftest import settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.openid import PUBLIC, Traveller
from tests.support.visitor import a_link
from tests.support.waiting import eventually
from web.signin_slack import MOST_AT_ONCE

Start = Callable[..., Any]
SESSION = "__Host-usersync_session"


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings with which people can sign in with Slack."""
    given = settings_for(slack, database_url, auth="slack")
    openid = {"slack_client_id": slack.openid.client_id, "slack_client_secret": SecretStr(slack.openid.client_secret)}
    return given.model_copy(update={**openid, "public_url": PUBLIC})


@pytest.fixture
async def ada(slack: Simulator, service: Service) -> Any:
    return await someone(slack, service)


@pytest.fixture
def traveller(service: Service) -> Traveller:
    return Traveller(service.url)


async def someone(slack: Simulator, service: Service, name: str = "Ada Lovelace", **fields: Any) -> Any:
    user = slack.joins(name, **fields)
    await slack.eventually_acked()
    await eventually(lambda: find(service, slack, user.id), of=name)
    return user


async def test_a_code_without_its_browser_opens_nothing(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    asked = dict((await traveller.sets_out()).params)
    answer = await Traveller(service.url).comes_back(slack.openid.consents(asked, user_id=ada.id))

    assert 403 == answer.status_code
    assert SESSION not in answer.headers.get("set-cookie", "")
    assert [] == slack.calls(TOKEN)


async def test_the_state_of_another_browser_opens_nothing(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    foreign = dict((await Traveller(service.url).sets_out()).params)
    await traveller.sets_out()

    assert 403 == (await traveller.comes_back(slack.openid.consents(foreign, user_id=ada.id))).status_code
    assert SESSION not in traveller.kept


async def test_two_tabs_do_not_disturb_each_other(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    first, second = [dict((await traveller.sets_out()).params) for _ in range(2)]
    strays = ["/signin/slack/callback", "/signin/slack/callback?code=x&state=foreign"]
    astray = [(await traveller.comes_back(each)).status_code for each in strays]
    back = [await traveller.comes_back(slack.openid.consents(each, user_id=ada.id)) for each in (first, second)]

    assert ([403, 403], [303, 303]) == (astray, [each.status_code for each in back])


async def test_a_browser_keeps_a_few_attempts_at_most(service: Service, traveller: Traveller) -> None:
    for _ in range(2 * MOST_AT_ONCE):
        await traveller.sets_out()

    assert MOST_AT_ONCE == len(traveller.kept)


async def test_a_code_that_is_replayed_opens_nothing(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    asked = dict((await traveller.sets_out()).params)
    began = dict(traveller.kept)
    address = slack.openid.consents(asked, user_id=ada.id)
    first = await traveller.comes_back(address)
    again = await traveller.comes_back(address)
    copied = Traveller(service.url)
    copied.kept = began
    replayed = await copied.comes_back(address)

    assert [303, 403, 403] == [each.status_code for each in (first, again, replayed)]
    assert SESSION not in copied.kept


@pytest.mark.parametrize(
    "forgery",
    [
        Forgery(claims={"nonce": "another"}),
        Forgery(claims={"exp": 1_700_000_000}),
        Forgery(claims={"aud": "another-app"}),
        Forgery(claims={"iss": "https://evil.example"}),
        Forgery(claims={"https://slack.com/team_id": "T0ELSEWHERE"}),
        Forgery(claims={"https://slack.com/team_id": None}),
        Forgery(claims={"https://slack.com/user_id": "U0SOMEBODY"}),
        Forgery(claims={"sub": "U0SOMEBODY"}),
        Forgery(algorithm="none"),
        Forgery(algorithm="HS256"),
        Forgery(algorithm="RS512"),
        Forgery(foreign_key=True),
        Forgery(key_id="unheard-of"),
    ],
    ids=str,
)
async def test_a_token_that_is_not_right_in_every_point_opens_nothing(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller, forgery: Forgery
) -> None:
    slack.openid.forges = forgery
    answer = await traveller.signs_in_as(slack, ada.id)

    assert 403 == answer.status_code
    assert SESSION not in traveller.kept
    assert 401 == (await traveller.get("/")).status_code
    assert "Ada" not in answer.text


@pytest.mark.parametrize(
    "fields", [{"is_restricted": True}, {"is_stranger": True}, {"deleted": True}, {"is_bot": True}], ids=str
)
async def test_whom_a_link_would_not_let_in_slacks_word_does_not_either(
    slack: Simulator, service: Service, traveller: Traveller, fields: dict[str, bool]
) -> None:
    user = await someone(slack, service, **fields)
    answer = await traveller.signs_in_as(slack, user.id)

    assert 403 == answer.status_code
    assert SESSION not in traveller.kept


@pytest.mark.parametrize("silent", [TOKEN, KEYS])
@pytest.mark.parametrize(
    "fault", [{"drop": True, "times": 2}, {"html": True}, {"http_status": 500}, {"ratelimited": 1}]
)
async def test_while_slack_does_not_answer_nobody_is_signed_in(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller, silent: str, fault: dict[str, Any]
) -> None:
    slack.faults.fail(silent, **fault)
    answer = await traveller.signs_in_as(slack, ada.id)

    assert 503 == answer.status_code
    assert "Slack does not answer" in answer.text
    assert SESSION not in traveller.kept
    slack.faults.clear()
    assert 303 == (await traveller.signs_in_as(slack, ada.id)).status_code


async def test_whoever_says_no_at_slack_is_told_kindly(service: Service, traveller: Traveller) -> None:
    asked = (await traveller.sets_out()).params
    answer = await traveller.comes_back(f"/signin/slack/callback?error=access_denied&state={asked['state']}")

    assert 403 == answer.status_code
    assert "That is fine" in answer.text


async def test_slack_is_asked_for_all_that_ties_its_answer_to_this_browser(
    slack: Simulator, service: Service, traveller: Traveller
) -> None:
    first, second = await traveller.sets_out(), await traveller.sets_out()
    asked = first.params

    assert f"{slack.url}/openid/connect/authorize" == str(first.copy_with(query=None))
    assert ("code", "openid profile email", "S256", slack.team_id) == tuple(
        asked[name] for name in ("response_type", "scope", "code_challenge_method", "team")
    )
    assert f"{PUBLIC}/signin/slack/callback" == asked["redirect_uri"]
    for name in ("state", "nonce", "code_challenge"):
        assert 43 == len(asked[name])
        assert asked[name] != second.params[name]


async def test_a_member_signs_in_with_slack_and_lands_where_they_wanted_to_go(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    closed = await traveller.get(f"/users/{slack.team_id}/{ada.id}?from=search")
    answer = await traveller.signs_in_as(slack, ada.id)

    assert 401 == closed.status_code
    assert closed.text.index('href="/signin/slack"') < closed.text.index('href="slack://')
    assert (303, f"/users/{slack.team_id}/{ada.id}?from=search") == (answer.status_code, answer.headers["location"])
    assert {SESSION} == set(traveller.kept)
    assert 200 == (await traveller.get("/")).status_code


async def test_whoever_came_in_with_slack_and_is_deactivated_is_out_at_the_next_request(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    await traveller.signs_in_as(slack, ada.id)
    slack.deactivates(ada)
    await slack.eventually_acked()

    assert 403 == (await traveller.get("/")).status_code
    assert 403 == (await traveller.signs_in_as(slack, ada.id)).status_code


async def test_a_new_key_of_slacks_is_fetched_once(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller
) -> None:
    await traveller.signs_in_as(slack, ada.id)
    slack.openid.rotates_keys()
    after = [(await traveller.signs_in_as(slack, ada.id)).status_code for _ in range(2)]

    assert [303, 303] == after
    assert 2 == len(slack.calls(KEYS))


async def test_nothing_of_a_token_is_logged(
    slack: Simulator, service: Service, ada: Any, traveller: Traveller, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG, "web")
    slack.openid.forges = Forgery(claims={"aud": "another-app"})
    await traveller.signs_in_as(slack, ada.id)
    printed = "".join([caplog.text, *capsys.readouterr()])

    for secret in ("eyJ", "another-app", ada.id, slack.openid.client_secret):
        assert secret not in printed


async def test_links_work_beside_it(slack: Simulator, service: Service, ada: Any, traveller: Traveller) -> None:
    assert 303 == (await traveller.signs_in(await a_link(service, slack.team_id, ada.id))).status_code


@pytest.mark.parametrize("changes", [{"public_url": "http://people.example"}, {"public_url": None}], ids=str)
async def test_without_an_https_address_it_is_not_offered(
    slack: Simulator, settings: Settings, start: Start, changes: dict[str, Any]
) -> None:
    service: Service = await start(settings.model_copy(update=changes))
    visitor = Traveller(service.url)
    visitor.headers["Host"] = "people.example" if changes["public_url"] else "localhost"
    page = await visitor.get("/")

    assert 401 == page.status_code
    assert "/signin/slack" not in page.text
    assert 404 == (await visitor.get("/signin/slack")).status_code
    assert 404 == (await visitor.get("/signin/slack/callback?code=x&state=y")).status_code
