"""Read a list of orders over all its pages, while it may change."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from alert_trader.broker.tastytrade import answers
from alert_trader.broker.tastytrade.bodies import UnreadableBodyError, order_report
from alert_trader.broker.tastytrade.session import Answer, Params, RequestError
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.orders.order import OrderReport

PAGE = 200
"""Orders per page: the documented maximum, though for the list of today's orders only."""

SAFE_PAGE = 50
"""Orders per page where the broker rejects longer ones: the value of the SDK and of the documentation's
example."""

PAGES_AT_ONCE = 6
"""Pages requested at once after the first. Weeks of orders must be read within one call's timeout, since an
order is looked up before it is sent; and the broker must not take the burst for an attack."""

READINGS = 2
"""How often a list that changed during the reading is read with several pages at once; then page by page."""

PROOF_WITHIN = 1
"""Seconds for the reading that shows whether a filter can be trusted: an order may be waiting for it."""

_Page = tuple[list[Any], int, int]
_REJECTED = frozenset({400, 422})


class OrderPages:
    """The lists of orders of one account."""

    def __init__(self, get: Callable[[str, Params], Awaitable[Answer]]) -> None:
        """Read with `get`, which takes the list (`/live`, or nothing) and the parameters."""
        self._get = get
        self._page_size = PAGE

    async def read(self, which: str, params: dict[str, str]) -> list[OrderReport]:
        """Read all pages; never a part of them. Raises `UnreadableBodyError`."""
        for _ in range(READINGS):
            reports = await self._at_once(which, params)
            if reports is not None:
                return reports
        return await self._one_by_one(which, params)

    async def _at_once(self, which: str, params: dict[str, str]) -> list[OrderReport] | None:
        """Read all pages; None when the list changed meanwhile: a new order moves others to the next page."""
        at_once = asyncio.Semaphore(PAGES_AT_ONCE)

        async def page(offset: int) -> _Page:
            async with at_once:
                return await self._page(which, params, offset)

        first = await page(0)
        others = [asyncio.create_task(page(offset)) for offset in range(1, first[2])]
        try:
            read = [first, *await asyncio.gather(*others)]
        finally:
            for each in others:
                each.cancel()
        found = _reports([item for items, _, _ in read for item in items])
        return list(found.values()) if {total for _, total, _ in read} == {len(found)} else None

    async def _one_by_one(self, which: str, params: dict[str, str]) -> list[OrderReport]:
        """Read page after page of a list that new orders keep changing.

        A new order moves those not yet read to later pages, and never before the page just read; so all that
        was listed at the start is read, some of it twice. A list that became shorter is not read.
        """
        items, total, pages = await self._page(which, params, 0)
        first_total, offset = total, 0
        while offset + 1 < pages:
            offset += 1
            more, now, pages = await self._page(which, params, offset)
            if now < total:
                raise UnreadableBodyError(f"the list of orders went from {total} to {now} while it was read")
            items, total = items + more, now
        found = _reports(items)
        if len(found) < first_total:
            raise UnreadableBodyError(
                f"expected the {first_total} orders of the list, found {len(found)} on its pages"
            )
        return list(found.values())

    async def _page(self, which: str, params: dict[str, str], offset: int) -> _Page:
        paged: Params = {**params, "per-page": str(self._page_size), "page-offset": str(offset)}
        answer = await self._get(which, paged)
        if answer.status in _REJECTED and self._page_size > SAFE_PAGE:
            self._page_size = SAFE_PAGE
            return await self._page(which, params, offset)
        if not answer.ok:
            raise UnreadableBodyError(f"expected a page of orders, found {answer}")
        return answers.page_of(answer, offset)


class OrdersOfUnderlying:
    """Reads the orders of one underlying where the broker's filter is proven to leave none of them out.

    How the broker writes the underlying in it is not documented for every class, and an order that it hides
    would count as absent. So the filter is used for a root on the New York day on which a whole list had
    orders of that root and the filtered one had them all; until then the whole list is read.
    """

    def __init__(self, read: Callable[[dict[str, str]], Awaitable[list[OrderReport]]]) -> None:
        """Read lists with `read`, which takes their parameters."""
        self._read = read
        self._proven: dict[str, date] = {}
        self._failed: dict[str, date] = {}

    async def read(self, params: dict[str, str], contract: OptionContract, today: date) -> list[OrderReport]:
        """Read at least every order in contracts of this one's root."""
        root, filtered = contract.root, {**params, "underlying-symbol": contract.underlying}
        if self._proven.get(root) == today:
            return await self._read(filtered)
        found = await self._read(params)
        mine = {each.order_id for each in found if each.symbol[:6].rstrip() == root}
        if mine and self._failed.get(root) != today:
            known = self._proven if mine <= await self._ids(filtered) else self._failed
            known[root] = today
        return found

    async def _ids(self, params: dict[str, str]) -> set[str]:
        """Return the ids of a list; none when it cannot be read in time."""
        with contextlib.suppress(TimeoutError, UnreadableBodyError, RequestError):
            async with asyncio.timeout(PROOF_WITHIN):
                return {str(each.order_id) for each in await self._read(params)}
        return set()


def _reports(items: list[Any]) -> dict[str, OrderReport]:
    # of an order that was read twice the later reading counts
    return {report.order_id: report for report in map(order_report, items)}
