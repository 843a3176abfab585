"""The adapter against the simulated venue, over real sockets.

Orders from submission to their end, and each fault on the way.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alert_trader import clock
from alert_trader.broker.dry_run import DryRunBroker
from alert_trader.broker.port import NOT_SENT, ChainGap, OutcomeUnknownError, RejectedError, UnavailableError
from alert_trader.broker.tastytrade.client import TastytradeGateway, TastytradeReader
from alert_trader.broker.tastytrade.limiter import RequestLimiter
from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.market.quotes import Listing
from alert_trader.domain.money import price
from alert_trader.domain.orders.order import (
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    TimeInForce,
)
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.config import Timing
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.orders import Action
from alert_trader.simulators.venue.server import RunningVenue
from alert_trader.simulators.venue.tape import RequestLine
from tests.support.at_venue import ACCOUNT, CALL, CONTRACT
from tests.support.at_venue import credentials as named
from tests.support.instants import STATED

HASTY = timedelta(seconds=0.3)
SINCE = STATED.date() - timedelta(days=2)


def credentials(running: RunningVenue) -> dict[str, Any]:
    """Say where the venue is and who asks, with no ceiling and no read that is used twice."""
    return {**named(running), "limiter": RequestLimiter(period=0.0, pauses=(0.4,), read_age=0)}


@pytest.fixture
async def market(running: RunningVenue) -> AsyncIterator[VenueControl]:
    """Return the hand on the venue, with the contract quoted 2.00 to 2.05."""
    async with VenueControl(running.base_url) as found:
        await found.set_quote(CONTRACT.occ_symbol, bid="2.00", ask="2.05")
        yield found


@pytest.fixture
async def trader(running: RunningVenue, market: VenueControl) -> AsyncIterator[TastytradeGateway]:
    """Return the adapter over the venue."""
    del market
    found = TastytradeGateway(**credentials(running))
    yield found
    await found.aclose()


def entry(name: str = "1234-e1", *, limit: str = "2.05", quantity: int = 3) -> OrderIntent:
    """Write an entry."""
    return OrderIntent(
        client_order_id=ClientOrderId(name),
        contract=CONTRACT,
        side=Side.BUY_TO_OPEN,
        quantity=quantity,
        kind=OrderKind.LIMIT,
        limit=price(limit),
        time_in_force=TimeInForce.DAY,
    )


def leave(name: str = "1234-x1", *, quantity: int = 3) -> OrderIntent:
    """Write an exit."""
    return replace(
        entry(name, limit="4.10", quantity=quantity), side=Side.SELL_TO_CLOSE, time_in_force=TimeInForce.GTC
    )


@contextmanager
def hurried(trader: TastytradeReader, *, when: bool = True) -> Iterator[None]:
    """Let an answer that does not come be given up soon."""
    if when:
        trader._call_timeout, trader._session()._seconds = HASTY, HASTY.total_seconds()
    yield
    trader._call_timeout, trader._session()._seconds = CALL, CALL.total_seconds()


async def eventually(read: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    """Read until what was read holds, for at most three seconds."""
    async with asyncio.timeout(3):
        while True:
            found = await read()
            if holds(found):
                return found
            await asyncio.sleep(0.005)


async def order_in(trader: TastytradeReader, placed: OrderReport, status: OrderStatus) -> OrderReport:
    """Read an order until it has a status."""
    found: OrderReport = await eventually(
        lambda: trader.order(placed.order_id), lambda report: report.status is status
    )
    return found


async def test_an_order_goes_from_entry_to_exit(trader: TastytradeGateway, market: VenueControl) -> None:
    """WHO-50: listed, quoted, checked, filled, held and sold: the legs echoed are the contract's."""
    listing = await trader.listing(CONTRACT)
    assert isinstance(listing, Listing)
    assert listing.ticks.step(Decimal(2)) == Decimal("0.01")
    found = await trader.quote(CONTRACT)
    assert found is not None
    assert (found.bid, found.ask) == (Decimal("2.00"), Decimal("2.05"))
    assert (await trader.check(entry())).buying_power_effect > 600
    bought = await order_in(trader, await trader.place(entry()), OrderStatus.FILLED)
    assert (bought.symbol, bought.side, bought.client_order_id) == (
        CONTRACT.occ_symbol,
        "Buy to Open",
        "1234-e1",
    )
    await eventually(lambda: trader.order(bought.order_id), lambda report: report.filled == 3)
    assert [(each.symbol, each.quantity) for each in await trader.positions()] == [(CONTRACT.occ_symbol, 3)]
    sold = await order_in(trader, await trader.place(leave()), OrderStatus.LIVE)
    await market.fill(int(sold.order_id), 2)
    partly = await trader.order(sold.order_id)
    assert partly is not None
    assert (partly.status, partly.filled, partly.remaining) == (OrderStatus.LIVE, 2, 1)


async def test_a_market_order_fills(trader: TastytradeGateway) -> None:
    """A conversion to market is a plain market order of the day."""
    placed = await trader.place(replace(entry(), kind=OrderKind.MARKET, limit=None))
    assert (await order_in(trader, placed, OrderStatus.FILLED)).limit is None


async def test_a_strict_close_is_refused_while_the_ledger_lags(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """EXT-20: a close without a visible position is refused, and never turned into an opening order."""
    await market.adjust(Adjust(timing=Timing(ledger_lag=0.2)))
    await order_in(trader, await trader.place(entry()), OrderStatus.FILLED)
    with pytest.raises(RejectedError) as refused:
        await trader.place(leave())
    assert refused.value.status == 422
    await eventually(trader.positions, lambda held: [each.quantity for each in held] == [3])
    await trader.place(leave("1234-x2"))
    state = await market.state()
    assert state.named("1234-x1") == []
    assert [order.strict for order in state.named("1234-x2")] == [True]


async def test_an_order_is_cancelled_once_and_then_refused(trader: TastytradeGateway) -> None:
    """ENT-60: a cancel is requested, seen under way or done, and refused on an order that has ended."""
    live = await order_in(trader, await trader.place(entry(limit="1.90")), OrderStatus.LIVE)
    await trader.cancel(live.order_id)
    await order_in(trader, live, OrderStatus.CANCELLED)
    with pytest.raises(RejectedError) as refused:
        await trader.cancel(live.order_id)
    assert refused.value.code == "cannot_update_order"


async def test_each_terminal_status_is_reported(trader: TastytradeGateway, market: VenueControl) -> None:
    """A wrong tick is rejected after acceptance, with words; a day order expires.

    A closed market keeps an order received.
    """
    await market.set_quote(CONTRACT.occ_symbol, bid="2.00", ask="2.05")
    rejected = await order_in(trader, await trader.place(entry("1-e1", limit="1.999")), OrderStatus.REJECTED)
    assert rejected.reject_reason
    live = await order_in(trader, await trader.place(entry("2-e1", limit="1.90")), OrderStatus.LIVE)
    await market.end_day()
    await order_in(trader, live, OrderStatus.EXPIRED)
    await market.set_session(is_open=False)
    received = await trader.place(entry("3-e1", limit="1.90"))
    assert (received.status, received.broker_status) == (OrderStatus.PENDING, "Received")
    assert not (await trader.session()).open_now


SLOW = {FaultKind.STALL_BEFORE, FaultKind.STALL_AFTER, FaultKind.LATE, FaultKind.LATE_ACCEPT}

PLACE_FAULTS: dict[str, tuple[FaultRule, bool]] = {
    "lost before": (FaultRule(kind=FaultKind.LOST_BEFORE), False),
    "lost after": (FaultRule(kind=FaultKind.LOST_AFTER), True),
    "stalled before": (FaultRule(kind=FaultKind.STALL_BEFORE), False),
    "stalled after": (FaultRule(kind=FaultKind.STALL_AFTER), True),
    "answered late": (FaultRule(kind=FaultKind.LATE), True),
    "cut": (FaultRule(kind=FaultKind.CUT), True),
    "truncated": (FaultRule(kind=FaultKind.TRUNCATED), True),
    "empty": (FaultRule(kind=FaultKind.EMPTY_DATA), True),
    "500": (FaultRule(kind=FaultKind.STATUS), False),
    "500 accepted": (FaultRule(kind=FaultKind.STATUS, accept=True), True),
    "502 html accepted": (FaultRule(kind=FaultKind.STATUS, status=502, html=True, accept=True), True),
    "429 accepted": (
        FaultRule(kind=FaultKind.STATUS, status=429, code="too_many_requests", accept=True),
        True,
    ),
    "408 accepted": (FaultRule(kind=FaultKind.STATUS, status=408, code="request_timeout", accept=True), True),
    "404 accepted": (
        FaultRule(kind=FaultKind.STATUS, status=404, code="record_not_found", accept=True),
        True,
    ),
}


@pytest.mark.parametrize("name", PLACE_FAULTS)
async def test_an_order_of_unknown_outcome_is_found_if_it_was_accepted(
    name: str, trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-10: whether the venue took it or not, the answer is unknown.

    Looking for our name tells, and there is never a second one.
    """
    rule, taken = PLACE_FAULTS[name]
    await market.arm(rule.model_copy(update={"method": "POST", "path": "*/orders"}))
    with hurried(trader, when=rule.kind in SLOW), pytest.raises(OutcomeUnknownError):
        await trader.place(entry())
    found = [report for report in await trader.orders_since(SINCE) if report.client_order_id == "1234-e1"]
    assert len(found) == (1 if taken else 0)
    assert len((await market.state()).named("1234-e1")) == len(found)


async def test_an_order_accepted_after_the_timeout_is_found_later(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-30: not found once is not settled: an order held on the way arrives after its caller has gone."""
    await market.arm(
        FaultRule(
            kind=FaultKind.LATE_ACCEPT, method="POST", path="*/orders", seconds=HASTY.total_seconds() + 0.5
        )
    )
    with hurried(trader), pytest.raises(OutcomeUnknownError):
        await trader.place(entry())
    assert await trader.orders_since(SINCE) == []
    found = await eventually(lambda: trader.orders_since(SINCE), bool)
    assert [report.client_order_id for report in found] == ["1234-e1"]


async def test_an_accepted_order_of_unknown_status_counts_as_working(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-10: a new word in an acceptance is no failure, and the order is not gone."""
    await market.arm(FaultRule(kind=FaultKind.UNKNOWN_STATUS, method="POST", path="*/orders"))
    assert (await trader.place(entry())).status is OrderStatus.UNRECOGNISED


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.LOST_BEFORE,
        FaultKind.LOST_AFTER,
        FaultKind.STALL_AFTER,
        FaultKind.STATUS,
        FaultKind.TRUNCATED,
    ],
)
async def test_a_cancel_that_was_not_answered_is_unknown(
    kind: FaultKind, trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-10: whether a cancel arrived is read from the order, not from a failed answer."""
    live = await order_in(trader, await trader.place(entry(limit="1.90")), OrderStatus.LIVE)
    await market.arm(FaultRule(kind=kind, method="DELETE"))
    with hurried(trader, when=kind in SLOW), pytest.raises(OutcomeUnknownError):
        await trader.cancel(live.order_id)
    expected = (
        OrderStatus.LIVE if kind in {FaultKind.LOST_BEFORE, FaultKind.STATUS} else OrderStatus.CANCELLED
    )
    await order_in(trader, live, expected)


READ_FAULTS = [
    FaultRule(kind=FaultKind.LOST_BEFORE),
    FaultRule(kind=FaultKind.STALL_BEFORE),
    FaultRule(kind=FaultKind.STATUS),
    FaultRule(kind=FaultKind.STATUS, status=502, html=True),
    FaultRule(kind=FaultKind.STATUS, status=429),
    FaultRule(kind=FaultKind.TRUNCATED),
    FaultRule(kind=FaultKind.CUT),
    FaultRule(kind=FaultKind.EMPTY_DATA),
]


@pytest.mark.parametrize("rule", READ_FAULTS, ids=lambda rule: f"{rule.kind} {rule.status}")
async def test_no_failed_read_is_an_empty_answer(
    rule: FaultRule, trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-30: every read fails as unavailable, whatever went wrong, and works again after."""
    placed = await trader.place(entry(limit="1.90"))
    reads: list[Callable[[], Awaitable[Any]]] = [
        lambda: trader.orders_since(SINCE),
        lambda: trader.order(placed.order_id),
        trader.positions,
        trader.balances,
        trader.status,
        trader.session,
        lambda: trader.quote(CONTRACT),
        lambda: trader.listing(replace(CONTRACT, strike=Decimal(601))),
        lambda: trader.check(entry()),
    ]
    too_many = rule.status == 429  # answered for as long as the read is tried
    for read in reads[:3] if rule.kind in SLOW else reads:
        await market.arm(rule.model_copy(update={"count": None if too_many else 1}))
        with hurried(trader, when=rule.kind in SLOW or too_many), pytest.raises(UnavailableError):
            await read()
        await market.clear_faults()
        await read()


async def test_orders_beyond_one_page_are_all_found(trader: TastytradeGateway, market: VenueControl) -> None:
    """UNK-30: two hundred orders of the app do not hide ours."""
    ours = await trader.place(entry(limit="1.90", quantity=1))
    for _ in range(204):
        await market.app_order(ACCOUNT, CONTRACT.occ_symbol, Action.BUY_TO_OPEN, 1, limit="0.01")
    reports = await trader.orders_since(SINCE)
    assert len(reports) == len({report.order_id for report in reports}) == 205
    assert [report.order_id for report in reports if report.client_order_id] == [ours.order_id]


async def test_an_unknown_status_in_a_list_hides_no_order(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-30: a new word in a list is unrecognised, order by order."""
    await trader.place(entry("1-e1", limit="1.90"))
    await trader.place(entry("2-e1", limit="1.90"))
    await market.arm(FaultRule(kind=FaultKind.UNKNOWN_STATUS, method="GET", path="*/orders"))
    assert [report.status for report in await trader.orders_since(SINCE)] == [OrderStatus.UNRECOGNISED] * 2


async def test_our_order_is_recognised_without_the_external_identifier(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-60: the source alone names our orders, and the app's are foreign."""
    await market.adjust(Adjust(echo_external_identifier=False))
    await trader.place(entry(limit="1.90"))
    await market.app_order(
        ACCOUNT, CONTRACT.occ_symbol, Action.BUY_TO_OPEN, 1, limit="0.01", source="WBT-1234-e1"
    )
    assert {report.client_order_id for report in await trader.orders_since(SINCE)} == {"1234-e1", None}


async def test_an_expired_token_is_renewed_during_a_call(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """A token that ends early costs one more request, and the order is placed once."""
    await trader.balances()
    await market.expire_tokens()
    await trader.place(entry(limit="1.90"))
    await market.expire_tokens()
    await trader.balances()
    assert len((await market.state()).named("1234-e1")) == 1


async def test_the_stream_reports_order_changes(trader: TastytradeGateway, market: VenueControl) -> None:
    """FIL-10: reports come as they are sent.

    Twice where the venue doubles them, unrecognised where it invents a word.
    """
    await market.arm(FaultRule(kind=FaultKind.STREAM_DUPLICATE, path="Order", order_status="Live"))
    await market.arm(FaultRule(kind=FaultKind.STREAM_UNKNOWN_STATUS, path="Order", order_status="Filled"))
    async with trader.follow() as reports:
        placed = await trader.place(entry())
        seen: list[OrderReport] = []
        async with asyncio.timeout(3):
            while not seen or seen[-1].status is not OrderStatus.UNRECOGNISED:
                seen.append(await anext(reports))
    assert {report.order_id for report in seen} == {placed.order_id}
    assert len([report for report in seen if report.status is OrderStatus.LIVE]) >= 2
    assert seen[-1].filled == 3


async def test_a_dropped_stream_is_unavailable_and_can_be_reopened(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """A lost stream says so; the next one opens, with a new token where the old one has ended."""
    async with trader.follow() as reports:
        await market.drop_streams()
        async with asyncio.timeout(3):
            with pytest.raises(UnavailableError):
                await anext(reports)
    await market.expire_tokens()
    with pytest.raises(UnavailableError, match="token"):
        async with trader.follow():
            raise AssertionError("opened with an expired token")
    async with trader.follow():
        await eventually(market.state, lambda state: state.streams == 1)


async def test_a_dry_run_reads_everything_and_sends_no_order(
    running: RunningVenue, market: VenueControl
) -> None:
    """DRY-10: every question is answered in a dry-run, and the venue has seen no order."""
    broker = DryRunBroker(**credentials(running))
    assert isinstance(await broker.listing(CONTRACT), Listing)
    assert await broker.quote(CONTRACT) is not None
    assert (await broker.check(entry())).total > 0
    assert (await broker.status()).may_open
    assert (await broker.balances()).cash == Decimal(25000)
    assert (await broker.session()).open_now
    assert await broker.positions() == []
    assert await broker.orders_since(SINCE) == []
    async with broker.follow():
        assert (await market.state()).orders == ()
    await broker.aclose()


async def test_no_secret_is_logged(trader: TastytradeGateway, caplog: pytest.LogCaptureFixture) -> None:
    """DUR-50: with every logger at its most talkative, no credential and no access token is written."""
    with caplog.at_level(logging.DEBUG):
        async with trader.follow() as reports:
            await trader.place(entry())
            async with asyncio.timeout(3):
                await anext(reports)
    line = trader._session()
    secrets = [line.provider_secret, line.refresh_token, line.session_token]
    assert caplog.records
    assert [
        secret for secret in secrets if any(secret in record.getMessage() for record in caplog.records)
    ] == []


async def test_an_index_is_found_under_the_root_that_lists_it(trader: TastytradeGateway) -> None:
    """WHO-50: SPX on a day that only its weeklies trade is SPXW.

    On a day of both it is a gap that names both.
    """
    days: dict[date, set[str]] = {}
    for series in await trader._chain("SPX", lambda: None):
        days.setdefault(series.expiry, set()).add(series.root)
    weekly = min(day for day, roots in days.items() if roots == {"SPXW"})
    both = [day for day, roots in days.items() if roots == {"SPX", "SPXW"}]
    asked = OptionContract(root="SPX", expiry=weekly, right=Right.CALL, strike=Decimal(6000))
    found = await trader.listing(asked)
    assert isinstance(found, Listing)
    assert found.contract == replace(asked, root="SPXW")
    gap = await trader.listing(replace(asked, expiry=both[0]))
    assert isinstance(gap, ChainGap)
    assert {contract.root for contract in gap.nearest} == {"SPX", "SPXW"}


async def test_an_order_is_not_sent_once_it_may_not_be(
    trader: TastytradeGateway, running: RunningVenue
) -> None:
    """HLT-10: asked once there is a connection, right before the first byte; a yes lets the same order go."""
    asked: list[bool] = []

    def still() -> bool:
        asked.append(len(asked) > 0)
        return asked[-1]

    with pytest.raises(RejectedError, match="may not be sent any more") as refused:
        await trader.place(entry(), still)
    assert refused.value.code == NOT_SENT
    assert [
        line
        for line in running.tape.lines
        if isinstance(line, RequestLine) and line.method == "POST" and "orders" in line.path
    ] == []
    assert (await trader.place(entry(), still)).client_order_id == "1234-e1"
    assert asked == [False, True]


async def test_authority_and_clock_are_read(trader: TastytradeGateway) -> None:
    """The authority over this account, and the time at the head of an answer, to the second."""
    assert await trader.authority() == "owner"
    stated = await trader.clock()
    assert stated is not None
    assert abs(clock.now() - stated) < timedelta(seconds=5)
