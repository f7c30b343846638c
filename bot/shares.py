"""How the connections that Slack allows an app are shared among the living replicas. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 10
"""Slack opens no more for one app (docs.slack.dev, Using Socket Mode)."""
ROOMY = 8
"""Second ones stop here: replacements overlap, and Slack goes on counting a killed process for a while."""


def shares(wanted: Sequence[int]) -> list[int]:
    """Tell how many each is to hold, in the order in which they started: everybody one first, then more in turn.

    Whoever is alone holds what it wants; from the eleventh on a replica stands by with none.
    """
    if len(wanted) == 1:
        return list(wanted)
    found = [min(each, 1) if place < MOST else 0 for place, each in enumerate(wanted)]
    while sum(found) < ROOMY:
        wanting = [place for place, each in enumerate(wanted[:MOST]) if found[place] < each]
        if not wanting:
            break
        found[min(wanting, key=lambda place: (found[place], place))] += 1
    return found


def allotted(share: int, *, held: int, elsewhere: int) -> int:
    """Tell how many of its share a replica may hold now: what it gives up at once, what it takes as room is made.

    `held` are those that it was allotted before; `elsewhere` are those that others hold, as far as they have said.
    """
    allowed = min(held, share)
    while allowed < share and elsewhere + allowed < (ROOMY if allowed else MOST):
        allowed += 1
    return allowed if elsewhere else share
