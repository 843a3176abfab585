"""What a trade reports to its account: whether it still buys, what it holds, what it earned, and its end.

Nothing waits for it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.account.reservation import PositionReport
    from alert_trader.domain.ids import AccountNumber, WorkflowId, account_workflow_id
    from alert_trader.domain.money import CONTRACT_MULTIPLIER, Usd
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows.interface import POSITION_SIGNAL
    from alert_trader.workflows.trade.continuation import Continuation
    from alert_trader.workflows.trade_state import Exposure, TradeState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AccountReporter:
    """Reports each change of a trade's exposure once; changes that come fast are reported together."""

    def __init__(
        self,
        state: TradeState,
        account: AccountNumber,
        exposure: Callable[[], Exposure | None],
        view: Callable[[], TradeView],
        continuation: Continuation,
    ) -> None:
        """Report to `account`; `exposure` is None while the account has reserved nothing for the trade."""
        self._state = state
        self._account = account
        self._exposure = exposure
        self._view = view
        self._continuation = continuation

    async def run(self) -> None:
        """Report until the trade is over.

        An account that is not reached finds out when it compares positions itself.
        """
        reports = self._state.account
        over = False
        while not over:
            await workflow.wait_condition(
                lambda: self._state.over or self._exposure() not in {None, reports.last}
            )
            over, exposure = self._state.over, self._exposure()
            if exposure is not None:
                reports.last = exposure
                await self._signal(entering=exposure.entering and not over, over=over)

    async def _signal(self, *, entering: bool, over: bool) -> None:
        view, reports = self._view(), self._state.account
        # numbered by time, so that a trade that was reset counts on from its first run
        reports.sequence = max(reports.sequence + 1, (workflow.now() - _EPOCH) // timedelta(microseconds=1))
        report = PositionReport(
            trade=WorkflowId(view.workflow_id),
            sequence=reports.sequence,
            entering=entering,
            bought=view.bought,
            position=view.position,
            paid=_paid(view),
            realised=view.pnl or Usd(Decimal(0)),
            over=over,
        )
        account = workflow.get_external_workflow_handle(account_workflow_id(self._account))
        try:
            with self._continuation.hold():
                await account.signal(POSITION_SIGNAL, report)
        except ApplicationError as lost:
            workflow.logger.warning("account %s did not receive the report: %s", self._account, lost)


def _paid(view: TradeView) -> Usd:
    """Return the cost of everything bought in dollars, with the fees as far as they are known."""
    if view.average_entry is None:
        return Usd(Decimal(0))
    return Usd(
        (view.average_entry * view.bought * CONTRACT_MULTIPLIER + (view.fees or 0)).quantize(Decimal("0.01"))
    )
