"""The Tastytrade adapter behind the port.

`TastytradeReader` reads; `TastytradeGateway` can also send. Every call takes at most `call_timeout` as a
whole. Connections are kept alive for five seconds: long enough for a check and the order after it, too short
for the broker to drop an idle one. A request on a dropped connection fails without showing whether it
arrived.
"""

import asyncio
import functools
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
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
    MaySend,
    OutcomeUnknownError,
    RejectedError,
    UnavailableError,
    always_send,
)
from alert_trader.broker.tastytrade import answers, transactions
from alert_trader.broker.tastytrade import chain as chains
from alert_trader.broker.tastytrade.bodies import UnreadableBodyError, order_json, order_report
from alert_trader.broker.tastytrade.errors import cancel_rejection, checked, error_of, is_missing, rejection
from alert_trader.broker.tastytrade.limiter import RequestLimiter, Urgency
from alert_trader.broker.tastytrade.order_pages import OrderPages, OrdersOfUnderlying
from alert_trader.broker.tastytrade.session import (
    Answer,
    NoResponseError,
    NotSentError,
    Params,
    RequestError,
    TastytradeSession,
)
from alert_trader.broker.tastytrade.shared_reads import QuoteBatches, Sent, SharedRead
from alert_trader.broker.tastytrade.stream import follow
from alert_trader.broker.tastytrade.transport import RedirectTransport, SharedTransport
from alert_trader.domain.account.clocks import ClockComparison, Offset
from alert_trader.domain.execution.expiration import Removal
from alert_trader.domain.ids import AccountNumber, OrderId
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import Listing, Quote
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport, Position, Side

CALL_TIMEOUT = timedelta(seconds=4)
"""Below the SDK's five seconds, and well below every activity's timeout."""

KEEPALIVE_SECONDS = 5.0
"""See the module's docstring."""

CHAIN_AGE = timedelta(minutes=5)
"""How long a chain is cached. New strikes are listed during the day, so a contract not found is looked up
again."""

ORDER_VERSION = "20261012"
"""The version of the order API that this adapter is written for."""

_NEW_YORK = ZoneInfo("America/New_York")


class TastytradeReader:
    """An `OrderReader` over the SDK's session. It connects at the first call; `aclose` closes it."""

    def __init__(
        self,
        *,
        client_secret: str,
        refresh_token: str,
        account: str,
        is_test: bool,
        venue_url: str | None = None,
        call_timeout: timedelta = CALL_TIMEOUT,
        order_version: str | None = ORDER_VERSION,
        limiter: RequestLimiter | None = None,
    ) -> None:
        """Store credentials and account. `is_test` selects the sandbox, `venue_url` a simulated venue.

        `order_version` is the version of the order API to request, None to name none. Adapters of one account
        share a `limiter`.
        """
        if not client_secret or not refresh_token or not account:
            # the SDK would read empty ones from the environment
            raise ValueError(
                "expected a client secret, a refresh token and an account number, found an empty one"
            )
        self._account = AccountNumber(account)
        self._call_timeout = call_timeout
        self._venue_url = venue_url
        self._credentials = {"client_secret": client_secret, "refresh_token": refresh_token}
        self._is_test = is_test
        self._order_version = order_version
        self._connected: tuple[TastytradeSession, SharedTransport] | None = None
        self._pages = OrderPages(self._order_page)
        self._of_underlying = OrdersOfUnderlying(functools.partial(self._pages.read, ""))
        self._clocks = ClockComparison()
        self._chains: dict[str, tuple[date, SharedRead[tuple[chains.Series, ...]]]] = {}
        self._limiter = limiter or RequestLimiter()
        self._shared_status = SharedRead(self._read_status)
        self._shared_session = SharedRead(self._read_session)
        self._shared_balances = SharedRead(self._read_balances)
        self._shared_positions = SharedRead(self._read_positions)
        self._quotes = QuoteBatches(self._read_quotes)

    @property
    def account(self) -> AccountNumber:
        """The account number that every call uses."""
        return self._account

    @property
    def call_timeout(self) -> timedelta:
        """The longest that one call may take."""
        return self._call_timeout

    @property
    def clock_offset(self) -> Offset | None:
        """The clock of this machine minus that of the broker, by the Date of every answer."""
        return self._clocks.offset(clock.now(), clock.steady())

    async def aclose(self) -> None:
        """Close all connections; the next call opens new ones."""
        if self._connected is not None:
            (_, transport), self._connected = self._connected, None
            await transport.shutdown()

    async def status(self) -> AccountStatus:
        """Read type, options level and restrictions of the account."""
        async with self._bounded_read():
            return await self._shared_status.get(self._limiter.read_age)

    async def authority(self) -> str:
        """Read the broker's authority level of the credentials in the account; empty without access to it."""
        async with self._bounded_read():
            return answers.authority((await self._get("/customers/me/accounts")).items or [], self._account)

    async def clock(self) -> datetime | None:
        """Read the broker's clock from the Date header of an answer."""
        async with self._bounded_read():
            answer = await self._get(
                "/market-time/sessions/current", {"instrument-collections[]": ["Equity"]}
            )
            return None if answer.date is None else parsedate_to_datetime(answer.date)

    async def balances(self) -> Balances:
        """Read cash and buying power."""
        async with self._bounded_read():
            return await self._shared_balances.get(self._limiter.read_age)

    async def session(self) -> MarketSession:
        """Read the market session."""
        async with self._bounded_read():
            return await self._shared_session.get(self._limiter.read_age)

    async def listing(self, contract: OptionContract) -> Listing | ChainGap:
        """Look a contract up in the cached chain, and if it is not there, in a new one."""
        name = contract.underlying
        async with self._bounded_read():
            today = clock.now().astimezone(_NEW_YORK).date()
            if name not in self._chains or self._chains[name][0] != today:
                self._chains[name] = (today, SharedRead(functools.partial(self._chain, name)))
            chain = self._chains[name][1]
            kept = chain.kept(CHAIN_AGE.total_seconds())
            found = None if kept is None else chains.find(contract, kept)
            if isinstance(found, Listing):
                return found
            age = CHAIN_AGE if kept is None else timedelta(0)
            return chains.find(contract, await chain.get(age.total_seconds()))

    async def quote(self, contract: OptionContract) -> Quote | None:
        """Read the contract's quote; None when the broker has none, or one side only."""
        return (await self.quotes([contract])).get(contract.occ_symbol)

    async def quotes(self, contracts: Sequence[OptionContract]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts, by OCC symbol; contracts without a quote are left out."""
        symbols = [contract.occ_symbol for contract in contracts]
        async with self._bounded_read():
            answer = _success(await self._quotes.get(symbols))
            if answer.items is None:
                raise UnreadableBodyError(f"expected a list of quotes, found {answer}")
            return answers.quotes(answer.items, symbols)

    async def check(self, intent: OrderIntent) -> FeeEstimate:
        """Read the order's costs from the broker's dry-run."""
        async with self._bounded_read():
            answer = await self._session().send(
                "POST", f"/accounts/{self._account}/orders/dry-run", content=order_json(intent)
            )
            return answers.fee_estimate(checked(answer))

    async def order(self, order_id: OrderId) -> OrderReport | None:
        """Read one order; None only when the broker states that it has no such order."""
        async with self._bounded_read():
            answer = await self._session().send("GET", self._order_path(order_id))
            if is_missing(answer):
                return None
            report = order_report(_order_in(_success(answer).data))
            if report.order_id != order_id:
                raise UnreadableBodyError(f"expected order {order_id}, found order {report.order_id}")
            return report

    async def orders_since(self, day: date, about: OptionContract | None = None) -> list[OrderReport]:
        """Read every order received on or after `day`, over all pages; never a part of them.

        `about`: those in contracts of its root suffice.
        """
        params = {"start-date": day.isoformat()}
        if about is None:
            return await self._orders("", params)
        async with self._bounded_read():
            return await self._of_underlying.read(params, about, clock.now().astimezone(_NEW_YORK).date())

    async def live_orders(self) -> list[OrderReport]:
        """Read every working order, and others that changed today, over all pages; never a part of them."""
        return await self._orders("/live", {})

    async def positions(self) -> list[Position]:
        """Read every option position."""
        async with self._bounded_read():
            return await self._shared_positions.get()

    async def removals(self, contract: OptionContract, since: date) -> list[Removal]:
        """Read how contracts were removed from the account at expiration, on or after `since`."""
        params: dict[str, str | list[str]] = {
            "symbol": contract.occ_symbol,
            "start-date": since.isoformat(),
            "per-page": "250",
        }
        async with self._bounded_read():
            return transactions.removals(
                await self._get(f"/accounts/{self._account}/transactions", params), contract
            )

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[OrderReport]]:
        """Subscribe to the account's order reports; see `alert_trader.broker.tastytrade.stream`."""
        return follow(self._session(), self._account, seconds=self._call_timeout.total_seconds())

    async def _read_status(self, sent: Sent) -> AccountStatus:
        owner = await self._get(f"/customers/me/accounts/{self._account}", _when_sent(sent))
        trading = await self._get(f"/accounts/{self._account}/trading-status")
        return answers.account_status(owner.data or {}, trading.data or {})

    async def _read_session(self, sent: Sent) -> MarketSession:
        answer = await self._get(
            "/market-time/sessions/current", _when_sent(sent, {"instrument-collections[]": ["Equity"]})
        )
        return answers.market_session(answer.items or [], clock.now())

    async def _read_balances(self, sent: Sent) -> Balances:
        answer = await self._get(f"/accounts/{self._account}/balances/USD", _when_sent(sent))
        return answers.balances(answer.data or {})

    async def _read_positions(self, sent: Sent) -> list[Position]:
        return answers.option_positions(
            await self._get(f"/accounts/{self._account}/positions", _when_sent(sent))
        )

    async def _read_quotes(self, symbols: Callable[[], list[str]]) -> Answer:
        return await self._session().send(
            "GET", "/market-data/by-type", params=lambda: {"equity-option": symbols()}
        )

    async def _orders(self, which: str, params: dict[str, str]) -> list[OrderReport]:
        async with self._bounded_read():
            return await self._pages.read(which, params)

    async def _order_page(self, which: str, params: Params) -> Answer:
        return await self._session().send("GET", f"/accounts/{self._account}/orders{which}", params=params)

    async def _chain(self, underlying: str, sent: Sent) -> tuple[chains.Series, ...]:
        path = f"/option-chains/{in_path(underlying.replace('.', '/'), safe='')}/nested"
        answer = await self._session().send("GET", path, params=_when_sent(sent))
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
            raise UnreadableBodyError(f"expected the option chain of {underlying}, found {text}") from None

    def _session(self) -> TastytradeSession:
        if self._connected is None:
            transport = self._transport()
            session = TastytradeSession(
                **self._credentials,
                is_test=self._is_test,
                seconds=self._call_timeout.total_seconds(),
                transport=transport,
                clocks=self._clocks,
                limiter=self._limiter,
                order_version=self._order_version,
            )
            self._connected = (session, transport)
        return self._connected[0]

    def _transport(self) -> SharedTransport:
        limits = httpx2.Limits(keepalive_expiry=KEEPALIVE_SECONDS)
        inner = httpx2.AsyncHTTPTransport(verify=_certificates(), limits=limits)
        return (
            SharedTransport(inner) if self._venue_url is None else RedirectTransport(self._venue_url, inner)
        )

    def _order_path(self, order_id: OrderId) -> str:
        return f"/accounts/{self._account}/orders/{in_path(order_id, safe='')}"

    async def _get(self, path: str, params: Params | Callable[[], Params] | None = None) -> Answer:
        return _success(await self._session().send("GET", path, params=params))

    def _forget(self) -> None:
        """Use no earlier balances again: an order is being sent or cancelled."""
        self._shared_balances.forget()

    @asynccontextmanager
    async def _bounded_read(self) -> AsyncGenerator[None]:
        """Apply the timeout to a whole read, and raise every failure in it as `UnavailableError`."""
        try:
            async with asyncio.timeout(self._call_timeout.total_seconds()):
                yield
        except TimeoutError:
            raise UnavailableError(
                f"no complete answer within {self._call_timeout.total_seconds():g} s"
            ) from None
        except (RequestError, UnreadableBodyError) as error:
            raise UnavailableError(str(error)) from error


class TastytradeGateway(TastytradeReader):
    """An `OrderGateway`. A request is sent twice only after a 401, which proves that it was not accepted."""

    async def place(self, intent: OrderIntent, may_send: MaySend = always_send) -> OrderReport:
        """Send an order once.

        `RejectedError` with the code `NOT_SENT`: no byte was sent, for lack of a connection or token, or
        by `may_send`.
        """
        urgency = Urgency.BUYS if intent.side is Side.BUY_TO_OPEN else Urgency.PROTECTS
        path = f"/accounts/{self._account}/orders"
        data = await self._change("POST", path, order_json(intent), may_send, what="order", urgency=urgency)
        return _accepted(data, intent)

    async def cancel(self, order_id: OrderId) -> None:
        """Request the cancellation of an order once."""
        answer = await self._request_cancel(self._order_path(order_id), "order")
        if answer.json is None:
            raise OutcomeUnknownError(f"expected the order that is being cancelled, found {answer}")

    async def _change(
        self,
        method: str,
        path: str,
        content: str,
        may_send: MaySend,
        *,
        what: str = "request",
        urgency: Urgency | None = None,
    ) -> dict[str, Any]:
        """Send a changing request once, and return the data of its acceptance; see `place`."""
        self._forget()
        try:
            answer = await self._session().send(
                method, path, content=content, may_send=may_send, urgency=urgency
            )
        except NotSentError as error:
            raise RejectedError(NOT_SENT, str(error)) from error
        except NoResponseError as error:
            raise OutcomeUnknownError(str(error)) from error
        if not answer.ok:
            raise rejection(answer) or OutcomeUnknownError(
                f"the answer does not show whether the {what} was accepted: {answer}"
            )
        return answer.data or {}

    async def _request_cancel(self, path: str, what: str) -> Answer:
        """Request a cancellation once, and return the answer that takes it."""
        self._forget()
        try:
            answer = await self._session().send("DELETE", path)
        except RequestError as error:
            raise OutcomeUnknownError(str(error)) from error
        if not answer.ok:
            raise cancel_rejection(answer) or OutcomeUnknownError(
                f"the answer does not show whether the {what} will be cancelled: {answer}"
            )
        return answer


def _accepted(data: dict[str, Any], intent: OrderIntent) -> OrderReport:
    """Parse the order in an acceptance; without it the outcome is unknown."""
    try:
        report = order_report(_order_in(data))
    except UnreadableBodyError as error:
        raise OutcomeUnknownError(
            f"the order may have been accepted, but the answer does not show it: {error}"
        ) from error
    if report.client_order_id not in {None, intent.client_order_id}:
        raise OutcomeUnknownError(
            f"expected order {intent.client_order_id}, found {report.client_order_id} in the answer"
        )
    # the answer is to our request, whether or not it repeats our client order id
    return report if report.client_order_id else replace(report, client_order_id=intent.client_order_id)


def _when_sent(sent: Sent, given: Params | None = None) -> Callable[[], Params]:
    """Return a request's parameters as a function, which calls `sent` when they are needed."""

    def params() -> Params:
        sent()
        return given or {}

    return params


def _order_in(data: dict[str, Any] | None) -> Any:
    """Return the order in an answer: the broker puts one under `order`, or directly under `data`."""
    found = None if data is None else data.get("order")
    return found if isinstance(found, dict) else data


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Load the trusted certificates, once a process: that takes some 50 ms."""
    return httpx2.create_ssl_context()


def _success(answer: Answer) -> Answer:
    if not answer.ok:
        raise UnreadableBodyError(f"expected an answer, found {answer}")
    return answer
