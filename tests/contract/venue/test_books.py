"""Whatever happens at the exchange, its tape adds up."""

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.venue.turned import ACCOUNT, LATER, Turned, buy, quote
from venue.config import ReplacementSize, SessionMode, Timing, VenueConfig
from venue.exchange import Exchange
from venue.fees import dollars
from venue.orders import TRANSITIONS, Action, Effect, OrderType, Status, TimeInForce
from venue.preflight import LegRequest, OrderRequest, TermsRequest
from venue.refusal import VenueRefusal
from venue.tape import FillLine, OrderLine, PositionLine, Tape

PRICES = st.sampled_from(["2.05", "2.10", "2.00", "1.95", "2.055"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), PRICES),
        st.tuples(st.just("close"), PRICES),
        st.tuples(st.just("quote"), st.sampled_from(["1.90", "2.00", "2.10"])),
        st.tuples(st.sampled_from(["cancel", "replace", "fill"]), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.sampled_from([0.02, 0.005, 0.001])),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 0.02])),
        st.tuples(st.sampled_from(["wait", "wait", "wait", "end day"]), st.just(0.02)),
    ),
    min_size=8,
    max_size=60,
)


def take(exchange: Exchange, clock: Turned, step: tuple[str, object]) -> None:
    """Do one thing to the exchange."""
    ids = list(exchange.orders)
    match step:
        case "buy", str(price):
            buy(exchange, price)
        case "close", str(price):
            legs = (LegRequest(symbol=LATER, action=Action.SELL_TO_CLOSE, quantity=1),)
            terms = {
                "order_type": OrderType.LIMIT,
                "time_in_force": TimeInForce.GTC,
                "price": Decimal(price),
                "price_effect": Effect.CREDIT,
            }
            strict = {"strict_position_effect_validation": True}
            exchange.submit(ACCOUNT, OrderRequest.model_validate({**terms, "legs": legs, "advanced_instructions": strict}))
        case "quote", str(bid):
            quote(exchange, LATER, bid, str(Decimal(bid) + Decimal("0.05")), size=2)
        case "cancel", int(which) if ids:
            exchange.cancel(ACCOUNT, ids[which % len(ids)])
        case "fill", int(which) if ids:
            exchange.fill(ids[which % len(ids)], 1)
        case "replace", int(which) if ids:
            terms_of = TermsRequest(order_type=OrderType.LIMIT, price=Decimal("2.00"), price_effect=Effect.DEBIT)
            exchange.replace(ACCOUNT, ids[which % len(ids)], terms_of)
        case "wait", float(seconds):
            clock.turn_by(seconds)
        case "end day", _:
            exchange.end_day()
        case _:
            return


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, lag=st.sampled_from([0.0, 0.01]), size=st.sampled_from(list(ReplacementSize)))
def test_orders_fills_positions_and_cash_agree(steps: list[tuple[str, object]], lag: float, size: ReplacementSize) -> None:
    """Statuses, fills, positions and cash agree; without a lag strict closes never oversell. FIL-20, FIL-30, EXT-10."""
    clock = Turned()
    config = VenueConfig(session=SessionMode.ALWAYS_OPEN, timing=Timing(ledger_lag=lag), replacement_size=size)
    exchange = Exchange(config, Tape(clock.read), clock=clock.read, later=clock.later)
    quote(exchange, LATER, "2.00", "2.05", size=3)
    for step in [("buy", "2.05"), ("buy", "2.05"), ("wait", 0.02), *steps]:
        # a refusal changes nothing, which the sums below would show
        with suppress(VenueRefusal):
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
            assert order.filled + (order.cancelled_size if order.cancelled_size is not None else order.remaining) == order.size
    account = exchange.accounts[ACCOUNT]
    assert account.cash == cash
    assert account.ledger.get(LATER, 0) == account.held(LATER) == bought[LATER]
    assert exchange.buying_power(account) >= 0 or lag > 0
