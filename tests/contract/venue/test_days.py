"""Days at the exchange, with a clock that a test turns: openings, closes, expirations. No sockets."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.expiration import Removal, Removed
from alert_trader.simulators.venue.instruments import Listings, parse, tick_at
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Effect, OrderType, Status, TimeInForce
from alert_trader.simulators.venue.preflight import TermsRequest
from alert_trader.simulators.venue.refusal import VenueRefusalError
from alert_trader.simulators.venue.tape import PositionLine, Tape
from tests.contract.venue.turned import ACCOUNT, FRIDAY, LATER, TODAY, Turned, buy, quote


@pytest.fixture
def clock() -> Turned:
    """Begin on a Friday afternoon."""
    return Turned()


@pytest.fixture
def exchange(clock: Turned) -> Exchange:
    """Open an exchange that keeps New York hours."""
    opened = Exchange(
        VenueConfig(session=SessionMode.REAL), Tape(clock.read), clock=clock.read, later=clock.later
    )
    for symbol in (TODAY, LATER):
        quote(opened, symbol, "2.00", "2.05")
    return opened


def test_the_close_ends_day_orders_and_the_next_opening_starts_waiting_ones(
    exchange: Exchange, clock: Turned
) -> None:
    """Day orders expire at the close, GTC ones live on.

    An order sent over the weekend is routed on Monday.
    """
    day, gtc = buy(exchange, "1.00"), buy(exchange, "1.00", tif=TimeInForce.GTC)
    clock.turn_by(3600 + 900)
    exchange.tick()
    assert (day.status, gtc.status) == (Status.EXPIRED, Status.LIVE)
    weekend = buy(exchange, "2.05")
    assert weekend.status is Status.RECEIVED
    quote(exchange, LATER, "0.90", "0.95")
    assert gtc.filled == 0
    clock.turn(datetime(2026, 11, 23, 14, 30, 1, tzinfo=UTC))
    exchange.tick()
    clock.turn_by(60)
    assert (weekend.status, gtc.status) == (Status.FILLED, Status.FILLED)


def test_an_immediate_order_takes_what_is_offered_and_ends(exchange: Exchange, clock: Turned) -> None:
    """One of two contracts is offered: that one fills, and the rest is cancelled at once."""
    quote(exchange, LATER, "2.00", "2.05", size=1)
    order = buy(exchange, "2.10", tif=TimeInForce.IOC)
    clock.turn_by(60)
    assert (order.status, order.filled, order.cancelled_size) == (Status.CANCELLED, 1, 1)


def test_a_broker_without_immediate_orders_refuses_them(exchange: Exchange) -> None:
    """The broker's interface lists the time in force, and does not say for which instruments it is."""
    exchange.config = VenueConfig(immediate_or_cancel=False)
    with pytest.raises(VenueRefusalError, match="preflight"):
        buy(exchange, "2.10", tif=TimeInForce.IOC)


def test_a_class_that_closes_late_trades_for_a_quarter_of_an_hour_more(
    exchange: Exchange, clock: Turned
) -> None:
    """SPY trades until 16:15, but not what expires that day.

    A stock's option waits for the next session from 16:00 on.
    """
    stock = "AAPL  261127C00200000"
    quote(exchange, stock, "2.00", "2.05")
    resting = buy(exchange, "1.00")
    clock.turn_by(3605)
    exchange.tick()
    assert not exchange.session.open
    late, expiring, of_a_stock = (
        buy(exchange, "2.05"),
        buy(exchange, "2.05", TODAY),
        buy(exchange, "2.05", stock),
    )
    quote(exchange, LATER, "0.90", "0.95")
    clock.turn_by(60)
    assert [each.status for each in (late, expiring, of_a_stock)] == [
        Status.FILLED,
        Status.RECEIVED,
        Status.RECEIVED,
    ]
    assert resting.status is Status.FILLED


def test_an_am_settled_series_stops_the_day_before(exchange: Exchange, clock: Turned) -> None:
    """SPX of the third Friday trades until Thursday at 16:15.

    On the Friday itself nothing of it does, and SPXW continues.
    """
    morning, afternoon = "SPX   261218C06000000", "SPXW  261218C06000000"
    for symbol in (morning, afternoon):
        quote(exchange, symbol, "2.00", "2.05")
    clock.turn(datetime(2026, 12, 17, 21, 10, tzinfo=UTC))
    assert exchange.trades_now(buy(exchange, "1.00", morning))
    clock.turn(datetime(2026, 12, 18, 15, 0, tzinfo=UTC))
    assert not exchange.trades_now(buy(exchange, "1.00", morning))
    assert exchange.trades_now(buy(exchange, "1.00", afternoon))


def test_an_expiring_series_settles_at_its_intrinsic_value(exchange: Exchange, clock: Turned) -> None:
    """Contracts of a series that expires today leave the account at what they are worth.

    Their orders end.
    """
    bought = buy(exchange, "2.05", TODAY)
    resting = buy(exchange, "1.00", TODAY, TimeInForce.GTC)
    clock.turn_by(60)
    assert bought.status is Status.FILLED
    cash = exchange.accounts[ACCOUNT].cash
    exchange.market.script(
        Quote(symbol="SPY", bid=Decimal(603), ask=Decimal(603), bid_size=1, ask_size=1, at=clock.now)
    )
    exchange.end_day()
    assert exchange.accounts[ACCOUNT].cash - cash == 600
    booked = exchange.accounts[ACCOUNT].history[-1]
    assert isinstance(booked, Removed)
    assert (booked.removal, booked.value, booked.quantity) == (Removal.EXERCISED, Decimal(600), 2)
    assert resting.status is Status.EXPIRED
    assert [(line.quantity, line.ledger) for line in exchange.tape.lines if isinstance(line, PositionLine)][
        -1
    ] == (0, 0)


def test_a_replacement_can_itself_be_cancelled(exchange: Exchange, clock: Turned) -> None:
    """Cancelling the contingent order leaves the original working."""
    old = buy(exchange, "1.00")
    clock.turn_by(60)
    terms = TermsRequest(order_type=OrderType.LIMIT, price=Decimal("1.10"), price_effect=Effect.DEBIT)
    new = exchange.replace(ACCOUNT, old.order_id, terms)
    exchange.cancel(ACCOUNT, new.order_id)
    clock.turn_by(60)
    assert (old.status, new.status, new.filled) == (Status.LIVE, Status.CANCELLED, 0)


def test_cancelling_the_original_ends_its_replacement(exchange: Exchange, clock: Turned) -> None:
    """A cancel of an order that is being replaced leaves neither working."""
    exchange.config = exchange.config.model_copy(update={"show_replace_requested": True})
    old = buy(exchange, "1.00")
    clock.turn_by(60)
    terms = TermsRequest(order_type=OrderType.LIMIT, price=Decimal("1.10"), price_effect=Effect.DEBIT)
    new = exchange.replace(ACCOUNT, old.order_id, terms)
    assert old.status is Status.REPLACE_REQUESTED
    exchange.cancel(ACCOUNT, old.order_id)
    clock.turn_by(60)
    assert (old.status, new.status) == (Status.CANCELLED, Status.REJECTED)


def test_a_cancel_before_the_order_is_live_is_carried_out(exchange: Exchange, clock: Turned) -> None:
    """An order cancelled while it is routed ends Cancelled, or Filled when the market was there first.

    Never Live again.
    """
    resting, marketable = buy(exchange, "1.00"), buy(exchange, "2.05")
    for order in (resting, marketable):
        exchange.cancel(ACCOUNT, order.order_id)
    clock.turn_by(60)
    assert (resting.status, marketable.status, marketable.filled) == (Status.CANCELLED, Status.FILLED, 2)


def test_seeded_quotes_stay_valid_across_the_chain(exchange: Exchange) -> None:
    """Every listed option is quoted on its tick, not crossed, with an ask above zero, at any hour."""
    listings: Listings = exchange.listings
    for root in ("SPY", "SPX", "UBER", "DKS"):
        row = listings.underlyings[root]
        expiry = listings.expiries(row, FRIDAY.date())[-1]
        for strike in listings.strikes(row, expiry)[::10]:
            for right in ("C", "P"):
                symbol = f"{expiry.root:<6}{expiry.day:%y%m%d}{right}{int(strike * 1000):08d}"
                shown = exchange.market.quote(symbol)
                assert shown is not None
                assert 0 <= shown.bid < shown.ask
                assert shown.ask % tick_at(row.ticks, shown.ask) == 0
                assert shown.bid % tick_at(row.ticks, shown.bid) == 0


@pytest.mark.parametrize("symbol", ["SPXW  261218C06500000", ".SPXW261218C6500"])
def test_symbols_are_parsed_in_both_forms(symbol: str) -> None:
    """The OCC and the streamer symbol name the same series."""
    series = parse(symbol)
    assert series is not None
    assert (series.root, series.symbol, series.streamer_symbol) == (
        "SPXW",
        "SPXW  261218C06500000",
        ".SPXW261218C6500",
    )
