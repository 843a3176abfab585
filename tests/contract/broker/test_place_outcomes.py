"""What every answer to an order, and every failure to get one, is taken for."""

import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from alert_trader.broker.port import OutcomeUnknownError, RejectedError
from alert_trader.domain.ids import OrderId
from alert_trader.domain.orders.order import OrderIntent, OrderStatus

ORDERS = "/accounts/5WT00042/orders"
ONE = f"{ORDERS}/507340101"


def error(
    status: int, code: str, message: str = "No.", errors: list[dict[str, str]] | None = None
) -> httpx2.Response:
    """Write an error as the broker's application does."""
    body: dict[str, Any] = {"code": code, "message": message}
    return httpx2.Response(status, json={"error": body | ({"errors": errors} if errors else {})})


def html(status: int) -> httpx2.Response:
    """Write an error as a proxy does."""
    return httpx2.Response(status, html="<html><body>gateway</body></html>")


REFUSED = {
    "preflight": (
        error(
            422, "preflight_check_failure", errors=[{"code": "margin_check_failed", "message": "Not enough."}]
        ),
        ("margin_check_failed", "Not enough.", 422),
    ),
    "validation": (
        error(422, "validation_error", errors=[{"domain": "price", "reason": "does not have a valid value"}]),
        ("validation_error", "price does not have a valid value", 422),
    ),
    "undocumented code": (
        error(422, "strict_position_effect", "No position."),
        ("strict_position_effect", "No position.", 422),
    ),
    "a working close": (
        error(422, "position_effect", "A closing order is already working."),
        ("position_effect", "A closing order is already working.", 422),
    ),
    "bad request": (error(400, "bad_request"), ("bad_request", "No.", 400)),
    "forbidden": (error(403, "not_permitted"), ("not_permitted", "No.", 403)),
}

UNKNOWN: dict[str, httpx2.Response | Exception] = {
    "404 of the application": error(404, "record_not_found"),
    "404 of a proxy": html(404),
    "408": error(408, "request_timeout"),
    "409": error(409, "conflict"),
    "429": error(429, "too_many_requests"),
    "429 of a proxy": html(429),
    "403 of a proxy": html(403),
    "422 without an envelope": httpx2.Response(422, json={"message": "no"}),
    "422 with an empty code": error(422, ""),
    "422 about a duplicate": error(422, "duplicate_order"),
    "422 that it is there already": error(
        422,
        "validation_error",
        errors=[{"domain": "external-identifier", "reason": "has already been taken"}],
    ),
    "redirect": httpx2.Response(307, headers={"Location": "/elsewhere"}),
    "500": error(500, "internal"),
    "502": html(502),
    "503": error(503, "unavailable"),
    "504": html(504),
    "empty success": httpx2.Response(201, content=b""),
    "success of a proxy": html(200),
    "success with a list": httpx2.Response(200, json=[]),
    "success with no data": httpx2.Response(200, json={"data": {}}),
    "success with no order": httpx2.Response(
        201, json={"data": {"order": None, "errors": [{"code": "x", "message": "y"}]}}
    ),
    "success with no order id": httpx2.Response(
        201, json={"data": {"order": {"status": "Routed", "legs": []}}}
    ),
    "truncated success": httpx2.Response(201, content=b'{"data": {"order": {"id": 507340101, "sta'),
    "reply timeout": httpx2.ReadTimeout(""),
    "write timeout": httpx2.WriteTimeout(""),
    "reset while reading": httpx2.ReadError(""),
    "reset while writing": httpx2.WriteError(""),
    "closed without a reply": httpx2.RemoteProtocolError("Server disconnected without sending a response."),
    "broken encoding": httpx2.DecodingError("bad gzip"),
    "anything else": RuntimeError("a bug in a library"),
}

NOT_SENT: dict[str, Exception] = {
    "refused connection": httpx2.ConnectError("refused"),
    "no such name": httpx2.ConnectError("Name or service not known"),
    "connection timeout": httpx2.ConnectTimeout(""),
    "no free connection": httpx2.PoolTimeout(""),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_proven_refusal_has_the_brokers_code_and_message(
    name: str, gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """An error envelope with a status that precedes every order is a refusal."""
    answer, (code, detail, status) = REFUSED[name]
    script.on("POST", ORDERS, answer)
    with pytest.raises(RejectedError) as refused:
        await gateway.place(buy)
    assert (refused.value.code, refused.value.detail, refused.value.status) == (code, detail, status)


@pytest.mark.parametrize("name", UNKNOWN)
async def test_an_inconclusive_answer_is_unknown_and_not_sent_again(
    name: str, gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """UNK-10: a timeout, reset, 5xx or unreadable answer is unknown, says what was seen.

    Leaves one request.
    """
    script.on("POST", ORDERS, UNKNOWN[name])
    with pytest.raises(OutcomeUnknownError) as unknown:
        await gateway.place(buy)
    assert str(unknown.value)
    assert len(script.sent("POST", ORDERS)) == 1


@pytest.mark.parametrize("name", NOT_SENT)
async def test_an_order_that_was_not_sent_is_refused_as_not_sent(
    name: str, gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """Without a connection no byte of the order left, and that is known."""
    script.on("POST", ORDERS, NOT_SENT[name])
    with pytest.raises(RejectedError) as refused:
        await gateway.place(buy)
    assert refused.value.code == "not_sent"


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(400, json={"error_code": "invalid_grant", "error_description": "Grant revoked"}),
        httpx2.Response(200, json={"expires_in": 900}),
        html(502),
        httpx2.ReadTimeout(""),
        RuntimeError("a bug in a library"),
    ],
    ids=["revoked", "no token", "proxy", "timeout", "bug"],
)
async def test_no_access_token_means_not_sent(
    answer: httpx2.Response | Exception, gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """An order whose access token could not be had was never sent."""
    script.on("POST", "/oauth/token", answer)
    with pytest.raises(RejectedError) as refused:
        await gateway.place(buy)
    assert refused.value.code == "not_sent"
    assert script.sent("POST", ORDERS) == []


async def test_an_expired_token_is_renewed_and_the_order_sent_once_more(
    gateway: Any, script: Any, buy: OrderIntent, order_body: Callable[..., dict[str, Any]]
) -> None:
    """A 401 proves non-acceptance, so one more request with a new token is safe."""
    script.on(
        "POST",
        ORDERS,
        error(401, "token_invalid"),
        httpx2.Response(201, json={"data": {"order": order_body(status="Routed")}}),
    )
    report = await gateway.place(buy)
    assert report.status is OrderStatus.PENDING
    bearers = [r.headers["Authorization"] for r in script.asked if r.url.path == ORDERS]
    assert bearers == ["Bearer access-token-1", "Bearer access-token-2"]


@pytest.mark.parametrize("answer", [error(401, "token_invalid"), html(401)], ids=["application", "proxy"])
async def test_a_second_401_is_a_refusal(
    answer: httpx2.Response, gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """Whoever is turned away with a new token too is not authorized."""
    script.on("POST", ORDERS, answer)
    with pytest.raises(RejectedError) as refused:
        await gateway.place(buy)
    assert (refused.value.code, refused.value.status) == ("unauthorized", 401)
    assert len(script.sent("POST", ORDERS)) == 2


async def test_a_reset_after_the_401_is_unknown(gateway: Any, script: Any, buy: OrderIntent) -> None:
    """UNK-10: the second request is as unknown as a first one when its answer is lost."""
    script.on("POST", ORDERS, error(401, "token_invalid"), httpx2.ReadError(""))
    with pytest.raises(OutcomeUnknownError):
        await gateway.place(buy)


async def test_a_malformed_token_changes_no_outcome(
    gateway: Any, script: Any, buy: OrderIntent, order_body: Callable[..., dict[str, Any]]
) -> None:
    """UNK-10: whatever the SDK accepts as a token, an accepted order is not reported as an error."""
    script.on("POST", "/oauth/token", httpx2.Response(200, json={"access_token": None, "expires_in": 900}))
    script.on("POST", ORDERS, httpx2.Response(201, json={"data": {"order": order_body()}}))
    assert (await gateway.place(buy)).order_id == "507340101"


async def test_a_401_without_a_new_token_in_time_is_not_sent(
    gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """Turned away once and without a new token, the order was never accepted."""
    script.on(
        "POST",
        "/oauth/token",
        httpx2.Response(200, json={"access_token": "t", "expires_in": 900}),
        TimeoutError(),
    )
    script.on("POST", ORDERS, error(401, "token_invalid"))
    with pytest.raises(RejectedError) as refused:
        await gateway.place(buy)
    assert refused.value.code == "not_sent"


@pytest.mark.parametrize("status", ["Routed", "Received", "Live", "Filled", "Dead"])
async def test_an_accepted_order_is_reported(
    status: str, gateway: Any, script: Any, buy: OrderIntent, order_body: Callable[..., dict[str, Any]]
) -> None:
    """Whatever status an acceptance shows, known or not, the order is there and has its id."""
    script.on("POST", ORDERS, httpx2.Response(201, json={"data": {"order": order_body(status=status)}}))
    report = await gateway.place(buy)
    assert (report.order_id, report.client_order_id, report.symbol) == (
        "507340101",
        "1234-e1",
        "AAPL  261218C00200000",
    )


async def test_an_acceptance_without_our_id_is_of_our_order(
    gateway: Any, script: Any, buy: OrderIntent, order_body: Callable[..., dict[str, Any]]
) -> None:
    """The echo of the external identifier is documented and not captured.

    The answer is to our request without it.
    """
    body = order_body(external_identifier=None, source=None)
    script.on("POST", ORDERS, httpx2.Response(201, json={"data": {"order": body}}))
    assert (await gateway.place(buy)).client_order_id == "1234-e1"


async def test_an_acceptance_of_another_order_is_unknown(
    gateway: Any, script: Any, buy: OrderIntent, order_body: Callable[..., dict[str, Any]]
) -> None:
    """UNK-10: an answer that names another order of ours says nothing about this one."""
    script.on(
        "POST",
        ORDERS,
        httpx2.Response(201, json={"data": {"order": order_body(external_identifier="99-e1")}}),
    )
    with pytest.raises(OutcomeUnknownError, match="99-e1"):
        await gateway.place(buy)


async def test_an_accepted_cancel_returns(
    gateway: Any, script: Any, order_body: Callable[..., dict[str, Any]]
) -> None:
    """Returning means requested, whatever status the echo shows."""
    script.on("DELETE", ONE, httpx2.Response(200, json={"data": order_body(status="Cancel Requested")}))
    await gateway.cancel(OrderId("507340101"))


@pytest.mark.parametrize(("status", "code"), [(422, "cannot_update_order"), (404, "record_not_found")])
async def test_an_order_that_cannot_be_cancelled_is_a_refusal(
    status: int, code: str, gateway: Any, script: Any
) -> None:
    """The broker's no to a cancel is a refusal; the caller reads the order again."""
    script.on("DELETE", ONE, error(status, code))
    with pytest.raises(RejectedError) as refused:
        await gateway.cancel(OrderId("507340101"))
    assert (refused.value.code, refused.value.status) == (code, status)


@pytest.mark.parametrize(
    "answer",
    [
        error(401, "token_invalid"),
        error(403, "not_permitted"),
        error(429, "too_many_requests"),
        html(404),
        html(422),
        html(502),
        html(200),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout(""),
        httpx2.RemoteProtocolError("closed"),
    ],
    ids=["401", "403", "429", "404 html", "422 html", "502", "200 html", "refused", "timeout", "closed"],
)
async def test_every_other_failure_of_a_cancel_is_unknown(
    answer: httpx2.Response | Exception, gateway: Any, script: Any
) -> None:
    """UNK-10: a cancel that was not clearly answered may have been carried out."""
    script.on("DELETE", ONE, answer)
    with pytest.raises(OutcomeUnknownError):
        await gateway.cancel(OrderId("507340101"))


@pytest.mark.parametrize(
    ("path", "status"), [("/oauth/token", 400), (ORDERS, 422), (ORDERS, 500), (ORDERS, 201)]
)
async def test_no_error_contains_a_secret(
    path: str, status: int, gateway: Any, script: Any, buy: OrderIntent
) -> None:
    """DUR-50: whatever the broker quotes in its answers, no message, chain or repr carries a credential."""
    secrets = ["client-secret-value", "refresh-token-value"] + (["access-token-1"] if path == ORDERS else [])
    body = {"error": {"code": "bad_request", "message": " ".join(secrets)}}
    script.on("POST", path, httpx2.Response(status, json=body))
    with pytest.raises((RejectedError, OutcomeUnknownError)) as failure:
        await gateway.place(buy)
    text = "".join(traceback.format_exception(failure.value)) + repr(failure.value.__dict__) + repr(gateway)
    assert [secret for secret in secrets if secret in text] == []
