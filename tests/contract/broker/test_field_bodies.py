"""Bodies from the field, served by the venue over real sockets and read by the real adapter.

None of them may hide an order, spoil the others of its list, or end the stream.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alert_trader.broker.port import UnavailableError
from alert_trader.broker.tastytrade.client import TastytradeGateway
from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.quotes import Listing
from alert_trader.domain.money import price
from alert_trader.domain.orders.order import (
    OrderIntent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    TimeInForce,
)
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.faults import FaultKind, FaultRule
from alert_trader.simulators.venue.field_bodies import FieldBody
from alert_trader.simulators.venue.server import RunningVenue
from tests.support.at_venue import CONTRACT, credentials
from tests.support.instants import STATED

SINCE = STATED.date() - timedelta(days=2)
OTHER = replace(CONTRACT, strike=Decimal(605))
OF_ORDERS = [
    FieldBody.IDS_TEXT,
    FieldBody.IDS_NUMBER,
    FieldBody.CONDITIONAL,
    FieldBody.RELATED,
    FieldBody.REPLACED,
    FieldBody.ODD_FIELDS,
]


@pytest.fixture
async def market(running: RunningVenue) -> AsyncIterator[VenueControl]:
    """Return the hand on the venue, with both contracts quoted 2.00 to 2.05."""
    async with VenueControl(running.base_url) as found:
        for contract in (CONTRACT, OTHER):
            await found.set_quote(contract.occ_symbol, bid="2.00", ask="2.05")
        yield found


@pytest.fixture
async def trader(running: RunningVenue, market: VenueControl) -> AsyncIterator[TastytradeGateway]:
    """Return the adapter over the venue."""
    del market
    found = TastytradeGateway(**credentials(running))
    yield found
    await found.aclose()


def buy(name: str = "1234-e1", limit: str = "1.50") -> OrderIntent:
    """Write an entry that does not fill."""
    return OrderIntent(
        client_order_id=ClientOrderId(name),
        contract=CONTRACT,
        side=Side.BUY_TO_OPEN,
        quantity=3,
        kind=OrderKind.LIMIT,
        limit=price(limit),
        time_in_force=TimeInForce.DAY,
    )


async def serve(market: VenueControl, shape: FieldBody, path: str, method: str = "GET") -> None:
    """Have the venue give every answer of a path this form."""
    await market.arm(FaultRule(kind=FaultKind.FIELD_BODY, shape=shape, path=path, method=method, count=None))


def served(report: OrderReport, shape: FieldBody) -> None:
    """Check what an order served in a form says."""
    assert report.client_order_id == "1234-e1"
    assert (report.symbol, report.side, report.quantity) == (CONTRACT.occ_symbol, "Buy to Open", 3)
    assert not report.status.terminal
    assert report.status is not OrderStatus.UNRECOGNISED
    if shape is FieldBody.CONDITIONAL:
        assert report.broker_status == "Contingent"
    if shape is FieldBody.REPLACED:
        assert (report.replaces, report.replaced_by) == ("507340001", "507349999")
    if shape is FieldBody.ODD_FIELDS:
        assert (report.limit, report.received_at, report.updated_at) == (None, None, None)


@pytest.mark.parametrize("shape", OF_ORDERS)
async def test_orders_from_the_field_are_all_listed(
    trader: TastytradeGateway, market: VenueControl, shape: FieldBody
) -> None:
    """UNK-30: every form of an order is read, in both lists and alone."""
    placed = await trader.place(buy())
    await serve(market, shape, "*/orders*")
    if shape is FieldBody.REPLACED:
        # the app's source takes the place of ours; the external identifier is still ours
        assert (await trader.live_orders())[0].source == "WB2;101.1"
    alone = await trader.order(placed.order_id)
    assert alone is not None
    for report in (*await trader.orders_since(SINCE), *await trader.live_orders(), alone):
        assert report.order_id == placed.order_id
        served(report, shape)


@pytest.mark.parametrize("shape", [*OF_ORDERS, FieldBody.ID_ELSEWHERE, FieldBody.ERRORS_NULL])
async def test_an_acceptance_from_the_field_is_one(
    trader: TastytradeGateway, market: VenueControl, shape: FieldBody
) -> None:
    """UNK-10: the answer to a new order shows the order in each form."""
    await serve(market, shape, "*/orders", "POST")
    placed = await trader.place(buy())
    (known,) = (await market.state()).named("1234-e1")
    assert placed.order_id == str(known.order_id)


async def test_a_single_order_is_found_under_another_key(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """UNK-30: an order under `data.order` is the requested order."""
    placed = await trader.place(buy())
    await serve(market, FieldBody.ID_ELSEWHERE, "*/orders/*")
    found = await trader.order(placed.order_id)
    assert found is not None
    assert found.order_id == placed.order_id


@pytest.mark.parametrize("shape", OF_ORDERS)
async def test_the_stream_outlives_every_order_from_the_field(
    trader: TastytradeGateway, market: VenueControl, shape: FieldBody
) -> None:
    """EXT-40: a conditional, related or replaced order does not end the stream; the next fill arrives."""
    async with asyncio.timeout(3), trader.follow() as reports:
        await market.arm(
            FaultRule(
                kind=FaultKind.STREAM_FIELD_BODY, shape=shape, path="Order", client_id="1234-e1", count=None
            )
        )
        await trader.place(buy())
        await trader.place(buy("1234-e2", "2.05"))
        seen: list[OrderReport] = []
        async for report in reports:
            seen.append(report)
            if report.client_order_id == "1234-e2" and report.status is OrderStatus.FILLED:
                break
    mine = [each for each in seen if each.client_order_id == "1234-e1"]
    assert mine
    served(mine[0], shape)


@pytest.mark.parametrize("word", ["Dead", "Remove Pending", "Something New"])
async def test_an_unknown_status_hides_no_order(
    trader: TastytradeGateway, market: VenueControl, word: str
) -> None:
    """UNK-30: an order with an unknown status counts as working, and the others are read as they are."""
    odd, usual = await trader.place(buy()), await trader.place(buy("1234-e2"))
    await market.arm(FaultRule(kind=FaultKind.UNKNOWN_STATUS, word=word, path=f"*/orders/{odd.order_id}"))
    found = await trader.order(odd.order_id)
    assert found is not None
    assert (found.status, found.broker_status) == (OrderStatus.UNRECOGNISED, word)
    assert {each.order_id for each in await trader.live_orders()} == {odd.order_id, usual.order_id}


@pytest.mark.parametrize(
    ("shape", "warnings"),
    [
        (FieldBody.ERRORS_EMPTY, ()),
        (FieldBody.ERRORS_NULL, ()),
        (FieldBody.WARNING_NEW, ("tif.next_valid_session: Later.",)),
        (FieldBody.WARNING_OLD, ("tif.next_valid_session: Later.",)),
        (FieldBody.WARNING_BARE, ("Later.", "Much later.")),
        (FieldBody.ODD_FIELDS, ()),
    ],
)
async def test_a_dry_run_from_the_field_has_its_costs(
    trader: TastytradeGateway, market: VenueControl, shape: FieldBody, warnings: tuple[str, ...]
) -> None:
    """A dry-run without errors is one, whatever form its errors and warnings have."""
    usual = await trader.check(buy())
    await serve(market, shape, "*/dry-run", "POST")
    assert await trader.check(buy()) == replace(usual, warnings=warnings)


@pytest.mark.parametrize("shape", [FieldBody.TICKS_OBJECT, FieldBody.TICKS_INFINITY])
async def test_tick_sizes_from_the_field(
    trader: TastytradeGateway, market: VenueControl, shape: FieldBody
) -> None:
    """One tick size as an object, and a threshold of infinity, are a table for every price."""
    await serve(market, shape, "/option-chains/*")
    found = await trader.listing(CONTRACT)
    assert isinstance(found, Listing)
    assert found.ticks.step(Decimal(2)) == found.ticks.step(Decimal(2000)) == Decimal("0.01")


@pytest.mark.parametrize("shape", [FieldBody.NAN_QUOTE, FieldBody.NAN_LITERAL, FieldBody.NULL_QUOTE])
async def test_an_empty_side_of_a_quote_spoils_no_other(
    trader: TastytradeGateway, market: VenueControl, shape: FieldBody
) -> None:
    """A quote with NaN or null is no quote; the others of the answer are read."""
    await serve(market, shape, "/market-data/*")
    assert set(await trader.quotes([CONTRACT, OTHER])) == {OTHER.occ_symbol}
    assert await trader.quote(CONTRACT) is None


async def test_a_list_of_quotes_that_cannot_be_read_is_no_empty_answer(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """An answer without a list is a failed read."""
    await market.arm(FaultRule(kind=FaultKind.EMPTY_DATA, path="/market-data/*"))
    with pytest.raises(UnavailableError):
        await trader.quotes([CONTRACT])


async def test_positions_from_the_field_keep_their_quantity(
    trader: TastytradeGateway, market: VenueControl
) -> None:
    """EXT-20: what is held does not depend on an average price that cannot be read."""
    placed = await trader.place(buy())
    await market.fill(int(placed.order_id), 3)
    await serve(market, FieldBody.ODD_POSITION, "*/positions")
    held = await trader.positions()
    assert [(each.symbol, each.quantity, each.average_open) for each in held] == [
        (CONTRACT.occ_symbol, 3, None)
    ]
