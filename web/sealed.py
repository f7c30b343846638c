"""What a browser keeps for us: signed, so that it cannot be made up, and good for a while only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from web.ports import Clock

_A_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Seal:
    """Seals and reads lists of words and numbers. Of several keys the first seals, and all are accepted."""

    def __init__(self, keys: Sequence[str], *, purpose: str, clock: Clock) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),  # itsdangerous signs with the last
            salt=f"usersync {purpose}",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
        self._clock = clock

    def seal(self, *values: str | int, lifetime: timedelta) -> str:
        """Seal values that are to be believed for so long."""
        return str(self._serializer.dumps([*values, milliseconds(self._clock() + lifetime)]))

    def read(self, sealed: str) -> list[object] | None:
        """Read the values; None where the seal is forged, foreign, broken or too old."""
        try:
            found = self._serializer.loads(sealed)
        except BadData:
            return None
        match found:
            case [*values, int(until_ms)] if milliseconds(self._clock()) < until_ms:
                return list(values)
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
