"""The sentences about who joined, left and moved lately. Pure.

A title that is set for the first time, or taken away, is no move; several changes of one person are one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks.people import Card, line, plain
from bot.blocks.replies import escape
from bot.command.span import span_words
from bot.command.typed import NAME
from bot.runs.words import counted
from db.filters import COUNTED_TO, CustomField
from db.latest import Mover
from db.moves import TITLE
from db.records import State, User

MOST_COUNTED = 200
When = Callable[[datetime], str]
"""Tells a moment, in Slack's markup."""


@dataclass(frozen=True, slots=True)
class Move:
    """What moved of somebody, and when at last: each step with its label, from what to what."""

    user: User
    steps: tuple[tuple[str, str, str], ...]
    at: datetime


def no_span(typed: str) -> str:
    """Say what can be typed."""
    return (
        f"I cannot look back “{plain(typed.replace('`', ''))}”. Type `{NAME} changes 7d`: a number of hours (`24h`), "
        "days (`7d`) or weeks (`2w`), up to 90 days."
    )


def head(span: timedelta) -> str:
    """Say how far it looks back."""
    return f"What is new in the last {span_words(span)}:"


def nothing(span: timedelta) -> str:
    """Say that there is nothing."""
    return f"Nobody joined, left or moved in the last {span_words(span)}, as far as we saw."


def digest_head(span: timedelta) -> str:
    """Say what a digest is about."""
    return f"*Who is new, who moved and who left*, in the last {span_words(span)}"


def digest_goes(channel_id: str | None, *, trouble: str) -> str:
    """Say where the digest goes, and why that fails if it does; empty where nobody wants one."""
    if not channel_id:
        return ""
    failing = f" *The last one is not there yet:* {escape(trouble)}" if trouble else ""
    return f"A digest of each week goes to <#{escape(channel_id)}>.{failing}"


def first_digest_of_nobody(span: timedelta) -> str:
    """Say what a digest would tell, since nobody has given it anything to tell yet."""
    return f"Nobody joined, left or moved in the last {span_words(span)}. Once somebody does, it is told here."


def away(reason: str) -> str:
    """Say that nothing can be told."""
    return f"What is new cannot be told right now. {escape(reason)} Try again in a minute."


def joined(users: Sequence[User], total: int, when: When, *, base: str) -> str:
    """List who joined; empty for nobody."""
    lines = [line(_card(each, when(each.joined_at) if each.joined_at else "", base)) for each in users]
    return _list("joined", lines, total, most=COUNTED_TO)


def left(users: Sequence[User], total: int, when: When, *, base: str) -> str:
    """List who left; empty for nobody."""
    return _list("left", [line(_card(each, _since(each, when), base)) for each in users], total, most=MOST_COUNTED)


def moved(moves: Sequence[Move], total: int, when: When, *, base: str) -> str:
    """List who moved; empty for nobody."""
    return _list("moved", [_moved(each, when, base) for each in moves], total, most=MOST_COUNTED)


def moves_of(movers: Iterable[Mover], fields: Sequence[CustomField]) -> list[Move]:
    """Tell who moved, in their order; a title needs no label."""
    labels = {TITLE: "", **dict(fields)}
    found = []
    for mover in movers:
        steps = tuple((labels[step.field], step.old, step.new) for step in mover.steps)
        found.append(Move(mover.user, steps, max(step.at for step in mover.steps)))
    return found


def _moved(move: Move, when: When, base: str) -> str:
    steps = "; ".join(
        f"{plain(label)}{': ' if label else ''}“{plain(old)}” → “{plain(new)}”" for label, old, new in move.steps
    )
    return f"{line(_card(move.user, '', base, with_title=False))} · {steps} · {when(move.at)}"


def _card(user: User, when: str, base: str, *, with_title: bool = True) -> Card:
    return Card(
        name=user.shown_name,
        url=f"{base}/users/{user.team_id}/{user.id}" if base else "",
        title=(user.title or "") if with_title else "",
        when=when,
    )


def _since(user: User, when: When) -> str:
    if user.state is State.MISSING:
        return f"no longer listed by Slack, {when(user.missing_since)}" if user.missing_since else ""
    return when(user.left_at) if user.left_at else ""


def _list(verb: str, lines: Sequence[str], total: int, *, most: int) -> str:
    if not lines:
        return ""
    many = f"More than {most:,} people" if total > most else counted(total, "person", "people")
    rest = total - len(lines)
    more = ["and many more" if total > most else f"and {rest:,} more"] if rest > 0 else []
    return "\n".join([f"*{many} {verb}*", *lines, *more])
