"""Lists of many pages: an order is looked up in all of them before it is sent.

Reading them must not take a round trip each.
"""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from alert_trader.broker.port import UnavailableError
from alert_trader.broker.tastytrade.transport import SharedTransport
from alert_trader.domain.market.contract import OptionContract, Right
from tests.support.waiting import eventually

Body = Callable[..., dict[str, Any]]

PAGES = 9


class Slow:
    """A broker that answers the pages after the first only when it is let to."""

    def __init__(self, order_body: Body) -> None:
        """Hold one order a page."""
        self.go = asyncio.Event()
        self.waiting = 0
        self.most = 0
        self.failing: set[int] = set()
        self.paths: list[str] = []
        self._body = order_body

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a page."""
        if request.url.path == "/oauth/token":
            return httpx2.Response(
                200, json={"access_token": "token", "token_type": "Bearer", "expires_in": 900}
            )
        self.paths.append(request.url.path)
        offset = int(request.url.params["page-offset"])
        if offset > 0:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self.go.wait()
            self.waiting -= 1
        if offset in self.failing:
            return httpx2.Response(503)
        pagination = {
            "page-offset": offset,
            "total-items": PAGES,
            "total-pages": PAGES,
            "current-item-count": 1,
        }
        return httpx2.Response(
            200, json={"data": {"items": [self._body(id=offset + 1)]}, "pagination": pagination}
        )


@pytest.fixture
def slow(gateway: Any, order_body: Body, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Put a slow broker behind the adapter."""
    found = Slow(order_body)
    monkeypatch.setattr(gateway, "_transport", lambda: SharedTransport(httpx2.MockTransport(found.handle)))
    return found


async def test_pages_are_requested_concurrently_with_a_limit(gateway: Any, slow: Slow) -> None:
    """UNK-40: weeks of orders fit into one call's time, and the broker is not flooded.

    The answer is in the list's own order.
    """
    reading = asyncio.create_task(gateway.orders_since(date(2026, 9, 16)))
    await eventually(lambda: slow.waiting == 6, "six pages to be requested")
    slow.go.set()
    assert [int(report.order_id) for report in await reading] == list(range(1, PAGES + 1))
    assert slow.most == 6


async def test_a_failed_page_is_not_an_empty_page(gateway: Any, slow: Slow) -> None:
    """UNK-30: one page without an answer is no list at all."""
    slow.failing = {4}
    slow.go.set()
    with pytest.raises(UnavailableError):
        await gateway.orders_since(date(2026, 9, 16))


async def test_live_orders_are_read_over_all_pages(gateway: Any, slow: Slow) -> None:
    """UNK-30: the list of live orders is cut at its default length unless it is requested page by page."""
    slow.go.set()
    assert len(await gateway.live_orders()) == PAGES
    assert set(slow.paths) == {"/accounts/5WT00042/orders/live"}


class Growing:
    """A broker with a list of orders, newest first, to which each answer adds one; two orders a page."""

    def __init__(self, order_body: Body) -> None:
        """Begin with eight orders."""
        self.last = 8
        self.shrinks = False
        self._body = order_body

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a page."""
        if request.url.path == "/oauth/token":
            return httpx2.Response(
                200, json={"access_token": "token", "token_type": "Bearer", "expires_in": 900}
            )
        offset, numbers = int(request.url.params["page-offset"]), list(range(self.last, 0, -1))
        self.last += -1 if self.shrinks else 1
        items = [self._body(id=number) for number in numbers[2 * offset : 2 * offset + 2]]
        pagination = {
            "page-offset": offset,
            "total-items": len(numbers),
            "total-pages": -(-len(numbers) // 2),
            "current-item-count": len(items),
        }
        return httpx2.Response(200, json={"data": {"items": items}, "pagination": pagination})


@pytest.mark.parametrize("shrinks", [False, True])
async def test_a_list_that_grows_during_every_reading_is_read(
    gateway: Any, order_body: Body, monkeypatch: pytest.MonkeyPatch, shrinks: bool
) -> None:
    """UNK-30: what was listed at the start is read, however many orders come meanwhile.

    A list that becomes shorter may have a hole: it is no list.
    """
    found = Growing(order_body)
    monkeypatch.setattr(gateway, "_transport", lambda: SharedTransport(httpx2.MockTransport(found.handle)))
    found.shrinks, found.last = shrinks, 30 if shrinks else 8
    if shrinks:
        with pytest.raises(UnavailableError):
            await gateway.live_orders()
        return
    assert set(range(1, 9)) <= {int(report.order_id) for report in await gateway.live_orders()}


ABOUT = OptionContract(root="AAPL", expiry=date(2026, 12, 18), right=Right.CALL, strike=Decimal(200))


class Filtering:
    """A broker with an order in each of two underlyings, which understands the filter in one of the ways."""

    def __init__(self, order_body: Body, reading: str) -> None:
        """Answer by one `reading` of what the filter does."""
        self.reading = reading
        self.filters: list[str | None] = []
        self.symbols = ["AAPL  261218C00200000", "SPY   261218C00600000"]
        self._body = order_body

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a page."""
        if request.url.path == "/oauth/token":
            return httpx2.Response(
                200, json={"access_token": "token", "token_type": "Bearer", "expires_in": 900}
            )
        wanted = request.url.params.get("underlying-symbol")
        self.filters.append(wanted)
        if wanted is not None and self.reading == "refused":
            return httpx2.Response(422, json={"error": {"code": "validation_error", "message": "no"}})
        shown = {"kept": f"{wanted} ", "all hidden": "-"}.get(self.reading, "") if wanted else ""
        items = [
            self._body(id=number, leg={"symbol": each})
            for number, each in enumerate(self.symbols, 1)
            if each.startswith(shown)
        ]
        pagination = {"page-offset": 0, "total-items": len(items), "total-pages": 1}
        return httpx2.Response(200, json={"data": {"items": items}, "pagination": pagination})


@pytest.mark.parametrize(
    ("reading", "filters", "last"),
    [
        pytest.param("kept", [None, "AAPL", "AAPL"], ["1"], id="filters by underlying"),
        pytest.param("ignored", [None, "AAPL", "AAPL"], ["1", "2"], id="ignores the filter"),
        pytest.param("all hidden", [None, "AAPL", None], ["1", "2"], id="writes the underlying otherwise"),
        pytest.param("refused", [None, "AAPL", "AAPL", None], ["1", "2"], id="refuses the filter"),
    ],
)
async def test_a_filter_that_may_hide_an_order_is_not_used(
    gateway: Any,
    order_body: Body,
    monkeypatch: pytest.MonkeyPatch,
    reading: str,
    filters: list[str | None],
    last: list[str],
) -> None:
    """UNK-30: an order is looked for among those of its underlying once that list was seen to be whole."""
    broker = Filtering(order_body, reading)
    monkeypatch.setattr(gateway, "_transport", lambda: SharedTransport(httpx2.MockTransport(broker.handle)))
    day = date(2026, 9, 16)
    assert [each.order_id for each in await gateway.orders_since(day, ABOUT)] == ["1", "2"]
    assert [each.order_id for each in await gateway.orders_since(day, ABOUT)] == last
    assert broker.filters == filters


async def test_a_filter_is_not_trusted_for_what_it_never_showed(
    gateway: Any, order_body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UNK-30: while the account has no order of the root, the whole list is read."""
    broker = Filtering(order_body, "kept")
    broker.symbols = ["SPY   261218C00600000"]
    monkeypatch.setattr(gateway, "_transport", lambda: SharedTransport(httpx2.MockTransport(broker.handle)))
    for _ in range(2):
        assert len(await gateway.orders_since(date(2026, 9, 16), ABOUT)) == 1
    assert broker.filters == [None, None]
