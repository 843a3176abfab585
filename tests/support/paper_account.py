"""An account in memory, for tests of the activities.

The real rules of `alert_trader.domain.account.account`, asked without a server.
"""

from collections.abc import Callable
from decimal import Decimal

from alert_trader import clock
from alert_trader.activities.account_client import AccountClient, AccountUnreachableError, AdmissionGrant
from alert_trader.activities.messages import AdmitAnswer
from alert_trader.domain.account.account import Account, new_account
from alert_trader.domain.account.admission import EpochReading, SendWindow
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.account.trading_state import TradingStateCommand
from alert_trader.domain.denial import Denied
from alert_trader.domain.money import Usd


class PaperAccount(AccountClient):
    """An account that is ready and has a thousand dollars."""

    def __init__(self) -> None:
        """Open the account."""
        now = clock.now()
        self.memory: Account = new_account(Limits(), now)
        self.memory.open_day(Usd(Decimal(1000)), now)
        self.memory.day.preflight_at = now
        self.asked: list[AdmitRequest] = []
        self.away = False
        self.slow = 0.0
        """Seconds that have passed since a question was asked when its answer arrives."""
        self.slow_reading = 0.0
        """The same for a reading of the epoch."""
        self.confirmations = 0
        self.while_confirming: Callable[[], None] | None = None

    async def reference(self) -> Usd | None:
        """Return the day's buying power."""
        if self.away:
            raise AccountUnreachableError("nobody answers")
        return self.memory.day.reference

    async def ask(self, request: AdmitRequest) -> AdmissionGrant:
        """Answer by the rules."""
        self.asked.append(request)
        if self.away:
            raise AccountUnreachableError("nobody answers")
        answer = self.memory.admit(request, clock.now())
        said = AdmitAnswer(denied=answer) if isinstance(answer, Denied) else AdmitAnswer(admitted=answer)
        asked, admitted = clock.steady() - self.slow, said.admitted
        window = None if admitted is None else SendWindow(epoch=admitted.epoch, asked=asked, confirmed=asked)
        return AdmissionGrant(answer=said, window=window)

    async def _epoch(self) -> EpochReading:
        """Read the epoch that the account publishes."""
        self.confirmations += 1
        if self.while_confirming is not None:
            self.while_confirming()
        asked = clock.steady() - self.slow_reading
        return EpochReading(epoch=self.memory.open_epoch, asked=asked)

    def halt(self) -> None:
        """Halt it."""
        self.memory.change_state(TradingStateCommand.HALT, clock.now(), by="ann", reason="a test")
