"""Pairs of orders at the exchange: one side cancels the other, under each undocumented variant.

No sockets.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_trader.simulators.venue.config import (
    OcoCancel,
    OcoEdit,
    OcoExpiry,
    OcoMessages,
    OcoPartialFill,
    OcoRules,
    SessionMode,
    Timing,
    VenueConfig,
)
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.memory import Memory
from alert_trader.simulators.venue.oco import OcoRequest
from alert_trader.simulators.venue.orders import Action, Order, Status
from alert_trader.simulators.venue.preflight import own_terms
from alert_trader.simulators.venue.refusal import VenueRefusalError
from alert_trader.simulators.venue.tape import OrderLine, Tape
from tests.contract.venue.turned import ACCOUNT, LATER, Turned, buy, exit_request, fills_of, quote, sell

LOTS = 4


@pytest.fixture
def clock() -> Turned:
    """Begin on a Friday afternoon."""
    return Turned()


def holding(clock: Turned, *, timing: Timing | None = None, **rules: Any) -> Exchange:
    """Open an exchange with other rules for pairs, and buy four contracts."""
    config = VenueConfig(session=SessionMode.REAL, oco=OcoRules(**rules), timing=timing or Timing())
    opened = Exchange(config, Tape(clock.read), clock=clock.read, later=clock.later)
    quote(opened, LATER, "2.00", "2.05")
    for _ in range(LOTS // 2):
        buy(opened, "2.05")
    clock.turn_by(1)
    return opened


def pair_request(target: str = "4.10", stop: str = "1.45", limit: str = "1.30", **terms: Any) -> OcoRequest:
    """Write a pair: a limit, and a stop limit, both GTC."""
    terms = {"lots": LOTS, "gtc": True, **terms}
    return OcoRequest(
        type="OCO",
        orders=(exit_request(limit=target, **terms), exit_request(stop=stop, limit=limit, **terms)),
    )


def pair(exchange: Exchange, clock: Turned, **terms: Any) -> tuple[Order, Order]:
    """Send a pair, and wait until both sides are live."""
    target, stop = (each.order for each in exchange.submit_pair(ACCOUNT, pair_request(**terms)))
    clock.turn_by(1)
    assert (target.status, stop.status) == (Status.LIVE, Status.LIVE)
    return target, stop


def held(exchange: Exchange) -> int:
    """Count the contracts held."""
    return exchange.accounts[ACCOUNT].held(LATER)


def test_both_sides_are_contingent_and_then_live(clock: Turned) -> None:
    """A pair is answered Contingent; a moment later both sides are routed, and live."""
    exchange = holding(clock)
    sides = [each.order for each in exchange.submit_pair(ACCOUNT, pair_request())]
    assert [(each.status, each.preflight_id) for each in sides] == [
        (Status.CONTINGENT, 0),
        (Status.CONTINGENT, 1),
    ]
    assert len({each.complex_id for each in sides}) == 1
    clock.turn_by(1)
    assert [each.status for each in sides] == [Status.LIVE, Status.LIVE]


def test_a_pair_sent_while_closed_starts_at_the_opening(clock: Turned) -> None:
    """Received over the weekend, live on Monday."""
    exchange = holding(clock)
    clock.turn_by(3600 + 900)
    exchange.tick()
    sides = [each.order for each in exchange.submit_pair(ACCOUNT, pair_request())]
    clock.turn_by(1)
    assert [each.status for each in sides] == [Status.RECEIVED, Status.RECEIVED]
    clock.turn(datetime(2026, 11, 23, 14, 30, 1, tzinfo=UTC))
    exchange.tick()
    clock.turn_by(1)
    assert [each.status for each in sides] == [Status.LIVE, Status.LIVE]


@pytest.mark.parametrize("bid", ["4.10", "1.40"])
@pytest.mark.parametrize("messages", list(OcoMessages))
def test_a_filled_side_cancels_the_other_in_either_order_of_messages(
    clock: Turned, messages: OcoMessages, bid: str
) -> None:
    """Target or stop: one fills, the other is cancelled, announced before the fill or after it."""
    exchange = holding(clock, messages=messages)
    sides = pair(exchange, clock)
    quote(exchange, LATER, bid, "4.20")
    clock.turn_by(1)
    filled, other = sides if bid == "4.10" else reversed(sides)
    assert (filled.status, other.status, held(exchange)) == (Status.FILLED, Status.CANCELLED, 0)
    traded = next(
        at
        for at, line in enumerate(exchange.tape.lines)
        if isinstance(line, OrderLine)
        and line.order.order_id == filled.order_id
        and line.order.filled == LOTS
    )
    cancelled = next(
        at
        for at, line in enumerate(exchange.tape.lines)
        if isinstance(line, OrderLine)
        and line.order.order_id == other.order_id
        and line.order.status == "Cancelled"
    )
    assert (cancelled < traded) is (messages is OcoMessages.CANCEL_FIRST)


def partly(exchange: Exchange, clock: Turned) -> tuple[Order, Order]:
    """Fill one contract of the target."""
    target, stop = pair(exchange, clock)
    quote(exchange, LATER, "4.10", "4.20", size=1)
    clock.turn_by(1)
    assert fills_of(target) == [(1, "4.10")]
    return target, stop


def test_a_partial_fill_may_leave_the_other_side_untouched(clock: Turned) -> None:
    """The stop stays for all contracts, and sells only what is left of the pair."""
    exchange = holding(clock, partial_fill=OcoPartialFill.UNTOUCHED)
    target, stop = partly(exchange, clock)
    assert (target.status, stop.status, stop.remaining) == (Status.LIVE, Status.LIVE, LOTS)
    quote(exchange, LATER, "1.40", "1.50")
    clock.turn_by(1)
    assert (fills_of(stop), held(exchange)) == ([(3, "1.40")], 0)
    assert (target.status, stop.status, stop.cancelled_size) == (Status.CANCELLED, Status.CANCELLED, 1)


def test_a_partial_fill_may_cancel_the_other_side(clock: Turned) -> None:
    """The target works on; nothing protects what is left."""
    exchange = holding(clock, partial_fill=OcoPartialFill.OTHER_CANCELLED)
    target, stop = partly(exchange, clock)
    assert (target.status, target.remaining, stop.status) == (Status.LIVE, 3, Status.CANCELLED)


@pytest.mark.parametrize("fills", [1, 2, 3])
def test_a_partial_fill_may_reduce_the_other_side(clock: Turned, fills: int) -> None:
    """The stop is replaced by one for what is left, after each partial fill, also two in quick succession."""
    exchange = holding(clock, partial_fill=OcoPartialFill.OTHER_REDUCED)
    target, stop = pair(exchange, clock)
    for _ in range(fills):
        quote(exchange, LATER, "4.10", "4.20", size=1)
        clock.turn_by(0.001)
    clock.turn_by(1)
    assert target.complex_id is not None
    now = exchange.oco.sides(target.complex_id)[1]
    assert (stop.status, now.status, now.remaining, now.trigger) == (
        Status.CANCELLED,
        Status.LIVE,
        LOTS - fills,
        stop.trigger,
    )
    assert exchange.oco.related(target.complex_id)[0] is stop
    quote(exchange, LATER, "1.40", "1.50")
    clock.turn_by(1)
    assert (now.status, target.status, held(exchange)) == (Status.FILLED, Status.CANCELLED, 0)


def test_a_partial_fill_may_cancel_everything(clock: Turned) -> None:
    """What is left of the filled side is cancelled too."""
    exchange = holding(clock, partial_fill=OcoPartialFill.ALL_CANCELLED)
    target, stop = partly(exchange, clock)
    assert (target.status, target.cancelled_size, stop.status) == (Status.CANCELLED, 3, Status.CANCELLED)
    assert held(exchange) == 3


@pytest.mark.parametrize(("overfill", "left"), [(False, 0), (True, -LOTS)])
def test_both_sides_may_fill_in_a_fast_market(clock: Turned, left: int, *, overfill: bool) -> None:
    """Before the other side is cancelled the market is through it: where so set the account goes short."""
    exchange = holding(clock, overfill=overfill, timing=Timing(oco_cancel_after=0.5))
    target, stop = pair(exchange, clock)
    quote(exchange, LATER, "4.10", "4.20")
    quote(exchange, LATER, "1.40", "1.50")
    clock.turn_by(1)
    assert target.status is Status.FILLED
    assert (stop.filled, held(exchange)) == (LOTS if overfill else 0, left)


REFUSED: dict[str, tuple[OcoRequest, str]] = {
    "two limits": (
        OcoRequest(type="OCO", orders=(exit_request(limit="4.10"), exit_request(limit="4.20"))),
        "invalid_oco_order_type_combo",
    ),
    "two stops": (
        OcoRequest(type="OCO", orders=(exit_request(stop="1.40"), exit_request(stop="1.30"))),
        "invalid_oco_order_type_combo",
    ),
    "a market order": (
        OcoRequest(type="OCO", orders=(exit_request(limit="4.10"), exit_request())),
        "invalid_oco_order_type_combo",
    ),
    "one order": (
        OcoRequest(type="OCO", orders=(exit_request(limit="4.10"),)),
        "invalid_oco_order_type_combo",
    ),
    "a gtc stop at market": (
        OcoRequest(
            type="OCO", orders=(exit_request(limit="4.10", gtc=True), exit_request(stop="1.45", gtc=True))
        ),
        "gtc_stop_orders_not_supported",
    ),
    "more than is held": (pair_request(lots=LOTS + 1), "margin_check_failed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_pairs_are_refused(clock: Turned, name: str) -> None:
    """One limit and one stop, of contracts held; nothing is left of a refused pair."""
    exchange = holding(clock)
    request, code = REFUSED[name]
    before = len(exchange.orders)
    with pytest.raises(VenueRefusalError) as refused:
        exchange.submit_pair(ACCOUNT, request)
    assert refused.value.reason == code
    assert (len(exchange.orders), exchange.oco.ids()) == (before, [])


def test_without_a_position_only_the_first_side_becomes_an_opening_one(clock: Turned) -> None:
    """EXT-20: as in a capture: where nothing is strict, the first side is turned, and the second is not."""
    exchange = holding(clock)
    exchange.accounts[ACCOUNT].cash = Decimal(1000000)
    sides = exchange.price_pair(ACCOUNT, pair_request(lots=LOTS + 1, strict=False))
    assert [each.order.legs[0].action for each in sides] == [Action.SELL_TO_OPEN, Action.SELL_TO_CLOSE]


def test_a_pair_counts_once_beside_other_closes(clock: Turned) -> None:
    """A pair of three leaves room for one more, and not for two."""
    exchange = holding(clock)
    pair(exchange, clock, lots=LOTS - 1)
    with pytest.raises(VenueRefusalError, match="preflight"):
        sell(exchange, limit="4.10", lots=2)
    assert sell(exchange, limit="4.10", lots=1).status is Status.ROUTED


@pytest.mark.parametrize("rule", list(OcoCancel))
def test_the_cancellation_of_one_side_is_a_setting(clock: Turned, rule: OcoCancel) -> None:
    """It ends that side, or both, or is refused."""
    exchange = holding(clock, cancel=rule)
    target, stop = pair(exchange, clock)
    if rule is OcoCancel.REFUSED:
        with pytest.raises(VenueRefusalError, match="cannot_update_order"):
            exchange.cancel(ACCOUNT, target.order_id)
    else:
        exchange.cancel(ACCOUNT, target.order_id)
    clock.turn_by(1)
    ended = [each.status is Status.CANCELLED for each in (target, stop)]
    assert (
        ended
        == {
            OcoCancel.ONE_SIDE: [True, False],
            OcoCancel.BOTH_SIDES: [True, True],
            OcoCancel.REFUSED: [False, False],
        }[rule]
    )


@pytest.mark.parametrize("rule", [OcoEdit.STAYS, OcoEdit.LEAVES])
def test_a_replaced_side_stays_in_the_pair_or_leaves_it(clock: Turned, rule: OcoEdit) -> None:
    """A raised stop is a side of the pair, or an order by itself: then a fill of it cancels nothing."""
    exchange = holding(clock, edit=rule)
    target, stop = pair(exchange, clock)
    request = exit_request(stop="1.80", limit="1.65", gtc=True)
    new = exchange.replace(ACCOUNT, stop.order_id, request)
    clock.turn_by(1)
    assert (stop.status, new.status, new.size) == (Status.CANCELLED, Status.LIVE, LOTS)
    assert target.complex_id is not None
    assert (new in exchange.oco.sides(target.complex_id)) is (rule is OcoEdit.STAYS)
    quote(exchange, LATER, "1.70", "1.80")
    clock.turn_by(1)
    assert new.status is Status.FILLED
    assert (target.status is Status.CANCELLED) is (rule is OcoEdit.STAYS)


def test_an_edit_of_one_side_may_be_refused(clock: Turned) -> None:
    """Either always, or when it would leave two orders of one type."""
    refusing = holding(clock, edit=OcoEdit.REFUSED)
    target, _ = pair(refusing, clock)
    with pytest.raises(VenueRefusalError, match="cannot_update_order"):
        refusing.replace(ACCOUNT, target.order_id, own_terms(target))
    clock = Turned()
    exchange = holding(clock)
    target, stop = pair(exchange, clock)
    with pytest.raises(VenueRefusalError) as refused:
        exchange.replace(ACCOUNT, stop.order_id, own_terms(target))
    assert refused.value.reason == "invalid_oco_order_type_combo"


@pytest.mark.parametrize("rule", list(OcoExpiry))
def test_the_expiry_of_one_side_is_a_setting(clock: Turned, rule: OcoExpiry) -> None:
    """A GTC target beside a Day stop: at the close the target is left alone, or cancelled too."""
    exchange = holding(clock, expiry=rule)
    request = OcoRequest(
        type="OCO", orders=(exit_request(limit="4.10", gtc=True), exit_request(stop="1.45", gtc=False))
    )
    target, stop = (each.order for each in exchange.submit_pair(ACCOUNT, request))
    clock.turn_by(3600 + 900)
    exchange.tick()
    clock.turn_by(1)
    assert stop.status is Status.EXPIRED
    assert target.status is (Status.LIVE if rule is OcoExpiry.OTHER_WORKS else Status.CANCELLED)


def test_a_pair_is_cancelled_as_a_whole(clock: Turned) -> None:
    """Contingent sides end at once, live ones a moment later; a second cancellation changes nothing."""
    exchange = holding(clock)
    early = [each.order for each in exchange.submit_pair(ACCOUNT, pair_request())]
    assert early[0].complex_id is not None
    exchange.oco.cancel(ACCOUNT, early[0].complex_id)
    assert [each.status for each in early] == [Status.CANCELLED, Status.CANCELLED]
    target, stop = pair(exchange, clock)
    assert target.complex_id is not None
    exchange.oco.cancel(ACCOUNT, target.complex_id)
    assert [target.status, stop.status] == [Status.CANCEL_REQUESTED, Status.CANCEL_REQUESTED]
    clock.turn_by(1)
    lines = len(exchange.tape.lines)
    exchange.oco.cancel(ACCOUNT, target.complex_id)
    assert [target.status, stop.status] == [Status.CANCELLED, Status.CANCELLED]
    assert len(exchange.tape.lines) == lines


def test_a_pair_survives_the_end_of_the_venue(clock: Turned, tmp_path: Path) -> None:
    """A venue that ended between a fill and the cancellation of the other side cancels it when it resumes."""
    first = holding(clock, timing=Timing(oco_cancel_after=60))
    memory = Memory(tmp_path / "venue.db")
    memory.attach(first)
    first.announcer.accounts.add(ACCOUNT)
    target, stop = pair(first, clock)
    quote(first, LATER, "4.10", "4.20")
    waiting, _ = (
        each.order for each in first.submit_pair(ACCOUNT, pair_request("5.00", lots=1, strict=False))
    )
    memory.close()
    config = VenueConfig(session=SessionMode.REAL)
    second = Exchange(config, Tape(clock.read), clock=clock.read, later=clock.later)
    again = Memory(tmp_path / "venue.db")
    again.attach(second)
    clock.due = [each for each in clock.due if each[0] < clock.now + timedelta(seconds=30)]
    clock.turn_by(1)
    again.close()
    assert second.orders[target.order_id].status is Status.FILLED
    assert second.orders[stop.order_id].status is Status.CANCELLED
    assert second.orders[waiting.order_id].status is Status.LIVE
    assert (waiting.complex_id or 0) < second.oco.number()


def take(exchange: Exchange, clock: Turned, step: tuple[str, Any]) -> None:
    """Do one thing to the exchange, to its newest pair."""
    complex_id = next(iter(exchange.oco.ids()), 0)
    match step:
        case "pair", _:
            exchange.submit_pair(ACCOUNT, pair_request(lots=held(exchange) or 1))
        case "quote", str(bid):
            quote(exchange, LATER, bid, "4.20", size=1)
        case "edit", str(trigger):
            stop = exchange.oco.sides(complex_id)[1]
            exchange.replace(ACCOUNT, stop.order_id, exit_request(stop=trigger, limit="1.30", gtc=True))
        case "cancel side", int(side):
            exchange.cancel(ACCOUNT, exchange.oco.sides(complex_id)[side].order_id)
        case "cancel", _:
            exchange.oco.cancel(ACCOUNT, complex_id)
        case "wait", float(seconds):
            clock.turn_by(seconds)
        case _:
            exchange.end_day()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.sampled_from(["1.40", "1.45", "2.00", "4.10", "4.15"])),
        st.tuples(st.just("edit"), st.sampled_from(["1.60", "1.80"])),
        st.tuples(st.sampled_from(["cancel side", "cancel"]), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.sampled_from([0.001, 0.004, 0.02, 1.0])),
        st.tuples(st.just("pair"), st.just("4.10")),
        st.tuples(st.just("end day"), st.just("")),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(
    steps=STEPS,
    partial_fill=st.sampled_from(OcoPartialFill),
    messages=st.sampled_from(OcoMessages),
    cancel=st.sampled_from(OcoCancel),
    expiry=st.sampled_from(OcoExpiry),
)
def test_a_pair_never_sells_more_than_one_of_its_sides(steps: list[tuple[str, Any]], **rules: Any) -> None:
    """Under every variant but the one that allows it, whatever happens in whatever order: never short."""
    clock = Turned()
    exchange = holding(clock, **rules)
    for step in [("pair", "4.10"), *steps]:
        with suppress(VenueRefusalError):
            take(exchange, clock, step)
        assert held(exchange) >= 0
        assert all(len(exchange.oco.sides(each)) == 2 for each in exchange.oco.ids())
    clock.turn_by(5)
    for each in exchange.oco.ids():
        target, stop = exchange.oco.sides(each)
        if Status.FILLED in {target.status, stop.status}:
            assert target.status.terminal
            assert stop.status.terminal
