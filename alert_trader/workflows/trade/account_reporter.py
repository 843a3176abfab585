"""What a trade tells its account: that it buys, what it holds, what it earned, and that it is over. Nothing of the trade waits for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import ADMIT_ENTRY, AdmitAnswer, SizedEntry
    from alert_trader.domain.account.reservation import PositionReport
    from alert_trader.domain.alerts.alert import AlertMessage
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.ids import AccountNumber, Leg, WorkflowId, account_workflow_id, client_order_id
    from alert_trader.domain.money import CONTRACT_MULTIPLIER, Usd
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity
    from alert_trader.workflows.interface import POSITION_SIGNAL

Key = tuple[bool, int, int, int]
"""Whether it may still buy, and the contracts bought, sold and held: what makes a standing another one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AccountReporter:
    """Tells each change of a trade's standing once, several at a time where they come fast."""

    def __init__(
        self, account: AccountNumber, key: Callable[[], Key | None], view: Callable[[], TradeView]
    ) -> None:
        """Tell `account`; `key` is None while the account has nothing reserved for the trade, so that nothing need be told."""
        self._account = account
        self._key = key
        self._view = view
        self._sequence = 0
        self.over = False
        """Set when the trade is over: that is told last."""

    async def tell(self) -> None:
        """Tell until the trade is over. An account that is not there finds out by itself when it looks."""
        told: Key | None = None
        over = False
        while not over:
            await workflow.wait_condition(lambda: self.over or self._key() not in {None, told})  # noqa: B023 - awaited here
            over, key = self.over, self._key()
            if key is not None:
                told = key
                await self._signal(entering=key[0] and not over, over=over)

    async def _signal(self, *, entering: bool, over: bool) -> None:
        view = self._view()
        # a trade that was reset counts on from where its first life stopped: time goes on
        self._sequence = max(self._sequence + 1, (workflow.now() - _EPOCH) // timedelta(microseconds=1))
        standing = PositionReport(
            trade=WorkflowId(view.workflow_id),
            sequence=self._sequence,
            entering=entering,
            bought=view.bought,
            position=view.position,
            paid=_paid(view),
            realised=view.pnl or Usd(Decimal(0)),
            over=over,
        )
        try:
            await workflow.get_external_workflow_handle(account_workflow_id(self._account)).signal(
                POSITION_SIGNAL, standing
            )
        except ApplicationError as lost:
            workflow.logger.warning("account %s was not told: %s", self._account, lost)


def _paid(view: TradeView) -> Usd:
    """Give what everything bought has cost, with the fees as far as they are known."""
    if view.average_entry is None:
        return Usd(Decimal(0))
    return Usd(
        (view.average_entry * view.bought * CONTRACT_MULTIPLIER + (view.fees or 0)).quantize(Decimal("0.01"))
    )


async def rehearse_admission(sized: SizedEntry, alert: AlertMessage) -> AdmitAnswer:
    """Ask the account of a trade that is only rehearsed; one that is not reached says no."""
    try:
        answer: AdmitAnswer = await run_activity(
            ADMIT_ENTRY,
            sized.admission(alert, client_order_id(alert.message_id, Leg.ENTRY, 1), sized.sizing.quantity),
            answer=AdmitAnswer,
            options=activity_options.READ,
            summary="ask the account",
        )
    except ActivityError as failed:
        reason = f"expected the account to answer, found: {failed.cause}"
        return AdmitAnswer(denied=Denied(code=Code.ACCOUNT_UNREACHABLE, reason=reason))
    return answer
