"""The API does what its document says: schemathesis asks what the document allows, and what it does not allow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import hypothesis
import jsonschema_rs
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.applications import Starlette

import web
from db import Store, drop_contact, purge, set_hidden
from db.records import TokenScope
from tests.support.programs import a_token, bearing
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from tests.web.test_door import MERIDIAN, a_door
from web.api import OPERATIONS, described
from web.api_models import ChangesQuery, UsersQuery
from web.cookies import Cookie

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
ALSO_OF_NONSENSE = [negative_data_rejection]
QUICKLY = hypothesis.settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return web.create_app(
        store=store, bell=store.bell, status=service, clock=clock, door=a_door(), workspaces=lambda: (MERIDIAN,)
    )


@pytest.fixture
async def served(app: Starlette, slack: Slack, clock: Clock) -> AsyncIterator[str]:
    """The application on a socket, with somebody of each kind and some changes in it."""
    await slack.says("U1", real_name="Ada", fields={"Xf1": {"value": "x", "alt": ""}}, enterprise_teams=("T1",))
    await slack.says("U2", real_name="Bea", is_restricted=True, guest_expiration_ts=1)
    await slack.says("U3", real_name="Cleo", deleted=True)
    await slack.says("U4", real_name="Dora", is_forgotten=True)
    clock.passes(seconds=1)
    await slack.says("U1", real_name="Eve", title="Countess")
    async with serving(app) as url:
        yield url


async def document(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url) as anybody:
        answer = await anybody.get("/api/v1/openapi.json")
    found: dict[str, Any] = answer.json()
    return found


def ask_everything(url: str, described: dict[str, Any], headers: dict[str, str], mode: GenerationMode) -> list[int]:
    """Ask as the document says, or as it forbids; tell which statuses came."""
    seen: list[int] = []
    schema = schemathesis.openapi.from_dict(described)
    checks = CHECKS + (ALSO_OF_NONSENSE if mode is GenerationMode.NEGATIVE else [])
    for found in schema.get_all_operations():
        operation = found.ok()

        @QUICKLY
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            answer = case.call_and_validate(base_url=url, headers=headers, checks=checks)
            seen.append(answer.status_code)

        try:
            ask()
        except hypothesis.errors.Unsatisfiable:  # an operation without parameters allows no nonsense
            assert mode is GenerationMode.NEGATIVE
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
async def test_every_answer_is_one_that_the_document_describes(
    served: str, store: Store, clock: Clock, mode: GenerationMode
) -> None:
    headers = bearing(await a_token(store, now=clock(), scopes=set(TokenScope)))

    seen = await asyncio.to_thread(ask_everything, served, await document(served), headers, mode)

    assert len(seen) > 60
    assert 400 in seen
    assert mode is GenerationMode.NEGATIVE or 200 in seen


@pytest.mark.slow
async def test_without_a_token_every_answer_is_a_refusal(served: str) -> None:
    seen = await asyncio.to_thread(ask_everything, served, await document(served), {}, GenerationMode.POSITIVE)

    assert {401} == set(seen)


async def test_what_operator_and_retention_did_is_as_the_document_says(
    served: str, client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    client.headers.update(bearing(await a_token(store, now=clock())))
    position = (await client.get("/api/v1/changes")).json()["position"]
    await slack.says("U5", real_name="Fay", email="fay@meridian.example")
    clock.passes(seconds=1)
    await slack.says("U5", deleted=True)
    clock.passes(days=100)
    async with store.transaction() as tx:
        await drop_contact(tx, TEAM, ["U5"], left_before=clock(), now=clock())
        await set_hidden(tx, TEAM, "U1", is_hidden=True, now=clock())
        await purge(tx, TEAM, "U3", now=clock())

    page = (await client.get("/api/v1/changes", params={"after": position})).json()
    user = (await client.get(f"/api/v1/users/{TEAM}/U5")).json()

    described = await document(served)
    answer = described["paths"]["/api/v1/changes"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = {**answer, "components": described["components"]}
    jsonschema_rs.validator_for(schema).validate(page)
    assert {"event", "operator", "retention"} == {each["source"] for each in page["changes"]}
    assert {name for each in page["changes"] for name in each["fields"]} <= {*user, "email"}
    assert user["contact_dropped_at"]


async def test_the_document_is_for_anybody_and_the_same_everywhere(served: str, client: httpx.AsyncClient) -> None:
    described = await document(served)

    assert "3.1.0" == described["openapi"]
    assert {each.path for each in OPERATIONS} == described["paths"].keys()
    assert described == (await client.get("/api/v1/openapi.json", headers=bearing("wrong"))).json()
    assert TEAM not in str(described)


async def test_the_document_is_written_once_and_names_the_cookie_of_either_kind_of_address(served: str) -> None:
    schemes = (await document(served))["components"]["securitySchemes"]
    cookies = {each["name"] for each in schemes.values() if each.get("in") == "cookie"}

    assert described() is described()
    assert {Cookie("usersync_session", public_url=url).name for url in (None, "https://people.example")} == cookies


async def test_the_document_names_exactly_the_parameters_that_are_read(served: str) -> None:
    paths = (await document(served))["paths"]

    for path, model in (("/api/v1/users", UsersQuery), ("/api/v1/changes", ChangesQuery)):
        assert list(model.model_fields) == [each["name"] for each in paths[path]["get"]["parameters"]]
    assert ["team_id", "user_id"] == [
        each["name"] for each in paths["/api/v1/users/{team_id}/{user_id}"]["get"]["parameters"]
    ]


async def test_a_scope_in_the_document_is_the_one_that_the_route_asks_for(app: Starlette, served: str) -> None:
    routes = {route.path: route.scope for route in app.routes}  # type: ignore[attr-defined]

    assert {each.path: each.scope for each in OPERATIONS} == {each.path: routes[each.path] for each in OPERATIONS}
