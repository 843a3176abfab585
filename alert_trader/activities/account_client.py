"""How activities ask the account's workflow.

Every question has a timeout; no answer never counts as a yes.
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.activities.messages import ADMIT_SIGNAL, DAY_QUERY, AdmitAnswer, AdmitQuestion, DayAnswer
from alert_trader.activities.receipts import NoReceiptError, ReceiptFollower
from alert_trader.domain.account.account import ADMISSION_VALIDITY
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.domain.market.calendar import eastern, new_york_date
from alert_trader.domain.money import Usd

ASK_WITHIN = timedelta(seconds=3)
"""The longest wait for an answer. It takes about 10 ms; a killed worker is replaced within 2 s."""


class AccountUnreachableError(AlertTraderError):
    """The account's workflow did not answer in time; the message says what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionGrant:
    """The account's answer to an order, and how long it is valid."""

    answer: AdmitAnswer
    until: float
    """By this machine's steady clock: `ADMISSION_VALIDITY` after the question."""

    @property
    def holds(self) -> bool:
        """Whether the order may still be sent on it."""
        return clock.steady() < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitch:
    """A switch that stops entries without Temporal: a file that exists, or a setting of this process."""

    file: Path | None = None
    always: bool = False

    @property
    def now(self) -> bool:
        """Whether no entry may be sent."""
        return self.always or (self.file is not None and self.file.exists())

    def __str__(self) -> str:
        """Return what stops entries."""
        return "TRADER_STOP is set" if self.always else f"the stop file {self.file} exists"

    @property
    def stopping(self) -> str | None:
        """What stops entries now, since when, and how to end it; None when it is off."""
        if self.always:
            return f"{self}: unset it and restart the worker"
        if self.file is None:
            return None
        try:
            since = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        except OSError as error:
            # a file that cannot be looked at may be there
            return f"the stop file {self.file} cannot be checked ({error.strerror}): it may stop entries"
        return f"{self} since {eastern(since, '%Y-%m-%d %H:%M')}: delete it to trade"


class AccountClient:
    """Asks one account's workflow."""

    def __init__(self, client: Client, account: AccountNumber) -> None:
        """Ask through `client`."""
        self._handle = client.get_workflow_handle(account_workflow_id(account))
        self._account = account
        self._follower = ReceiptFollower(client, account_workflow_id(account))
        self._known: tuple[date, Usd] | None = None

    async def reference(self) -> Usd | None:
        """Return the day's reference buying power, or None while the account has none yet.

        Raise AccountUnreachableError.

        It is fixed for the day once the session has begun, so it is read once a day.
        """
        today = new_york_date(clock.now())
        if self._known is not None and self._known[0] == today:
            return self._known[1]
        try:
            day: DayAnswer = await self._handle.query(
                DAY_QUERY, result_type=DayAnswer, rpc_timeout=ASK_WITHIN
            )
        except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError) as failed:
            raise AccountUnreachableError(
                f"account {self._account} did not answer with the day's buying power: {failed}"
            ) from failed
        if day.day != today or day.reference is None:
            return None
        if day.fixed:
            self._known = (today, day.reference)
        return day.reference

    async def ask(self, request: AdmitRequest) -> AdmissionGrant:
        """Ask whether an order may be sent; raise AccountUnreachableError."""
        # each question has an id of its own: the answer to an earlier one may be from before a halt. Asking
        # twice reserves once all the same
        asked = AdmitQuestion(id=uuid.uuid4().hex, request=request)
        try:
            async with asyncio.timeout(ASK_WITHIN.total_seconds()):
                await self._follower.begin()
                until = clock.steady() + ADMISSION_VALIDITY.total_seconds()
                answer = await self._follower.send(ADMIT_SIGNAL, asked, asked.id, AdmitAnswer)
        except (RPCError, TimeoutError, NoReceiptError) as failed:
            raise AccountUnreachableError(
                f"account {self._account} did not answer whether {request.order} may be sent: "
                f"{failed or 'no answer in time'}"
            ) from failed
        return AdmissionGrant(answer=answer, until=until)
