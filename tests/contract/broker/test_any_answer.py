"""Whatever bytes the broker answers with, the adapter raises what the port says and nothing else.

And nobody else holds the SDK.
"""

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader import clock
from alert_trader.broker.port import RejectedError
from alert_trader.broker.tastytrade import answers
from alert_trader.broker.tastytrade.bodies import UnreadableBodyError, order_report
from alert_trader.broker.tastytrade.errors import cancel_rejection, rejection
from alert_trader.broker.tastytrade.oco_bodies import oco_report, priced_differences
from alert_trader.broker.tastytrade.session import Answer
from alert_trader.domain.orders.oco import OcoReport
from alert_trader.domain.orders.order import OrderReport, OrderStatus
from tests.support.pairs import written_pair

ROOT = Path(__file__).resolve().parents[3]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["NaN", "1E+9999", "-1", "2.05"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [
    "id",
    "status",
    "price",
    "external-identifier",
    "source",
    "received-at",
    "updated-at",
    "reject-reason",
    "replaces-order-id",
    "stop-trigger",
    "complex-order-id",
    "legs",
]
LEG_FIELDS = ["symbol", "action", "quantity", "remaining-quantity", "fills"]
FILL_FIELDS = ["fill-id", "quantity", "fill-price", "filled-at"]


def order() -> dict[str, Any]:
    """Write a cancelled order with one fill: the kind whose fills must not get lost."""
    fill = {"fill-id": "1", "quantity": 1, "fill-price": "2.05", "filled-at": "2026-09-17T18:32:28Z"}
    leg = {
        "symbol": "AAPL  261218C00200000",
        "action": "Buy to Open",
        "quantity": 3,
        "remaining-quantity": 2,
        "fills": [fill],
    }
    return {"id": 7, "status": "Cancelled", "price": "2.05", "external-identifier": "1234-e1", "legs": [leg]}


@given(where=st.sampled_from(["order", "leg", "fill"]), value=anything, data=st.data())
def test_any_order_body_is_parsed(where: str, value: Any, data: st.DataObject) -> None:
    """UNK-30: any value in any field gives a report, or says that there is no order id.

    It is never another error.
    """
    body = order()
    target, fields = {
        "order": (body, FIELDS),
        "leg": (body["legs"][0], LEG_FIELDS),
        "fill": (body["legs"][0]["fills"][0], FILL_FIELDS),
    }[where]
    name = data.draw(st.sampled_from(fields))
    target[name] = value
    try:
        report = order_report(body)
    except UnreadableBodyError:
        assert name == "id"
        return
    assert isinstance(report, OrderReport)
    if name in FILL_FIELDS and where == "fill":
        assert report.status is OrderStatus.UNRECOGNISED or len(report.fills) == 1


@given(
    status=st.integers(100, 599),
    body=anything | st.fixed_dictionaries({"error": anything}) | st.fixed_dictionaries({"data": anything}),
)
def test_any_answer_is_classified(status: int, body: Any) -> None:
    """UNK-10: an answer is a refusal or proves nothing, whatever it holds."""
    answer = Answer(status=status, text=json.dumps(body), json=body if isinstance(body, dict) else None)
    for found in (rejection(answer), cancel_rejection(answer)):
        assert found is None or isinstance(found, RejectedError)
    assert not (answer.ok and rejection(answer))
    str(answer)


@given(body=anything | st.fixed_dictionaries({"data": anything, "pagination": anything}))
def test_any_list_is_parsed(body: Any) -> None:
    """UNK-30: a list is whole, or it is unreadable."""
    answer = Answer(status=200, text="", json=body if isinstance(body, dict) else None)
    for read in (answers.option_positions, lambda each: answers.page_of(each, 0)):
        try:
            read(answer)
        except UnreadableBodyError:
            continue


@given(where=st.sampled_from(["pair", "side", "related"]), value=anything, data=st.data())
def test_any_pair_is_parsed(where: str, value: Any, data: st.DataObject) -> None:
    """UNK-30: any value in any field of a pair gives a report, or says that the pair is unreadable."""
    related = {"id": "6", "complex-order-id": "70", "status": "Cancelled"}
    body = {"id": 70, "type": "OCO", "orders": [order(), order()], "related-orders": [related]}
    target = {"pair": body, "side": body["orders"][0], "related": related}[where]  # type: ignore[index]
    target[data.draw(st.sampled_from(sorted(target)))] = value
    with suppress(UnreadableBodyError):
        assert isinstance(oco_report(body), OcoReport)
    with suppress(UnreadableBodyError):
        priced_differences(written_pair(), body)


def test_orders_of_a_pair_that_are_no_list_are_unreadable() -> None:
    """UNK-30: as hypothesis found them."""
    with pytest.raises(UnreadableBodyError, match="found 0"):
        priced_differences(written_pair(), {"orders": True})


QUESTIONS: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "quote": (
        {"symbol": "A", "updated-at": 1, "bid": "1", "ask": "2"},
        lambda body: answers.quote([body], "A"),
    ),
    "session": (
        {"state": "Open", "open-at": None, "next-session": None},
        lambda body: answers.market_session([body], clock.now()),
    ),
    "balances": (
        {"cash-balance": "1", "net-liquidating-value": "1", "derivative-buying-power": "1"},
        answers.balances,
    ),
    "fees": (
        {"fee-calculation": {"total-fees": "1"}, "buying-power-effect": {}, "warnings": []},
        answers.fee_estimate,
    ),
    "fee": (
        {"total-fees": "1", "commission": "1"},
        lambda body: answers.fee_estimate({"fee-calculation": body, "buying-power-effect": body}),
    ),
    "account": (
        {"margin-or-cash": "Margin", "is-closed": False},
        lambda body: answers.account_status(body, body),
    ),
}


@given(question=st.sampled_from(sorted(QUESTIONS)), value=anything, data=st.data())
def test_any_other_answer_is_parsed(question: str, value: Any, data: st.DataObject) -> None:
    """UNK-30: an answer is read, or it is unreadable."""
    body, read = QUESTIONS[question]
    with suppress(UnreadableBodyError):
        read(body | {data.draw(st.sampled_from(sorted(body))): value})


ORDER_TYPES = {"LimitOrder", "MarketOrder", "StopOrder", "StopLimitOrder", "OCOOrder", "NewOrder"}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Return each module a file imports from, with the name it takes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def test_only_the_adapter_imports_the_sdk() -> None:
    """DRY-10, EXT-20: nobody else imports the SDK or its HTTP client.

    Its order types are built in the one place that makes a close strict. The certification has a line of its
    own, which reaches a sandbox or a simulated venue and no other host.
    """
    sdk, order_types = set(), set()
    for path in (ROOT / "alert_trader").rglob("*.py"):
        for module, name in imports(path):
            if module.split(".")[0] in {"tastytrade", "httpx2"}:
                sdk.add(path.relative_to(ROOT).as_posix())
            if module == "tastytrade.order" or name in ORDER_TYPES:
                order_types.add(path.relative_to(ROOT).as_posix())
    assert order_types == {
        "alert_trader/broker/tastytrade/bodies.py",
        "alert_trader/broker/tastytrade/sdk.py",
    }
    assert {path for path in sdk if not path.startswith("alert_trader/broker/tastytrade/")} == {
        "alert_trader/broker/dry_run.py",
        "alert_trader/worker/certify/hosts.py",
        "alert_trader/worker/certify/line.py",
    }
