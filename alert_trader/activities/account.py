"""Read an account for its workflow: buying power, positions, working orders, preflight."""

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
from alert_trader.broker.port import BrokerError, OrderReader
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.contract import from_occ
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.market.trading_hours import StatedSession, stated
from alert_trader.domain.money import Usd
from alert_trader.domain.orders.order import OrderReport, Position


class AdmitActivity:
    """Asks the account to admit a dry run. An entry that is sent asks in its own activity."""

    def __init__(self, account: AccountClient) -> None:
        """Ask `account`."""
        self._account = account

    @activity.defn(name=ADMIT_ENTRY)
    async def admit_entry(self, request: AdmitRequest) -> AdmitAnswer:
        """Ask the account. Raise AccountUnreachableError when it does not answer."""
        return (await self._account.ask(request)).answer


class AccountReads:
    """The reads of an account as a whole; none of them changes anything."""

    def __init__(self, reader: OrderReader, whitelist: tuple[AccountNumber, ...] | None) -> None:
        """Read with `reader`; `whitelist` is None where the mode needs none."""
        self._reader = reader
        self._whitelist = whitelist

    @activity.defn(name=READ_ACCOUNT)
    async def read_account(self) -> AccountReading:
        """Read what the day begins with.

        Raise when the buying power could not be read; a failed check is an answer.
        """
        balances, checks, session = await asyncio.gather(
            self._reader.balances(), preflight(self._reader, self._whitelist), self._session()
        )
        return AccountReading(
            buying_power=Usd(balances.derivative_buying_power), checks=checks, session=session
        )

    async def _session(self) -> StatedSession | None:
        """Read the session that the broker names; None when it did not answer, which fails the preflight."""
        asked_at = clock.now()
        try:
            found = await self._reader.session()
        except BrokerError:
            return None
        return stated(asked_at, found.opens_at, found.closes_at)

    @activity.defn(name=READ_POSITIONS)
    async def read_positions(self) -> list[Position]:
        """Read every option position."""
        return await self._reader.positions()

    @activity.defn(name=READ_LIVE_ORDERS)
    async def read_live_orders(self) -> list[OrderReport]:
        """Read every working order, foreign ones included."""
        return [each for each in await self._reader.live_orders() if not each.status.terminal]

    @activity.defn(name=READ_QUOTES)
    async def read_quotes(self, symbols: list[str]) -> dict[str, Quote]:
        """Read the quotes of up to 100 contracts, by OCC symbol; those without one are left out."""
        return await self._reader.quotes([from_occ(symbol) for symbol in symbols])
