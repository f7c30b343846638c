"""The filter that a request asks for, among whatever the operator has marked to filter by."""

from __future__ import annotations

from datetime import UTC

from starlette.requests import Request

from db.filters import UserFilter
from web import query
from web.viewer import sight_of
from web.window import window_of


def asked_of(request: Request) -> UserFilter:
    """Read the filter from the query string; what it asks of fields that are not seen is passed over."""
    window = window_of(request)
    today = window.clock().astimezone(UTC).date()
    asked = query.parse(request.query_params, today=today, custom_fields=window.custom_fields)
    return sight_of(request).heeded(asked)
