"""Stops at the exchange: what triggers them, what they trade then, and what is refused. No sockets."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from alert_trader.simulators.venue.config import SessionMode, StopRules, TriggerReading, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Order, Status
from alert_trader.simulators.venue.preflight import TermsRequest
from alert_trader.simulators.venue.refusal import VenueRefusalError
from alert_trader.simulators.venue.tape import OrderLine, Tape
from tests.contract.venue.turned import (
    ACCOUNT,
    LATER,
    Turned,
    buy,
    exit_request,
    fills_of,
    quote,
    sell,
)

MONDAY_OPENING = datetime(2026, 11, 23, 14, 30, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Turned:
    """Begin on a Friday afternoon."""
    return Turned()


@pytest.fixture
def exchange(clock: Turned) -> Exchange:
    """Open an exchange that keeps New York hours, with four contracts held from 2.05."""
    return holding(clock)


def holding(clock: Turned, **rules: Any) -> Exchange:
    """Open an exchange with other rules for stops, and buy four contracts."""
    opened = Exchange(
        VenueConfig(session=SessionMode.REAL, stops=StopRules(**rules)),
        Tape(clock.read),
        clock=clock.read,
        later=clock.later,
    )
    quote(opened, LATER, "2.00", "2.05")
    for _ in range(2):
        buy(opened, "2.05")
    clock.turn_by(1)
    assert opened.accounts[ACCOUNT].held(LATER) == 4
    return opened


def live(exchange: Exchange, clock: Turned, **terms: Any) -> Order:
    """Send an exit, and wait until it is live."""
    order = sell(exchange, **terms)
    clock.turn_by(1)
    assert order.status is Status.LIVE
    return order


def test_a_stop_is_live_and_waits_for_its_trigger(exchange: Exchange, clock: Turned) -> None:
    """Above its trigger nothing trades; at it the stop is a market order, whatever size is displayed."""
    stop = live(exchange, clock, stop="1.45", lots=4)
    quote(exchange, LATER, "1.46", "1.50")
    assert (stop.status, stop.filled, stop.waiting) == (Status.LIVE, 0, True)
    quote(exchange, LATER, "1.45", "1.50", size=3)
    assert fills_of(stop) == [(3, "1.45"), (1, "1.44")]
    assert [line.why for line in exchange.tape.lines if isinstance(line, OrderLine)][-2:] == [
        "triggered",
        "traded",
    ]
    clock.turn_by(1)
    assert stop.status is Status.FILLED


def test_a_stop_limit_trades_no_lower_than_its_limit(exchange: Exchange, clock: Turned) -> None:
    """Triggered by a fall below its limit it works on, unfilled, and fills when the bid comes back."""
    stop = live(exchange, clock, stop="1.45", limit="1.30", lots=2, gtc=True)
    quote(exchange, LATER, "1.00", "1.10")
    assert (stop.waiting, stop.filled, stop.status) == (False, 0, Status.LIVE)
    quote(exchange, LATER, "1.60", "1.65")
    assert fills_of(stop) == [(2, "1.60")]


@pytest.mark.parametrize(
    ("reading", "bid", "ask", "triggered"),
    [
        (TriggerReading.TRADED_AGAINST, "1.45", "2.20", True),
        (TriggerReading.TRADED_AGAINST, "1.46", "1.47", False),
        (TriggerReading.OWN_SIDE, "1.00", "1.46", False),
        (TriggerReading.OWN_SIDE, "1.00", "1.45", True),
        (TriggerReading.MID, "1.35", "1.55", True),
        (TriggerReading.MID, "1.40", "1.60", False),
        (TriggerReading.LAST, "1.00", "1.10", False),
    ],
)
def test_the_price_that_triggers_is_a_setting(
    clock: Turned, reading: TriggerReading, bid: str, ask: str, *, triggered: bool
) -> None:
    """The bid unless set otherwise: the ask, the mid, or the last trade, which was at 2.05."""
    exchange = holding(clock, reading=reading)
    stop = live(exchange, clock, stop="1.45", limit="0.05", lots=1, gtc=True)
    quote(exchange, LATER, bid, ask)
    assert (not stop.waiting) is triggered


def test_the_last_trade_triggers_where_it_is_read(clock: Turned) -> None:
    """By the last trade a fall of the quote alone triggers nothing; a trade at the trigger does."""
    exchange = holding(clock, reading=TriggerReading.LAST)
    stop = live(exchange, clock, stop="1.45", lots=2)
    quote(exchange, LATER, "1.40", "1.45")
    assert stop.waiting
    buy(exchange, "1.45")
    clock.turn_by(1)
    quote(exchange, LATER, "1.40", "1.45")
    assert fills_of(stop) == [(2, "1.40")]


@pytest.mark.parametrize(
    "no_price",
    [
        {"halted": True, "bid": "1.00", "ask": "1.10"},
        {"missing": True},
        {"bid": "0", "ask": "1.10"},
        {"bid": "0", "ask": "0"},
    ],
)
def test_what_is_no_price_triggers_nothing(
    exchange: Exchange, clock: Turned, no_price: dict[str, Any]
) -> None:
    """A halt, no quote, and a quote without a bid leave a sale waiting."""
    stop = live(exchange, clock, stop="1.45", lots=2)
    set_quote(exchange, **no_price)
    assert stop.waiting


def test_a_quote_without_a_bid_triggers_where_so_set(clock: Turned) -> None:
    """Then the stop is at the market with no bid: it waits, and sells at the first one."""
    exchange = holding(clock, without_bid=True)
    stop = live(exchange, clock, stop="1.45", lots=2)
    set_quote(exchange, bid="0", ask="1.10")
    assert (stop.waiting, stop.filled) == (False, 0)
    quote(exchange, LATER, "0.20", "0.30")
    assert fills_of(stop) == [(2, "0.20")]


def set_quote(exchange: Exchange, *, bid: str = "0", ask: str = "0", **flags: bool) -> None:
    """Quote the contract with a flag."""
    exchange.set_quote(
        Quote(
            symbol=LATER,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=10,
            ask_size=10,
            at=exchange.clock(),
            **flags,
        )
    )


@pytest.mark.parametrize(("limit", "sold"), [("1.30", []), ("0.80", [(2, "0.90")])])
def test_a_gap_at_the_opening_triggers_with_the_first_quote(
    exchange: Exchange, clock: Turned, limit: str, sold: list[tuple[int, str]]
) -> None:
    """Nothing trades while the market is closed. At the opening the gap counts: the limit decides."""
    stop = live(exchange, clock, stop="1.45", limit=limit, lots=2, gtc=True)
    clock.turn_by(3600 + 900)
    exchange.tick()
    quote(exchange, LATER, "0.90", "0.95")
    assert (stop.status, stop.waiting) == (Status.LIVE, True)
    clock.turn(MONDAY_OPENING)
    exchange.tick()
    assert (stop.waiting, fills_of(stop)) == (False, sold)


def test_a_day_stop_expires_at_the_close(exchange: Exchange, clock: Turned) -> None:
    """A stop of the day protects nothing overnight."""
    stop = live(exchange, clock, stop="1.45", lots=2)
    clock.turn_by(3600 + 900)
    exchange.tick()
    assert stop.status is Status.EXPIRED


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "gtc at market": ({"stop": "1.45", "gtc": True}, "gtc_stop_orders_not_supported"),
    "a second close": ({"stop": "1.45", "lots": 5}, "margin_check_failed"),
    "a trigger on a limit": (
        {"stop": "1.45", "limit": "2.50", "type": "Limit"},
        "order_must_omit_stop_trigger",
    ),
    "no trigger": ({"type": "Stop"}, "validation_error"),
    "no limit": ({"stop": "1.45", "type": "Stop Limit"}, "validation_error"),
    "a limit at market": ({"stop": "1.45", "limit": "1.30", "type": "Stop"}, "order_must_omit_price"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_go_together_is_refused(exchange: Exchange, name: str) -> None:
    """A GTC stop at market is refused, a stop with a price, a stop without a trigger; nothing is left."""
    terms, code = REFUSED[name]
    before = len(exchange.orders)
    with pytest.raises(VenueRefusalError) as refused:
        sell(exchange, **terms)
    assert code in {refused.value.code, refused.value.reason}
    assert len(exchange.orders) == before


def test_a_closing_gtc_stop_is_accepted_where_so_set(clock: Turned) -> None:
    """Whether the broker takes one on an option is not known."""
    exchange = holding(clock, gtc_market=True)
    assert live(exchange, clock, stop="1.45", lots=2, gtc=True).waiting


def test_a_stop_through_the_market_trades_at_once_or_is_refused(clock: Turned) -> None:
    """A trigger at or above the bid: triggered on arrival, or refused where so set."""
    exchange = holding(clock)
    stop = sell(exchange, stop="2.00", lots=2)
    clock.turn_by(1)
    assert fills_of(stop) == [(2, "2.00")]
    strict = holding(Turned(), refuse_through_market=True)
    with pytest.raises(VenueRefusalError, match="preflight"):
        sell(strict, stop="2.00", lots=2)


@pytest.mark.parametrize("terms", [{"stop": "1.455", "limit": "1.30"}, {"stop": "1.45", "limit": "1.305"}])
def test_an_off_tick_trigger_is_rejected_after_acceptance(
    exchange: Exchange, clock: Turned, terms: dict[str, str]
) -> None:
    """The exchange rejects a trigger off the tick as it does a price."""
    order = sell(exchange, **terms)
    clock.turn_by(1)
    assert (order.status, order.reject_reason) == (Status.REJECTED, "Invalid price increment")


def test_a_stop_is_raised_by_a_replacement(exchange: Exchange, clock: Turned) -> None:
    """The new order has the new trigger; until the old one is cancelled it is the one that protects."""
    old = live(exchange, clock, stop="1.45", limit="1.30", lots=2, gtc=True)
    request = exit_request(stop="1.80", limit="1.65", gtc=True)
    new = exchange.replace(ACCOUNT, old.order_id, TermsRequest.model_validate(request.model_dump()))
    assert (new.status, new.waiting, old.working) == (Status.CONTINGENT, True, True)
    clock.turn_by(1)
    assert (old.status, new.status, new.size) == (Status.CANCELLED, Status.LIVE, 2)
    quote(exchange, LATER, "1.75", "1.80")
    assert fills_of(new) == [(2, "1.75")]
