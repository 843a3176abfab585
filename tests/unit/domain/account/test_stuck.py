"""What people are shown of a stuck trade, and when they are paged of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alert_trader.domain.account.stuck import StuckKind, StuckWorkflow, page_due, same_state
from alert_trader.domain.ids import WorkflowId

SINCE = datetime(2035, 5, 8, 14, 0, tzinfo=UTC)
STUCK = StuckWorkflow(
    workflow_id=WorkflowId("trade-m1"), kind=StuckKind.FAILING, since=SINCE, attempts=4, why="a bug"
)
HOLDING = replace(STUCK, symbol="SPY   350615C00450000", held=4)


def test_people_are_paged_once_a_quarter_of_an_hour() -> None:
    """The first page comes at once."""
    assert page_due(STUCK, SINCE)
    paged = replace(STUCK, paged_at=SINCE)
    assert not page_due(paged, SINCE + timedelta(minutes=14, seconds=59))
    assert page_due(paged, SINCE + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("stuck", "says"),
    [
        (STUCK, "Reported no position. Its working orders could not be read"),
        (replace(STUCK, orders=()), "Reported no position. Working at the broker: no order"),
        (
            replace(HOLDING, at_broker=3, orders=("Sell to Close 1 at 2.40 (m1-x1)",)),
            (
                "SPY 350615C00450000: 4 held by its last report, 3 in the account. Working at the broker: "
                "Sell to Close 1 at 2.40 (m1-x1)"
            ),
        ),
        (
            replace(STUCK, workflow_id=WorkflowId("account-5WT00001")),
            "No entry is admitted. Exits and cancels of trades continue",
        ),
    ],
)
def test_what_protects_the_position_is_said(stuck: StuckWorkflow, says: str) -> None:
    """What is not known is said, too."""
    assert stuck.protection == says


def test_only_what_is_new_is_reported() -> None:
    """An attempt more is nothing new; a position or an order is."""
    assert same_state(HOLDING, replace(HOLDING, attempts=9, paged_at=SINCE))
    assert not same_state(HOLDING, replace(HOLDING, held=3))
    assert not same_state(HOLDING, replace(HOLDING, orders=()))
    assert not same_state(None, HOLDING)


def test_the_text_says_what_happened_and_what_to_do() -> None:
    """First what happened, then the numbers, then what to do."""
    first, _, last = STUCK.text.splitlines()
    assert first == "Workflow task failing since 2035-05-08 10:00:00 ET, 4 attempts: a bug"
    assert last == "Repair: trader repair trade-m1"
