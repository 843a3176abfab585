"""A scripted broker behind the real SDK session.

What it answers is a table, what it was asked is recorded.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from alert_trader.broker.tastytrade.limiter import RequestLimiter
from alert_trader.broker.tastytrade.oco import TastytradeOcoGateway
from alert_trader.broker.tastytrade.transport import SharedTransport
from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.money import price
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side, TimeInForce
from alert_trader.simulators.venue.config import Timing, VenueConfig
from alert_trader.simulators.venue.server import RunningVenue, start

ACCOUNT = "5WT00042"
ORDERS = f"/accounts/{ACCOUNT}/orders"

Scripted = httpx2.Response | Exception


@dataclass
class Script:
    """What the broker answers, by method and path.

    A list is used up answer by answer, its last one for ever.
    """

    answers: dict[tuple[str, str], list[Scripted]] = field(default_factory=dict)
    asked: list[httpx2.Request] = field(default_factory=list)
    tokens: int = 0

    def on(self, method: str, path: str, *answers: Scripted) -> None:
        """Set what is answered from now on."""
        self.answers[method, path] = list(answers)

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.asked.append(request)
        queue = self.answers.get((request.method, request.url.path))
        if queue is None and request.url.path == "/oauth/token":
            self.tokens += 1
            return httpx2.Response(
                200,
                json={
                    "access_token": f"access-token-{self.tokens}",
                    "token_type": "Bearer",
                    "expires_in": 900,
                },
            )
        if queue is None:
            raise AssertionError(f"unexpected {request.method} {request.url}")
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def sent(self, method: str, path: str) -> list[Any]:
        """Return the bodies of the requests of one kind."""
        return [
            json.loads(r.content or b"null") for r in self.asked if (r.method, r.url.path) == (method, path)
        ]


class ScriptedGateway(TastytradeOcoGateway):
    """The adapter as it is, over a transport that answers from a script."""

    script: Script

    def _transport(self) -> SharedTransport:
        return SharedTransport(httpx2.MockTransport(self.script.handle))


@pytest.fixture
async def running() -> AsyncIterator[RunningVenue]:
    """Return a venue whose market moves only by hand."""
    found = await start(VenueConfig(timing=Timing(quote_interval=3600)))
    yield found
    await found.close()


@pytest.fixture
def script() -> Script:
    """Return an empty script."""
    return Script()


@pytest.fixture
async def gateway(script: Script) -> AsyncIterator[ScriptedGateway]:
    """Return the adapter over the script."""
    found = ScriptedGateway(
        client_secret="client-secret-value",
        refresh_token="refresh-token-value",
        account=ACCOUNT,
        is_test=False,
        call_timeout=timedelta(seconds=2),
        limiter=RequestLimiter(period=0.0, read_age=0),
    )
    found.script = script
    yield found
    await found.aclose()


@pytest.fixture
def contract() -> OptionContract:
    """Return the contract of most tests."""
    return OptionContract(root="AAPL", expiry=date(2026, 12, 18), right=Right.CALL, strike=Decimal(200))


@pytest.fixture
def buy(contract: OptionContract) -> OrderIntent:
    """Return an entry."""
    return OrderIntent(
        client_order_id=ClientOrderId("1234-e1"),
        contract=contract,
        side=Side.BUY_TO_OPEN,
        quantity=3,
        kind=OrderKind.LIMIT,
        limit=price("2.05"),
        time_in_force=TimeInForce.DAY,
    )


@pytest.fixture
def sell(contract: OptionContract) -> OrderIntent:
    """Return an exit."""
    return OrderIntent(
        client_order_id=ClientOrderId("1234-x1"),
        contract=contract,
        side=Side.SELL_TO_CLOSE,
        quantity=1,
        kind=OrderKind.LIMIT,
        limit=price("10"),
        time_in_force=TimeInForce.GTC,
    )


@pytest.fixture
def order_body() -> Callable[..., dict[str, Any]]:
    """Return a function that writes an order as the broker does, with some fields changed.

    None takes a field away.
    """

    def body(leg: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        found = {
            "id": 507340101,
            "account-number": ACCOUNT,
            "external-identifier": "1234-e1",
            "source": "alert-trader/1234-e1",
            "order-type": "Limit",
            "price": "2.05",
            "price-effect": "Debit",
            "received-at": "2026-09-17T18:32:28.393+00:00",
            "size": 3,
            "status": "Live",
            "time-in-force": "Day",
            "updated-at": 1789669948413,
            "legs": [
                {
                    "action": "Buy to Open",
                    "instrument-type": "Equity Option",
                    "quantity": 3,
                    "remaining-quantity": 3,
                    "symbol": "AAPL  261218C00200000",
                    "fills": [],
                    **(leg or {}),
                }
            ],
        } | {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in found.items() if value is not None}

    return body


@pytest.fixture
def fill_body() -> Callable[..., dict[str, Any]]:
    """Return a function that writes a fill as the broker does."""

    def body(number: int = 1, quantity: int = 1, at: str = "2.05") -> dict[str, Any]:
        return {
            "fill-id": f"26091799900{number}",
            "quantity": quantity,
            "fill-price": at,
            "filled-at": "2026-09-17T18:32:28.435+00:00",
        }

    return body
