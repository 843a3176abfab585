"""Faults act on real sockets: what the SDK gets, and whether the venue accepted. UNK-10."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pydantic
import pytest
from tastytrade.order import OrderStatus
from tastytrade.utils import TastytradeError

from alert_trader.simulators.venue.faults import FaultBoard, FaultKind, FaultRule, Target
from alert_trader.simulators.venue.orders import Action
from alert_trader.simulators.venue.tape import AnswerLine, FaultLine
from tests.contract.venue.api_client import AAPL, SPY, ApiClient, wait_until
from tests.support.instants import STATED

POST = {"method": "POST", "path": "*/orders"}
YESTERDAY = (STATED - timedelta(days=1)).date()

_LOST = httpx2.RemoteProtocolError | httpx2.ReadError
_CASES: list[tuple[FaultKind, dict[str, Any], Any, str | None, bool]] = [
    (FaultKind.LOST_BEFORE, {}, _LOST, None, False),
    (FaultKind.LOST_AFTER, {}, _LOST, None, True),
    (FaultKind.CUT, {}, _LOST, None, True),
    (FaultKind.STALL_BEFORE, {}, httpx2.ReadTimeout, None, False),
    (FaultKind.STALL_AFTER, {}, httpx2.ReadTimeout, None, True),
    (FaultKind.LATE, {"seconds": 1.2}, httpx2.ReadTimeout, None, True),
    (FaultKind.STATUS, {"status": 500}, TastytradeError, "internal_server_error", False),
    (FaultKind.STATUS, {"status": 502, "html": True}, TastytradeError, "502 Bad Gateway", False),
    (
        FaultKind.STATUS,
        {"status": 502, "html": True, "accept": True},
        TastytradeError,
        "502 Bad Gateway",
        True,
    ),
    (
        FaultKind.STATUS,
        {"status": 429, "code": "too_many_requests", "message": "Too many requests"},
        TastytradeError,
        "too_many",
        False,
    ),
    (
        FaultKind.STATUS,
        {"status": 422, "code": "margin_check_failed", "message": "no"},
        TastytradeError,
        "margin_check_failed",
        False,
    ),
    (FaultKind.TRUNCATED, {}, json.JSONDecodeError, None, True),
    (FaultKind.EMPTY_DATA, {}, TastytradeError, "No data present", True),
    (FaultKind.UNKNOWN_STATUS, {}, pydantic.ValidationError, "Dead", True),
    (FaultKind.TOKENS_EXPIRE, {}, TastytradeError, "token_invalid", False),
]


@pytest.mark.parametrize(("kind", "more", "error", "match", "accepted"), _CASES)
async def test_a_fault_on_a_post(
    api_client: ApiClient,
    kind: FaultKind,
    more: dict[str, Any],
    error: Any,
    match: str | None,
    accepted: bool,
) -> None:
    """The client gets the exception that production's fault gives, and the tape knows the truth."""
    await api_client.control.arm(FaultRule(kind=kind, **POST, **more))
    errors = tuple(error.__args__) if hasattr(error, "__args__") else (error,)
    with pytest.raises(errors, match=match):
        await api_client.buy("1.00", client_id="m1-e1")
    assert api_client.accepted() == int(accepted)
    answer = api_client.tape(AnswerLine)[-1]
    assert (answer.accepted, answer.fault, answer.client_id) == (accepted, kind, "m1-e1")
    assert [line.fault for line in api_client.tape(FaultLine)] == [kind]


async def test_an_order_can_be_accepted_after_the_client_timed_out(api_client: ApiClient) -> None:
    """A request held up on the way is accepted after the client's timeout: not found at first, there later.

    UNK-30.
    """
    await api_client.control.arm(FaultRule(kind=FaultKind.LATE_ACCEPT, seconds=1.2, **POST))
    with pytest.raises(httpx2.ReadTimeout):
        await api_client.buy("1.00", client_id="m1-e1")
    assert (await api_client.control.state()).named("m1-e1") == []
    await wait_until(lambda: api_client.accepted() == 1)


async def test_a_hidden_order_is_not_listed_for_a_while(api_client: ApiClient) -> None:
    """An accepted order is in no read until its time, and then in all."""
    await api_client.control.arm(FaultRule(kind=FaultKind.HIDDEN, seconds=0.2, **POST))
    order = await api_client.buy("1.00")
    with pytest.raises(TastytradeError, match="record_not_found"):
        await api_client.read(order)
    assert await api_client.account.get_live_orders(api_client.session) == []
    await desk_reads(api_client, order.id)


async def desk_reads(api_client: ApiClient, order_id: int) -> None:
    """Wait until the history shows an order."""

    async def there() -> bool:
        found = await api_client.account.get_order_history(api_client.session, start_date=YESTERDAY)
        return order_id in {order.id for order in found}

    await wait_until(there)


async def test_a_list_can_be_cut_short(api_client: ApiClient) -> None:
    """A truncated page claims to be all there is."""
    for _ in range(3):
        await api_client.control.app_order(
            api_client.account.account_number, SPY, Action.BUY_TO_OPEN, 1, limit="1.00"
        )
    await api_client.control.arm(FaultRule(kind=FaultKind.SHORT_LIST, method="GET", path="*/orders", keep=1))
    assert (
        len(await api_client.account.get_order_history(api_client.session, per_page=1, page_offset=None)) == 1
    )
    assert (
        len(await api_client.account.get_order_history(api_client.session, per_page=1, page_offset=None)) == 3
    )


async def test_a_fault_matches_by_symbol_side_id_and_turn(api_client: ApiClient) -> None:
    """A rule waits for its own: this symbol, this side, this id, the second time, twice."""
    rule = FaultRule(
        kind=FaultKind.STATUS, **POST, symbol="AAPL*", side="Buy*", client_id="*-e*", nth=2, count=2
    )
    await api_client.control.arm(rule)
    await api_client.buy("1.00", client_id="m1-e1")
    await api_client.buy("1.00", symbol=AAPL, client_id="m1-x1")
    await api_client.buy("1.00", symbol=AAPL, client_id="m1-e1")
    for number in (2, 3):
        with pytest.raises(TastytradeError):
            await api_client.buy("1.00", symbol=AAPL, client_id=f"m1-e{number}")
    await api_client.buy("1.00", symbol=AAPL, client_id="m1-e4")
    assert api_client.accepted() == 4


async def test_a_fault_matches_a_call_by_its_number(api_client: ApiClient) -> None:
    """The calls of a run can be enumerated.

    The third call after the restart of the count fails, whatever it is.
    """
    await api_client.control.restart_count()
    await api_client.control.arm(FaultRule(kind=FaultKind.LOST_AFTER, call=3))
    await api_client.account.get_balances(api_client.session)
    order = await api_client.buy("1.00")
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await api_client.account.delete_order(api_client.session, order.id)
    assert (await api_client.control.state()).calls == 3
    await api_client.reach(order, OrderStatus.CANCELLED)


async def test_faults_on_other_calls_are_cleared_by_id(api_client: ApiClient) -> None:
    """A disarmed rule does nothing."""
    fault_id = await api_client.control.arm(
        FaultRule(kind=FaultKind.STATUS, method="GET", path="*/positions", count=None)
    )
    for _ in range(2):
        with pytest.raises(TastytradeError):
            await api_client.account.get_positions(api_client.session)
    await api_client.control.clear_faults(fault_id)
    assert await api_client.account.get_positions(api_client.session) == []


def test_the_first_armed_rule_applies_and_the_others_count() -> None:
    """Two rules on the same call: one hits, the other has seen it."""
    board = FaultBoard()
    first = board.arm(FaultRule(kind=FaultKind.LATE))
    board.arm(FaultRule(kind=FaultKind.CUT, nth=2))
    target = Target(stream=False, method="POST", path="/x", call=1)
    hits = [found.fault_id if (found := board.hit(target)) else None for _ in range(3)]
    assert hits == [first, 2, None]
