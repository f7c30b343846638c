"""What a program is told when it gets no answer: a word to decide by, and a sentence with the remedy."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from db.records import TokenScope

REALM = 'Bearer realm="usersync"'
WORD_OF: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    410: "start_again",
    413: "too_large",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}
WORDS_OF: Mapping[int, str] = {
    404: "Nothing is here. /api/v1/openapi.json lists what there is.",
    405: "This can be read by GET and HEAD, and nothing else. Nothing was changed.",
    500: "Something on our side failed. Your request changed nothing; try again.",
}
HOW_TO_GET_ONE = "Whoever runs usersync makes one with `usersync token create NAME`."


class ApiError(HTTPException):
    """The API has no answer; `error` is the word, `detail` the sentence."""

    def __init__(self, status_code: int, error: str, message: str) -> None:
        super().__init__(status_code, message)
        self.error = error


def is_of_api(request: Request) -> bool:
    """Say whether a request is for the API, be there such a route or not."""
    return request.url.path == "/api" or request.url.path.startswith("/api/")


def in_words(
    request: Request, status_code: int, message: str, *, error: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Answer a program: as JSON where it asked the API, else as a line of text."""
    if not is_of_api(request):
        return PlainTextResponse(f"{message}\n", status_code=status_code, headers=headers)
    word = error or WORD_OF.get(status_code, "failed")
    return JSONResponse({"error": word, "message": message}, status_code=status_code, headers=headers)


def token_needed(request: Request) -> Response:
    """Say how a program comes in. Without credentials there is no error to name (RFC 6750, section 3.1)."""
    message = f"Send a token, as `Authorization: Bearer usersync_…`. {HOW_TO_GET_ONE}"
    return in_words(request, 401, message, headers={"WWW-Authenticate": REALM})


def invalid_token(request: Request) -> Response:
    """Say that a token opens nothing."""
    message = f"This token is unknown, revoked or expired. `usersync token list` shows which are good. {HOW_TO_GET_ONE}"
    headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
    return in_words(request, 401, message, error="invalid_token", headers=headers)


def insufficient_scope(request: Request, scope: TokenScope) -> Response:
    """Say that a token is good, but not for this."""
    message = f"This token lacks the scope {scope}. Make one that has it: `usersync token create NAME --scope {scope}`."
    headers = {"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'}
    return in_words(request, 403, message, error="insufficient_scope", headers=headers)
