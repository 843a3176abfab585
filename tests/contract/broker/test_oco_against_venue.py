"""Stops and pairs through the adapter against the simulated venue, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alert_trader import clock
from alert_trader.broker.dry_run import DryRunBroker
from alert_trader.broker.port import NOT_SENT, OutcomeUnknownError, RejectedError
from alert_trader.broker.tastytrade.oco import TastytradeOcoGateway
from alert_trader.domain.ids import ClientOrderId, PairId
from alert_trader.domain.money import price
from alert_trader.domain.orders.oco import OcoReport
from alert_trader.domain.orders.order import (
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    TimeInForce,
)
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.config import (
    OcoEdit,
    OcoMessages,
    OcoPartialFill,
    OcoRules,
    StopRules,
    TriggerReading,
)
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.server import RunningVenue
from tests.support.at_venue import CONTRACT, credentials
from tests.support.pairs import written_pair, written_stop

PAIR = written_pair(CONTRACT)
HASTY = timedelta(seconds=0.3)


@pytest.fixture
async def market(running: RunningVenue) -> AsyncIterator[VenueControl]:
    """Return the control of the venue, with the contract quoted 2.00 to 2.05."""
    async with VenueControl(running.base_url) as found:
        await found.set_quote(CONTRACT.occ_symbol, bid="2.00", ask="2.05")
        yield found


@pytest.fixture
async def trader(running: RunningVenue, market: VenueControl) -> AsyncIterator[TastytradeOcoGateway]:
    """Return the adapter over the venue, with three contracts held."""
    del market
    found = TastytradeOcoGateway(**credentials(running))
    entry = OrderIntent(
        client_order_id=ClientOrderId("1234-e1"),
        contract=CONTRACT,
        side=Side.BUY_TO_OPEN,
        quantity=3,
        kind=OrderKind.LIMIT,
        limit=price("2.05"),
        time_in_force=TimeInForce.DAY,
    )
    await reach(found, await found.place(entry), OrderStatus.FILLED)
    yield found
    await found.aclose()


async def eventually(read: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    """Read until what was read holds, for at most three seconds."""
    async with asyncio.timeout(3):
        while True:
            found = await read()
            if holds(found):
                return found
            await asyncio.sleep(0.005)


async def reach(trader: TastytradeOcoGateway, order: OrderReport, status: OrderStatus) -> OrderReport:
    """Read an order until it has a status."""
    found: OrderReport = await eventually(
        lambda: trader.order(order.order_id), lambda report: report is not None and report.status is status
    )
    return found


async def live(trader: TastytradeOcoGateway) -> OcoReport:
    """Send the pair, and wait until both sides are live."""
    pair = await trader.place_oco(PAIR)
    for order in pair.orders:
        await reach(trader, order, OrderStatus.LIVE)
    return pair


def left(pair: OcoReport) -> tuple[int, ...]:
    """Return how many contracts of each side still work."""
    return tuple(0 if each.status.terminal else each.remaining for each in pair.orders)


async def sold(trader: TastytradeOcoGateway) -> int:
    """Count the contracts sold, by the positions."""
    return 3 - sum(each.quantity for each in await trader.positions())


async def test_a_stop_limit_is_checked_placed_triggered_and_filled(
    trader: TastytradeOcoGateway, market: VenueControl
) -> None:
    """GTC, live before its trigger, and its fill is reported as any."""
    stop = written_stop(CONTRACT)
    assert (await trader.check(stop)).total > 0
    placed = await reach(trader, await trader.place(stop), OrderStatus.LIVE)
    assert (placed.trigger, placed.limit, placed.pair_id) == (price("1.45"), price("1.30"), None)
    await market.set_quote(CONTRACT.occ_symbol, bid="1.40", ask="1.50")
    filled = await reach(trader, placed, OrderStatus.FILLED)
    assert [(fill.quantity, fill.price) for fill in filled.fills] == [(3, Decimal("1.40"))]


async def test_a_day_stop_sells_at_the_market_and_a_gtc_one_is_refused(
    trader: TastytradeOcoGateway, market: VenueControl
) -> None:
    """A GTC stop without a limit cannot be written; the venue refuses one that is sent past our types."""
    stop = written_stop(CONTRACT, limit=None)
    with pytest.raises(ValueError, match="GTC"):
        replace(stop, time_in_force=TimeInForce.GTC)
    object.__setattr__(stop, "time_in_force", TimeInForce.GTC)
    with pytest.raises(RejectedError) as refused:
        await trader.place(stop)
    assert refused.value.code == "gtc_stop_orders_not_supported"
    day = await reach(trader, await trader.place(written_stop(CONTRACT, limit=None)), OrderStatus.LIVE)
    await market.set_quote(CONTRACT.occ_symbol, bid="0.90", ask="1.50", bid_size=2)
    filled = await reach(trader, day, OrderStatus.FILLED)
    assert [(fill.quantity, str(fill.price)) for fill in filled.fills] == [(2, "0.9"), (1, "0.89")]


async def test_a_stop_through_the_market_is_refused_where_the_broker_does(
    trader: TastytradeOcoGateway, market: VenueControl
) -> None:
    """A rejection like any other: nothing was placed."""
    await market.adjust(Adjust(stops=StopRules(refuse_through_market=True, reading=TriggerReading.MID)))
    with pytest.raises(RejectedError) as refused:
        await trader.place_oco(replace(PAIR, stop=written_stop(CONTRACT, trigger="2.10")))
    assert refused.value.code == "stop_trigger_through_market"
    assert await trader.todays_ocos() == []


async def test_a_pair_is_checked_placed_read_and_cancelled(trader: TastytradeOcoGateway) -> None:
    """Contingent, then live; cancelled as a whole by its own id, and a second time without an effect."""
    assert (await trader.check_oco(PAIR)).total > 0
    assert await trader.todays_ocos() == []
    pair = await live(trader)
    read = await trader.oco(pair.pair_id)
    assert read is not None
    assert [(each.client_order_id, each.limit, each.trigger) for each in read.orders] == [
        ("1234-x1", price("4.10"), None),
        ("1234-x2", price("1.30"), price("1.45")),
    ]
    await trader.cancel_oco(pair.pair_id)
    done = await eventually(lambda: trader.oco(pair.pair_id), lambda found: found.ended)
    assert {each.status for each in done.orders} == {OrderStatus.CANCELLED}
    await trader.cancel_oco(pair.pair_id)
    assert await trader.oco(PairId("71299999")) is None


async def test_a_pair_without_a_position_is_refused(
    trader: TastytradeOcoGateway, market: VenueControl
) -> None:
    """EXT-20: strict in both sides: neither the dry-run nor the real one turns a close into an open."""
    more = written_pair(CONTRACT, quantity=4)
    for send in (trader.check_oco, trader.place_oco):
        with pytest.raises(RejectedError) as refused:
            await send(more)
        assert refused.value.code == "margin_check_failed"
    assert [order for order in (await market.state()).orders if order.complex_id is not None] == []


async def test_a_second_close_is_refused_while_a_pair_works(trader: TastytradeOcoGateway) -> None:
    """EXT-10: the pair counts once and in full; after both sides have ended the same close is accepted."""
    pair = await live(trader)
    close = replace(PAIR.target, client_order_id=ClientOrderId("1234-x3"))
    with pytest.raises(RejectedError):
        await trader.place(close)
    await trader.cancel_oco(pair.pair_id)
    await eventually(lambda: trader.oco(pair.pair_id), lambda found: found.ended)
    await trader.place(close)


@pytest.mark.parametrize("messages", list(OcoMessages))
@pytest.mark.parametrize("bid", ["4.10", "1.40"])
async def test_the_stream_reports_both_sides_in_either_order(
    trader: TastytradeOcoGateway, market: VenueControl, messages: OcoMessages, bid: str
) -> None:
    """The fill and the cancellation come as orders' reports; messages of the pair itself change nothing."""
    await market.adjust(Adjust(oco=OcoRules(messages=messages, stream=True)))
    async with trader.follow() as reports:
        pair = await live(trader)
        await market.set_quote(CONTRACT.occ_symbol, bid=bid, ask="4.20")
        ended: dict[str, OrderReport] = {}
        async with asyncio.timeout(3):
            async for report in reports:
                if report.status.terminal and report.pair_id == pair.pair_id:
                    ended[str(report.client_order_id)] = report
                if len(ended) == 2:
                    break
    filled, other = ("1234-x1", "1234-x2") if bid == "4.10" else ("1234-x2", "1234-x1")
    assert (ended[filled].status, ended[other].status) == (OrderStatus.FILLED, OrderStatus.CANCELLED)
    assert await sold(trader) == 3


@pytest.mark.parametrize("rule", list(OcoPartialFill))
async def test_what_is_sold_is_known_under_every_variant_of_a_partial_fill(
    trader: TastytradeOcoGateway, market: VenueControl, rule: OcoPartialFill
) -> None:
    """STP-20: one contract of the target fills: the sides that the pair has then add up to what is held."""
    await market.adjust(Adjust(oco=OcoRules(partial_fill=rule)))
    pair = await live(trader)
    await market.set_quote(CONTRACT.occ_symbol, bid="4.10", ask="4.20", bid_size=1)
    working = {
        OcoPartialFill.UNTOUCHED: (2, 3),
        OcoPartialFill.OTHER_CANCELLED: (2, 0),
        OcoPartialFill.OTHER_REDUCED: (2, 2),
        OcoPartialFill.ALL_CANCELLED: (0, 0),
    }[rule]
    found = await eventually(lambda: trader.oco(pair.pair_id), lambda each: left(each) == working)
    assert found.former == ((pair.orders[1].order_id,) if rule is OcoPartialFill.OTHER_REDUCED else ())
    await market.set_quote(CONTRACT.occ_symbol, bid="1.40", ask="1.50")
    kept = await eventually(lambda: trader.oco(pair.pair_id), lambda each: each.ended or working[1] == 0)
    assert await sold(trader) == (3 if working[1] else 1)
    assert sum(each.filled for each in kept.orders) == await sold(trader)


LOST = [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER, FaultKind.CUT, FaultKind.EMPTY_DATA, FaultKind.TRUNCATED]


@pytest.mark.parametrize("echo", [True, False])
@pytest.mark.parametrize("kind", LOST)
async def test_a_lost_pair_is_found_by_its_sides(
    trader: TastytradeOcoGateway, market: VenueControl, kind: FaultKind, *, echo: bool
) -> None:
    """UNK-10: sent once, and found by the identifiers of its sides, in either field; or proved absent."""
    await market.adjust(Adjust(echo_external_identifier=echo))
    await market.arm(FaultRule(kind=kind, method="POST", path="*/complex-orders"))
    intended_at = clock.now()
    with pytest.raises(OutcomeUnknownError):
        await trader.place_oco(PAIR)
    found = await trader.find_oco(PAIR, intended_at=intended_at, lost_at=clock.now())
    sides = [order for order in (await market.state()).orders if order.complex_id is not None]
    if kind is FaultKind.LOST_BEFORE:
        assert (found.report, sides) == (None, [])
        return
    assert found.report is not None
    assert [each.client_order_id for each in found.report.orders] == ["1234-x1", "1234-x2"]
    assert (len(sides), found.outside, found.by_attributes) == (2, (), False)


async def test_a_pair_of_another_day_is_found_through_its_orders(
    trader: TastytradeOcoGateway, market: VenueControl, running: RunningVenue
) -> None:
    """The list of today's pairs leaves it out; its sides are working orders, and name it."""
    pair = await live(trader)
    for order in running.exchange.oco.all_of("5WT00042", int(pair.pair_id)):
        order.received_at -= timedelta(days=1)
    assert await trader.todays_ocos() == []
    found = await trader.find_oco(PAIR, intended_at=clock.now(), lost_at=clock.now())
    assert found.report is not None
    assert found.report.pair_id == pair.pair_id
    await market.cancel(int(pair.orders[0].order_id))


@pytest.mark.parametrize("rule", list(OcoEdit))
async def test_one_side_is_replaced(
    trader: TastytradeOcoGateway, market: VenueControl, rule: OcoEdit
) -> None:
    """STP-30: a raised stop is a side of the pair, or an order by itself, or rejected: the pair shows it."""
    await market.adjust(Adjust(oco=OcoRules(edit=rule, numeric_related_ids=True)))
    pair = await live(trader)
    old, raised = pair.orders[1], written_stop(CONTRACT, "1234-x3", trigger="1.80", limit="1.65")
    if rule is OcoEdit.REFUSED:
        with pytest.raises(RejectedError) as refused:
            await trader.replace(old.order_id, raised)
        assert refused.value.code == "cannot_update_order"
        return
    new = await reach(trader, await trader.replace(old.order_id, raised), OrderStatus.LIVE)
    before = await trader.order(old.order_id)
    assert before is not None
    assert (before.status, before.replaced_by) == (OrderStatus.CANCELLED, new.order_id)
    assert (new.replaces, new.trigger, new.client_order_id) == (old.order_id, price("1.80"), "1234-x3")
    found = await trader.oco(pair.pair_id)
    assert found is not None
    stays = rule is OcoEdit.STAYS
    assert (new.order_id in [each.order_id for each in found.orders]) is stays
    assert (new.pair_id == pair.pair_id) is stays
    assert old.order_id in found.former


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.LOST_BEFORE])
async def test_a_lost_replacement_is_found_by_the_order_it_replaces(
    trader: TastytradeOcoGateway, market: VenueControl, kind: FaultKind
) -> None:
    """UNK-10: until it is found the old order may still be the one that protects."""
    stop = await reach(trader, await trader.place(written_stop(CONTRACT)), OrderStatus.LIVE)
    await market.arm(FaultRule(kind=kind, method="PUT"))
    raised = written_stop(CONTRACT, "1234-x3", trigger="1.80", limit="1.65")
    with pytest.raises(OutcomeUnknownError):
        await trader.replace(stop.order_id, raised)
    listed = await trader.live_orders()
    replacing = [each.client_order_id for each in listed if each.replaces == stop.order_id]
    assert replacing == ([] if kind is FaultKind.LOST_BEFORE else ["1234-x3"])


async def test_nothing_is_sent_once_it_may_not_be(trader: TastytradeOcoGateway, market: VenueControl) -> None:
    """HLT-10: a pair and a replacement ask right before the first byte, as every order does."""
    stop = await reach(trader, await trader.place(written_stop(CONTRACT)), OrderStatus.LIVE)
    calls = (await market.state()).calls
    for send in (
        trader.place_oco(PAIR, lambda: False),
        trader.replace(stop.order_id, written_stop(CONTRACT, "1234-x3"), lambda: False),
    ):
        with pytest.raises(RejectedError) as refused:
            await send
        assert refused.value.code == NOT_SENT
    assert (await market.state()).calls == calls


async def test_a_dry_run_checks_pairs_and_sends_none(
    running: RunningVenue, trader: TastytradeOcoGateway, market: VenueControl
) -> None:
    """DRY-10: a dry-run reads pairs and asks the broker's own check, and has no call that sends one."""
    broker = DryRunBroker(**credentials(running))
    assert (await broker.check_oco(PAIR)).total > 0
    assert await broker.todays_ocos() == []
    assert [name for name in ("place_oco", "cancel_oco", "replace") if hasattr(broker, name)] == []
    assert len((await market.state()).orders) == 1
    await live(trader)
    assert [len(pair.orders) for pair in await broker.todays_ocos()] == [2]
    with suppress(RejectedError):
        await broker.check_oco(PAIR)
    await broker.aclose()
