"""The oracle's rule of the last trading time, killed by faults planted in the trader and in the venue.

An AM-settled series stops trading on the day before it expires, while its market is open on the day itself.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alert_trader.domain.market.contract import Settlement
from alert_trader.domain.market.trading_hours import BY_RULE
from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.oracle import check
from alert_trader.simulators.venue.orders import Action, Effect, Order, OrderType, TimeInForce
from alert_trader.simulators.venue.preflight import LegRequest, OrderRequest
from alert_trader.simulators.venue.tape import Tape
from tests.contract.venue.turned import ACCOUNT, Turned, quote

SERIES, EXPIRY = "SPX   261218C06000000", date(2026, 12, 18)
THURSDAY = datetime(2026, 12, 17, 20, 30, tzinfo=UTC)
"""Half an hour before the close, on the last day on which the series trades."""
FRIDAY = datetime(2026, 12, 18, 15, 0, tzinfo=UTC)
"""The market is open, and the series has settled at the opening."""


class LastDays:
    """An exchange with real hours and a trade in an AM-settled series, on its last two days."""

    def __init__(self) -> None:
        """Open on the Thursday."""
        self.clock = Turned(THURSDAY)
        self.tape = Tape(self.clock.read)
        config = VenueConfig(session=SessionMode.REAL)
        self.exchange = Exchange(config, self.tape, clock=self.clock.read, later=self.clock.later)
        self.bid("2.00")

    def bid(self, price: str) -> None:
        """Quote the series."""
        quote(self.exchange, SERIES, price, str(Decimal(price) + Decimal("0.10")))

    def send(self, name: str, action: Action, limit: str, tif: TimeInForce = TimeInForce.DAY) -> Order:
        """Send an order of the trade."""
        request = OrderRequest(
            order_type=OrderType.LIMIT,
            time_in_force=tif,
            price=Decimal(limit),
            price_effect=Effect.DEBIT if action.buying else Effect.CREDIT,
            external_identifier=f"m1-{name}",
            legs=(LegRequest(symbol=SERIES, action=action, quantity=1),),
            advanced_instructions={"strict_position_effect_validation": not action.buying},
        )
        order = self.exchange.submit(ACCOUNT, request).order
        self.clock.turn_by(1)
        return order

    def to_friday(self) -> None:
        """Go to the opening of the expiration day."""
        self.clock.turn(FRIDAY)
        self.exchange.tick()
        self.bid("5.00")
        self.clock.turn_by(1)

    def found(self) -> set[str]:
        """Return the cards that the oracle finds broken."""
        return {each.card for each in check(self.tape.lines)}


@pytest.fixture
def scene() -> LastDays:
    """Open a scene, with one contract bought on the Thursday."""
    found = LastDays()
    found.send("e1", Action.BUY_TO_OPEN, "2.10")
    return found


@pytest.mark.parametrize(
    ("believed", "broken"),
    [(Settlement.AM, set()), pytest.param(Settlement.PM, {"EXT-80"}, id="planted: it settles at the close")],
)
def test_a_sale_after_the_last_trading_time_is_found(
    scene: LastDays, believed: Settlement, broken: set[str]
) -> None:
    """EXT-80: the trader sells as long as its own rule says that the series trades."""
    last = BY_RULE.last_trade("SPX", EXPIRY, believed).latest
    scene.to_friday()
    if scene.clock.now < last:
        scene.send("x1", Action.SELL_TO_CLOSE, "5.00")
    assert scene.found() == broken


@pytest.mark.parametrize(
    ("believed", "broken"),
    [(Settlement.AM, set()), pytest.param(Settlement.PM, {"ENT-70"}, id="planted: it settles at the close")],
)
def test_an_entry_after_the_last_trading_time_is_found(
    scene: LastDays, believed: Settlement, broken: set[str]
) -> None:
    """ENT-70: the trader buys as long as its own rule says that the series trades."""
    last = BY_RULE.last_trade("SPX", EXPIRY, believed).earliest
    scene.to_friday()
    if scene.clock.now < last:
        scene.send("e2", Action.BUY_TO_OPEN, "1.00")
    assert scene.found() == broken


@pytest.mark.parametrize(
    ("fault", "broken"), [(False, set()), pytest.param(True, {"EXT-80"}, id="planted: the series trades on")]
)
def test_a_fill_after_the_last_trading_time_is_found(
    scene: LastDays, monkeypatch: pytest.MonkeyPatch, fault: bool, broken: set[str]
) -> None:
    """EXT-80: a target that works until cancelled is reached on the Friday; the venue may fill it then."""
    target = scene.send("x1", Action.SELL_TO_CLOSE, "4.00", TimeInForce.GTC)
    if fault:
        monkeypatch.setattr(scene.exchange, "trades_now", lambda _: True)
    scene.to_friday()
    assert (target.filled, scene.found()) == (int(fault), broken)
