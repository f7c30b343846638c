"""Promises 2 and 3 from Slack's JSON to the row, on each engine: whatever comes, in whatever order and batches."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings

from db import Store
from tests.support.any_order import Batch, Statement, arrivals, check_against_model, rows_after, two_orders

ANY = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.generate,)}
"""What fails here is not made smaller: that takes minutes, and the long version in tests/torture does it."""


@settings(max_examples=60, **ANY)
@given(batches=arrivals())
async def test_rows_changes_and_rev_are_what_a_naive_reader_makes_of_everything_said(
    store: Store, batches: list[Batch]
) -> None:
    await check_against_model(store, batches)


@settings(max_examples=25, **ANY)
@given(orders=two_orders())
async def test_events_end_in_the_same_rows_in_any_order_and_in_any_batches(
    store: Store, orders: tuple[list[list[Statement]], list[list[Statement]]]
) -> None:
    one, other = orders

    assert await rows_after(store, one) == await rows_after(store, other)
