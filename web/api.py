"""The API's answers: users, one user, changes, and the document that describes all three. It only reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import Sight, records
from db.errors import BadCursor, PositionTooOld
from db.seen import Line, Stretch, looking
from web.api_errors import ApiError
from web.api_models import (
    ID,
    Change,
    ChangePage,
    ChangesQuery,
    ErasedUser,
    NoQuery,
    User,
    UserPage,
    UsersQuery,
)
from web.custom_status import ending_of, while_it_holds
from web.etags import holds_until
from web.openapi import Operation, document
from web.positions import BadPosition, decode, encode
from web.viewer import sight_of
from web.window import window_of

Query = TypeVar("Query", bound=BaseModel)

OPERATIONS = (
    Operation(
        path="/api/v1/users",
        name="listUsers",
        summary="List users in the order of their names, or search them, the best match first",
        scope=records.TokenScope.USERS,
        query=UsersQuery,
        answer=UserPage,
    ),
    Operation(
        path="/api/v1/users/{team_id}/{user_id}",
        name="getUser",
        summary="Look at one user",
        scope=records.TokenScope.USERS,
        query=NoQuery,
        answer=User | ErasedUser,
        failures={404: "Nobody has this key, or nobody whom you may see."},
    ),
    Operation(
        path="/api/v1/changes",
        name="listChanges",
        summary="Follow what changes",
        scope=records.TokenScope.CHANGES,
        query=ChangesQuery,
        answer=ChangePage,
        failures={410: "The position is older than what is kept, or not of this database. Read all users again."},
    ),
)
AWAY_TOO_LONG = (
    "What came after this position is no longer kept, or the database was put back to an older copy. Ask for changes "
    "without `after` for a new position, then read all users again."
)

UNORDERED = (
    "sort: `changed` would tell when fields changed that you may not see. Ask for best, name or newest, or with a "
    "token that has the scope admins:read."
)


async def users(request: Request) -> Response:
    """List users."""
    query = _read(UsersQuery, request.query_params)
    if query.sort == "changed" and not sight_of(request).sees_changing:
        raise ApiError(400, "bad_parameter", UNORDERED)
    async with looking(window_of(request).store, sight_of(request)) as seen:
        try:
            page = await seen.list_users(query.user_filter, after=query.after, limit=query.limit)
        except BadCursor:
            raise _wrong(UsersQuery, "after") from None
    now = window_of(request).clock()
    holds_until(request, (ending_of(each, now) for each in page.users))
    found = [_user(each, seen.sight, now) for each in page.users]
    return JSONResponse({"users": found, "next_cursor": page.next_cursor, "meant": page.meant or None})


async def user(request: Request) -> Response:
    """Look at one user; of somebody erased it is told that they are, so whoever keeps a copy can follow."""
    _read(NoQuery, request.query_params)
    team_id, user_id = request.path_params["team_id"], request.path_params["user_id"]
    found = None
    if re.fullmatch(ID, team_id) and re.fullmatch(ID, user_id):
        async with looking(window_of(request).store, sight_of(request)) as seen:
            found = await seen.find_user(team_id, user_id)
    if found is None:
        raise ApiError(404, "not_found", "Nobody here has this key, or nobody whom you may see.")
    now = window_of(request).clock()
    holds_until(request, [ending_of(found, now)])
    return JSONResponse(_user(found, sight_of(request), now))


async def changes(request: Request) -> Response:
    """Tell what came after a position; without one, where everything ends now."""
    query = _read(ChangesQuery, request.query_params)
    async with looking(window_of(request).store, sight_of(request)) as seen:
        if query.after is None:
            stretch = Stretch((), await seen.find_position(), has_more=False)
        else:
            try:
                stretch = await seen.follow(decode(query.after), limit=query.limit)
            except BadPosition:
                raise _wrong(ChangesQuery, "after") from None
            except PositionTooOld:
                raise ApiError(410, "start_again", AWAY_TOO_LONG) from None
    found = [_change(each) for each in stretch.lines]
    return JSONResponse({"changes": found, "position": encode(stretch.position), "has_more": stretch.has_more})


async def openapi(_request: Request) -> Response:
    """Describe the API, to anybody: the description is the same wherever usersync runs, and names nobody."""
    return Response(described(), media_type="application/json")


@cache
def described() -> bytes:
    """Write the document, once: it takes the loop longer than any other answer, and anybody may ask for it."""
    return json.dumps(document(OPERATIONS), ensure_ascii=False, separators=(",", ":")).encode()


def _user(found: records.User, sight: Sight, now: datetime) -> dict[str, Any]:
    if found.kind is records.Kind.ERASED:
        return ErasedUser(team_id=found.team_id, id=found.id, kind="erased").model_dump()
    hidden, found = sight.hidden_of(found), while_it_holds(found, now)
    # Made of what is stored, and so is the schema; a test holds the two together.
    values = {name: getattr(found, name) for name in User.model_fields if name not in hidden}
    return User.model_construct(**values).model_dump(mode="json", exclude_unset=True, warnings=False)


def _change(line: Line) -> dict[str, Any]:
    change = line.change
    told = Change.model_construct(
        kind=line.kind,
        team_id=change.team_id,
        user_id=change.user_id,
        rev=change.rev,
        seq=change.seq,
        at=change.at,
        source=change.source,
        fields=list(change.fields),
        before=dict(change.before),
        after=dict(change.after),
    )
    return told.model_dump(mode="json", warnings=False)


def _read(model: type[Query], params: QueryParams) -> Query:
    """Read the parameters. Raises ApiError naming the first that is wrong, and what it can be."""
    try:
        return model.model_validate(_gathered(model, params))
    except ValidationError as error:
        raise _wrong(model, str(error.errors(include_url=False, include_input=False)[0]["loc"][0])) from None


def _gathered(model: type[BaseModel], params: QueryParams) -> Mapping[str, object]:
    """Gather repeated parameters into lists. Raises ApiError for one that is not to be repeated."""
    found: dict[str, object] = {}
    for name in params:
        values = params.getlist(name)
        is_list = name in model.model_fields and model.model_fields[name].default == []
        if len(values) > 1 and not is_list:
            raise _wrong(model, name)
        found[name] = values if is_list else values[0]
    return found


def _wrong(model: type[BaseModel], name: str) -> ApiError:
    known = model.model_fields
    if name in known:
        once = "" if known[name].default == [] else " Give it once at most."
        return ApiError(400, "bad_parameter", f"{name}: {known[name].description}{once}")
    can_be = f"There are {', '.join(known)}." if known else "There are none here."
    return ApiError(400, "unknown_parameter", f"{name[:60]!a} is no parameter. {can_be}")
