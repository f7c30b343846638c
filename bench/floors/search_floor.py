"""The least search: the index of words asked directly, and whom it finds shown by the template of page_floor.py.

    python bench/floors/search_floor.py --database FILE --port N     on 127.0.0.1; 0 takes a free port

It prints its address as soon as it listens. `/?match=…` takes what FTS5 takes, and shows the first 50 by name. Nothing
is ranked, counted, forgiven, narrowed or hidden.
"""

from __future__ import annotations

import argparse
import gc
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import sqlalchemy as sa
import uvicorn
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).parent))

from page_floor import KEY, ROWS, SHOWN, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

found = sa.text(
    f"SELECT {', '.join((*KEY, *SHOWN))} FROM users"
    " WHERE row_id IN (SELECT rowid FROM users_search WHERE users_search MATCH :match)"
    f" ORDER BY {', '.join(KEY)} LIMIT {ROWS + 1}"
)


def make_app(file: Path) -> Starlette:
    """Make the app, whose connections to the file can only read."""
    engine = create_async_engine(f"sqlite+aiosqlite:///file:{file.absolute()}?mode=ro&uri=true")
    template = jinja2.Environment(autoescape=True).from_string(TEMPLATE)

    async def search(request: Request) -> HTMLResponse:
        async with engine.connect() as connection:
            rows = (await connection.execute(found, {"match": request.query_params["match"]})).all()
        return HTMLResponse(template.render(people=rows[:ROWS], last=rows[ROWS - 1] if len(rows) > ROWS else None))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    return Starlette(routes=[Route("/", search)], lifespan=lifespan)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    bound = socket.create_server(("127.0.0.1", arguments.port))
    # Inherited by each connection: without it the body of an answer waits 40 ms for the ack of its head.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"http://127.0.0.1:{bound.getsockname()[1]}/", flush=True)
    app = make_app(arguments.database)
    config = uvicorn.Config(app, http="httptools", ws="none", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    gc.freeze()  # the product has the collector look as seldom
    gc.set_threshold(10_000)
    main()
