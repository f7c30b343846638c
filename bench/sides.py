"""Who is asked for pages: the product, floors and a peer, each a server in a process of its own, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
START_S = 90.0
HEADERS = {"Accept": "text/html", "Accept-Encoding": "gzip"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Side:
    """One server that is asked, and what goes with each question."""

    url: str
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))
    took_ms: list[float] = field(default_factory=list)
    """Of every page that was asked for, also those that warm up."""

    def connect(self) -> http.client.HTTPConnection:
        parts = urllib.parse.urlsplit(self.url)
        return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)

    def ask(self, connection: http.client.HTTPConnection, path: str) -> float:
        """Ask for a page and read it whole; tell how many milliseconds that took."""
        began = time.perf_counter()
        connection.request("GET", path, headers=self.headers)
        answer = connection.getresponse()
        answer.read()
        took_ms = (time.perf_counter() - began) * 1000
        self.took_ms.append(took_ms)
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{self.url}{path} answered {answer.status}.")
        return took_ms

    def read(self, path: str) -> str:
        with closing(self.connect()) as connection:
            connection.request("GET", path, headers=self.headers | {"Accept-Encoding": "identity"})
            return connection.getresponse().read().decode()


@contextmanager
def started(*command: str | Path) -> Iterator[str]:
    """Run a server until the block ends; yields the line in which it tells its address."""
    with tempfile.TemporaryFile("w+") as said:
        server = subprocess.Popen([str(each) for each in command], stdout=subprocess.PIPE, stderr=said, text=True)
        assert server.stdout is not None
        try:
            line = next((line for line in server.stdout if "http://" in line and line[0] in "{h"), "")
            if not line:
                said.seek(0)
                raise SystemExit(f"{command[1]} did not start: {said.read()[-500:]}")
            # What it says from now on is read by nobody, and must not fill the pipe.
            drain = ThreadPoolExecutor(1)
            drain.submit(server.stdout.read)
            yield line.strip()
        finally:
            server.terminate()
            server.wait(timeout=START_S)


@contextmanager
def directory(file: Path, api_url: str, way: str, *more: str) -> Iterator[Side]:
    """Serve the product from a file, as `page_server.py` does, and sign somebody in."""
    with started(sys.executable, HERE / "page_server.py", way, file.absolute(), api_url, *more) as line:
        told = json.loads(line)
        side = Side(told["url"].rstrip("/"))
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(told["link"]).query)["token"][0]
        with closing(side.connect()) as connection:
            connection.request("POST", "/signin", urllib.parse.urlencode({"token": token}), {"Origin": side.url} | FORM)
            answer = connection.getresponse()
            answer.read()
        cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
        yield Side(side.url, HEADERS | {"Cookie": cookie})


@contextmanager
def floor(name: str, file: Path) -> Iterator[Side]:
    with started(sys.executable, HERE / "floors" / name, "--database", file, "--port", "0") as url:
        yield Side(url.rstrip("/"))


@contextmanager
def datasette(python: Path, file: Path) -> Iterator[Side]:
    """Serve the same file by Datasette, which counts no facets and suggests none."""
    settings = ("suggest_facets", "off", "allow_facet", "off", "default_page_size", "50")
    said = [each for pair in zip(settings[::2], settings[1::2], strict=True) for each in ("--setting", *pair)]
    port = _free_port()
    server = subprocess.Popen(
        [python, "-m", "datasette", "serve", file, "--port", str(port), *said],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    side = Side(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: bool(side.read("/-/versions.json")))
        yield side
    finally:
        server.terminate()
        server.wait(timeout=START_S)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        return int(bound.getsockname()[1])


def wait_for(is_there: Callable[[], bool]) -> None:
    last_try = time.monotonic() + START_S
    while True:
        try:
            if is_there():
                return
        except OSError:
            pass
        if time.monotonic() > last_try:
            raise SystemExit("A server did not start.")
        time.sleep(0.1)  # the server is another process, which has no word for being ready


@contextmanager
def slack(users: int) -> Iterator[str]:
    with started(sys.executable, HERE / "page_server.py", "slack", str(users)) as line:
        yield json.loads(line)["api_url"]
