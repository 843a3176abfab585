"""Whatever happened before a venue was killed, the next one knows it; with a clock that a test turns."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alert_trader.simulators.venue.config import SessionMode, Timing, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.memory import Memory
from alert_trader.simulators.venue.orders import Status, TimeInForce
from alert_trader.simulators.venue.preflight import TermsRequest
from alert_trader.simulators.venue.refusal import VenueRefusalError
from alert_trader.simulators.venue.tape import FillLine, OrderLine, Tape, read_tape
from tests.contract.venue.steps import STEPS, take
from tests.contract.venue.turned import ACCOUNT, LATER, TODAY, Turned, buy, quote

SHOWY = Timing(ledger_lag=0.01, fills_lag=0.01)
TERMS = TermsRequest.model_validate({"order_type": "Limit", "price": "1.10", "price_effect": "Debit"})


@dataclass
class Place:
    """A venue without sockets, whose process can be killed.

    What it wrote stays, what it waited for does not.
    """

    folder: Path
    config: VenueConfig
    clock: Turned = field(default_factory=Turned)
    turns: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        """Start the first venue."""
        self.start()

    def start(self) -> None:
        """Start a venue on what the folder holds."""
        self.memory = Memory(self.folder / "venue.db")
        self.tape = Tape(self.clock.read, self.folder / "tape.jsonl", kept_to=self.memory.tape_seq)
        self.exchange = Exchange(self.config, self.tape, clock=self.clock.read, later=self.later)
        self.memory.attach(self.exchange)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Keep an act for its time; what it changes is kept after it, as the server does."""

        def kept() -> None:
            act()
            self.memory.keep()

        self.clock.later(seconds, kept)

    def killed(self) -> Exchange:
        """Kill the venue, start another, and give the exchange that was."""
        dead, image = self.exchange, self.folder.with_name(f"{self.folder.name}-{next(self.turns)}")
        shutil.copytree(self.folder, image)
        self.end()
        self.clock.due.clear()
        self.folder = image
        self.start()
        return dead

    def end(self) -> None:
        """Let the files go."""
        self.memory.close()
        self.tape.close()


def same(dead: Exchange, alive: Exchange) -> None:
    """Compare everything that clients can see, and what decides what happens next."""
    assert alive.orders == dead.orders
    assert alive.accounts == dead.accounts
    assert alive.market.by_hand == dead.market.by_hand
    assert alive.listings.named == dead.listings.named
    assert alive.session == dead.session
    assert alive.day_ended == dead.day_ended
    assert {number: alive.buying_power(each) for number, each in alive.accounts.items()} == {
        number: dead.buying_power(each) for number, each in dead.accounts.items()
    }


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=STEPS,
    kills=st.sets(st.integers(0, 40), min_size=1, max_size=4),
    showy=st.booleans(),
)
def test_a_killed_venue_loses_nothing(steps: list[tuple[str, object]], kills: set[int], showy: bool) -> None:
    """After any steps the next venue has the same orders, positions, cash and quotes.

    Every order ends as it must. ENT-60, FIL-30.
    """
    with TemporaryDirectory() as base:
        (folder := Path(base) / "first").mkdir()
        timing = SHOWY if showy else Timing()
        place = Place(
            folder, VenueConfig(session=SessionMode.ALWAYS_OPEN, timing=timing, show_replace_requested=showy)
        )
        quote(place.exchange, LATER, "2.00", "2.05", size=3)
        for index, step in enumerate([("buy", "2.05"), ("buy", "2.05"), ("wait", 0.02), *steps]):
            with suppress(VenueRefusalError):
                take(place.exchange, place.clock, step)
            place.memory.keep()
            if index in kills:
                same(place.killed(), place.exchange)
        same(place.killed(), place.exchange)
        place.clock.turn_by(5)
        place.end()

        exchange, tape = place.exchange, read_tape(place.folder / "tape.jsonl")
        account = exchange.accounts[ACCOUNT]
        fills = [line for line in tape if isinstance(line, FillLine)]
        assert len({line.fill_id for line in fills}) == len(fills)
        assert (
            account.held(LATER)
            == account.ledger.get(LATER, 0)
            == sum(line.quantity if line.action.buying else -line.quantity for line in fills)
        )
        recorded = {line.order.order_id: line.order for line in tape if isinstance(line, OrderLine)}
        for order in exchange.orders.values():
            assert order.status in {
                Status.LIVE,
                Status.FILLED,
                Status.CANCELLED,
                Status.REJECTED,
                Status.EXPIRED,
            }
            assert (order.status is Status.FILLED) == (order.remaining == 0)
            assert not order.withheld_fill
            assert (recorded[order.order_id].status, recorded[order.order_id].filled) == (
                order.status,
                order.filled,
            )


def test_a_pending_replacement_continues(tmp_path: Path) -> None:
    """The original is cancelled and the new order works.

    A fill of the original before the kill ends the replacement. ENT-10.
    """
    (folder := tmp_path / "first").mkdir()
    place = Place(folder, VenueConfig(session=SessionMode.ALWAYS_OPEN, show_replace_requested=True))
    quote(place.exchange, LATER, "2.00", "2.05")
    plain, raced = buy(place.exchange, "1.00").order_id, buy(place.exchange, "1.00").order_id
    place.clock.turn_by(1)
    news = [place.exchange.replace(ACCOUNT, each, TERMS).order_id for each in (plain, raced)]
    place.exchange.fill(raced, 1)
    place.memory.keep()
    place.killed()
    place.clock.turn_by(1)
    place.end()
    found = place.exchange.orders
    assert [found[each].status for each in (plain, news[0])] == [Status.CANCELLED, Status.LIVE]
    assert [found[each].status for each in (raced, news[1])] == [Status.LIVE, Status.REJECTED]


def test_a_replacement_cancelled_before_the_kill_restores_its_original(tmp_path: Path) -> None:
    """The original, which waits in Replace Requested for an order that no longer exists, works again."""
    (folder := tmp_path / "first").mkdir()
    place = Place(folder, VenueConfig(session=SessionMode.ALWAYS_OPEN, show_replace_requested=True))
    quote(place.exchange, LATER, "2.00", "2.05")
    old = buy(place.exchange, "1.00").order_id
    place.clock.turn_by(1)
    new = place.exchange.replace(ACCOUNT, old, TERMS).order_id
    place.exchange.cancel(ACCOUNT, new)
    place.memory.keep()
    assert place.killed().orders[old].status is Status.REPLACE_REQUESTED
    place.clock.turn_by(1)
    place.end()
    assert [place.exchange.orders[each].status for each in (old, new)] == [Status.LIVE, Status.CANCELLED]


def test_a_fill_not_shown_yet_is_shown_after_the_kill(tmp_path: Path) -> None:
    """An order shown Filled before its last fill shows it in the end."""
    (folder := tmp_path / "first").mkdir()
    place = Place(folder, VenueConfig(session=SessionMode.ALWAYS_OPEN, timing=Timing(fills_lag=1.0)))
    quote(place.exchange, LATER, "2.00", "2.05")
    order = buy(place.exchange, "2.05").order_id
    place.clock.turn_by(0.5)
    assert place.killed().orders[order].withheld_fill
    place.clock.turn_by(5)
    place.end()
    assert not place.exchange.orders[order].withheld_fill


def test_days_that_ended_meanwhile_are_processed_at_the_start(tmp_path: Path) -> None:
    """Down from Friday's close to Monday.

    Day orders expired, Friday's series left at its value, what waited is routed.
    """
    (folder := tmp_path / "first").mkdir()
    place = Place(folder, VenueConfig(session=SessionMode.REAL))
    for symbol in (TODAY, LATER):
        quote(place.exchange, symbol, "2.00", "2.05")
    held, day = buy(place.exchange, "2.05", TODAY).order_id, buy(place.exchange, "1.00").order_id
    gtc = buy(place.exchange, "1.00", tif=TimeInForce.GTC).order_id
    place.clock.turn_by(60)
    quote(place.exchange, "SPY", "603.00", "603.00")
    place.memory.keep()
    cash = place.exchange.accounts[ACCOUNT].cash
    place.clock.turn_by(3600)
    # the close has come, and the venue is killed before it looks at the hours again
    waiting = buy(place.exchange, "2.05").order_id
    place.memory.keep()
    place.clock.turn(datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    place.killed()
    place.exchange.tick()
    place.clock.turn_by(60)
    place.end()
    exchange = place.exchange
    found = [exchange.orders[each].status for each in (held, day, gtc, waiting)]
    assert found == [Status.FILLED, Status.EXPIRED, Status.LIVE, Status.FILLED]
    spent = sum(
        row.value + row.fees.total for row in exchange.accounts[ACCOUNT].books if row.order_id == waiting
    )
    assert exchange.accounts[ACCOUNT].cash - cash == Decimal(600) - spent
    assert exchange.accounts[ACCOUNT].held(TODAY) == 0
    assert exchange.day_ended == date(2026, 11, 20)
