"""The state of a trade from its history alone, compared with what the trade itself said at each moment."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from alert_trader.activities.messages import NOTIFY, Notice
from alert_trader.control.commands.recorded_state import recorded_state
from alert_trader.control.errors import UnreadableRecordError
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.queries.history import read_history
from alert_trader.domain.audit import hash_chain
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.trade_state import TradeState, carried_state, carry
from tests.replay.record import HISTORIES

TRADES = sorted(path for path in HISTORIES.glob("trade-*.json"))
NOTHING_LEFT = ("has sent no order", "holds nothing, and no order of it works")


def moments(history: WorkflowHistory) -> Iterator[tuple[WorkflowHistory, TradeView]]:
    """Yield each beginning of a history that ends with a notice, and the view in it."""
    for number, event in enumerate(history.events, 1):
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == NOTIFY:
            [notice] = DATA_CONVERTER.payload_converter.from_payloads(scheduled.input.payloads, [Notice])
            if notice.view is not None:
                beginning = WorkflowHistory(
                    workflow_id=history.workflow_id, events=list(history.events)[:number]
                )
                yield beginning, notice.view


def state_of(beginning: WorkflowHistory, now: datetime) -> TradeState | None:
    """Return the recorded state; None where there is nothing to manage."""
    try:
        return recorded_state(beginning, None, now)[1]
    except UnreadableRecordError as nothing:
        if not str(nothing).endswith(NOTHING_LEFT):
            raise
        return None


@pytest.mark.parametrize("path", TRADES, ids=lambda path: path.stem)
def test_it_is_what_the_trade_said_of_itself(path: Path) -> None:
    """EXT-10, DUR-10: at each notice of each stored history: what was bought, sold, and which exits work."""
    for beginning, view in moments(read_history(path)):
        now = beginning.events[-1].event_time.ToDatetime(tzinfo=UTC)
        state = state_of(beginning, now + timedelta(seconds=1))
        if state is None:
            assert view.position == 0
            continue
        assert state.orders is not None
        ledger = state.orders.ledger
        assert (ledger.bought, ledger.sold, state.held) == (view.bought, view.sold, view.position)
        # an exit that was being sent counts as lost: it is searched for
        working = [each for each in ledger.open_exits if each.client_order_id not in state.orders.lost]
        assert sum(each.open for each in working) == view.exits_working
        assert state.lifecycle.phase is (Phase.HOLDING if view.bought else Phase.WATCHING)
        assert state.orders.cancelling == [each.client_order_id for each in ledger.open_entries]
        assert hash_chain.first_fault(view.workflow_id, state.events) is None
        assert len(state.events) == view.events
        assert carried_state(carry(state)) == state
