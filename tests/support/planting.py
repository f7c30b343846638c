"""Somebody of whom everything is known, each thing by a word of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from db import Store
from db.posting import AlertPost
from db.records import SLACK_FIELDS, Alert, AlertKind, RunKind
from db.tables import ended_sessions
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, a_letter, keep, put_aside

IMPERSONAL = {"home_team_id", "enterprise_id"}
_TEXTS = [name for name in SLACK_FIELDS if name not in IMPERSONAL and not name.startswith(("is_", "has_"))]
TEXTS = [name for name in _TEXTS if name not in {
    "deleted", "tz_offset", "status_expiration", "guest_expiration_ts", "enterprise_teams", "fields",
}]  # fmt: skip


def word(name: str, when: str = "now") -> str:
    """Make a word that is nowhere else, with letters that JSON escapes and that have two cases."""
    return f"zq{when}{name.replace('_', '')}ü{len(name)}x"


def values(when: str) -> dict[str, Any]:
    """Fill every field that holds text, and the custom fields."""
    filled: dict[str, Any] = {name: word(name, when) for name in TEXTS}
    filled |= {"email": f"{word('email', when)}@x.example", "real_name": f"Anna {word('real_name', when)}"}
    return filled | {"fields": {"Xf1": {"value": word("fields", when), "alt": word("alt", when)}}}


LETTERS = ("keyed", "byid", "byemail", "byname", "byphone", "byoldemail")
WORDS = [
    *(word(name, when) for when in ("then", "now") for name in (*TEXTS, "fields", "alt")),
    *(word(name, "letter") for name in LETTERS),
    word("said", "alert"),
]
"""Everything that is planted."""


async def plant(store: Store, user_id: str = "U1") -> None:
    """Let everything be known of somebody: the row, a history, letters, a link, a session, a run, a wish, an alert."""
    await keep(store, an_observation(user_id, updated=100, **values("then"), deleted=False))
    await keep(store, an_observation(user_id, updated=200, **values("now"), deleted=False))
    now = values("now")
    speaking = {
        "byid": f"in <@{user_id}>, said",
        "byemail": now["email"].upper(),
        "byname": now["real_name"],
        "byphone": now["phone"],
        "byoldemail": values("then")["email"],
    }
    await put_aside(
        store,
        a_letter("event:keyed", user_id=user_id, payload=_payload("keyed", "")),
        *(a_letter(f"event:{name}", user_id=None, payload=_payload(name, says)) for name, says in speaking.items()),
        a_letter("event:cut", user_id=None, payload=_payload("cut", now["real_name"])[:-9]),
    )
    async with store.transaction() as tx:
        await tx.signins.make(TEAM, user_id, now=NOW)
        words = f"It is {now['email']} who is {word('said', 'alert')}"
        told = await tx.alerts.begin(Alert(0, AlertKind.DEAD_LETTERS, words, since=NOW))
        await tx.alert_posts.put(AlertPost(told, TEAM, "C1", "1.0", words))
        await tx.alerts.begin(Alert(0, AlertKind.LAG, "Slow.", since=NOW))
        session = {"team_id": TEAM, "user_id": user_id, "session_id": "s1", "ended_at": NOW}
        await tx.traces._connection.execute(sa.insert(ended_sessions).values(**session, forget_at=NOW + timedelta(30)))
        run = await tx.runs.begin(
            TEAM, kind=RunKind.RESYNC, instance="x", asked_by=user_id, is_confirmed=False, expected=None, at=NOW
        )
        await tx.runs.ask_to_cancel(TEAM, by=user_id, run_id=run.run_id)
        await tx.wishes.ask(TEAM, user_id)


def _payload(name: str, says: str) -> str:
    return json.dumps({"user": {"text": word(name, "letter"), "says": f"It is {says} who"}, "more": 1})
