"""What tests/bot/test_any_order.py tries a little, tried at length on each engine."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings

from db import Store
from tests.support.any_order import Batch, Statement, arrivals, check_against_model, rows_after, two_orders

EXAMPLES = 500
AT_LENGTH = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@AT_LENGTH
@given(batches=arrivals())
async def test_rows_changes_and_rev_are_what_a_naive_reader_makes_of_everything_said(
    store: Store, batches: list[Batch]
) -> None:
    await check_against_model(store, batches)


@AT_LENGTH
@given(orders=two_orders())
async def test_events_end_in_the_same_rows_in_any_order_and_in_any_batches(
    store: Store, orders: tuple[list[list[Statement]], list[list[Statement]]]
) -> None:
    one, other = orders

    assert await rows_after(store, one) == await rows_after(store, other)


def test_how_many_orders_were_tried(figure: Callable[..., None]) -> None:
    figure("examples of each property on each engine", EXAMPLES, of="any order")
