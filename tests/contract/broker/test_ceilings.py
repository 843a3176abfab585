"""The broker's ceilings, enforced by the venue: the adapter stays below them, and a 429 is no answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx2
import pytest

from alert_trader.broker.port import OutcomeUnknownError, UnavailableError
from alert_trader.broker.tastytrade.client import TastytradeGateway
from alert_trader.broker.tastytrade.limiter import RequestLimiter, Urgency
from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import price
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side, TimeInForce
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.config import Timing, VenueConfig
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.server import RunningVenue, start
from alert_trader.simulators.venue.tape import AnswerLine, RequestLine
from tests.support.instants import STATED

ACCOUNT = "5WT00042"
CONTRACT = OptionContract(
    root="SPY", expiry=STATED.date() + timedelta(days=30), right=Right.CALL, strike=Decimal(600)
)


@pytest.fixture
async def running() -> AsyncIterator[RunningVenue]:
    """Return a venue that enforces the ceilings."""
    found = await start(VenueConfig(timing=Timing(quote_interval=3600), ceilings=True))
    yield found
    await found.close()


@pytest.fixture
async def market(running: RunningVenue) -> AsyncIterator[VenueControl]:
    """Return the hand on the venue, with the contract quoted 2.00 to 2.05."""
    async with VenueControl(running.base_url) as found:
        await found.set_quote(CONTRACT.occ_symbol, bid="2.00", ask="2.05")
        yield found


def adapter(running: RunningVenue, limiter: RequestLimiter | None = None) -> TastytradeGateway:
    """Return an adapter over the venue."""
    return TastytradeGateway(
        client_secret="client-secret-value",
        refresh_token="refresh-token-value",
        account=ACCOUNT,
        is_test=False,
        venue_url=running.base_url,
        call_timeout=timedelta(seconds=4),
        limiter=limiter,
    )


@pytest.fixture
async def trader(running: RunningVenue, market: VenueControl) -> AsyncIterator[TastytradeGateway]:
    """Return the adapter over the venue."""
    del market
    found = adapter(running)
    yield found
    await found.aclose()


def buy(number: int) -> OrderIntent:
    """Write an entry that does not fill."""
    return OrderIntent(
        client_order_id=ClientOrderId(f"{number}-e1"),
        contract=CONTRACT,
        side=Side.BUY_TO_OPEN,
        quantity=1,
        kind=OrderKind.LIMIT,
        limit=price("1.50"),
        time_in_force=TimeInForce.DAY,
    )


async def paths(market: VenueControl, method: str = "GET") -> list[str]:
    """Return the paths of all requests of a method, in order."""
    return [
        line.path for line in await market.tape() if isinstance(line, RequestLine) and line.method == method
    ]


async def refused(market: VenueControl) -> int:
    """Count the answers 429."""
    return sum(1 for line in await market.tape() if isinstance(line, AnswerLine) and line.status == 429)


async def test_thirty_alerts_at_once_exceed_no_ceiling(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """All that thirty alerts read before their entries is a few requests, and none is answered 429."""
    contracts = [replace(CONTRACT, strike=Decimal(570 + number)) for number in range(30)]
    for contract in contracts:
        await market.set_quote(contract.occ_symbol, bid="2.00", ask="2.05")

    async def size(contract: OptionContract) -> None:
        await asyncio.gather(trader.status(), trader.balances(), trader.positions(), trader.session())
        assert await trader.quote(contract) is not None

    await asyncio.gather(*(size(contract) for contract in contracts))
    await asyncio.gather(*(trader.place(buy(number)) for number in range(30)))
    assert await refused(market) == 0
    asked = await paths(market)
    assert [asked.count(f"/accounts/{ACCOUNT}/{each}") for each in ("trading-status", "balances/USD")] == [
        1,
        1,
    ]
    assert asked.count("/market-data/by-type") <= 2
    assert len((await market.state()).orders) == 30


async def test_the_venue_refuses_what_is_above_a_ceiling(running: RunningVenue, market: VenueControl) -> None:
    """Without the limiter the same is refused, and the 429 has no header that says when to try again."""
    del market
    trader = adapter(running, RequestLimiter(period=0.0))
    await trader.authority()
    headers = dict(trader._session()._client.headers)
    async with httpx2.AsyncClient(base_url=running.base_url, headers=headers) as http:
        answers = [await http.get(f"/accounts/{ACCOUNT}/positions") for _ in range(3)]
    await trader.aclose()
    assert [each.status_code for each in answers] == [200, 429, 429]
    assert answers[1].json()["error"]["code"] == "too_many_requests"
    assert not [name for name in answers[1].headers if "retry" in name or "limit" in name]


async def test_positions_are_read_after_they_were_requested(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """EXT-20: callers join a read that waits for its turn, and never one that was sent before they asked."""
    assert await trader.positions() == []
    placed = await trader.place(buy(1))
    await market.fill(int(placed.order_id), 1)
    found = await asyncio.gather(*(trader.positions() for _ in range(5)))
    assert [each[0].quantity for each in found] == [1] * 5
    assert (await paths(market)).count(f"/accounts/{ACCOUNT}/positions") == 2


async def test_balances_are_read_anew_after_an_order(trader: TastytradeGateway, market: VenueControl) -> None:
    """RSK-20: an answer from before an order is not used after it."""
    before = await trader.balances()
    assert await trader.balances() == before
    assert (await paths(market)).count(f"/accounts/{ACCOUNT}/balances/USD") == 1
    await trader.place(buy(1))
    assert (await trader.balances()).derivative_buying_power < before.derivative_buying_power


async def test_a_read_that_is_answered_429_is_tried_again(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-30: a 429 is no empty list: the read waits and is sent again."""
    await trader.place(buy(1))
    await market.arm(FaultRule(kind=FaultKind.STATUS, status=429, path="*/orders/live"))
    assert len(await trader.live_orders()) == 1
    assert (await paths(market)).count(f"/accounts/{ACCOUNT}/orders/live") == 2


async def test_an_order_that_is_answered_429_is_not_sent_again(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-10: a 429 does not show that an order was not accepted."""
    await market.arm(
        FaultRule(kind=FaultKind.STATUS, status=429, path="*/orders", method="POST", accept=True)
    )
    with pytest.raises(OutcomeUnknownError):
        await trader.place(buy(1))
    assert len((await market.state()).named("1-e1")) == 1
    assert (await paths(market, "POST")).count(f"/accounts/{ACCOUNT}/orders") == 1


async def test_sales_and_cancels_are_sent_first() -> None:
    """EXT-40: of the writes that wait for a turn entries are last; a 429 on quotes delays none."""
    limiter, order = RequestLimiter(period=0.01), list[str]()

    async def send(name: str, method: str, path: str, urgency: Urgency | None = None) -> None:
        async with limiter.turn(method, path, urgency):
            order.append(name)

    limiter.refused("GET", "/market-data/by-type")
    async with AsyncExitStack() as full:
        for _ in range(20):
            await full.enter_async_context(limiter.turn("POST", "/accounts/A/orders", Urgency.BUYS))
        waiting = [
            asyncio.create_task(send("entry", "POST", "/accounts/A/orders", Urgency.BUYS)),
            asyncio.create_task(send("sale", "POST", "/accounts/A/orders", Urgency.PROTECTS)),
            asyncio.create_task(send("cancel", "DELETE", "/accounts/A/orders/7")),
        ]
        await send("read", "GET", "/accounts/A/orders/live")
        assert order == ["read"]
    await asyncio.gather(*waiting)
    assert order == ["read", "sale", "cancel", "entry"]


async def test_without_a_turn_within_the_time_of_a_call_nothing_is_sent(
    running: RunningVenue, market: VenueControl
) -> None:
    """A read that gets no turn is unavailable, and not sent later."""
    trader = adapter(running)
    trader._call_timeout = timedelta(seconds=0.3)
    assert await trader.positions() == []
    with pytest.raises(UnavailableError):
        await trader.positions()
    await trader.aclose()
    assert (await paths(market)).count(f"/accounts/{ACCOUNT}/positions") == 1
