"""What people take away: the list as a file, one person as a contact card; each as its viewer may see them."""

from __future__ import annotations

from datetime import UTC
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from db import looking
from db.records import Kind
from web.asked import asked_of
from web.export import List, Writer, as_cards, as_csv, as_json
from web.names import name_of, plain
from web.vcard import MEDIA_TYPE, card_of
from web.viewer import sight_of, zone_of_viewer
from web.window import brand, window_of


async def export_csv(request: Request) -> Response:
    """Give the list under the filter of the query string as a table."""
    return await _export(request, as_csv, "text/csv", "csv")


async def export_json(request: Request) -> Response:
    """Give the same as JSON."""
    return await _export(request, as_json, "application/json", "json")


async def export_vcf(request: Request) -> Response:
    """Give the same as contact cards."""
    return await _export(request, as_cards(window_of(request).pictures), MEDIA_TYPE, "vcf")


async def card(request: Request) -> Response:
    """Give one person as a contact card."""
    window, sight = window_of(request), sight_of(request)
    team_id, user_id = request.path_params["team_id"], request.path_params["user_id"]
    async with looking(window.store, sight) as seen:
        user = await seen.find_user(team_id, user_id)
        workspaces = await seen.list_workspaces()
    if user is None or user.kind is Kind.ERASED:
        raise HTTPException(404)
    house = next((each.name or "" for each in workspaces if each.team_id == team_id), "")
    headers = _saved_as(f"{plain(name_of(user))}.vcf", "contact.vcf")
    return Response(card_of(user, house, window.pictures), headers=headers, media_type=MEDIA_TYPE)


async def _export(request: Request, write: Writer, media_type: str, ending: str) -> Response:
    window = window_of(request)
    wanted = List(window.store, sight_of(request), asked_of(request), window.custom_fields)
    begun = await wanted.begin()
    house = brand(window.name_of_page, begun.workspaces)
    day = f"{window.clock().astimezone(zone_of_viewer(request) or UTC):%Y-%m-%d}"
    headers = _saved_as(f"{plain(house).replace('/', '-')} people {day}.{ending}", f"people-{day}.{ending}")
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    return StreamingResponse(write(wanted, begun), headers=headers, media_type=media_type)


def _saved_as(name: str, plainly: str) -> dict[str, str]:
    """Name the file, for whoever reads only ASCII there as well (RFC 6266)."""
    return {"Content-Disposition": f"attachment; filename=\"{plainly}\"; filename*=UTF-8''{quote(name, safe='')}"}
