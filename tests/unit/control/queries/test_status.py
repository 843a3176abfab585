"""What needs a person, from what was read of an account."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alert_trader.control.queries.status import needs
from alert_trader.control.queries.trade_views import TradeRow
from alert_trader.domain.account.stuck import StuckKind, StuckWorkflow
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.ids import WorkflowId
from alert_trader.domain.trade.view import Offer, OfferKind
from tests.unit.bot.conftest import NOON, make_view
from tests.unit.domain.account.test_account_view import ACTIVE


def account(**changes: Any) -> AccountView:
    """Return an account in which nothing needs a person, but for `changes`."""
    return replace(ACTIVE, **changes)


def row(**changes: object) -> TradeRow:
    """Return the row of a holding trade."""
    view = make_view(**changes)
    return TradeRow(
        workflow_id=view.workflow_id,
        started_at=NOON,
        closed_at=None,
        status="running",
        phase="holding",
        symbol="SPY",
        author="22",
        mode="demo",
        account="5WT31673",
        pnl=None,
        view=view,
    )


def test_nothing_needs_a_person_when_all_is_well() -> None:
    """An active account whose positions have their exits needs nobody."""
    assert needs(account(), [row()], [], workers=1) == ()


def test_the_most_urgent_comes_first() -> None:
    """A stuck trade, no worker, unprotected contracts, an offer, the halted account: each with its fix."""
    stuck = StuckWorkflow(
        workflow_id=WorkflowId("trade-77"),
        kind=StuckKind.FAILING,
        since=datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
        attempts=3,
        why="KeyError",
    )
    offer = Offer(id="9", kind=OfferKind.ENTRY, text="Buy 4", quantity=4, until=NOON + timedelta(minutes=5))
    halted = account(state=AccountState.HALTED, halted_by="cli:ada", halt_reason="lunch", stream_since=None)
    found = needs(halted, [row(unprotected=2, offer=offer)], [stuck], workers=0)
    assert [each.text.partition(" ")[0] for each in found] == [
        "trade-77", "No", "SPY", "SPY", "Account", "Order",
    ]  # fmt: skip
    assert "2 of 4 contracts without a working exit" in found[2].text
    assert "Buy 4" in found[3].text
    assert found[4].text == "Account halted by cli:ada: lunch"
    assert [each.fix for each in found[:2]] == ["trader repair trade-77", "trader up, or trader worker"]
    assert found[3].fix.startswith("trader approve ")


def test_the_kill_switch_names_its_end() -> None:
    """What stops entries without Temporal is listed, with how to end it."""
    [found] = needs(account(kill_switch="the stop file /x/STOP exists since 09:00 ET: delete it to trade"),
                    [], [], workers=1)  # fmt: skip
    assert (found.text, found.fix) == (
        "Entries stopped: the stop file /x/STOP exists since 09:00 ET",
        "delete it to trade",
    )
