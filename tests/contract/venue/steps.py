"""Things that happen at an exchange, for tests that let any of them happen in any order."""

from decimal import Decimal

from hypothesis import strategies as st

from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.orders import Action, Effect, OrderType, TimeInForce
from alert_trader.simulators.venue.preflight import LegRequest, OrderRequest, TermsRequest
from tests.contract.venue.turned import ACCOUNT, LATER, Turned, buy, quote

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
            exchange.submit(
                ACCOUNT, OrderRequest.model_validate({**terms, "legs": legs, "advanced_instructions": strict})
            )
        case "quote", str(bid):
            quote(exchange, LATER, bid, str(Decimal(bid) + Decimal("0.05")), size=2)
        case "cancel", int(which) if ids:
            exchange.cancel(ACCOUNT, ids[which % len(ids)])
        case "fill", int(which) if ids:
            exchange.fill(ids[which % len(ids)], 1)
        case "replace", int(which) if ids:
            terms_of = TermsRequest(
                order_type=OrderType.LIMIT, price=Decimal("2.00"), price_effect=Effect.DEBIT
            )
            exchange.replace(ACCOUNT, ids[which % len(ids)], terms_of)
        case "wait", float(seconds):
            clock.turn_by(seconds)
        case "end day", _:
            exchange.end_day()
        case _:
            return
