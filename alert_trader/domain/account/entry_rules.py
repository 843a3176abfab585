"""What a worker's own settings allow of an entry, whatever the input of its trade says.

A trade carries the rules that it was started with. Whoever reaches Temporal's port can start one, with an
allowlist and a size of their choosing; so the process that sends holds each entry against its own settings,
and checks that the account is asked about what is sent.
"""

from dataclasses import dataclass
from decimal import Decimal

from alert_trader.domain.account.reservation import AdmitRequest
from alert_trader.domain.alerts.allowlist import Allowlist, check_allowlist
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import AccountNumber, read_client_order_id, trade_workflow_id
from alert_trader.domain.money import CONTRACT_MULTIPLIER, Price, Usd, plain
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.orders.order import OrderIntent


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySource:
    """Where an entry comes from: the ids of its alert, and the account of its trade."""

    author_id: str
    channel_id: str
    guild_id: str
    account: AccountNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why an entry is not sent: a denial's code, or `WORKER_SETTINGS`."""

    code: Code | NotSentReason
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """The settings of the worker that sends."""

    account: AccountNumber
    allowlist: Allowlist
    max_contracts: int
    max_notional: Decimal
    """Dollars of one order at the ceiling, without fees."""

    def check(
        self, intent: OrderIntent, source: EntrySource | None, admission: AdmitRequest, ceiling: Price | None
    ) -> Refused | None:
        """Return why an entry is not sent; None when the settings allow it.

        `ceiling` is the highest price of an order without a limit.
        """
        if source is None:
            return _refused("an alert's author, channel and server", "none")
        if source.account != self.account:
            return _refused(f"account {self.account}", source.account)
        denied = check_allowlist(source, self.allowlist)
        if denied is not None:
            return Refused(code=denied.code, reason=denied.reason)
        if not _is_for(admission, intent, source):
            return _refused("an admission for this order", f"one for {admission.order}")
        return self._check_size(intent, admission, intent.limit or ceiling)

    def _check_size(
        self, intent: OrderIntent, admission: AdmitRequest, price: Price | None
    ) -> Refused | None:
        """Check that the account is asked about the price and the cost of the order, and the caps."""
        if price is None:
            return _refused("a limit or a ceiling", "none")
        each, quantity = price * CONTRACT_MULTIPLIER, intent.quantity
        for wrong, wanted, found in (
            (
                admission.notional_each < each,
                f"{plain(Usd(each))} dollars a contract",
                admission.notional_each,
            ),
            (admission.cost_each < each, f"{plain(Usd(each))} dollars a contract", admission.cost_each),
            (admission.cost < each * quantity, f"{plain(Usd(each * quantity))} dollars", admission.cost),
            (quantity > self.max_contracts, f"at most {self.max_contracts} contracts", quantity),
            (
                each * quantity > self.max_notional,
                f"at most {self.max_notional} dollars",
                Usd(each * quantity),
            ),
        ):
            if wrong:
                return _refused(wanted, str(found))
        return None


def _is_for(admission: AdmitRequest, intent: OrderIntent, source: EntrySource) -> bool:
    """Whether an admission is requested for this order."""
    named = read_client_order_id(intent.client_order_id)
    return named is not None and (
        admission.trade,
        admission.order,
        admission.author,
        admission.contract,
        admission.quantity,
    ) == (
        trade_workflow_id(named[0]),
        intent.client_order_id,
        source.author_id,
        intent.contract,
        intent.quantity,
    )


def _refused(wanted: str, found: str) -> Refused:
    return Refused(
        code=NotSentReason.WORKER_SETTINGS,
        reason=f"this worker's settings expect {wanted}, found {found}",
    )
