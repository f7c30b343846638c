"""Getting to know the workspace: at the very first start a refused token ends it in words; later it is tried again."""

from __future__ import annotations

import asyncio

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.authorize import Installations
from bot.backoff import Backoff
from bot.identity import Rejected, check_app_token, find_workspace
from bot.slack import SlackClient, error_word
from db import Store
from db.errors import StoreError
from db.records import Workspace

log = structlog.get_logger(__name__)


class Introduction:
    """Learns from Slack whose tokens we hold, and writes the workspace down."""

    def __init__(
        self, store: Store, client: SlackClient, installations: Installations, *, app_token: str, backoff: Backoff
    ) -> None:
        self._store = store
        self._client = client
        self._installations = installations
        self._app_token = app_token
        self._backoff = backoff
        self._done = asyncio.Event()
        self._team_id = ""
        self.trouble: str | None = None

    async def run(self) -> None:
        """Try until it succeeds. Raises Rejected only while no workspace is known: then nothing could ever work."""
        while not self._done.is_set():
            try:
                await self._introduce()
            except Rejected as error:
                if not self._installations.is_introduced:
                    raise
                self._note(str(error))
            except SlackApiError as error:
                self._note(f"Slack answers {error_word(error)}. It is asked again.")
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self._note(f"Slack cannot be reached ({type(error).__name__}). It is tried again.")
            except StoreError as error:
                self._note(str(error))
            else:
                self.trouble = None
                self._done.set()
                return
            await self._backoff.pause()

    async def team_id(self) -> str:
        """Wait until Slack has told us who we are; tell the workspace that our token belongs to."""
        await self._done.wait()
        return self._team_id

    async def _introduce(self) -> None:
        workspace = await find_workspace(self._client)
        if not self._installations.is_introduced:
            await check_app_token(self._client, self._app_token)
        await self._save(workspace)
        await self._installations.refresh()
        self._team_id = workspace.team_id
        log.info("connected to a workspace", team_id=workspace.team_id, app_id=workspace.app_id)

    async def _save(self, workspace: Workspace) -> None:
        async with self._store.transaction() as tx:
            await tx.workspaces.save_workspace(workspace)
            tx.rings()

    def _note(self, words: str) -> None:
        if words != self.trouble:
            log.warning("Slack did not tell who we are", reason=words)
        self.trouble = words
