"""Static files under names that change with their content, so browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
STYLES = (
    "tokens.css", "base.css", "tools.css", "directory.css", "parts.css", "cards.css", "profile.css", "card.css",
    "latest.css", "ops.css", "paper.css", "reach.css",
)  # fmt: skip
"""Served as one file, in this order: the later ones rely on the earlier."""
SCRIPTS = ("vendor/htmx-4.0.1.min.js", "vendor/hx-sse-4.0.1.min.js")
"""Served as one file: htmx reads the page in a timer, and an extension that arrives after that is never asked."""
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    content: bytes
    media_type: str
    path: str


class Assets:
    """All static files of the package, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        contents = {
            "style.css": b"\n".join((folder / name).read_bytes() for name in STYLES),
            "htmx.js": b"\n;\n".join((folder / name).read_bytes() for name in SCRIPTS),
        }
        served = [*folder.glob("*.js"), *folder.glob("*.svg")]
        contents |= {path.name: path.read_bytes() for path in served}
        self._assets = {name: _asset(name, content) for name, content in contents.items()}

    def path(self, name: str) -> str:
        """Return the address of a file."""
        return self._assets[name].path

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file; an address with an old hash is gone."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None or asset.path != request.url.path:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(asset.content, media_type=asset.media_type, headers=headers)


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, TYPES[Path(name).suffix], f"/static/{digest}/{name}")
