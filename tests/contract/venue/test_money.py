"""Positions, the lagging ledger, buying power and fees."""

from decimal import Decimal

import pytest
from tastytrade.order import OrderAction, OrderStatus
from tastytrade.utils import TastytradeError

from alert_trader.simulators.venue.commands import Adjust, SetAccount
from alert_trader.simulators.venue.orders import Action
from alert_trader.simulators.venue.tape import OrderLine, PositionLine
from tests.contract.venue.api_client import (
    AAPL,
    ACCOUNT,
    FAST,
    SPXW,
    SPY,
    ApiClient,
    limit,
    market,
    wait_until,
)

SELL, BUY = OrderAction.SELL_TO_CLOSE, OrderAction.BUY_TO_OPEN


async def held(api_client: ApiClient, quantity: int, symbol: str = SPY, price: str = "2.05") -> None:
    """Buy contracts and wait for them."""
    await api_client.reach(await api_client.buy(price, quantity, symbol=symbol), OrderStatus.FILLED)


async def test_a_fill_becomes_a_long_position(api_client: ApiClient) -> None:
    """The position has the contracts and their average price.

    A closed one is shown only when requested.
    """
    await held(api_client, 3)
    position = (await api_client.account.get_positions(api_client.session))[0]
    assert (position.symbol, int(position.quantity), position.quantity_direction) == (SPY, 3, "Long")
    assert position.average_open_price == Decimal("2.05")
    await api_client.reach(await api_client.send(market(SPY, SELL, 3, strict=True)), OrderStatus.FILLED)
    assert await api_client.account.get_positions(api_client.session) == []
    closed = await api_client.account.get_positions(api_client.session, include_closed=True)
    assert [(int(each.quantity), each.quantity_direction, each.realized_today) for each in closed] == [
        (0, "Zero", Decimal(-15))
    ]


async def test_a_strict_close_is_refused_while_the_ledger_lags(api_client: ApiClient) -> None:
    """Right after a fill the ledger does not show the contracts: a strict close is refused until it does."""
    await api_client.control.adjust(Adjust(timing=FAST.model_copy(update={"ledger_lag": 0.1})))
    await held(api_client, 2)
    with pytest.raises(TastytradeError, match="margin_check_failed"):
        await api_client.send(limit(SPY, SELL, 2, "4.10", strict=True))
    assert [(line.quantity, line.ledger) for line in api_client.tape(PositionLine)] == [(2, 0)]
    await wait_until(lambda: [line.ledger for line in api_client.tape(PositionLine)] == [0, 2])
    assert (await api_client.send(limit(SPY, SELL, 2, "4.10", strict=True))).status is OrderStatus.ROUTED


async def test_a_lagging_ledger_lets_a_second_strict_close_oversell(api_client: ApiClient) -> None:
    """Contracts just sold still show in a lagging ledger.

    The venue takes a second strict close, and the account goes short.
    """
    await held(api_client, 1)
    await api_client.control.adjust(Adjust(timing=FAST.model_copy(update={"ledger_lag": 5.0})))
    for _ in range(2):
        await api_client.reach(
            await api_client.send(limit(SPY, SELL, 1, "1.95", strict=True)), OrderStatus.FILLED
        )
    assert [(line.quantity, line.ledger) for line in api_client.tape(PositionLine)][-1] == (-1, 1)


async def test_a_close_without_a_position_opens_one_unless_strict(api_client: ApiClient) -> None:
    """The default is the dangerous one: a close with nothing to close opens a short. Strict is refused.

    EXT-20.
    """
    with pytest.raises(TastytradeError, match="margin_check_failed"):
        await api_client.send(limit(SPY, SELL, 1, "4.10", strict=True))
    order = await api_client.send(limit(SPY, SELL, 1, "1.95"))
    assert order.legs[0].action is OrderAction.SELL_TO_OPEN
    await api_client.reach(order, OrderStatus.FILLED)
    assert api_client.tape(OrderLine)[-1].order.legs[0].sent is Action.SELL_TO_CLOSE
    assert api_client.tape(PositionLine)[-1].quantity == -1


async def test_contracts_in_a_working_close_are_not_closed_twice(api_client: ApiClient) -> None:
    """EXT-30: a strict close for contracts in another working close is refused, unless configured."""
    await held(api_client, 2)
    await api_client.send(limit(SPY, SELL, 2, "4.10", strict=True, gtc=True))
    with pytest.raises(TastytradeError, match="margin_check_failed"):
        await api_client.send(limit(SPY, SELL, 1, "4.10", strict=True))
    await api_client.control.adjust(Adjust(count_working_closes=False))
    assert await api_client.send(limit(SPY, SELL, 1, "4.10", strict=True))


async def test_a_working_buy_reserves_its_cost_and_a_cancel_frees_it(api_client: ApiClient) -> None:
    """Buying power goes down by limit and fees when the order is taken, and comes back when it ends."""
    order = await api_client.buy("1.00", 10)
    # 10 contracts at 1.00 and 10.00 commission, 1.00 clearing, 0.39 regulatory
    assert (await api_client.account.get_balances(api_client.session)).derivative_buying_power == Decimal(
        25000
    ) - Decimal("1011.39")
    await api_client.account.delete_order(api_client.session, order.id)
    await api_client.reach(order, OrderStatus.CANCELLED)
    assert (await api_client.account.get_balances(api_client.session)).derivative_buying_power == Decimal(
        25000
    )


async def test_two_orders_cannot_spend_the_same_money(api_client: ApiClient) -> None:
    """Reservations of working orders bound the next one."""
    await api_client.control.set_account(SetAccount(number=ACCOUNT, cash=Decimal(1500)))
    await api_client.buy("1.00", 10)
    with pytest.raises(TastytradeError, match="margin_check_failed"):
        await api_client.buy("1.00", 10)


async def test_the_dry_run_prices_what_the_order_then_costs(api_client: ApiClient) -> None:
    """The dry-run's fees are charged, its effect is what buying power goes down by, and it makes no order."""
    dry = await api_client.account.place_order(api_client.session, limit(SPY, BUY, 3, "-2.05"), dry_run=True)
    assert dry.order.status is OrderStatus.RECEIVED
    assert api_client.accepted() == 0
    await held(api_client, 3)
    balance = await api_client.account.get_balances(api_client.session)
    assert balance.derivative_buying_power == dry.buying_power_effect.new_buying_power
    assert dry.fee_calculation is not None
    assert dry.fee_calculation.total_fees == -(Decimal(3) + Decimal("0.30") + Decimal("0.12"))


async def test_partial_fills_pay_the_fees_of_a_whole_one(api_client: ApiClient) -> None:
    """The commission cap of a leg holds over all its fills."""
    order = await api_client.buy("1.00", 15)
    for slice_ in (4, 5, 6):
        await api_client.control.fill(order.id, slice_)
    rows = await api_client.account.get_history(api_client.session)
    assert [row.quantity for row in rows] == [6, 5, 4]
    assert sum(row.commission or 0 for row in rows) == -10
    assert sum(row.regulatory_fees or 0 for row in rows) == Decimal("-0.58")


async def test_index_options_pay_an_exchange_fee_and_have_no_cap(api_client: ApiClient) -> None:
    """SPX series pay 0.65 a contract and a full commission."""
    await api_client.control.set_account(SetAccount(number=ACCOUNT, cash=Decimal(10**6)))
    dry = await api_client.account.place_order(
        api_client.session, limit(SPXW, BUY, 20, "-1.00"), dry_run=True
    )
    assert dry.fee_calculation is not None
    assert dry.fee_calculation.proprietary_index_option_fees == Decimal(-13)
    assert dry.fee_calculation.commission == -20


async def test_a_cash_account_cannot_spend_todays_proceeds(api_client: ApiClient) -> None:
    """Proceeds settle at the end of the day in a cash account."""
    await api_client.control.set_account(SetAccount(number=ACCOUNT, margin=False))
    await held(api_client, 1, AAPL, "4.10")
    await api_client.reach(await api_client.send(market(AAPL, SELL, 1, strict=True)), OrderStatus.FILLED)
    before = await api_client.account.get_balances(api_client.session)
    assert before.cash_balance - before.derivative_buying_power == 400
    await api_client.control.end_day()
    after = await api_client.account.get_balances(api_client.session)
    assert after.cash_balance == after.derivative_buying_power


async def test_a_closing_only_account_closes_only(api_client: ApiClient) -> None:
    """Opening is refused and closing continues."""
    await held(api_client, 1)
    await api_client.control.set_account(SetAccount(number=ACCOUNT, closing_only=True))
    with pytest.raises(TastytradeError, match="account_closing_only"):
        await api_client.buy("2.05")
    assert await api_client.send(limit(SPY, SELL, 1, "4.10", strict=True))
