"""What contracts held to expiration came to: read from the broker's transactions, and asked of a person."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue import endpoints
from alert_trader.simulators.venue.account_bodies import removal_body
from tests.support.harness import Harness
from tests.support.instants import new_york
from tests.support.virtual_time import forward_to
from tests.support.waiting import eventually

pytestmark = pytest.mark.at("2035-05-08 10:00")  # a Tuesday
TODAY = date(2035, 5, 8)
WEEKLY = OptionContract(root="SPXW", expiry=TODAY, right=Right.CALL, strike=Decimal(6000))
ON_SHARES = replace(WEEKLY, root="SPY", strike=Decimal(600))


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the broker posts during the night, and what the trade is to make of it."""

    contract: OptionContract = WEEKLY
    underlying: str = "SPX"
    spot: str | None = "6012.50"
    sub_type: str | None = None
    """The sub-type of the posting, where that is not known."""
    unvalued: int = 0
    pnl: int | None = None
    says: str = "a value that no quote shows"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(pnl=4520, says="settled them for 5000.00 dollars"), id="in the money"),
        pytest.param(Case(spot="5990", pnl=-480, says="removed them as worthless"), id="out of it"),
        pytest.param(
            Case(contract=ON_SHARES, underlying="SPY", spot="601", unvalued=4, says="became shares"),
            id="in shares",
        ),
        pytest.param(Case(spot=None, unvalued=4), id="never posted"),
        pytest.param(Case(sub_type="Cash Settlement", unvalued=4), id="another sub-type"),
    ],
)
async def test_what_an_expiry_came_to_is_read_when_it_is_posted(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """UNK-30: at the close a person is paged; during the night the broker posts the value, or never.

    An index is not booked worthless because it has no bid at the close: its settlement value decides. A
    posting that is not recognised is never taken for one, and pages a person.
    """
    harness.exit_fraction = None
    if case.sub_type is not None:
        monkeypatch.setattr(
            endpoints,
            "removal_body",
            lambda *row: removal_body(*row) | {"transaction-sub-type": case.sub_type},
        )
    bid = "0" if case.contract is WEEKLY else "1.00"
    await harness.control.set_quote(
        case.contract.occ_symbol, bid="1.20", ask="1.20", ask_size=50, bid_size=50
    )
    with env.with_time_skipping_disabled():
        trade = await harness.alert(f"BTO {case.contract.root} 05/08/2035 {case.contract.strike}c @ 1.20")
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.set_quote(case.contract.occ_symbol, bid=bid, ask="1.20", bid_size=0)
        await forward_to(env, trade, new_york("2035-05-08 18:00"))

        async def paged() -> bool:
            return any("may be exercised" in event.text for event in await harness.events(trade))

        await eventually(paged, "the page")
        view = await harness.view(trade)
        assert (view.phase, view.position, view.pnl) == (Phase.HOLDING, 4, None)
        assert "read when the broker posts it" in (view.reason or "")
        if case.spot is not None:
            await harness.control.set_quote(case.underlying, bid=case.spot, ask=case.spot)
            await harness.control.end_day(TODAY)
        await forward_to(env, trade, new_york("2035-05-09 08:31"), may_end=True)
        view = await trade.result()
    assert (view.outcome, view.position, view.unvalued, view.pnl) == (
        Outcome.EXPIRED,
        4,
        case.unvalued,
        case.pnl,
    )
    assert view.settlement == (5000 if case.pnl == 4520 else None)
    events = await harness.events(trade)
    assert [case.says in event.text for event in events if event.kind is EventKind.EXPIRED] == [True]
    assert sum("may be exercised" in event.text for event in events) == 1
    unread = [event.facts.get("sub_type") for event in events if "is not read from it" in event.text]
    assert unread == ([case.sub_type] if case.sub_type is not None else [])
    assert (view.reason is None) is (case.unvalued == 0)
