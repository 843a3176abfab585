"""What contracts held to expiration came to: read from the broker's transactions, and asked of a person."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from tests.support.harness import Harness
from tests.support.instants import new_york
from tests.support.virtual_time import forward_to
from tests.support.waiting import eventually

pytestmark = pytest.mark.at("2035-05-08 10:00")  # a Tuesday
TODAY = date(2035, 5, 8)
WEEKLY = OptionContract(root="SPXW", expiry=TODAY, right=Right.CALL, strike=Decimal(6000))
ON_SHARES = replace(WEEKLY, root="SPY", strike=Decimal(600))


@pytest.mark.parametrize(
    ("contract", "underlying", "spot", "unvalued", "pnl", "says"),
    [
        pytest.param(
            WEEKLY, "SPX", "6012.50", 0, 4520, "settled them for 5000.00 dollars", id="in the money"
        ),
        pytest.param(WEEKLY, "SPX", "5990", 0, -480, "removed them as worthless", id="out of it"),
        pytest.param(ON_SHARES, "SPY", "601", 4, None, "became shares", id="in shares"),
        pytest.param(WEEKLY, "SPX", None, 4, None, "a value that no quote shows", id="never posted"),
    ],
)
async def test_what_an_expiry_came_to_is_read_when_it_is_posted(
    env: WorkflowEnvironment,
    harness: Harness,
    contract: OptionContract,
    underlying: str,
    spot: str | None,
    unvalued: int,
    pnl: int | None,
    says: str,
) -> None:
    """UNK-30: at the close a person is paged; during the night the broker posts the value, or never.

    An index is not booked worthless because nobody bids for it at the close: its settlement value decides.
    """
    harness.exit_fraction = None
    bid = "0" if contract is WEEKLY else "1.00"
    await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20", ask_size=50, bid_size=50)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(f"BTO {contract.root} 05/08/2035 {contract.strike}c @ 1.20")
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.set_quote(contract.occ_symbol, bid=bid, ask="1.20", bid_size=0)
        await forward_to(env, trade, new_york("2035-05-08 18:00"))

        async def paged() -> bool:
            return any("may be exercised" in event.text for event in await harness.events(trade))

        await eventually(paged, "the page")
        view = await harness.view(trade)
        assert (view.phase, view.position, view.pnl) == (Phase.HOLDING, 4, None)
        assert "read when the broker posts it" in (view.reason or "")
        if spot is not None:
            await harness.control.set_quote(underlying, bid=spot, ask=spot)
            await harness.control.end_day(TODAY)
        await forward_to(env, trade, new_york("2035-05-09 08:31"), may_end=True)
        view = await trade.result()
    assert (view.outcome, view.position, view.unvalued, view.pnl) == (Outcome.EXPIRED, 4, unvalued, pnl)
    assert view.settlement == (5000 if pnl == 4520 else None)
    events = await harness.events(trade)
    assert [says in event.text for event in events if event.kind is EventKind.EXPIRED] == [True]
    assert sum("may be exercised" in event.text for event in events) == 1
    assert (view.reason is None) is (unvalued == 0)
