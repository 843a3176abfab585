"""What a caller of a trade knows: its input, its commands, and the names they go by."""

from dataclasses import dataclass

from domain.alert import AlertMessage
from domain.ids import AccountNumber
from domain.policy import Policy
from domain.view import TradeView

TRADE_WORKFLOW = "TradeWorkflow"
ORDER_STREAM_WORKFLOW = "OrderStreamWorkflow"

ORDER_REPORT_SIGNAL = "order_report"
VIEW_QUERY = "view"
EVENTS_QUERY = "events"
CANCEL_UPDATE = "cancel"
CLOSE_UPDATE = "close"
CONVERT_UPDATE = "convert_now"

NOT_POSSIBLE = "NOT_POSSIBLE"
"""The type of the application error that an update's validator answers a command with that makes no sense now."""


def task_queue(account: AccountNumber) -> str:
    """Name the one queue that an account's workflows and activities share, so that steps run eagerly and rate limits hold."""
    return f"trades-{account}"


def order_stream_id(account: AccountNumber) -> str:
    """Name the workflow that follows an account's order stream."""
    return f"account-{account}-orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRequest:
    """The input of a trade: the message, the rules in force, the account."""

    alert: AlertMessage
    policy: Policy
    account: AccountNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person asks of a trade, and who asks."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceipt:
    """What a command led to by the time it was answered."""

    accepted: bool
    done: bool
    """Whether everything asked for has happened; False while it is still going on."""
    text: str
    view: TradeView
