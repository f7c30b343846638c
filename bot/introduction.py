"""Getting to know the workspace: at the very first start a refused token ends it in words; later it is tried again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.authorize import Installations
from bot.backoff import Backoff
from bot.identity import AnotherWorkspace, Rejected, check_ours, check_same_app, find_app, find_workspace
from bot.slack import ASKS_TO_WAIT, SlackClient, error_word, retry_after_s
from bot.slack_words import unreachable, why_unreachable
from db import Store
from db.errors import StoreError
from db.records import Workspace

log = structlog.get_logger(__name__)

PATIENCE_S = 10
"""How long one try may take; a Slack that takes the connection and never answers is one that cannot be reached."""


class Introduction:
    """Learns from Slack whose tokens we hold, and writes the workspace down."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        installations: Installations,
        *,
        app_token: str,
        backoff: Backoff,
        patience_s: float = PATIENCE_S,
        watch_s: float,
    ) -> None:
        self._store = store
        self._client = client
        self._installations = installations
        self._app_token = app_token
        self._backoff = backoff
        self._patience_s = patience_s
        self._watch_s = watch_s
        self._tried = asyncio.Event()
        self._done = asyncio.Event()
        self._team_id = ""
        self.is_rejected = False
        """Whether the trouble is a token that has to be replaced."""
        self.refusal: str | None = None
        """Why no connection may be opened: the tokens are not of the workspace that is stored."""
        self.trouble: str | None = None

    async def run(self) -> None:
        """Try until it succeeds. Raises Rejected only while no workspace is known: then nothing could ever work."""
        while not self._done.is_set():
            wait_s = 0
            try:
                await self._introduce()
            except Rejected as error:
                self.refusal = str(error) if isinstance(error, AnotherWorkspace) else None
                if not self._installations.is_introduced:
                    raise
                self._note(str(error), is_rejected=True)
            except SlackApiError as error:
                wait_s = retry_after_s(error) if error_word(error) in ASKS_TO_WAIT else 0
                self._note(f"Slack answers {error_word(error)}. It is asked again.")
            except TimeoutError:
                self._note(unreachable(f"no answer within {self._patience_s:g} s"))
            except (aiohttp.ClientError, OSError) as error:
                self._note(unreachable(why_unreachable(error)))
            except StoreError as error:
                self._note(error.plain)
            else:
                self.trouble, self.refusal, self.is_rejected = None, None, False
                self._done.set()
            finally:
                self._tried.set()
            if not self._done.is_set():
                await self._backoff.pause(at_least_s=wait_s)
        await self._watch()

    async def _watch(self) -> None:
        """Ask now and then whether the token is still good: the client notes a refusal, and when it is over."""
        while True:
            await asyncio.sleep(self._watch_s)
            await self.ask()

    async def ask(self) -> None:
        """Ask once whether the token is good."""
        with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._client.auth_test()

    @property
    def known_team_id(self) -> str:
        """The workspace that our token belongs to; empty until Slack has told us."""
        return self._team_id

    async def team_id(self) -> str:
        """Wait until Slack has told us who we are; tell the workspace that our token belongs to."""
        await self._done.wait()
        return self._team_id

    async def tried(self) -> None:
        """Wait until Slack was asked once, whatever came of it."""
        await self._tried.wait()

    @property
    def app_id(self) -> str | None:
        """Tell the app of our bot token: as Slack last said, be it at an earlier start."""
        if ours := self._installations.find(self._team_id):
            return ours.app_id
        return next((each.app_id for each in self._installations.list_workspaces() if each.bot_user_id), None)

    async def _introduce(self) -> None:
        async with asyncio.timeout(self._patience_s):
            workspace = await find_workspace(self._client)
            check_ours(workspace, self._installations.list_workspaces())
            if not self._installations.is_introduced:  # later the sockets tell it themselves
                check_same_app(workspace.app_id, await find_app(self._client, self._app_token))
        await self._save(workspace)
        await self._installations.refresh()
        self._team_id = workspace.team_id
        log.info("connected to a workspace", team_id=workspace.team_id, app_id=workspace.app_id)

    async def _save(self, workspace: Workspace) -> None:
        async with self._store.transaction() as tx:
            await tx.workspaces.save_workspace(workspace)
            tx.rings()

    def _note(self, words: str, *, is_rejected: bool = False) -> None:
        if words != self.trouble:
            log.warning("Slack did not tell who we are", reason=words)
        self.trouble, self.is_rejected = words, is_rejected
