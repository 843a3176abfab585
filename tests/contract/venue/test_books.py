"""Whatever happens at the exchange, its tape adds up."""

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alert_trader.simulators.venue.config import ReplacementSize, SessionMode, Timing, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.fees import dollars
from alert_trader.simulators.venue.orders import TRANSITIONS, Status
from alert_trader.simulators.venue.refusal import VenueRefusalError
from alert_trader.simulators.venue.tape import FillLine, OrderLine, PositionLine, Tape
from tests.contract.venue.steps import STEPS, take
from tests.contract.venue.turned import ACCOUNT, LATER, Turned, quote


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, lag=st.sampled_from([0.0, 0.01]), size=st.sampled_from(list(ReplacementSize)))
def test_orders_fills_positions_and_cash_agree(
    steps: list[tuple[str, object]], lag: float, size: ReplacementSize
) -> None:
    """Statuses, fills, positions and cash agree; without a lag strict closes never oversell.

    FIL-20, FIL-30, EXT-10.
    """
    clock = Turned()
    config = VenueConfig(
        session=SessionMode.ALWAYS_OPEN, timing=Timing(ledger_lag=lag), replacement_size=size
    )
    exchange = Exchange(config, Tape(clock.read), clock=clock.read, later=clock.later)
    quote(exchange, LATER, "2.00", "2.05", size=3)
    for step in [("buy", "2.05"), ("buy", "2.05"), ("wait", 0.02), *steps]:
        # a refusal changes nothing, which the sums below would show
        with suppress(VenueRefusalError):
            take(exchange, clock, step)
    clock.turn_by(5)

    lines = exchange.tape.lines
    for line in lines:
        if isinstance(line, OrderLine) and line.before not in {None, line.order.status}:
            assert line.before is not None
            assert line.order.status in TRANSITIONS[line.before]
    bought: dict[str, int] = defaultdict(int)
    cash = Decimal(25000)
    for line in lines:
        if isinstance(line, FillLine):
            sign = 1 if line.action.buying else -1
            bought[line.symbol] += sign * line.quantity
            cash -= sign * dollars(line.price, line.quantity) + line.fees
        elif isinstance(line, PositionLine):
            assert line.quantity == bought[line.symbol]
            assert line.quantity >= 0 or lag > 0
    for order in exchange.orders.values():
        assert 0 <= order.filled <= order.size
        assert (order.status is Status.FILLED) == (order.remaining == 0)
        if order.status is Status.CANCELLED:
            assert (
                order.filled + (order.cancelled_size if order.cancelled_size is not None else order.remaining)
                == order.size
            )
    account = exchange.accounts[ACCOUNT]
    assert account.cash == cash
    assert account.ledger.get(LATER, 0) == account.held(LATER) == bought[LATER]
    assert exchange.buying_power(account) >= 0 or lag > 0
