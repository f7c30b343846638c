"""`user_change` and `team_join`: straight to the intake, and back only when it is committed.

They are heard as a middleware of Bolt's: for each event a listener would have Bolt look through all listeners and make
thirty arguments, which takes longer than to read the user. Whatever it raises answers 500, as of a listener.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.intake import Intake

OBSERVED = ("user_change", "team_join")


class _Observing(AsyncMiddleware):
    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt's signature
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - the same
    ) -> BoltResponse | None:
        event = req.body.get("event") if req.body.get("type") == "event_callback" else None
        if not isinstance(event, dict) or event.get("type") not in OBSERVED:
            return await next()
        await self._intake.take(req.body, received_at=req.context.get("received_at"))
        return BoltResponse(status=200)


def register(app: AsyncApp, intake: Intake) -> None:
    """Hear both."""
    app.use(_Observing(intake))
