"""The oracle's rules about stops and times: silent about what is right, each killed by one planted fault.

The tapes are those of a real exchange on a turned clock: only the client is scripted.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alert_trader.simulators.venue.config import OcoEdit, OcoMessages, OcoPartialFill, OcoRules, VenueConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.oco import OcoRequest
from alert_trader.simulators.venue.oracle import Expectation, check
from alert_trader.simulators.venue.oracle_exits import ExitPlan
from alert_trader.simulators.venue.orders import Action, Effect, Order, OrderType, Status
from alert_trader.simulators.venue.preflight import LegRequest, OrderRequest
from alert_trader.simulators.venue.tape import ControlLine, Tape
from tests.contract.venue.turned import ACCOUNT, FRIDAY, LATER, Turned, exit_request

PLAN = ExitPlan(stop=Decimal("1.45"), lowest=Decimal("0.70"))


@dataclass
class Scene:
    """A client of an exchange that holds four contracts of one trade, bought at 2.05."""

    exchange: Exchange
    clock: Turned

    def quote(self, bid: str, ask: str, *, size: int = 50, seconds: float = 0.0) -> None:
        """Quote the contract; then let time go by, with the same quote each second."""
        for second in range(int(seconds) + 1):
            sides = {"bid": Decimal(bid), "ask": Decimal(ask), "bid_size": size, "ask_size": size}
            self.exchange.set_quote(Quote(symbol=LATER, at=self.clock.now, **sides))  # type: ignore[arg-type]
            self.wait(0.1 if second == int(seconds) else 1.0)

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.exchange.tape.ran += seconds
        self.clock.turn_by(seconds)

    def sell(self, number: int, **terms: Any) -> Order:
        """Send an exit of the trade."""
        request = exit_request(**{"lots": 4, "external_identifier": f"m1-x{number}", **terms})
        order = self.exchange.submit(ACCOUNT, request).order
        self.wait(0.1)
        return order

    def pair(self, number: int = 1, lots: int = 4) -> tuple[Order, Order]:
        """Send a pair: a target at 4.10, and a stop limit from 1.45 down to 1.30."""
        terms: dict[str, Any] = {"lots": lots, "gtc": True}
        request = OcoRequest(
            type="OCO",
            orders=(
                exit_request(limit="4.10", external_identifier=f"m1-x{number}", **terms),
                exit_request(stop="1.45", limit="1.30", external_identifier=f"m1-x{number + 1}", **terms),
            ),
        )
        target, stop = (each.order for each in self.exchange.submit_pair(ACCOUNT, request))
        self.wait(0.1)
        return target, stop

    def cancel(self, order: Order) -> None:
        """Cancel an order, and wait for its end."""
        self.exchange.cancel(ACCOUNT, order.order_id)
        self.wait(0.1)

    def broken(self, plan: ExitPlan = PLAN) -> list[str]:
        """Return the cards that the oracle reports."""
        found = check(self.exchange.tape.lines, Expectation(plans={"m1": plan}))
        return sorted({violation.card for violation in found})


def scene(**rules: Any) -> Scene:
    """Open an exchange, and buy."""
    clock = Turned()
    config = VenueConfig(oco=OcoRules(**rules))
    exchange = Exchange(config, Tape(clock.read), clock=clock.read, later=clock.later)
    made = Scene(exchange, clock)
    made.quote("2.00", "2.05")
    request = OrderRequest(
        order_type=OrderType.LIMIT,
        price=Decimal("2.05"),
        price_effect=Effect.DEBIT,
        external_identifier="m1-e1",
        legs=(LegRequest(symbol=LATER, action=Action.BUY_TO_OPEN, quantity=4),),
    )
    exchange.submit(ACCOUNT, request)
    made.wait(0.5)
    return made


def resting_stop(made: Scene) -> None:
    """Hold a stop limit, raise it, and let it be hit."""
    stop = made.sell(1, stop="1.45", limit="1.30", gtc=True)
    made.quote("2.40", "2.45", seconds=10)
    made.exchange.replace(
        ACCOUNT,
        stop.order_id,
        exit_request(stop="1.80", limit="1.65", gtc=True, external_identifier="m1-x2"),
    )
    made.wait(0.1)
    made.quote("1.75", "1.80", seconds=10)


def stop_and_ladder(made: Scene) -> None:
    """Let a stop limit be passed by a gap, cancel it, and sell down the ladder, also through an empty bid."""
    stop = made.sell(1, stop="1.45", limit="1.30", gtc=True)
    made.quote("1.00", "1.10", seconds=2)
    made.cancel(stop)
    sale = made.sell(2, limit="1.05", lots=4)
    made.quote("0", "1.10")
    made.cancel(sale)
    made.sell(3, limit="0.95", lots=4)
    made.quote("0.95", "1.10", seconds=10)


def pair_hit(made: Scene) -> None:
    """Let the stop of a pair be hit."""
    made.pair()
    made.quote("2.40", "2.45", seconds=10)
    made.quote("1.40", "1.50", seconds=10)


def pair_partly(made: Scene) -> None:
    """Fill a part of the target, protect what is left again where it is needed, and let the stop be hit."""
    target, stop = made.pair()
    made.quote("4.10", "4.20", size=1)
    made.wait(0.2)
    if stop.status is Status.CANCELLED and stop.replaced_by is None:
        if not target.status.terminal:
            made.cancel(target)
        made.sell(3, stop="1.45", limit="1.30", gtc=True, lots=3)
    made.quote("2.40", "2.45", seconds=10)
    made.quote("1.40", "1.50", seconds=10)


def by_time(made: Scene) -> None:
    """Sell at the bid before the time."""
    stop = made.sell(1, stop="1.45", limit="1.30", gtc=True)
    made.wait(60 - 5)
    made.cancel(stop)
    made.sell(2, limit="2.00")
    made.quote("2.00", "2.05", seconds=10)


TIMED = replace(PLAN, sell_by=FRIDAY + timedelta(seconds=60))


@pytest.mark.parametrize("act", [resting_stop, stop_and_ladder, pair_hit])
@pytest.mark.parametrize("messages", list(OcoMessages))
def test_right_exits_break_no_rule(act: Callable[[Scene], None], messages: OcoMessages) -> None:
    """A stop raised and hit, a ladder after a gap, a pair: nothing to report."""
    made = scene(messages=messages)
    act(made)
    assert made.exchange.accounts[ACCOUNT].held(LATER) == 0
    assert made.broken() == []


@pytest.mark.parametrize("rule", list(OcoPartialFill))
def test_right_exits_break_no_rule_under_any_variant(rule: OcoPartialFill) -> None:
    """STP-20: after a partial fill of one side, under each variant, protected again where nothing is left."""
    made = scene(partial_fill=rule)
    pair_partly(made)
    assert made.exchange.accounts[ACCOUNT].held(LATER) == 0
    assert made.broken() == []


def test_a_sale_in_time_breaks_no_rule() -> None:
    """TIM-10: sold before the time."""
    made = scene()
    by_time(made)
    assert made.broken(TIMED) == []


def unprotected(made: Scene) -> None:
    """Fault: cancel the stop and forget to send another."""
    made.cancel(made.sell(1, stop="1.45", limit="1.30", gtc=True))
    made.quote("2.40", "2.45", seconds=10)


def half_protected(made: Scene) -> None:
    """Fault: the stop is for three of four contracts."""
    made.sell(1, stop="1.45", limit="1.30", gtc=True, lots=3)
    made.quote("2.40", "2.45", seconds=10)


def oversold(made: Scene) -> None:
    """Fault: a sale of everything beside a pair that still works."""
    made.exchange.config = made.exchange.config.model_copy(update={"count_working_closes": False})
    made.pair()
    made.sell(3, limit="4.00", gtc=True)


def lowered(made: Scene) -> None:
    """Fault: a stop is replaced by a lower one."""
    made.cancel(made.sell(1, stop="1.45", limit="1.30", gtc=True))
    made.sell(2, stop="1.40", limit="1.30", gtc=True)


def no_crossing(made: Scene) -> None:
    """Fault: sold at the market with the bid above the stop."""
    made.cancel(made.sell(1, stop="1.45", limit="1.30", gtc=True))
    made.sell(2)


def no_price(made: Scene) -> None:
    """Fault: a quote without a bid is taken for a crossing."""
    made.cancel(made.sell(1, stop="1.45", limit="1.30", gtc=True))
    made.quote("0", "2.05")
    made.sell(2, limit="1.40")


def too_wide(made: Scene) -> None:
    """Fault: a quote far too wide is taken for a crossing."""
    made.cancel(made.sell(1, stop="1.45", limit="1.30", gtc=True))
    made.quote("0.80", "3.00")
    made.sell(2, limit="0.80")


def crossed(made: Scene) -> None:
    """Fault: a quote with the bid above the ask is taken for a crossing."""
    made.cancel(made.sell(1, stop="1.45", limit="1.30", gtc=True))
    made.quote("1.45", "1.40")
    made.sell(2, limit="1.45")


def while_closed(made: Scene) -> None:
    """Fault: sold while the market is closed."""
    made.quote("1.40", "1.45")
    made.exchange.tape.write(ControlLine(command="session", body={"open": False}))
    made.exchange.sessions.forced = False
    made.sell(1, limit="1.30")


def slow(made: Scene) -> None:
    """Fault: the bid is under the stop, and the sale comes ten seconds later."""
    made.quote("1.40", "1.45", seconds=10)
    made.sell(1, limit="1.40")


def stuck_stop(made: Scene) -> None:
    """Fault: the stop limit was passed by a gap, and nobody sells below it."""
    made.sell(1, stop="1.45", limit="1.30", gtc=True)
    made.quote("1.00", "1.10", seconds=10)


def below_lowest(made: Scene) -> None:
    """Fault: a stop at the market sells at any price."""
    made.sell(1, stop="1.45")
    made.quote("0.60", "0.70")


def too_late(made: Scene) -> None:
    """Fault: at the time only the stop works."""
    stop = made.sell(1, stop="1.45", limit="1.30", gtc=True)
    made.quote("2.00", "2.05", seconds=70)
    made.cancel(stop)
    made.sell(2, limit="2.00")


def too_high(made: Scene) -> None:
    """Fault: at the time a sale works, above the bid."""
    made.sell(1, limit="2.04")
    made.quote("2.00", "2.05", seconds=70)


WATCHED = replace(PLAN, resting=False)

FAULTS: list[tuple[Callable[[Scene], None], ExitPlan, str]] = [
    (unprotected, PLAN, "STP-10"),
    (half_protected, PLAN, "STP-10"),
    (oversold, PLAN, "STP-20"),
    (lowered, PLAN, "STP-30"),
    (no_crossing, PLAN, "STP-40"),
    (no_price, PLAN, "STP-40"),
    (too_wide, PLAN, "STP-40"),
    (crossed, PLAN, "STP-40"),
    (while_closed, WATCHED, "STP-40"),
    (slow, WATCHED, "STP-50"),
    (stuck_stop, PLAN, "STP-50"),
    (below_lowest, PLAN, "STP-60"),
    (too_high, replace(TIMED, stop=None), "TIM-10"),
    (too_late, TIMED, "TIM-10"),
]


@pytest.mark.parametrize(("fault", "plan", "card"), FAULTS, ids=[fault.__name__ for fault, _, _ in FAULTS])
def test_a_planted_fault_is_reported(fault: Callable[[Scene], None], plan: ExitPlan, card: str) -> None:
    """STP-10, STP-20, STP-30, STP-40, STP-50, STP-60, TIM-10: each fault breaks its rule and no other."""
    made = scene()
    fault(made)
    assert made.broken(plan) == [card]


def test_a_person_may_lower_a_stop_and_sell() -> None:
    """STP-30, STP-60: what a person did is no fault."""
    allowed = replace(PLAN, lowered=True, by_person=True)
    for act in (lowered, no_crossing, below_lowest):
        made = scene()
        act(made)
        assert made.broken(allowed) == []


def test_a_partial_fill_that_leaves_nothing_protected_is_reported() -> None:
    """STP-10: where the broker cancels the other side, a client that does nothing breaks the rule."""
    made = scene(partial_fill=OcoPartialFill.OTHER_CANCELLED)
    made.pair()
    made.quote("4.10", "4.20", size=1)
    made.quote("2.40", "2.45", seconds=10)
    assert made.broken() == ["STP-10"]


def test_both_sides_filled_is_reported() -> None:
    """STP-20, FIL-30: in a fast market both sides of a pair may fill; the account is short."""
    made = scene(overfill=True)
    made.exchange.config = made.exchange.config.model_copy(
        update={"timing": made.exchange.config.timing.model_copy(update={"oco_cancel_after": 5.0})}
    )
    made.pair()
    made.quote("4.10", "4.20")
    made.quote("1.40", "1.50")
    assert made.broken() == ["FIL-30", "STP-20"]


def test_a_replaced_side_that_leaves_its_pair_is_reported() -> None:
    """STP-20: both then sell everything, and neither cancels the other."""
    made = scene(edit=OcoEdit.LEAVES)
    _, stop = made.pair()
    terms = exit_request(stop="1.80", limit="1.65", gtc=True, external_identifier="m1-x3")
    made.exchange.replace(ACCOUNT, stop.order_id, terms)
    made.wait(0.1)
    made.quote("2.40", "2.45")
    assert made.broken() == ["STP-20"]
