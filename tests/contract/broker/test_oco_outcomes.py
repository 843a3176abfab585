"""What leaves for a stop, a pair and a replacement, and what each answer to it proves."""

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from alert_trader.broker.oco import OcoNotAsSentError
from alert_trader.broker.port import NOT_SENT, OutcomeUnknownError, RejectedError, UnavailableError
from alert_trader.broker.tastytrade.oco import POSITION_EFFECT_CHANGED
from alert_trader.domain.ids import OrderId, PairId
from alert_trader.domain.orders.order import OrderIntent, OrderStatus
from tests.support.pairs import written_pair, written_stop

ACCOUNT = "/accounts/5WT00042"
PAIRS, ORDERS = f"{ACCOUNT}/complex-orders", f"{ACCOUNT}/orders"
PAIR = written_pair()


def side(number: int, sent: OrderIntent, leg: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Write one side as the broker does; None takes a field away."""
    prices = {"price": sent.limit, "price-effect": "Credit", "stop-trigger": sent.trigger}
    body: dict[str, Any] = {
        "id": number,
        "account-number": "5WT00042",
        "external-identifier": sent.client_order_id,
        "order-type": sent.kind,
        "status": "Contingent",
        "complex-order-id": 71200345,
        "complex-order-tag": "OCO::order",
        "contingent-status": "Pending Order",
        "legs": [
            {
                "action": "Sell to Close",
                "instrument-type": "Equity Option",
                "quantity": sent.quantity,
                "remaining-quantity": sent.quantity,
                "symbol": sent.contract.occ_symbol,
                "fills": [],
                **(leg or {}),
            }
        ],
        **{name: str(value) for name, value in prices.items() if value is not None},
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {name: value for name, value in body.items() if value is not None}


def body(
    target: dict[str, Any] | None = None, stop: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Write a pair as the broker does."""
    orders = [target or side(512400101, PAIR.target), stop or side(512400102, PAIR.stop)]
    return {"id": 71200345, "account-number": "5WT00042", "type": "OCO", "orders": orders, **more}


def accepted(pair: object, key: str = "complex-order") -> httpx2.Response:
    """Answer a POST of a pair."""
    return httpx2.Response(201, json={"data": {key: pair, "warnings": []}})


async def test_both_sides_leave_strict_and_with_our_ids(gateway: Any, script: Any) -> None:
    """EXT-20: the bytes that the SDK's own model of a pair writes, and our id in two fields of each side."""
    script.on("POST", PAIRS, accepted(body()))
    report = await gateway.place_oco(PAIR)
    leg = {
        "instrument-type": "Equity Option",
        "symbol": "AAPL  261218C00200000",
        "action": "Sell to Close",
        "quantity": 3,
    }
    common = {
        "time-in-force": "GTC",
        "legs": [leg],
        "advanced-instructions": {"strict-position-effect-validation": True},
        "price-effect": "Credit",
    }
    target = common | {
        "source": "alert-trader/1234-x1",
        "external-identifier": "1234-x1",
        "order-type": "Limit",
        "price": "4.1",
    }
    stop = common | {
        "source": "alert-trader/1234-x2",
        "external-identifier": "1234-x2",
        "order-type": "Stop Limit",
        "price": "1.3",
        "stop-trigger": "1.45",
    }
    assert script.sent("POST", PAIRS) == [
        {"type": "OCO", "source": "alert-trader/1234-x1", "orders": [target, stop]}
    ]
    assert (report.pair_id, report.ended) == ("71200345", False)
    assert [(each.order_id, each.client_order_id, each.pair_id) for each in report.orders] == [
        ("512400101", "1234-x1", "71200345"),
        ("512400102", "1234-x2", "71200345"),
    ]
    assert {each.status for each in report.orders} == {OrderStatus.PENDING}


async def test_a_day_stop_has_a_trigger_and_no_price(gateway: Any, script: Any) -> None:
    """A stop at market is of the day, without price and price effect."""
    stop = written_stop(limit=None)
    script.on("POST", ORDERS, httpx2.Response(201, json={"data": {"order": side(1, stop)}}))
    report = await gateway.place(stop)
    (sent,) = script.sent("POST", ORDERS)
    assert (sent["order-type"], sent["time-in-force"], sent["stop-trigger"]) == ("Stop", "Day", "1.45")
    assert {"price", "price-effect", "behavior"}.isdisjoint(sent)
    assert (report.trigger, report.limit) == (stop.trigger, None)


async def test_a_pair_is_read_under_either_key_and_without_echoed_ids(gateway: Any, script: Any) -> None:
    """The field has the pair as `order` too; without an echo the sides are known by their trigger."""
    nameless = [side(1, PAIR.target, external_identifier=None), side(2, PAIR.stop, external_identifier=None)]
    script.on("POST", PAIRS, accepted(body(*nameless), "order"))
    report = await gateway.place_oco(PAIR)
    assert [each.client_order_id for each in report.orders] == ["1234-x1", "1234-x2"]


CHANGED: dict[str, dict[str, Any]] = {
    "target opened": {"target": side(1, PAIR.target, {"action": "Sell to Open"})},
    "stop opened": {"stop": side(2, PAIR.stop, {"action": "Sell to Open"})},
    "other contract": {"stop": side(2, PAIR.stop, {"symbol": "AAPL  261218C00205000"})},
    "other quantity": {"target": side(1, PAIR.target, {"quantity": 4})},
    "other trigger": {"stop": side(2, PAIR.stop, stop_trigger="1.4")},
    "two limits": {"stop": side(2, replace(PAIR.target, client_order_id=PAIR.stop.client_order_id))},
}


@pytest.mark.parametrize("name", CHANGED)
async def test_a_pair_that_is_not_as_sent_is_named_and_not_trusted(
    gateway: Any, script: Any, name: str
) -> None:
    """EXT-20: the action of each side is compared; the error has the pair, so that it can be cancelled."""
    script.on("POST", PAIRS, accepted(body(**CHANGED[name])))
    with pytest.raises(OcoNotAsSentError, match="cancel it") as raised:
        await gateway.place_oco(PAIR)
    assert raised.value.report.pair_id == "71200345"


UNKNOWN: dict[str, httpx2.Response | Exception] = {
    "reset": httpx2.ReadError("reset"),
    "500": httpx2.Response(500, json={"error": {"code": "internal_server_error", "message": "x"}}),
    "html": httpx2.Response(502, text="<html>"),
    "429": httpx2.Response(429, json={"error": {"code": "too_many_requests", "message": "x"}}),
    "empty": httpx2.Response(201, json={"data": {}}),
    "no id": accepted({"type": "OCO", "orders": []}),
    "a side without id": accepted(body(target=side(0, PAIR.target) | {"id": None})),
    "cut": httpx2.Response(201, text='{"data": {"complex-'),
}


@pytest.mark.parametrize("name", UNKNOWN)
async def test_an_answer_that_does_not_show_the_pair_is_unknown(gateway: Any, script: Any, name: str) -> None:
    """UNK-10: sent once, and looked for afterwards."""
    script.on("POST", PAIRS, UNKNOWN[name])
    with pytest.raises(OutcomeUnknownError):
        await gateway.place_oco(PAIR)
    assert len(script.sent("POST", PAIRS)) == 1


async def test_a_refused_pair_is_rejected_with_the_brokers_code(gateway: Any, script: Any) -> None:
    """The envelope of production for two limits; and what never left is not sent."""
    errors = [{"code": "invalid_oco_order_type_combo", "message": "OCO Orders must have one Limit order."}]
    error = {"code": "preflight_check_failure", "message": "One or more", "errors": errors}
    script.on("POST", PAIRS, httpx2.Response(422, json={"error": error}))
    with pytest.raises(RejectedError) as refused:
        await gateway.place_oco(PAIR)
    assert refused.value.code == "invalid_oco_order_type_combo"
    script.on("POST", PAIRS, httpx2.ConnectError("no route"))
    with pytest.raises(RejectedError) as unsent:
        await gateway.place_oco(PAIR)
    assert unsent.value.code == NOT_SENT


COSTS = {
    "buying-power-effect": {"change-in-buying-power": "0.65", "change-in-buying-power-effect": "Debit"},
    "fee-calculation": {
        "total-fees": "0.65",
        "total-fees-effect": "Debit",
        "commission": "0.0",
        "commission-effect": "None",
    },
    "warnings": [{"code": "closing_with_no_position", "message": "This order will be updated."}],
}


def priced(**sides: Any) -> httpx2.Response:
    """Answer a dry-run of a pair: its orders have no ids."""
    pair = body(**sides)
    orders = [{key: value for key, value in each.items() if key != "id"} for each in pair["orders"]]
    return httpx2.Response(201, json={"data": {**COSTS, "complex-order": pair | {"orders": orders}}})


async def test_a_dry_run_that_changes_a_side_is_a_rejection(gateway: Any, script: Any) -> None:
    """EXT-20: as captured without a position: the first side becomes a sell to open, with a warning only."""
    script.on("POST", f"{PAIRS}/dry-run", priced())
    assert (await gateway.check_oco(PAIR)).total > 0
    for sides in (
        {"target": side(1, PAIR.target, {"action": "Sell to Open"})},
        {"stop": side(2, PAIR.stop, {"action": "Sell to Open"})},
    ):
        script.on("POST", f"{PAIRS}/dry-run", priced(**sides))
        with pytest.raises(RejectedError, match="Sell to Open") as refused:
            await gateway.check_oco(PAIR)
        assert refused.value.code == POSITION_EFFECT_CHANGED
    script.on("POST", f"{PAIRS}/dry-run", httpx2.Response(201, json={"data": COSTS}))
    with pytest.raises(UnavailableError):
        await gateway.check_oco(PAIR)


RELATED: list[Any] = [
    [{"id": "512400102", "replacing-order-id": "512400142", "status": "Cancelled"}],
    [{"id": 512400102, "complex-order-id": 71200345, "replaces-order-id": None, "status": "Dead"}],
]


@pytest.mark.parametrize("related", RELATED)
async def test_a_list_of_pairs_that_kills_the_sdk_is_read(gateway: Any, script: Any, related: Any) -> None:
    """Numbers and nulls among the related orders, unknown statuses and types, a trigger order."""
    strange = {
        "id": 71200346,
        "type": "BLAST",
        "orders": [side(3, PAIR.stop, status="Remove Pending")],
        "trigger-order": side(4, PAIR.target, external_identifier=None),
    }
    items = [body(**{"related-orders": related}), strange]
    script.on("GET", f"{PAIRS}/live", httpx2.Response(200, json={"data": {"items": items}}))
    first, second = await gateway.todays_ocos()
    assert (first.pair_id, first.former) == ("71200345", ("512400102",))
    assert [each.status for each in second.orders] == [OrderStatus.PENDING, OrderStatus.UNRECOGNISED]


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, json={"data": {}}),
        httpx2.Response(200, json={"data": {"items": [{"type": "OCO"}]}}),
        httpx2.Response(200, json={"data": {"items": []}, "pagination": {"total-items": 1}}),
        httpx2.Response(500, text=""),
    ],
)
async def test_an_incomplete_list_of_pairs_is_no_list(
    gateway: Any, script: Any, answer: httpx2.Response
) -> None:
    """UNK-30: a pair is absent only from a complete list."""
    script.on("GET", f"{PAIRS}/live", answer)
    with pytest.raises(UnavailableError):
        await gateway.todays_ocos()


async def test_one_pair_is_read(gateway: Any, script: Any) -> None:
    """None only for the broker's own 404; another pair, or no pair, is unreadable."""
    path = f"{PAIRS}/71200345"
    script.on("GET", path, httpx2.Response(200, json={"data": body()}))
    assert (await gateway.oco(PairId("71200345"))).pair_id == "71200345"
    script.on("GET", path, httpx2.Response(404, json={"error": {"code": "record_not_found", "message": "x"}}))
    assert await gateway.oco(PairId("71200345")) is None
    for other in (httpx2.Response(404, text=""), httpx2.Response(200, json={"data": body(id=1)})):
        script.on("GET", path, other)
        with pytest.raises(UnavailableError):
            await gateway.oco(PairId("71200345"))


async def test_the_cancellation_of_a_pair(gateway: Any, script: Any) -> None:
    """With a body or with 204; refused where it ended; anything else is unknown."""
    path = f"{PAIRS}/71200345"
    for fine in (httpx2.Response(200, json={"data": body()}), httpx2.Response(204)):
        script.on("DELETE", path, fine)
        await gateway.cancel_oco(PairId("71200345"))
    error = {"error": {"code": "cannot_update_order", "message": "x"}}
    script.on("DELETE", path, httpx2.Response(422, json=error))
    with pytest.raises(RejectedError):
        await gateway.cancel_oco(PairId("71200345"))
    for lost in (httpx2.Response(200, text=""), httpx2.Response(500), httpx2.ReadError("reset")):
        script.on("DELETE", path, lost)
        with pytest.raises(OutcomeUnknownError):
            await gateway.cancel_oco(PairId("71200345"))


async def test_a_replacement_leaves_without_legs_and_names_the_new_order(gateway: Any, script: Any) -> None:
    """The new id is at `data.id`, as in production, or at `data.order.id`; it is never the old one's."""
    path, raised = f"{ORDERS}/512400102", written_stop(name="1234-x3", trigger="2.05", limit="1.90")
    new = side(512400142, raised, replaces_order_id=512400102)
    for data in (new, {"order": new}):
        script.on("PUT", path, httpx2.Response(200, json={"data": data}))
        report = await gateway.replace(OrderId("512400102"), raised)
        assert (report.order_id, report.replaces, report.client_order_id) == (
            "512400142",
            "512400102",
            "1234-x3",
        )
    sent = json.loads(script.asked[-1].content)
    assert (sent["stop-trigger"], sent["price"], sent["order-type"]) == ("2.05", "1.9", "Stop Limit")
    assert {"legs", "behavior"}.isdisjoint(sent)
    for wrong in (
        side(512400102, raised),
        side(512400142, raised, replaces_order_id=7),
        side(512400142, raised, {"action": "Sell to Open"}),
        side(512400142, raised, external_identifier="999-x9"),
        {"status": "Contingent"},
    ):
        script.on("PUT", path, httpx2.Response(200, json={"data": wrong}))
        with pytest.raises(OutcomeUnknownError):
            await gateway.replace(OrderId("512400102"), raised)
