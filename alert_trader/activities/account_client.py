"""How activities ask the account's workflow.

Every question has a timeout; no answer never counts as a yes. Questions that come while others wait for their
answer are sent together, in one signal. An admission that has become old while the machine was busy is
confirmed by reading the account's memo from the server, which asks no worker and records nothing.
"""

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.activities.messages import (
    ADMIT_SIGNAL,
    DAY_QUERY,
    TRADING_EPOCH,
    AdmitAnswer,
    AdmitQuestion,
    DayAnswer,
    PublishedEpoch,
)
from alert_trader.activities.receipts import NoReceiptError, ReceiptFollower, read_receipt
from alert_trader.domain.account.admission import EpochReading, SendWindow
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.ids import AccountNumber, account_workflow_id
from alert_trader.domain.market.calendar import eastern, new_york_date
from alert_trader.domain.money import Usd

ASK_WITHIN = timedelta(seconds=3)
"""The longest wait for an answer. It takes about 10 ms; a killed worker is replaced within 2 s."""

BATCH = 100
"""Questions in one signal: about 70 kB."""

BATCH_AFTER = timedelta(milliseconds=200)
"""The longest wait for the answer to a signal before the questions that came meanwhile are sent."""

SHARED_FOR = timedelta(milliseconds=300)
"""How old a reading of the epoch may be that is shared: half the time for which entries may be sent on it."""


class AccountUnreachableError(AlertTraderError):
    """The account's workflow did not answer in time; the message says what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionGrant:
    """The account's answer to an order, and how long it is valid."""

    answer: AdmitAnswer
    window: SendWindow | None
    """None for a denial."""

    @property
    def holds(self) -> bool:
        """Whether the order may still be sent on it."""
        return self.window is not None and clock.steady() < self.window.until


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
        self._batches = _Batches(self._follower)
        self._reading: asyncio.Task[EpochReading] | None = None
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
        question = AdmitQuestion(id=uuid.uuid4().hex, request=request)
        try:
            async with (
                asyncio.timeout(ASK_WITHIN.total_seconds()),
                self._follower.expecting(question.id) as receipt,
            ):
                asked = await self._batches.send(question, receipt)
                answer = read_receipt(await receipt, AdmitAnswer)
        except (RPCError, TimeoutError, NoReceiptError) as failed:
            raise AccountUnreachableError(
                f"account {self._account} did not answer whether {request.order} may be sent: "
                f"{failed or 'no answer in time'}"
            ) from failed
        admitted = answer.admitted
        window = None if admitted is None else SendWindow(epoch=admitted.epoch, asked=asked, confirmed=asked)
        return AdmissionGrant(answer=answer, window=window)

    async def confirmed(self, grant: AdmissionGrant) -> AdmissionGrant:
        """Return the grant, valid for longer if the account is still in its epoch; unchanged if not known."""
        if grant.window is None or clock.steady() >= grant.window.expires:
            return grant
        try:
            async with asyncio.timeout(ASK_WITHIN.total_seconds()):
                found = await self._epoch()
        except (RPCError, TimeoutError):
            return grant
        return replace(grant, window=grant.window.confirmed_by(found))

    async def _epoch(self) -> EpochReading:
        """Read the account's epoch; a reading that has just been made, or is being made, is shared."""
        known = self._reading
        if (
            known is None
            or known.cancelled()
            or (known.done() and (known.exception() is not None or _is_old(known.result())))
        ):
            self._reading = known = asyncio.create_task(self._read_epoch())
        found = await asyncio.shield(known)
        return found if not _is_old(found) else await self._read_epoch()

    async def _read_epoch(self) -> EpochReading:
        asked = clock.steady()
        description = await self._handle.describe(rpc_timeout=ASK_WITHIN)
        found: PublishedEpoch | None = await description.memo_value(
            TRADING_EPOCH, None, type_hint=PublishedEpoch
        )
        epoch = None if found is None or found.run != description.run_id else found.epoch
        return EpochReading(epoch=epoch, asked=asked)


def _is_old(found: EpochReading) -> bool:
    return clock.steady() > found.asked + SHARED_FOR.total_seconds()


class _Batches:
    """Sends questions at once, and those that come before an answer together in the next signal."""

    def __init__(self, follower: ReceiptFollower) -> None:
        self._follower = follower
        self._next: list[_Question] = []
        self._sending: asyncio.Task[None] | None = None
        self._signals: set[asyncio.Task[None]] = set()

    async def send(self, question: AdmitQuestion, receipt: asyncio.Future[dict[str, Any]]) -> float:
        """Send a question; return the moment before it was sent, by the steady clock.

        Raise what the signal raises. `receipt` is done when it is answered.
        """
        sent: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._next.append(_Question(question=question, sent=sent, receipt=receipt))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())
        return await sent

    async def _send_all(self) -> None:
        while self._next:
            wanted = [each for each in self._next if not each.sent.done()]  # the others have given up
            batch, self._next = wanted[:BATCH], wanted[BATCH:]
            if not batch:
                continue
            signal = asyncio.create_task(self._signal(batch))
            self._signals.add(signal)
            signal.add_done_callback(self._signals.discard)
            await asyncio.wait(
                [each.receipt for each in batch],
                timeout=BATCH_AFTER.total_seconds(),
                return_when=asyncio.FIRST_COMPLETED,
            )

    async def _signal(self, batch: "list[_Question]") -> None:
        asked = clock.steady()
        try:
            await self._follower.signal(ADMIT_SIGNAL, [each.question for each in batch])
        except Exception as failed:  # noqa: BLE001 - whoever asks raises it
            for each in batch:
                if not each.sent.done():
                    each.sent.set_exception(failed)
        else:
            for each in batch:
                if not each.sent.done():
                    each.sent.set_result(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    question: AdmitQuestion
    sent: asyncio.Future[float]
    receipt: asyncio.Future[dict[str, Any]]
