"""The least page of people: Starlette, one keyset query of 50 rows by an index, one template; the users table of ours.

    python bench/floors/page_floor.py --database FILE --port N     on 127.0.0.1; 0 takes a free port

It prints its address as soon as it listens. `/` is the first page of active members by name, and links to the next
(`/?sort_key=…&team_id=…&id=…`). Nothing is cached, nobody signs in, nothing is followed. It reads the file, which must
have been filled by usersync, and never writes to it.
"""

from __future__ import annotations

import argparse
import gc
import socket
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

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine
    from starlette.requests import Request

ROWS = 50
KEY = ("sort_key", "team_id", "id")
SHOWN = ("real_name", "display_name", "title", "tz", "status_text", "image_72")

users = sa.table("users", *map(sa.column, ("kind", "state", *KEY, *SHOWN)))
first = (
    sa.select(*(users.c[name] for name in (*KEY, *SHOWN)))
    .where(users.c.kind == "member", users.c.state == "active")
    .order_by(*(users.c[name] for name in KEY))
    .limit(ROWS + 1)  # one more tells whether there is a next page
)
key = sa.tuple_(*(users.c[name] for name in KEY))
following = first.where(key > sa.tuple_(*map(sa.bindparam, KEY)))

TEMPLATE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>People</title></head>
<body>
<h1>People</h1>
<ul>
{%- for user in people %}
<li>
  <a href="/users/{{ user.team_id }}/{{ user.id }}">
    <img src="{{ user.image_72 or '' }}" alt="" width="36" height="36" loading="lazy">
    <b>{{ user.display_name or user.real_name }}</b>
    <span>{{ user.title or '' }}</span>
    <span>{{ user.tz or '' }}</span>
    <span>{{ user.status_text or '' }}</span>
  </a>
</li>
{%- endfor %}
</ul>
{%- if last %}
<a href="/?{{ {'sort_key': last.sort_key, 'team_id': last.team_id, 'id': last.id} | urlencode }}">Next</a>
{%- endif %}
</body>
</html>
"""


def make_page(engine: AsyncEngine) -> Callable[[Request], Awaitable[HTMLResponse]]:
    """Make the one route's endpoint."""
    template = jinja2.Environment(autoescape=True).from_string(TEMPLATE)

    async def page(request: Request) -> HTMLResponse:
        after = {name: request.query_params.get(name, "") for name in KEY}
        async with engine.connect() as connection:
            answer = await connection.execute(following if after["id"] else first, after if after["id"] else {})
            rows = answer.all()
        last = rows[ROWS - 1] if len(rows) > ROWS else None
        return HTMLResponse(template.render(people=rows[:ROWS], last=last))

    return page


def make_app(file: Path) -> Starlette:
    """Make the app, whose connections to the file can only read."""
    engine = create_async_engine(f"sqlite+aiosqlite:///file:{file.absolute()}?mode=ro&uri=true")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    return Starlette(routes=[Route("/", make_page(engine))], lifespan=lifespan)


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
    config = uvicorn.Config(
        make_app(arguments.database), http="httptools", ws="none", log_config=None, access_log=False
    )
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    gc.freeze()  # the product has the collector look as seldom
    gc.set_threshold(10_000)
    main()
