"""Promise 4 for every way in which Slack's answer can be unclean: on the first page, on a later one, and in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.runs.claim import Order
from bot.runs.patience import WAITS, PassFailed
from bot.service import Service
from bot.simulator import Simulator
from db import Store
from db.records import AlertKind, RunState
from db.tables import changes, users, workspaces
from tests.stories.test_alerts import figures, has_begun, is_over, warnings
from tests.stories.test_starting import get
from tests.stories.test_the_resync_verb import resynced
from tests.support.memory import stored_bytes
from tests.support.runs import a_run, last_run
from tests.support.waiting import eventually

WORDS = [  # docs.slack.dev, users.list, Errors
    "access_denied", "account_inactive", "accesslimited", "deprecated_endpoint", "ekm_access_denied",
    "enterprise_is_restricted", "fatal_error", "internal_error", "invalid_arg_name", "invalid_arguments",
    "invalid_array_arg", "invalid_auth", "invalid_charset", "invalid_cursor", "invalid_form_data", "invalid_limit",
    "invalid_post_type", "limit_required", "method_deprecated", "missing_argument", "missing_post_type",
    "missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "org_login_required",
    "request_timeout", "service_unavailable", "some_word_of_tomorrow", "team_access_not_granted",
    "team_added_to_org", "token_expired", "token_revoked", "two_factor_setup_required",
]  # fmt: skip
BROKEN: dict[str, dict[str, Any]] = {
    "429 without end": {"ratelimited": 1},
    "500": {"http_status": 500},
    "502 with a page": {"http_status": 502, "html": True},
    "503": {"http_status": 503},
    "504 with a page": {"http_status": 504, "html": True},
    "a page that says it is fine": {"http_status": 200, "html": True},
    "half a JSON": {"truncated": True},
    "a dropped line": {"drop": True},
    "no list": {"alter": lambda answer: {**answer, "members": None}},
    "a list that is none": {"alter": lambda answer: {**answer, "members": {"U1": {}}}},
    "a list of the answer": {"alter": lambda answer: [answer]},
    "a cursor that is none": {"alter": lambda answer: {**answer, "response_metadata": {"next_cursor": {}}}},
    "pages in a circle": {"alter": lambda answer: {**answer, "response_metadata": {"next_cursor": "c0=="}}},
}
FAULTS = [pytest.param({"error": word}, id=word) for word in WORDS]
FAULTS += [pytest.param(fault, id=name) for name, fault in BROKEN.items()]


@pytest.fixture
async def file_store(database_url: str) -> AsyncIterator[Store]:
    """Of one engine: a run that fails does so before anything of an engine comes into play."""
    store = await Store.open(database_url)
    yield store
    await store.close()


async def no_pause(_seconds: float) -> None:
    """Waiting takes no time here; that pauses are obeyed to the second is told elsewhere."""


async def rows(store: Store) -> list[Any]:
    return [await stored_bytes(store, table) for table in (users, changes, workspaces)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("after", [0, 2], ids=["first page", "third page"])
async def test_after_a_run_that_met_anything_unclean_every_row_is_as_before(
    slack: Simulator, file_store: Store, fault: dict[str, Any], after: int
) -> None:
    store = file_store
    slack.page_limit = 2
    people = [slack.adds(f"Ada {number}") for number in range(6)]
    await a_run(slack, store)
    before = await rows(store)
    slack.removes(people[-1])
    slack.faults.fail("users.list", after=after, times=None, **fault)

    with pytest.raises(PassFailed) as failed:
        await a_run(slack, store, sleep=no_pause)

    run = await last_run(store, slack)
    assert before == await rows(store)
    assert run is not None
    assert (RunState.FAILED, str(failed.value), 0) == (run.state, run.reason, run.missing)
    assert str(failed.value).endswith(".")


async def test_slack_may_ask_to_wait_many_times_and_only_then_the_run_fails(slack: Simulator, store: Store) -> None:
    slack.adds("Ada Lovelace")
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    slack.faults.fail("users.list", ratelimited=7, times=WAITS)
    done = await a_run(slack, store, sleep=note)

    assert RunState.DONE is done.run.state
    assert [7.0] * WAITS == [float(each) for each in waited]


async def test_a_cursor_that_is_refused_starts_the_walk_once_more_and_not_for_ever(
    slack: Simulator, store: Store
) -> None:
    slack.page_limit = 2
    for number in range(6):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", error="invalid_cursor", after=1, times=1)
    slack.faults.fail("users.list", error="invalid_cursor", after=2, times=None)

    with pytest.raises(PassFailed, match="does not know the cursor"):
        await a_run(slack, store)

    beginnings = [call for call in slack.calls("users.list") if not call.args.get("cursor")]
    assert 2 == len(beginnings)


async def test_a_list_of_half_the_people_is_held_and_hides_nobody(slack: Simulator, store: Store) -> None:
    for number in range(120):
        slack.adds(f"Ada {number}")
    await a_run(slack, store)
    before = await rows(store)
    slack.faults.fail("users.list", alter=lambda a: {**a, "members": a["members"][::2]}, times=None)

    held = await a_run(slack, store)

    assert (RunState.HELD, 61, 0) == (held.run.state, held.run.absent, held.run.missing)
    assert before[:2] == (await rows(store))[:2]


async def test_a_short_list_that_somebody_confirms_still_marks_only_whom_slack_does_not_know(
    slack: Simulator, store: Store
) -> None:
    """What is confirmed is that people may be gone, not that this list is right."""
    people = [slack.adds(f"Ada {number}") for number in range(120)]
    await a_run(slack, store)
    for user in people[:5]:
        slack.removes(user)
    slack.faults.fail("users.list", alter=lambda a: {**a, "members": a["members"][::2]}, times=None)

    confirmed = await a_run(slack, store, Order(is_asked=True, is_confirmed=True))

    assert (RunState.DONE, 5) == (confirmed.run.state, confirmed.run.missing)


async def test_an_unclean_answer_about_one_absentee_marks_none_of_them(slack: Simulator, store: Store) -> None:
    people = [slack.adds(f"Ada {number}") for number in range(4)]
    await a_run(slack, store)
    for user in people:
        slack.removes(user)
    before = await rows(store)
    slack.faults.fail("users.info", http_status=500, after=2, times=None)

    with pytest.raises(PassFailed):
        await a_run(slack, store)

    assert before == await rows(store)


SOME = [
    pytest.param({"error": "fatal_error"}, "fatal_error"),
    pytest.param({"html": True}, "Slack answers"),
    pytest.param({"error": "missing_scope"}, "users:read"),
    pytest.param({"drop": True}, "the connection broke"),
]


@pytest.mark.parametrize(("fault", "words"), SOME)
async def test_alert_health_metrics_and_page_say_so_until_a_run_succeeds(
    slack: Simulator, service: Service, fault: dict[str, Any], words: str
) -> None:
    slack.faults.fail("users.list", times=None, **fault)
    service.runs.want("a test")
    alert = await eventually(lambda: has_begun(service, AlertKind.RUN_FAILED), within_s=40, of="an alert")
    told, counted, page = await warnings(service), await figures(service), await get(service.url)
    ready = await get(f"{service.url}readyz")
    slack.faults.clear()
    await eventually(lambda: is_over(service, AlertKind.RUN_FAILED), within_s=40, of="its end")

    assert words in alert.words
    assert any(words in each for each in told)
    assert 1 == counted['usersync_last_run_state{state="failed"}']
    assert "The last run failed." in page.text
    assert 200 == ready.status_code, "people are whole and fresh: a run that fails later makes nobody unready"


@pytest.mark.parametrize(
    ("fault", "words"),
    [({"error": "missing_scope"}, "users:read"), ({"error": "account_inactive"}, "SLACK_BOT_TOKEN")],
    ids=["missing scope", "account inactive"],
)
async def test_the_verb_ends_with_1_and_the_reason(
    slack: Simulator, database_url: str, fault: dict[str, Any], words: str
) -> None:
    slack.faults.fail("users.list", times=None, **fault)

    code, output = await resynced(slack, database_url)

    assert 1 == code
    assert words in output
    assert "Traceback" not in output
