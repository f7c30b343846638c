"""Failures as pages in words: what happened, what it did not do, and what to do about it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from db.errors import BadCursor, StoreFull, StoreLocked, StoreReadOnly, StoreUnavailable
from web.api_errors import WORDS_OF, ApiError, in_words, is_of_api
from web.fresh import Dot
from web.ports import SlackSilent
from web.viewer import viewer_of, zone_of_viewer
from web.window import frame, window_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """What a page of failure says."""

    title: str
    words: str
    again: bool = False
    """True where trying the same again may help."""


NOT_FOUND = Words("Nothing is here", "No page has this address.")
NOBODY_FOUND = Words("Nothing is here", "No person has this address. Whoever was here may have been erased.")
BAD_LINK = Words("This link is incomplete", "It is not a page of the list, or only a part of its address arrived.")
NOT_THIS_WAY = Words("This page cannot be used like that", "It can be read, and nothing else. Nothing was changed.")
STORE_AWAY = Words(
    "This page could not be made", "The directory's database did not answer. Your request changed nothing.", again=True
)
SLACK_SILENT = Words(
    "Slack does not answer",
    "The directory is being filled for the first time, so Slack was asked who you are. Nothing was changed.",
    again=True,
)
TOO_LARGE = Words("This is too much", "A form as large as that is none of ours. Nothing was changed.")
OUR_FAULT = Words(
    "This page could not be made", "Something on our side failed. Your request changed nothing.", again=True
)
DATABASE_AWAY = Dot("offline", "Database away")
"""However well Slack is heard: what it says cannot be shown."""
_BY_CODE = {404: NOT_FOUND, 405: NOT_THIS_WAY, 413: TOO_LARGE}


async def http_error(request: Request, error: Exception) -> Response:
    """Say what an HTTP error means."""
    if isinstance(error, ApiError):
        return in_words(request, error.status_code, error.detail, error=error.error)
    status_code = error.status_code if isinstance(error, HTTPException) else 500
    words = _BY_CODE.get(status_code, BAD_LINK)
    if words is NOT_FOUND and request.url.path.startswith("/users/"):
        words = NOBODY_FOUND
    answer = _page(request, status_code, words)
    answer.headers.update((isinstance(error, HTTPException) and error.headers) or {})  # which methods are allowed
    return answer


async def bad_cursor(request: Request, _error: Exception) -> Response:
    """Say that a link into the list is not one of ours."""
    return _page(request, 400, BAD_LINK)


async def store_away(request: Request, error: Exception) -> Response:
    """Say that the database is away, with a code that the log knows."""
    code = _code()
    logger.error("store_unavailable code=%s path=%s: %s", code, request.url.path, error)
    answer = _page(request, 503, _words_of(error), code, dot=DATABASE_AWAY)
    answer.headers["Retry-After"] = "5"
    return answer


def _words_of(error: Exception) -> Words:
    if isinstance(error, StoreFull | StoreReadOnly | StoreLocked):
        return replace(STORE_AWAY, words=error.plain)
    return STORE_AWAY


async def slack_silent(request: Request, error: Exception) -> Response:
    """Say that we could not learn who the viewer is, with a code that the log knows."""
    code = _code()
    logger.warning("slack_silent code=%s path=%s: %s", code, request.url.path, error)
    answer = _page(request, 503, SLACK_SILENT, code)
    answer.headers["Retry-After"] = "5"
    return answer


async def our_fault(request: Request, error: Exception) -> Response:
    """Say that we failed, with a code that the log knows."""
    code = _code()
    logger.error("page_failed code=%s path=%s", code, request.url.path, exc_info=error)
    return _page(request, 500, OUR_FAULT, code)


HANDLERS = {
    HTTPException: http_error,
    BadCursor: bad_cursor,
    StoreUnavailable: store_away,
    SlackSilent: slack_silent,
    Exception: our_fault,
}


def _page(request: Request, status_code: int, words: Words, code: str = "", *, dot: Dot | None = None) -> Response:
    if is_of_api(request):
        message = WORDS_OF.get(status_code, f"{words.title}. {words.words}")
        return in_words(request, status_code, f"{message} The log calls it {code}." if code else message)
    window, zone = window_of(request), zone_of_viewer(request)
    viewer = viewer_of(request)
    workspaces = [each for each in window.workspaces() if viewer is None or each.team_id == viewer.team_id]
    values = frame(window, window.clock(), zone, workspaces, viewer, choices=window.chooser.of(request))
    values["dot"] = dot or values["dot"]
    return window.templates.page(
        "failure.html", status_code=status_code, failure=words, code=code, again_href=_here(request), **values
    )


def _here(request: Request) -> str:
    """Return the address that was asked for, as a path: a second slash in front would lead to another host."""
    path = "/" + request.url.path.lstrip("/")
    return f"{path}?{request.url.query}" if request.url.query else path


def _code() -> str:
    """Return a code short enough to be read over the telephone."""
    text = secrets.token_hex(4).upper()
    return f"{text[:4]}-{text[4:]}"
