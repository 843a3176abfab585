"""Tastytrade behind the port: the only place, with the modules named after it, that imports the SDK.

`TastytradeReader` asks; `TastytradeGateway` can also send. Every call as a whole takes at most `call_timeout`, however slowly an answer
drips. Connections are kept for five seconds: a check and the order that follows it share one, and none is idle for so long that
the far side may have dropped it, because a request on such a connection fails in a way that says nothing about whether it arrived.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any
from urllib.parse import quote as in_path
from zoneinfo import ZoneInfo

import httpx2
from pydantic import ValidationError

from alert_trader import clock
from alert_trader.broker.port import (
    NOT_SENT,
    AccountStatus,
    Balances,
    ChainGap,
    MarketSession,
    OutcomeUnknown,
    Refused,
    Still,
    Unavailable,
    always,
)
from alert_trader.broker.tastytrade import answers
from alert_trader.broker.tastytrade import chain as chains
from alert_trader.broker.tastytrade.bodies import UnreadableError, order_json, order_report
from alert_trader.broker.tastytrade.errors import cancel_refusal, error_of, refusal
from alert_trader.broker.tastytrade.session import Answer, Line, LineError, LostError, NotSentError
from alert_trader.broker.tastytrade.stream import follow
from alert_trader.broker.tastytrade.transport import RedirectTransport, SharedTransport
from alert_trader.domain.ids import AccountNumber, OrderId
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import Listing, Quote
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport, Position

CALL_TIMEOUT = timedelta(seconds=4)
"""Below the SDK's five seconds, and well below any activity's own deadline."""

KEEPALIVE_SECONDS = 5.0
"""See above."""

CHAIN_AGE = timedelta(minutes=5)
"""A chain changes over night, and new strikes are listed during the day; a contract that is missed is always looked for again."""

PAGE = 200
"""Orders a page: the longest that is documented, though for the list of today's orders only."""

SAFE_PAGE = 50
"""Orders a page where the broker refuses longer ones: what the SDK asks for, and the documentation's example shows."""

PAGES_AT_ONCE = 6
"""Pages asked for together once the first has said how many there are: weeks of orders must fit into one call's time, since an order
is looked for before it is sent; few enough not to look like an attack."""

READINGS = 3
"""Times a list of many pages is read before it is given up for changing under the reader."""

_NEW_YORK = ZoneInfo("America/New_York")


class TastytradeReader:
    """An `OrderReader` over the SDK's session. Nothing is dialled before the first call; `aclose` ends it."""

    def __init__(
        self,
        *,
        client_secret: str,
        refresh_token: str,
        account: str,
        is_test: bool,
        venue_url: str | None = None,
        call_timeout: timedelta = CALL_TIMEOUT,
    ) -> None:
        """Take the credentials, the account, and where to go: the sandbox when `is_test`, a local venue when `venue_url` is given."""
        if not client_secret or not refresh_token or not account:
            # the SDK would take empty ones from the environment
            raise ValueError(
                "expected a client secret, a refresh token and an account number, found an empty one"
            )
        self._account = AccountNumber(account)
        self._call_timeout = call_timeout
        self._venue_url = venue_url
        self._credentials = {"client_secret": client_secret, "refresh_token": refresh_token}
        self._is_test = is_test
        self._opened: tuple[Line, SharedTransport] | None = None
        self._page_size = PAGE
        self._chains: dict[str, tuple[float, date, tuple[chains.Series, ...]]] = {}

    @property
    def account(self) -> AccountNumber:
        """The account every call is about."""
        return self._account

    @property
    def call_timeout(self) -> timedelta:
        """The longest one call may take."""
        return self._call_timeout

    async def aclose(self) -> None:
        """Close every connection; the next call would open new ones."""
        if self._opened is not None:
            (_, transport), self._opened = self._opened, None
            await transport.shutdown()

    async def status(self) -> AccountStatus:
        """Read what the account may do."""
        async with self._reading():
            owner = await self._get(f"/customers/me/accounts/{self._account}")
            trading = await self._get(f"/accounts/{self._account}/trading-status")
            return answers.account_status(owner.data or {}, trading.data or {})

    async def authority(self) -> str:
        """Read what the credentials may do in the account, in the broker's word; empty when they do not reach it."""
        async with self._reading():
            return answers.authority((await self._get("/customers/me/accounts")).items or [], self._account)

    async def clock(self) -> datetime | None:
        """Read the broker's clock from the head of an answer."""
        async with self._reading():
            answer = await self._get(
                "/market-time/sessions/current", {"instrument-collections[]": ["Equity"]}
            )
            return None if answer.date is None else parsedate_to_datetime(answer.date)

    async def balances(self) -> Balances:
        """Read what the account can spend."""
        async with self._reading():
            return answers.balances((await self._get(f"/accounts/{self._account}/balances/USD")).data or {})

    async def session(self) -> MarketSession:
        """Read whether the market is open."""
        async with self._reading():
            answer = await self._get(
                "/market-time/sessions/current", {"instrument-collections[]": ["Equity"]}
            )
            return answers.market_session(answer.items or [], clock.now())

    async def listing(self, contract: OptionContract) -> Listing | ChainGap:
        """Confirm a contract on the chain; a miss is looked for once more in a chain read now."""
        name = contract.underlying
        async with self._reading():
            today = clock.now().astimezone(_NEW_YORK).date()
            kept = self._chains.get(name)
            if kept is not None and kept[1] == today and monotonic() - kept[0] < CHAIN_AGE.total_seconds():
                found = chains.find(contract, kept[2])
                if isinstance(found, Listing):
                    return found
            series = await self._chain(name)
            self._chains[name] = (monotonic(), today, series)
            return chains.find(contract, series)

    async def quote(self, contract: OptionContract) -> Quote | None:
        """Read the contract's quote now; None when the broker has none, or only one side of it."""
        return (await self.quotes([contract])).get(contract.occ_symbol)

    async def quotes(self, contracts: Sequence[OptionContract]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts at once, by OCC symbol; those without one are left out."""
        symbols = [contract.occ_symbol for contract in contracts]
        async with self._reading():
            answer = await self._get("/market-data/by-type", {"equity-option": symbols})
            if answer.items is None:
                raise UnreadableError(f"expected a list of quotes, found {answer}")
            found = {symbol: answers.quote(answer.items, symbol) for symbol in symbols}
            return {symbol: each for symbol, each in found.items() if each is not None}

    async def check(self, intent: OrderIntent) -> FeeEstimate:
        """Ask the broker's dry-run what the order would cost."""
        async with self._reading():
            answer = await self._line().ask(
                "POST", f"/accounts/{self._account}/orders/dry-run", content=order_json(intent)
            )
            if not answer.ok:
                raise refusal(answer) or Unavailable(f"the dry-run was not answered: {answer}")
            errors = (answer.data or {}).get("errors")
            if isinstance(errors, list) and errors:
                first = errors[0] if isinstance(errors[0], dict) else {}
                raise Refused(
                    str(first.get("code", "dry_run_error")),
                    str(first.get("message", errors[0])),
                    status=answer.status,
                )
            return answers.fee_estimate(answer.data or {})

    async def order(self, order_id: OrderId) -> OrderReport | None:
        """Read one order; None only when the broker says it has no such order."""
        async with self._reading():
            answer = await self._line().ask("GET", self._order_path(order_id))
            if (
                answer.status == httpx2.codes.NOT_FOUND
                and (error_of(answer) or ("",))[0] == "record_not_found"
            ):
                return None
            report = order_report(_success(answer).data)
            if report.order_id != order_id:
                raise UnreadableError(f"expected order {order_id}, found order {report.order_id}")
            return report

    async def orders_since(self, day: date) -> list[OrderReport]:
        """Read every order received on or after `day`, over all pages, or raise: never a part of them."""
        return await self._orders("", {"start-date": day.isoformat()})

    async def live_orders(self) -> list[OrderReport]:
        """Read every order that works, and whatever else changed today, over all pages, or raise."""
        return await self._orders("/live", {})

    async def positions(self) -> list[Position]:
        """Read every option position held."""
        async with self._reading():
            return answers.option_positions(await self._get(f"/accounts/{self._account}/positions"))

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[OrderReport]]:
        """Subscribe to the account's order reports; see `alert_trader.broker.tastytrade.stream`."""
        return follow(self._line(), self._account, seconds=self._call_timeout.total_seconds())

    async def _orders(self, which: str, params: dict[str, str]) -> list[OrderReport]:
        async with self._reading():
            for _ in range(READINGS):
                reports = await self._all_pages(which, params)
                if reports is not None:
                    return reports
            raise UnreadableError(
                f"expected the list of orders to stand still for one reading, found it changed in all of {READINGS}"
            )

    async def _all_pages(self, which: str, params: dict[str, str]) -> list[OrderReport] | None:
        """Read all pages, or None when the list changed meanwhile: an order that comes or goes moves others across page ends."""
        at_once = asyncio.Semaphore(PAGES_AT_ONCE)

        async def page(offset: int) -> tuple[list[Any], int, int]:
            async with at_once:
                return answers.page_of(await self._page(which, params, offset), offset)

        first = await page(0)
        others = [asyncio.create_task(page(offset)) for offset in range(1, first[2])]
        try:
            read = [first, *await asyncio.gather(*others)]
        finally:
            for each in others:
                each.cancel()
        found = {report.order_id: report for items, _, _ in read for report in map(order_report, items)}
        return list(found.values()) if {total for _, total, _ in read} == {len(found)} else None

    async def _page(self, which: str, params: dict[str, str], offset: int) -> Answer:
        paged: dict[str, str | list[str]] = {
            **params,
            "per-page": str(self._page_size),
            "page-offset": str(offset),
        }
        answer = await self._line().ask("GET", f"/accounts/{self._account}/orders{which}", params=paged)
        if answer.status in {400, 422} and self._page_size > SAFE_PAGE:
            self._page_size = SAFE_PAGE
            return await self._page(which, params, offset)
        return _success(answer)

    async def _chain(self, underlying: str) -> tuple[chains.Series, ...]:
        path = f"/option-chains/{in_path(underlying.replace('.', '/'), safe='')}/nested"
        answer = await self._line().ask("GET", path)
        if answer.status == httpx2.codes.NOT_FOUND and error_of(answer) is not None:
            return ()
        try:
            return chains.series_of(chains.ChainBody.model_validate(_success(answer).data))
        except ValueError as error:
            text = (
                error.errors(include_input=False, include_url=False)[0]["msg"]
                if isinstance(error, ValidationError)
                else str(error)
            )
            raise UnreadableError(f"expected the option chain of {underlying}, found {text}") from None

    def _line(self) -> Line:
        if self._opened is None:
            transport = self._transport()
            line = Line(
                **self._credentials,
                is_test=self._is_test,
                seconds=self._call_timeout.total_seconds(),
                transport=transport,
            )
            self._opened = (line, transport)
        return self._opened[0]

    def _transport(self) -> SharedTransport:
        limits = httpx2.Limits(keepalive_expiry=KEEPALIVE_SECONDS)
        if self._venue_url is None:
            return SharedTransport(httpx2.AsyncHTTPTransport(limits=limits))
        return RedirectTransport(self._venue_url, httpx2.AsyncHTTPTransport(limits=limits))

    def _order_path(self, order_id: OrderId) -> str:
        return f"/accounts/{self._account}/orders/{in_path(order_id, safe='')}"

    async def _get(self, path: str, params: dict[str, str | list[str]] | None = None) -> Answer:
        return _success(await self._line().ask("GET", path, params=params))

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[None]:
        """Bound a read as a whole, and make everything that fails in it `Unavailable`."""
        try:
            async with asyncio.timeout(self._call_timeout.total_seconds()):
                yield
        except TimeoutError:
            raise Unavailable(f"no complete answer within {self._call_timeout.total_seconds():g} s") from None
        except (LineError, UnreadableError) as error:
            raise Unavailable(str(error)) from error


class TastytradeGateway(TastytradeReader):
    """An `OrderGateway`: a reader that can also send. Nothing is ever sent twice but after a 401, which proves non-acceptance."""

    async def place(self, intent: OrderIntent, still: Still = always) -> OrderReport:
        """Send an order once.

        `Refused` with the code `NOT_SENT` means that no byte of it left: there was no connection or no access token, or `still` said no.
        """
        content = order_json(intent)
        try:
            answer = await self._line().ask(
                "POST", f"/accounts/{self._account}/orders", content=content, still=still
            )
        except NotSentError as error:
            raise Refused(NOT_SENT, str(error)) from error
        except LostError as error:
            raise OutcomeUnknown(str(error)) from error
        if not answer.ok:
            raise refusal(answer) or OutcomeUnknown(
                f"the answer does not say whether the order was taken: {answer}"
            )
        return _accepted(answer, intent)

    async def cancel(self, order_id: OrderId) -> None:
        """Ask for an order's cancellation once."""
        try:
            answer = await self._line().ask("DELETE", self._order_path(order_id))
        except LineError as error:
            raise OutcomeUnknown(str(error)) from error
        if not answer.ok:
            raise cancel_refusal(answer) or OutcomeUnknown(
                f"the answer does not say whether the order will be cancelled: {answer}"
            )
        if answer.json is None:
            raise OutcomeUnknown(f"expected the order that is being cancelled, found {answer}")


def _accepted(answer: Answer, intent: OrderIntent) -> OrderReport:
    """Read the order that an acceptance echoes; anything that does not show it leaves the outcome unknown."""
    data: dict[str, Any] = answer.data or {}
    try:
        report = order_report(data.get("order"))
    except UnreadableError as error:
        raise OutcomeUnknown(
            f"the order may have been taken, but the answer does not show it: {error}"
        ) from error
    if report.client_order_id not in {None, intent.client_order_id}:
        raise OutcomeUnknown(
            f"expected order {intent.client_order_id}, found {report.client_order_id} in the answer"
        )
    # the answer is to our request, whether or not it echoes our name
    return report if report.client_order_id else replace(report, client_order_id=intent.client_order_id)


def _success(answer: Answer) -> Answer:
    if not answer.ok:
        raise UnreadableError(f"expected an answer, found {answer}")
    return answer
