"""Read an account for its workflow: what it can spend, what it holds, what works in it, and whether a first order may be sent."""

import asyncio

from temporalio import activity

from alert_trader import clock
from alert_trader.activities.account_client import AccountClient
from alert_trader.activities.messages import (
    ADMIT_ENTRY,
    READ_ACCOUNT,
    READ_LIVE_ORDERS,
    READ_POSITIONS,
    READ_QUOTES,
    AccountReading,
    AdmitAnswer,
)
from alert_trader.activities.preflight import preflight
from alert_trader.broker.port import BrokerFailure, OrderReader
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.contract import from_occ
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.market.trading_hours import StatedSession, stated
from alert_trader.domain.money import Usd
from alert_trader.domain.orders.order import OrderReport, Position


class AdmitActivity:
    """Asks an account whether an entry may pass that is rehearsed; a sent one asks in its sending."""

    def __init__(self, account: AccountClient) -> None:
        """Ask `account`."""
        self._account = account

    @activity.defn(name=ADMIT_ENTRY)
    async def admit_entry(self, request: AdmitRequest) -> AdmitAnswer:
        """Ask the account. Raises when it does not answer."""
        return (await self._account.ask(request)).answer


class AccountReads:
    """The questions about an account as a whole; none of them changes anything."""

    def __init__(self, reader: OrderReader, whitelist: tuple[AccountNumber, ...] | None) -> None:
        """Ask `reader`; `whitelist` None where the mode needs none."""
        self._reader = reader
        self._whitelist = whitelist

    @activity.defn(name=READ_ACCOUNT)
    async def read_account(self) -> AccountReading:
        """Read what the day begins with. Raises when the buying power was not told; a check that fails is an answer."""
        balances, checks, session = await asyncio.gather(
            self._reader.balances(), preflight(self._reader, self._whitelist), self._session()
        )
        return AccountReading(
            buying_power=Usd(balances.derivative_buying_power), checks=checks, session=session
        )

    async def _session(self) -> StatedSession | None:
        """Read which session the broker names; one that it does not tell is a check of the preflight that fails."""
        asked_at = clock.now()
        try:
            found = await self._reader.session()
        except BrokerFailure:
            return None
        return stated(asked_at, found.opens_at, found.closes_at)

    @activity.defn(name=READ_POSITIONS)
    async def read_positions(self) -> list[Position]:
        """Read every option position."""
        return await self._reader.positions()

    @activity.defn(name=READ_LIVE_ORDERS)
    async def read_live_orders(self) -> list[OrderReport]:
        """Read every order that works, ours or not."""
        return [each for each in await self._reader.live_orders() if not each.status.terminal]

    @activity.defn(name=READ_QUOTES)
    async def read_quotes(self, symbols: list[str]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts, by OCC symbol; those without one are left out."""
        return await self._reader.quotes([from_occ(symbol) for symbol in symbols])
