"""The oracle's rules of entries, each killed by a planted fault of the trader or of the venue. No sockets."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alert_trader.simulators.venue import matching
from alert_trader.simulators.venue.config import SessionMode, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.oracle import Expectation, check
from alert_trader.simulators.venue.oracle_entries import EntryBounds
from alert_trader.simulators.venue.orders import Action, Effect, Order, OrderType, TimeInForce
from alert_trader.simulators.venue.preflight import LegRequest, OrderRequest
from alert_trader.simulators.venue.tape import Tape
from tests.contract.venue.turned import ACCOUNT, LATER, Turned, quote

MONDAY = datetime(2026, 11, 23, 14, 30, 1, tzinfo=UTC)
BOUNDS = EntryBounds(ceiling=Decimal("1.32"), reserved=Decimal(270))
"""Of two contracts with the ladder's limits at 1.20 and more, and of their fees."""


class EntryScene:
    """An exchange with real hours and an entry of a trade."""

    def __init__(self) -> None:
        """Open on a Friday, an hour before the close, with an ask that no limit reaches."""
        self.clock = Turned()
        self.tape = Tape(self.clock.read)
        config = VenueConfig(session=SessionMode.REAL)
        self.exchange = Exchange(config, self.tape, clock=self.clock.read, later=self.clock.later)
        self.sent = 0
        self.ask("1.50")

    def ask(self, price: str, size: int = 50) -> None:
        """Quote the contract."""
        quote(self.exchange, LATER, "1.00", price, size=size)

    def enter(self, limit: str | None, tif: TimeInForce = TimeInForce.DAY, quantity: int = 2) -> Order:
        """Send the trade's next entry order; at the market without a limit."""
        self.sent += 1
        request = OrderRequest(
            order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            time_in_force=tif,
            price=None if limit is None else Decimal(limit),
            price_effect=None if limit is None else Effect.DEBIT,
            external_identifier=f"m1-e{self.sent}",
            legs=(LegRequest(symbol=LATER, action=Action.BUY_TO_OPEN, quantity=quantity),),
        )
        order = self.exchange.submit(ACCOUNT, request).order
        self.clock.turn_by(1)
        return order

    def cancel(self, order: Order) -> None:
        """Cancel an order, and wait for its end."""
        self.exchange.cancel(ACCOUNT, order.order_id)
        self.clock.turn_by(1)

    def to_monday(self) -> None:
        """Go to the next opening, where the contract is offered for a dollar."""
        self.clock.turn_by(3600 + 900)
        self.exchange.tick()
        self.clock.turn(MONDAY)
        self.exchange.tick()
        self.ask("1.00")
        self.clock.turn_by(60)

    def found(self, bounds: EntryBounds = BOUNDS) -> set[str]:
        """Return the cards that the oracle finds broken."""
        return {each.card for each in check(self.tape.lines, Expectation(entries={"m1": bounds}))}


@pytest.fixture
def scene() -> EntryScene:
    """Open a scene."""
    return EntryScene()


def test_an_entry_within_its_bounds_is_no_violation(scene: EntryScene) -> None:
    """ENT-70, ENT-80, RSK-50: a limit, its bump, the conversion at the ceiling, and a night in between."""
    scene.cancel(scene.enter("1.20"))
    scene.cancel(scene.enter("1.21"))
    scene.ask("1.30", size=1)
    assert scene.enter("1.32", TimeInForce.IOC).filled == 1
    scene.enter("1.32", quantity=1)
    scene.to_monday()
    assert scene.found() == set()


def test_an_entry_until_cancelled_is_found(scene: EntryScene) -> None:
    """ENT-70: planted in the trader: it works until cancelled, no worker runs, and it buys on Monday."""
    order = scene.enter("1.20", TimeInForce.GTC)
    scene.to_monday()
    assert (order.filled, scene.found()) == (2, {"ENT-70"})


def test_a_day_order_that_outlives_its_day_is_found(
    scene: EntryScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENT-70: planted in the venue: no order ends with the day."""
    monkeypatch.setattr(scene.exchange, "end_day", lambda _: None)
    scene.enter("1.20")
    scene.to_monday()
    assert scene.found() == {"ENT-70"}


def test_an_entry_after_the_close_is_found(scene: EntryScene) -> None:
    """ENT-70: planted in the trader: a bump is sent after the close, and waits for the opening."""
    scene.clock.turn_by(3600)
    scene.enter("1.20")
    assert scene.found() == {"ENT-70"}


def test_an_entry_after_the_close_in_a_class_that_trades_on_is_found(scene: EntryScene) -> None:
    """ENT-70: SPY trades until 16:15; nothing is bought in that time."""
    scene.clock.turn_by(3600)
    scene.ask("1.10")
    assert (scene.enter("1.20").filled, scene.found()) == (2, {"ENT-70"})


def test_a_conversion_at_the_market_is_found(scene: EntryScene) -> None:
    """ENT-80: planted in the trader: the ask was 1.30 when it was looked at, and it fills at 5.00."""
    scene.ask("5.00")
    assert scene.enter(None).filled == 2
    assert scene.found() == {"ENT-80", "RSK-50"}
    assert scene.found(EntryBounds()) == {"ENT-80"}
    assert scene.found(EntryBounds(ceiling=Decimal("1.32"), unbounded=True)) == set()


def test_a_limit_above_the_ceiling_is_found(scene: EntryScene) -> None:
    """ENT-80: planted in the trader: one bump too many."""
    scene.ask("1.33")
    scene.enter("1.33", quantity=1)
    assert scene.found() == {"ENT-80"}


def test_a_fill_above_its_limit_is_found(scene: EntryScene, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENT-80: planted in the venue: it does not look at the limit."""
    monkeypatch.setattr(matching, "_reached", lambda *_: True)
    scene.enter("1.20", quantity=1)
    assert scene.found() == {"ENT-80"}


def test_more_than_was_reserved_is_found(scene: EntryScene) -> None:
    """RSK-50: planted in the trader: the order is for more contracts than the account admitted."""
    scene.enter("1.20", quantity=3)
    assert scene.found() == {"RSK-50"}


def test_a_second_entry_beside_a_filled_one_is_found(scene: EntryScene) -> None:
    """RSK-50: planted in the trader: what is filled already is bought again."""
    scene.ask("1.20")
    scene.enter("1.20")
    scene.ask("1.50")
    scene.enter("1.20")
    assert "RSK-50" in scene.found()
