"""What a browser keeps for us: signed, so that it cannot be made up, and good for a while only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from web.ports import Clock

_A_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was under a seal, until when it is believed, and whether an older key made it."""

    values: list[object]
    until: datetime
    is_by_older_key: bool


class Seal:
    """Seals and reads lists of words and numbers. Of several keys the first seals, and all are accepted."""

    def __init__(self, keys: Sequence[str], *, purpose: str, clock: Clock) -> None:
        self._serializer = _serializer(keys, purpose)
        self._newest = _serializer(keys[:1], purpose) if len(keys) > 1 else None
        self._clock = clock

    def seal(self, *values: str | int, lifetime: timedelta) -> str:
        """Seal values that are to be believed for so long."""
        return str(self._serializer.dumps([*values, milliseconds(self._clock() + lifetime)]))

    def read(self, sealed: str) -> list[object] | None:
        """Read the values; None where the seal is forged, foreign, broken or too old."""
        found = self.read_whole(sealed)
        return found.values if found else None

    def read_whole(self, sealed: str) -> Sealed | None:
        """Read the values, and what is known of the seal itself."""
        match _loaded(self._serializer, sealed):
            case [*values, int(until_ms)] if milliseconds(self._clock()) < until_ms and (until := moment_of(until_ms)):
                is_older = self._newest is not None and _loaded(self._newest, sealed) is None
                return Sealed(list(values), until, is_by_older_key=is_older)
        return None


def _serializer(keys: Sequence[str], purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        list(reversed(keys)),  # itsdangerous signs with the last
        salt=f"usersync {purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def _loaded(serializer: URLSafeSerializer, sealed: str) -> object:
    try:
        return serializer.loads(sealed)
    except BadData:
        return None


def milliseconds(moment: datetime) -> int:
    """Tell a moment as milliseconds since 1970."""
    return (moment - _EPOCH) // _A_MILLISECOND


def moment_of(time_ms: int) -> datetime | None:
    """Tell the moment of so many milliseconds; None beyond all calendars."""
    try:
        return _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return None
