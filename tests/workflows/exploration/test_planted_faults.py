"""The exploration fails when the product is wrong: these are mistakes that a person could make."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities.messages import SubmitAnswer, SubmitResult
from alert_trader.activities.orders import OrderActivities
from alert_trader.domain.orders.matching import OrderMatch
from tests.workflows.exploration.driver import Case, clean, fault_of
from tests.workflows.exploration.scenarios import filled_at_once

pytestmark = pytest.mark.timeout(300)


Plant = Callable[[pytest.MonkeyPatch], None]


def lost_answers_count_as_rejections(patch: pytest.MonkeyPatch) -> None:
    """Take an order whose answer was lost for one that the broker rejected."""
    place = OrderActivities._place

    async def wrong(self: OrderActivities, *given: Any) -> SubmitAnswer:
        answer = await place(self, *given)
        lost = answer.result is SubmitResult.UNKNOWN
        return replace(answer, result=SubmitResult.REJECTED) if lost else answer

    patch.setattr(OrderActivities, "_place", wrong)


def lost_orders_are_never_found(patch: pytest.MonkeyPatch) -> None:
    """Look for a lost order, and never recognise it."""
    patch.setattr(
        "alert_trader.activities.order_reads.match_order",
        lambda *_, **__: OrderMatch(report=None),
    )


LOST_ENTRY = frozenset({"lost after: POST /accounts/*/orders *-e1 no. 1", "mute from here: message no. 1"})
"""Nor does the order stream report the entry: it would correct both mistakes."""


@pytest.mark.parametrize("plant", [lost_answers_count_as_rejections, lost_orders_are_never_found])
async def test_it_is_found(env: WorkflowEnvironment, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same case passes without the mistake."""
    points = await clean(env, filled_at_once)
    case = Case(filled_at_once, tuple(each for each in points if str(each) in LOST_ENTRY))
    assert len(case.points) == len(LOST_ENTRY)
    assert await fault_of(env, case) is None
    plant(monkeypatch)
    assert await fault_of(env, case) is not None
