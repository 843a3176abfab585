"""How orders are read, one by one and in lists.

Nothing lost, nothing taken for gone, nothing adopted by mistake.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from alert_trader.broker.port import UnavailableError
from alert_trader.broker.tastytrade.bodies import UnreadableBodyError, order_report
from alert_trader.domain.ids import OrderId
from alert_trader.domain.orders.order import OrderStatus

ORDERS = "/accounts/5WT00042/orders"
DAY = date(2026, 9, 16)
Body = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Received", OrderStatus.PENDING),
        ("Routed", OrderStatus.PENDING),
        ("In Flight", OrderStatus.PENDING),
        ("Contingent", OrderStatus.PENDING),
        ("Live", OrderStatus.LIVE),
        ("Cancel Requested", OrderStatus.CANCELLING),
        ("Replace Requested", OrderStatus.CANCELLING),
        ("Filled", OrderStatus.FILLED),
        ("Cancelled", OrderStatus.CANCELLED),
        ("Removed", OrderStatus.CANCELLED),
        ("Partially Removed", OrderStatus.CANCELLED),
        ("Rejected", OrderStatus.REJECTED),
        ("Expired", OrderStatus.EXPIRED),
        ("Dead", OrderStatus.UNRECOGNISED),
        ("Remove Pending", OrderStatus.UNRECOGNISED),
        ("", OrderStatus.UNRECOGNISED),
    ],
)
def test_each_status_has_one_meaning(theirs: str, ours: OrderStatus, order_body: Body) -> None:
    """Every documented status is mapped; any other is unrecognised, which counts as working."""
    report = order_report(order_body(status=theirs))
    assert (report.status, report.broker_status) == (ours, theirs)


def test_a_partly_filled_order_is_live_with_its_fills(order_body: Body, fill_body: Body) -> None:
    """There is no status for a partial fill: quantities and fills say it, cumulatively, in our types."""
    report = order_report(order_body(leg={"remaining-quantity": 2, "fills": [fill_body()]}))
    assert (report.status, report.quantity, report.remaining, report.filled) == (OrderStatus.LIVE, 3, 2, 1)
    fill = report.fills[0]
    assert (fill.fill_id, fill.quantity, fill.price) == ("260917999001", 1, Decimal("2.05"))
    assert fill.at == datetime(2026, 9, 17, 18, 32, 28, 435000, tzinfo=UTC)
    assert report.updated_at is not None
    assert report.updated_at.tzinfo is not None


def test_a_missing_remaining_quantity_follows_from_the_fills(order_body: Body, fill_body: Body) -> None:
    """FIL-20: without a remaining quantity the rest is what was ordered less what was filled."""
    body = order_body(leg={"fills": [fill_body()]})
    del body["legs"][0]["remaining-quantity"]
    assert order_report(body).remaining == 2


def test_a_filled_order_may_lack_its_fills(order_body: Body) -> None:
    """Filled is reported before all fills are: the report says that some are missing."""
    assert order_report(order_body(status="Filled", leg={"remaining-quantity": 0})).fills_missing


def test_replaced_and_replacing_orders_name_each_other(order_body: Body) -> None:
    """The chain of ids survives, as strings."""
    old = order_report(order_body(status="Cancelled", replacing_order_id=507340109))
    new = order_report(order_body(id=507340109, status="Contingent", replaces_order_id=507340101))
    assert (old.replaced_by, new.replaces) == (new.order_id, old.order_id)


def test_a_rejection_keeps_its_reason(order_body: Body) -> None:
    """A tick refused by the exchange is a rejection with a reason."""
    assert (
        order_report(order_body(status="Rejected", reject_reason="Invalid price increment")).reject_reason
        == "Invalid price increment"
    )


@pytest.mark.parametrize(
    ("external", "source", "ours"),
    [
        ("1234-e1", "alert-trader/1234-e1", "1234-e1"),
        ("1234-e1", None, "1234-e1"),
        (None, "alert-trader/1234-x2", "1234-x2"),
        ("", "alert-trader/1234-x2", "1234-x2"),
        ("sig-20260917-0007:entry:1", "alert-trader/1234-x2", "1234-x2"),
        ("sig-20260917-0007:entry:1", "my-app/1.0", None),
        (None, "someone-else/1234-e1", None),
        (None, "1234-e1", None),
        (None, "WBT-ember;", None),
        (None, None, None),
    ],
)
def test_an_order_is_ours_by_identifier_or_source(
    external: str | None, source: str | None, ours: str | None, order_body: Body
) -> None:
    """UNK-60: external identifier or the end of our source names an order ours.

    Anything else is foreign and never adopted.
    """
    assert order_report(order_body(external_identifier=external, source=source)).client_order_id == ours


@pytest.mark.parametrize(
    "changes",
    [
        {"legs": []},
        {
            "price": None,
            "order_type": "Notional Market",
            "leg": {"quantity": None, "remaining-quantity": None},
        },
        {"price": "-1.5", "price_effect": "None"},
        {"leg": {"symbol": "/ESZ6", "action": "Sell", "instrument-type": "Future"}},
        {"leg": {"symbol": "AAPL", "quantity": "0.5", "remaining-quantity": "0.5"}},
        {"leg": {"symbol": "BTC/USD", "fills": None}},
    ],
    ids=["no legs", "notional", "odd price", "future", "fraction", "crypto"],
)
def test_foreign_orders_of_any_kind_are_parsed(changes: dict[str, Any], order_body: Body) -> None:
    """UNK-60: what somebody does in the app can be reported and breaks nothing."""
    report = order_report(order_body(external_identifier=None, source="WBT", **changes))
    assert (report.order_id, report.client_order_id, report.source) == ("507340101", None, "WBT")


def test_a_foreign_spread_is_shown_by_its_first_leg(order_body: Body) -> None:
    """UNK-60: an order of several legs is read without failing."""
    body = order_body(external_identifier=None, source="WBT")
    body["legs"].append(body["legs"][0] | {"symbol": "AAPL  261218C00210000", "action": "Sell to Open"})
    assert order_report(body).symbol == "AAPL  261218C00200000"


@pytest.mark.parametrize(
    "leg",
    [
        {"fills": [{"fill-id": "1", "quantity": 1}]},
        {
            "fills": [
                {"fill-id": "1", "quantity": "NaN", "fill-price": "2", "filled-at": "2026-09-17T18:32:28Z"}
            ]
        },
        {"quantity": "many"},
        {"fills": "none"},
    ],
    ids=["no price", "not a number", "words", "no list"],
)
def test_an_unreadable_order_counts_as_working(leg: dict[str, Any], order_body: Body) -> None:
    """UNK-30: an order with unreadable fills is never reported as cancelled with fewer fills."""
    report = order_report(order_body(status="Cancelled", leg=leg))
    assert report.status is OrderStatus.UNRECOGNISED
    assert not report.status.terminal
    assert report.client_order_id == "1234-e1"


@pytest.mark.parametrize("body", [None, [], {}, {"id": None}, {"id": ""}, "x"])
def test_an_order_without_an_id_is_unreadable(body: object) -> None:
    """An answer without an order id shows no order."""
    with pytest.raises(UnreadableBodyError):
        order_report(body)


def page(
    items: list[dict[str, Any]], *, offset: int = 0, total: int | None = None, pages: int = 1, **more: Any
) -> httpx2.Response:
    """Write one page of a list."""
    total = len(items) if total is None else total
    pagination = {
        "per-page": 200,
        "page-offset": offset,
        "total-items": total,
        "total-pages": pages,
        "current-item-count": len(items),
    }
    return httpx2.Response(200, json={"data": {"items": items}, "pagination": pagination | more})


async def test_a_list_is_read_over_all_its_pages(gateway: Any, script: Any, order_body: Body) -> None:
    """UNK-30: more orders than one page holds are all there."""
    orders = [order_body(id=number) for number in range(1, 6)]
    pages = [page(orders[at * 2 : at * 2 + 2], offset=at, total=5, pages=3) for at in range(3)]
    script.on("GET", ORDERS, *pages)
    assert [report.order_id for report in await gateway.orders_since(DAY)] == ["1", "2", "3", "4", "5"]
    assert [dict(r.url.params)["page-offset"] for r in script.asked if r.url.path == ORDERS] == [
        "0",
        "1",
        "2",
    ]
    assert script.asked[-1].url.params["start-date"] == "2026-09-16"


async def test_shorter_pages_are_used_where_long_ones_are_refused(
    gateway: Any, script: Any, order_body: Body
) -> None:
    """UNK-30: the longest page is documented for another list.

    Its refusal must not hide every order for ever.
    """
    refused = httpx2.Response(422, json={"error": {"code": "validation_error", "message": "per-page"}})
    script.on("GET", ORDERS, refused, page([order_body()]))
    assert len(await gateway.orders_since(DAY)) == 1
    assert len(await gateway.orders_since(DAY)) == 1
    assert [r.url.params["per-page"] for r in script.asked if r.url.path == ORDERS] == ["200", "50", "50"]


async def test_an_unreadable_order_hides_no_other(gateway: Any, script: Any, order_body: Body) -> None:
    """UNK-30: a status this product does not know, and a body it cannot read, lose no order of the list."""
    orders = [
        order_body(id=1),
        order_body(id=2, status="Dead"),
        order_body(id=3, status="Cancelled", leg={"quantity": {}}),
        order_body(id=4),
    ]
    script.on("GET", ORDERS, page(orders))
    statuses = [report.status for report in await gateway.orders_since(DAY)]
    assert statuses == [
        OrderStatus.LIVE,
        OrderStatus.UNRECOGNISED,
        OrderStatus.UNRECOGNISED,
        OrderStatus.LIVE,
    ]


async def test_a_list_that_changes_during_the_reading_is_read_again(
    gateway: Any, script: Any, order_body: Body
) -> None:
    """UNK-30: an order that arrives between two pages pushes others over the page end.

    The second reading has them all.
    """
    orders = [order_body(id=number) for number in (4, 3, 2, 1)]
    script.on(
        "GET",
        ORDERS,
        page(orders[1:3], offset=0, total=3, pages=2),
        page(orders[2:], offset=1, total=4, pages=2),
        page(orders[:2], offset=0, total=4, pages=2),
        page(orders[2:], offset=1, total=4, pages=2),
    )
    assert {report.order_id for report in await gateway.orders_since(DAY)} == {"1", "2", "3", "4"}


async def test_a_list_that_swaps_an_order_during_the_reading_is_not_used(
    gateway: Any, script: Any, order_body: Body
) -> None:
    """UNK-30: an order seen twice in place of another one is a hole, though the totals agree."""
    first = page([order_body(id=3), order_body(id=2)], total=3, pages=2)
    script.on("GET", ORDERS, *([first, page([order_body(id=2)], offset=1, total=3, pages=2)] * 3))
    with pytest.raises(UnavailableError, match="expected the 3 orders"):
        await gateway.orders_since(DAY)


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, json={"data": {"items": []}}),
        httpx2.Response(200, json={"data": {"items": []}, "pagination": None}),
        page([], total=3),
        page([], offset=1),
        page([], **{"current-item-count": 2}),
        httpx2.Response(200, json={"data": {}}),
        httpx2.Response(200, content=b'{"data": {"items": [{"id": 1'),
        httpx2.Response(200, html="<html>"),
        httpx2.Response(502, html="<html>"),
        httpx2.Response(429, json={"error": {"code": "too_many_requests", "message": ""}}),
        httpx2.Response(401, json={"error": {"code": "token_invalid", "message": ""}}),
        httpx2.Response(404, json={"error": {"code": "record_not_found", "message": ""}}),
        page([{"status": "Live"}]),
        httpx2.ReadTimeout(""),
        httpx2.ConnectError("refused"),
    ],
)
async def test_an_incomplete_list_is_unavailable(
    answer: httpx2.Response | Exception, gateway: Any, script: Any
) -> None:
    """UNK-30: a failed, cut or inconsistent list is never a short one."""
    script.on("GET", ORDERS, answer)
    with pytest.raises(UnavailableError):
        await gateway.orders_since(DAY)


async def test_one_order_is_read(gateway: Any, script: Any, order_body: Body) -> None:
    """An order is read by its id."""
    script.on("GET", f"{ORDERS}/507340101", httpx2.Response(200, json={"data": order_body()}))
    report = await gateway.order(OrderId("507340101"))
    assert report is not None
    assert report.limit == Decimal("2.05")


async def test_an_order_is_absent_only_if_the_broker_states_it(gateway: Any, script: Any) -> None:
    """UNK-30: None is the application's own answer that there is no such record."""
    script.on(
        "GET",
        f"{ORDERS}/1",
        httpx2.Response(404, json={"error": {"code": "record_not_found", "message": "Couldn't find Order"}}),
    )
    assert await gateway.order(OrderId("1")) is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(404, html="<html>"),
        httpx2.Response(404, json={"error": {"code": "route_not_found", "message": ""}}),
        httpx2.Response(500, json={"error": {"code": "record_not_found", "message": ""}}),
        httpx2.Response(200, json={"data": None}),
        httpx2.Response(200, json={"data": {"id": 2, "status": "Live", "legs": []}}),
        httpx2.RemoteProtocolError("closed"),
    ],
)
async def test_no_other_answer_means_that_an_order_is_absent(
    answer: httpx2.Response | Exception, gateway: Any, script: Any
) -> None:
    """UNK-30: a failed query is not an empty one."""
    script.on("GET", f"{ORDERS}/1", answer)
    with pytest.raises(UnavailableError):
        await gateway.order(OrderId("1"))
