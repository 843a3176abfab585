"""The life of orders at the venue."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tastytrade.order import (
    InstrumentType,
    Leg,
    LimitOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    PlacedOrder,
)
from tastytrade.utils import TastytradeError

from alert_trader import clock
from alert_trader.simulators.venue.commands import Adjust, SetAccount, Step
from alert_trader.simulators.venue.config import AbortedReplacement, ReplacementSize
from alert_trader.simulators.venue.orders import Action
from alert_trader.simulators.venue.tape import CancelLine, FillLine, OrderLine
from tests.contract.venue.api_client import AAPL, FAST, SPY, ApiClient, fills, left, limit, market, wait_until
from tests.support.instants import STATED

YESTERDAY = (STATED - timedelta(days=1)).date()


def statuses(api_client: ApiClient, order: PlacedOrder) -> list[str]:
    """Return the statuses an order went through, each once."""
    seen = [line.order.status for line in api_client.tape(OrderLine) if line.order.order_id == order.id]
    return list(dict.fromkeys(seen))


async def test_a_marketable_limit_is_routed_live_and_filled(api_client: ApiClient) -> None:
    """A POST answers Routed; the order is then Live with its fill, then Filled, at the ask.

    Not at its limit.
    """
    order = await api_client.buy("2.10", 3, client_id="m1-e1")
    assert order.status is OrderStatus.ROUTED
    filled = await api_client.reach(order, OrderStatus.FILLED)
    assert filled.external_identifier == "m1-e1"
    assert fills(filled) == [(3, "2.05")]
    assert statuses(api_client, order) == ["Routed", "Live", "Filled"]
    live = next(line for line in api_client.tape(OrderLine) if line.order.status == "Live")
    assert live.order.filled == 3


async def test_displayed_size_bounds_a_fill_and_a_new_quote_continues_it(api_client: ApiClient) -> None:
    """A partly filled order is Live: it took what was displayed, and takes more when there is more."""
    await api_client.control.set_quote(SPY, bid="2.00", ask="2.05", ask_size=2)
    order = await api_client.buy("2.05", 5)
    await wait_until(lambda: len(api_client.tape(FillLine)) == 1)
    partial = await api_client.read(order)
    assert (partial.status, left(partial)) == (OrderStatus.LIVE, 3)
    await api_client.control.set_quote(SPY, bid="2.00", ask="2.04", ask_size=50)
    filled = await api_client.reach(order, OrderStatus.FILLED)
    assert fills(filled) == [(2, "2.05"), (3, "2.04")]


async def test_a_falling_path_of_quotes_fills_a_resting_order(api_client: ApiClient) -> None:
    """Quotes follow a scripted path by themselves."""
    order = await api_client.buy("1.90")
    await api_client.control.set_path(
        SPY,
        [
            Step(seconds=0, bid=Decimal(2), ask=Decimal("2.05")),
            Step(seconds=0.02, bid=Decimal("1.8"), ask=Decimal("1.85")),
        ],
    )
    filled = await api_client.reach(order, OrderStatus.FILLED)
    assert (filled.legs[0].fills or [])[0].fill_price == Decimal("1.85")


async def test_a_fill_by_hand_needs_no_market(api_client: ApiClient) -> None:
    """Control fills part of a resting order, at its limit."""
    order = await api_client.buy("1.50", 4)
    assert await api_client.control.fill(order.id, 1) == 3
    assert (await api_client.read(order)).legs[0].remaining_quantity == 3


async def test_the_same_order_twice_is_two_orders(api_client: ApiClient) -> None:
    """An external identifier does not deduplicate."""
    await api_client.buy("1.00", client_id="m1-e1")
    await api_client.buy("1.00", client_id="m1-e1")
    assert len((await api_client.control.state()).named("m1-e1")) == 2


async def test_the_echo_can_be_switched_off(api_client: ApiClient) -> None:
    """The identifier is not sent back, and the source still is."""
    await api_client.control.adjust(Adjust(echo_external_identifier=False))
    order = await api_client.read(await api_client.buy("1.00", client_id="m1-e1"))
    assert order.external_identifier is None
    assert order.source == "tastyware/tastytrade:v13.2.3"


async def test_a_cancel_is_requested_then_done(api_client: ApiClient) -> None:
    """A cancelled order passes through Cancel Requested and keeps its partial fill."""
    order = await api_client.buy("1.50", 4)
    await api_client.control.fill(order.id, 1)
    await api_client.account.delete_order(api_client.session, order.id)
    gone = await api_client.reach(order, OrderStatus.CANCELLED)
    assert gone.legs[0].remaining_quantity == 3
    assert statuses(api_client, order) == ["Routed", "Live", "Cancel Requested", "Cancelled"]


async def test_a_fill_can_beat_a_cancel(api_client: ApiClient) -> None:
    """A cancel that is under way loses to a fill; the order is Filled and never Cancelled. ENT-60."""
    await api_client.control.adjust(Adjust(timing=FAST.model_copy(update={"cancel_after": 0.05})))
    order = await api_client.buy("1.50", 2)
    await api_client.account.delete_order(api_client.session, order.id)
    await api_client.control.fill(order.id, 2)
    await api_client.reach(order, OrderStatus.FILLED)
    await wait_until(
        lambda: [line.outcome for line in api_client.tape(CancelLine)] == ["requested", "lost to a fill"]
    )


async def test_an_ended_order_cannot_be_cancelled(api_client: ApiClient) -> None:
    """Cancelling a filled order is rejected with the broker's code."""
    order = await api_client.reach(await api_client.buy("2.05"), OrderStatus.FILLED)
    with pytest.raises(TastytradeError, match="cannot_update_order"):
        await api_client.account.delete_order(api_client.session, order.id)


async def test_a_replacement_is_a_new_order_that_waits_for_the_cancel(api_client: ApiClient) -> None:
    """Contingent, then Routed and Live once the original is Cancelled; both name each other."""
    old = await api_client.reach(await api_client.buy("1.50", 2), OrderStatus.LIVE)
    new = await api_client.account.replace_order(
        api_client.session,
        old.id,
        LimitOrder(legs=[], price=Decimal("-1.60"), time_in_force=OrderTimeInForce.DAY),
    )
    assert (new.status, new.replaces_order_id, new.id != old.id) == (OrderStatus.CONTINGENT, old.id, True)
    assert (await api_client.reach(new, OrderStatus.LIVE)).price == Decimal("-1.60")
    gone = await api_client.read(old)
    assert (gone.status, gone.replacing_order_id, gone.edited) == (OrderStatus.CANCELLED, new.id, True)
    assert statuses(api_client, new) == ["Contingent", "Routed", "Live"]


@pytest.mark.parametrize("end", list(AbortedReplacement))
async def test_a_fill_aborts_a_replacement(api_client: ApiClient, end: AbortedReplacement) -> None:
    """A fill of the original while it is being replaced ends the replacement, in either undocumented way."""
    await api_client.control.adjust(
        Adjust(aborted_replacement=end, timing=FAST.model_copy(update={"replace_after": 1}))
    )
    old = await api_client.reach(await api_client.buy("1.50", 2), OrderStatus.LIVE)
    new = await api_client.account.replace_order(
        api_client.session, old.id, LimitOrder(legs=[], price=Decimal("-1.60"))
    )
    await api_client.control.fill(old.id, 1)
    await api_client.reach(new, OrderStatus(end.value))
    assert (await api_client.read(old)).status is OrderStatus.LIVE


@pytest.mark.parametrize(("size", "quantity"), [(ReplacementSize.FULL, 4), (ReplacementSize.REMAINDER, 3)])
async def test_a_partly_filled_order_is_replaced_in_two_ways(
    api_client: ApiClient, size: ReplacementSize, quantity: int
) -> None:
    """The replacement of a partly filled order is for all of it, or for the rest.

    Nobody has documented which.
    """
    await api_client.control.adjust(Adjust(replacement_size=size))
    old = await api_client.buy("1.50", 4)
    await api_client.control.fill(old.id, 1)
    new = await api_client.account.replace_order(
        api_client.session, old.id, LimitOrder(legs=[], price=Decimal("-1.60"))
    )
    assert new.legs[0].quantity == quantity


async def test_an_off_tick_price_is_accepted_then_rejected(api_client: ApiClient) -> None:
    """The exchange turns a wrong price step down after the broker took it."""
    order = await api_client.buy("4.03", symbol=AAPL)
    assert order.status is OrderStatus.ROUTED
    assert (await api_client.reach(order, OrderStatus.REJECTED)).reject_reason == "Invalid price increment"


async def test_a_market_order_fills_whole_beyond_the_displayed_size(api_client: ApiClient) -> None:
    """Displayed size trades at the touch and the rest a tick worse."""
    await api_client.control.set_quote(SPY, bid="2.00", ask="2.05", ask_size=2)
    order = await api_client.send(market(SPY, OrderAction.BUY_TO_OPEN, 3))
    filled = await api_client.reach(order, OrderStatus.FILLED)
    assert fills(filled) == [(2, "2.05"), (1, "2.06")]


async def test_a_closed_market_queues_limits_and_rejects_opening_market_orders(api_client: ApiClient) -> None:
    """A limit is Received with a warning and goes to work at the opening.

    An opening market order is rejected.
    """
    await api_client.control.set_session(is_open=False)
    reply = await api_client.account.place_order(
        api_client.session, limit(SPY, OrderAction.BUY_TO_OPEN, 1, "-2.05"), dry_run=False
    )
    assert reply.order.status is OrderStatus.RECEIVED
    assert [warning.code for warning in reply.warnings or []] == ["tif_next_valid_sesssion"]
    with pytest.raises(TastytradeError, match="market_closed"):
        await api_client.send(market(SPY, OrderAction.BUY_TO_OPEN, 1))
    await api_client.control.set_session(is_open=True)
    await api_client.reach(reply.order, OrderStatus.FILLED)


async def test_day_orders_expire_and_gtc_orders_do_not(api_client: ApiClient) -> None:
    """The end of the day ends orders for the day only."""
    day, gtc = await api_client.buy("1.00"), await api_client.buy("1.00", gtc=True)
    await api_client.reach(gtc, OrderStatus.LIVE)
    await api_client.control.end_day()
    assert (await api_client.read(day)).status is OrderStatus.EXPIRED
    assert (await api_client.read(gtc)).status is OrderStatus.LIVE


async def test_filled_can_be_shown_before_its_last_fill(api_client: ApiClient) -> None:
    """Filled with fills missing is legal; a later read has them."""
    await api_client.control.adjust(Adjust(timing=FAST.model_copy(update={"fills_lag": 0.1})))
    order = await api_client.reach(await api_client.buy("2.05", 2), OrderStatus.FILLED)
    assert not order.legs[0].fills

    async def shown() -> bool:
        return bool((await api_client.read(order)).legs[0].fills)

    await wait_until(shown)


async def test_more_than_a_page_of_orders_is_paged(api_client: ApiClient) -> None:
    """Live orders stop at 100 without a word; the history gives them all, page by page."""
    for _ in range(105):
        await api_client.control.app_order(
            api_client.account.account_number, SPY, Action.BUY_TO_OPEN, 1, limit="0.01"
        )
    assert len(await api_client.account.get_live_orders(api_client.session)) == 100
    found = await api_client.account.get_order_history(
        api_client.session, start_date=YESTERDAY, per_page=50, page_offset=None
    )
    assert len({order.id for order in found}) == 105
    assert {order.source for order in found} == {"WBT"}


async def test_history_filters_by_status_and_day(api_client: ApiClient) -> None:
    """A status list and a day narrow the history."""
    await api_client.buy("1.00")
    await api_client.reach(await api_client.buy("2.05"), OrderStatus.FILLED)
    filled = await api_client.account.get_order_history(
        api_client.session, start_date=YESTERDAY, statuses=[OrderStatus.FILLED]
    )
    assert [order.status for order in filled] == [OrderStatus.FILLED]
    future = clock.now().date() + timedelta(days=2)
    assert await api_client.account.get_order_history(api_client.session, start_date=future) == []


async def test_a_vertical_trades_at_its_net(api_client: ApiClient) -> None:
    """Several legs fill together when the sum of their sides reaches the net limit."""
    higher = SPY.replace("00600000", "00605000")
    await api_client.control.set_quote(higher, bid="1.00", ask="1.05")
    legs = [
        Leg(
            instrument_type=InstrumentType.EQUITY_OPTION,
            symbol=SPY,
            action=OrderAction.BUY_TO_OPEN,
            quantity=2,
        ),
        Leg(
            instrument_type=InstrumentType.EQUITY_OPTION,
            symbol=higher,
            action=OrderAction.SELL_TO_OPEN,
            quantity=2,
        ),
    ]
    order = await api_client.send(LimitOrder(legs=legs, price=Decimal("-1.05")))
    filled = await api_client.reach(order, OrderStatus.FILLED)
    assert [(leg.fills or [])[0].fill_price for leg in filled.legs] == [Decimal("2.05"), Decimal("1.00")]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (limit(SPY, OrderAction.BUY_TO_OPEN, 1, "2.05"), "cant_buy_for_credit"),
        (
            limit(SPY.replace("C0060", "C0061").replace("SPY ", "ZZZ "), OrderAction.BUY_TO_OPEN, 1, "-1"),
            "legs",
        ),
        (limit(SPY, OrderAction.BUY_TO_OPEN, 1000, "-2.05"), "margin_check_failed"),
    ],
)
async def test_refusals_have_the_brokers_codes(api_client: ApiClient, order: LimitOrder, code: str) -> None:
    """What the broker rejects is rejected with its code, and no order is made."""
    with pytest.raises(TastytradeError, match=code):
        await api_client.send(order)
    assert api_client.accepted() == 0


async def test_frozen_accounts_open_nothing(api_client: ApiClient) -> None:
    """A frozen account places no order."""
    await api_client.control.set_account(SetAccount(number=api_client.account.account_number, frozen=True))
    with pytest.raises(TastytradeError, match="account_frozen"):
        await api_client.buy("2.05")
