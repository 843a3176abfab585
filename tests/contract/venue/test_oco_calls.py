"""Stops and pairs through the broker's own SDK, over real sockets."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError
from tastytrade.order import (
    AdvancedInstructions,
    InstrumentType,
    Leg,
    LimitOrder,
    OCOOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    PlacedComplexOrder,
    PlacedOCOOrder,
    StopLimitOrder,
    StopOrder,
    UnplacedComplexOrder,
)
from tastytrade.utils import TastytradeError

from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.config import OcoRules
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.tape import AnswerLine, OrderLine
from tests.contract.venue.api_client import FAST, SPY, ApiClient, fills, wait_until


def terms(client_id: str, lots: int, *, gtc: bool = True) -> dict[str, Any]:
    """Write what both sides of a pair have in common."""
    leg = Leg(
        instrument_type=InstrumentType.EQUITY_OPTION,
        symbol=SPY,
        action=OrderAction.SELL_TO_CLOSE,
        quantity=lots,
    )
    return {
        "time_in_force": OrderTimeInForce.GTC if gtc else OrderTimeInForce.DAY,
        "legs": [leg],
        "external_identifier": client_id,
        "advanced_instructions": AdvancedInstructions(strict_position_effect_validation=True),
    }


def pair(lots: int = 2) -> OCOOrder:
    """Write a pair: a target at 4.10, and a stop limit from 1.45 down to 1.30."""
    return OCOOrder(
        take_profit=LimitOrder(**terms("m1-x1", lots), price=Decimal("4.10")),
        stop_loss=StopLimitOrder(**terms("m1-x2", lots), price=Decimal("1.30"), stop_trigger=Decimal("1.45")),
    )


@pytest.fixture
async def holder(api_client: ApiClient) -> ApiClient:
    """Return an account that holds three contracts."""
    await api_client.reach(await api_client.buy("2.05", 3), OrderStatus.FILLED)
    return api_client


async def place(holder: ApiClient, lots: int = 2) -> PlacedComplexOrder:
    """Send a pair."""
    reply = await holder.account.place_complex_order(holder.session, pair(lots), dry_run=False)
    assert isinstance(reply.complex_order, PlacedComplexOrder)
    return reply.complex_order


async def test_a_pair_is_priced_placed_read_and_cancelled(holder: ApiClient) -> None:
    """The SDK reads every answer: dry-run, acceptance, list, history, single pair, and a cancelled one."""
    priced = await holder.account.place_complex_order(holder.session, pair())
    assert isinstance(priced.complex_order, UnplacedComplexOrder)
    placed = await place(holder)
    assert isinstance(placed, PlacedOCOOrder)
    assert (placed.take_profit.status, placed.stop_loss.status) == (OrderStatus.CONTINGENT,) * 2
    assert placed.stop_loss.stop_trigger == Decimal("1.45")
    assert [each.external_identifier for each in placed.orders] == ["m1-x1", "m1-x2"]
    for each in placed.orders:
        await holder.reach(each, OrderStatus.LIVE)
    listed = await holder.account.get_live_complex_orders(holder.session)
    history = await holder.account.get_complex_order_history(holder.session)
    assert [each.id for each in listed] == [each.id for each in history] == [placed.id]
    await holder.account.delete_complex_order(holder.session, placed.id)
    for each in placed.orders:
        await holder.reach(each, OrderStatus.CANCELLED)
    await holder.account.delete_complex_order(holder.session, placed.id)
    found = await holder.account.get_complex_order(holder.session, placed.id)
    assert [each.status for each in found.orders] == [OrderStatus.CANCELLED] * 2


async def test_a_filled_side_cancels_the_other(holder: ApiClient) -> None:
    """The stop is hit: it sells at the bid, and the target is cancelled."""
    placed = await place(holder)
    target, stop = placed.orders
    await holder.reach(stop, OrderStatus.LIVE)
    await holder.control.set_quote(SPY, bid="1.40", ask="1.50")
    assert fills(await holder.reach(stop, OrderStatus.FILLED)) == [(2, "1.4")]
    await holder.reach(target, OrderStatus.CANCELLED)


async def test_a_replaced_side_is_listed_as_related(holder: ApiClient) -> None:
    """The old stop is a related order of the pair; with numbers as ids the SDK cannot read the list."""
    placed = await place(holder)
    stop = await holder.reach(placed.orders[1], OrderStatus.LIVE)
    raised = StopLimitOrder(**terms("m1-x3", 2), price=Decimal("1.65"), stop_trigger=Decimal("1.80"))
    new: Any = await holder.account.replace_order(holder.session, stop.id, raised)
    await holder.reach(new, OrderStatus.LIVE)
    (found,) = await holder.account.get_live_complex_orders(holder.session)
    assert [each.id for each in found.orders] == [placed.orders[0].id, new.id]
    assert [each["id"] for each in found.related_orders or []] == [str(stop.id)]
    await holder.control.adjust(Adjust(oco=OcoRules(numeric_related_ids=True)))
    with pytest.raises(ValidationError):
        await holder.account.get_live_complex_orders(holder.session)


async def test_two_limits_are_refused_with_the_brokers_code(holder: ApiClient) -> None:
    """A pair of the deprecated kind: the code is the one seen in production."""
    wrong = pair().model_copy(update={"stop_loss": LimitOrder(**terms("m1-x2", 2), price=Decimal(4))})
    with pytest.raises(TastytradeError, match="invalid_oco_order_type_combo"):
        await holder.account.place_complex_order(holder.session, wrong, dry_run=False)


async def test_a_lost_pair_is_hidden_and_found_again(holder: ApiClient) -> None:
    """LOST_AFTER cuts the answer of an accepted pair; HIDDEN hides both of its sides for a while."""
    await holder.control.arm(FaultRule(kind=FaultKind.LOST_AFTER, path="*/complex-orders"))
    with pytest.raises(httpx2.TransportError):
        await place(holder)
    (found,) = await holder.account.get_live_complex_orders(holder.session)
    answer = next(line for line in holder.tape(AnswerLine) if line.path.endswith("/complex-orders"))
    assert (answer.accepted, answer.status, answer.client_id) == (True, None, "m1-x1")
    await holder.account.delete_complex_order(holder.session, found.id)
    await holder.reach(found.orders[1], OrderStatus.CANCELLED)
    await holder.control.arm(FaultRule(kind=FaultKind.HIDDEN, path="*/complex-orders", seconds=30))
    hidden = await place(holder)
    live = await holder.account.get_live_complex_orders(holder.session)
    orders = await holder.account.get_live_orders(holder.session)
    assert hidden.id not in [each.id for each in live]
    assert {each.id for each in hidden.orders}.isdisjoint(each.id for each in orders)


async def test_single_stops(holder: ApiClient) -> None:
    """A stop limit GTC and a stop of the day, each with its trigger; together they close three contracts."""
    await holder.send(
        StopLimitOrder(**terms("m1-x1", 2), price=Decimal("1.30"), stop_trigger=Decimal("1.45"))  # type: ignore[arg-type]
    )
    day = await holder.send(StopOrder(**terms("m1-x2", 1, gtc=False), stop_trigger=Decimal("1.45")))  # type: ignore[arg-type]
    found = await holder.reach(day, OrderStatus.LIVE)
    assert (found.stop_trigger, found.price) == (Decimal("1.45"), None)
    await holder.control.set_quote(SPY, bid="1.40", ask="1.50")
    await wait_until(lambda: [line.order.triggered for line in holder.tape(OrderLine)].count(True) >= 4)
    await holder.reach(day, OrderStatus.FILLED)


async def test_the_cancellation_of_a_pair_may_be_answered_without_a_body(holder: ApiClient) -> None:
    """204 and nothing else; both sides are cancelled."""
    await holder.control.adjust(Adjust(oco=OcoRules(empty_cancel_answer=True), timing=FAST))
    placed = await place(holder)
    await holder.account.delete_complex_order(holder.session, placed.id)
    await holder.reach(placed.orders[1], OrderStatus.CANCELLED)
