"""`/usersync alerts here`: the word is there only where something keeps the place, and then it sets and clears it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.command.alerts import ALERTS, DIGEST, PlaceWords
from bot.command.places import PlaceRefused
from bot.command.typed import Word, read_typed
from db.errors import StoreUnavailable
from tests.support.block_kit import check_message


class Places:
    """Keeps what it is told, or refuses everything."""

    def __init__(self, error: Exception | None = None) -> None:
        self.kept: dict[str, tuple[str, str]] = {}
        self._error = error

    async def set_place(self, team_id: str, channel_id: str, asked_by: str) -> None:
        if self._error:
            raise self._error
        self.kept[team_id] = (channel_id, asked_by)

    async def clear_place(self, team_id: str) -> None:
        if self._error:
            raise self._error
        self.kept.pop(team_id, None)


async def told(places: Places, text: str, **payload: Any) -> str:
    typed = read_typed({"text": text, "team_id": "T1", "user_id": "U1", "channel_id": "C1", **payload})
    says = DIGEST if typed.word is Word.DIGEST else ALERTS
    return str(check_message(await PlaceWords(places, says).answer(typed))["text"])


async def test_here_is_where_it_was_typed_and_off_is_nowhere() -> None:
    places = Places()

    assert "Alerts go into this channel" in await told(places, "alerts HERE")
    assert {"T1": ("C1", "U1")} == places.kept
    assert "not posted in Slack any more" in await told(places, "alerts off")
    assert {} == places.kept


@pytest.mark.parametrize("text", ["alerts", "alerts there", "alerts here please", "alerts <#C2|other>"])
async def test_anything_else_is_answered_with_what_can_be_typed(text: str) -> None:
    places = Places()

    assert "/usersync alerts here" in await told(places, text)
    assert {} == places.kept


@pytest.mark.parametrize("error", [PlaceRefused("Invite the app into <#C1> first."), StoreUnavailable("away")])
async def test_a_place_that_is_refused_is_told_with_its_reason(error: Exception) -> None:
    said = await told(Places(error), "alerts here")

    assert 1 == said.count("othing was changed")
    assert "<" not in said


async def test_the_digest_has_words_of_its_own() -> None:
    places = Places()

    assert "the first one in a moment, then every week" in await told(places, "digest here")
    assert {"T1": ("C1", "U1")} == places.kept
    assert "No digest is posted any more" in await told(places, "digest off")
    assert {} == places.kept
    assert "/usersync digest here" in await told(places, "digest")
