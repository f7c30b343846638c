"""Two starts at the same moment on one database: its tables are changed once, and both services run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulator import Simulator
from db import Store
from db.copies import list_copies
from db.migrate import newest_revision
from tests.support.engines import ENGINES, a_database
from tests.support.program import environment, running, serve_environment
from tests.support.schemas import make_older, set_revision
from tests.support.waiting import eventually


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("older", [None, "0002"], ids=["empty", "older"])
async def test_two_services_that_start_at_once_migrate_once_and_both_run(
    slack: Simulator, tmp_path: Path, engine: str, older: str | None
) -> None:
    async with a_database(engine, tmp_path) as url:
        if older:
            await make_older(url, older, with_workspace=slack.team_id)
        env = serve_environment(slack, url)
        async with (
            running("serve", env=env, cwd=tmp_path) as one,
            running("serve", env=env, cwd=tmp_path) as two,
        ):
            await eventually(lambda: one.output.count("is at") and two.output.count("is at"), within_s=40, of="both")
            await slack.connected(4, timeout=60)

        store = await Store.open(url)
        await store.close()
        assert "Traceback" not in one.output + two.output
        copies = [copy.revision for copy in list_copies(tmp_path / "usersync.sqlite3")]
        assert copies == (["0002"] if older and engine == "sqlite" else [])


async def test_an_older_usersync_on_newer_tables_ends_with_words_and_the_way_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'usersync.sqlite3'}"
    await make_older(url, "0002")
    await (await Store.open(url)).close()
    await set_revision(url, "9999")

    async with running("dead-letters", env=environment(DATABASE_URL=url), cwd=tmp_path) as program:
        code = await program.ended()

    assert 1 == code
    assert "written by a newer usersync" in program.output
    assert "To go back" in program.output
    assert ".before-" in program.output
    assert newest_revision() not in program.output
