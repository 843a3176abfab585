"""What callers of the workflows know: inputs, commands, answers, names of handlers."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from alert_trader.activities.messages import CardPlace
from alert_trader.domain.account.account import Account
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reconciliation import ForeignOrder
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.execution.policy import Mode, Policy
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.trade.view import TradeView

TRADE_WORKFLOW = "TradeWorkflow"
ACCOUNT_WORKFLOW = "AccountWorkflow"

ORDER_REPORT_SIGNAL = "order_report"
CARD_QUERY = "card"
SHOW_CARD_SIGNAL = "show_card"
VIEW_QUERY = "view"
EVENTS_QUERY = "events"
CANCEL_UPDATE = "cancel"
CLOSE_UPDATE = "close"
CONVERT_UPDATE = "convert_now"
SELL_UPDATE = "sell"
APPROVE_UPDATE = "approve"
SKIP_UPDATE = "skip"
FOLLOW_UPDATE = "follow_up"

ACCOUNT_VIEW_QUERY = "view"
POSITION_SIGNAL = "report_position"
SETTINGS_SIGNAL = "update_settings"
HALT_SIGNAL = "halt_now"
HALT_UPDATE = "halt"
RESUME_UPDATE = "resume"
FLATTEN_UPDATE = "flatten"
LIMITS_UPDATE = "change_limits"
EXPLAIN_UPDATE = "explain"
ALLOW_UPDATE = "allow_repost"
POSITIONS_UPDATE = "positions"
ORDERS_UPDATE = "orders"
QUOTES_UPDATE = "quotes"
PREFLIGHT_UPDATE = "preflight"
HALTED_SIGNAL = "account_halted"
"""Sent by an account that is halted to each trade that may still buy."""
CLOSE_SIGNAL = "close_now"
"""Sent by an account that is flattened to every open trade."""

NOT_POSSIBLE = "NOT_POSSIBLE"
"""The type of the application error with which a validator refuses a command that is not possible now."""


def task_queue(account: AccountNumber) -> str:
    """Return the task queue of an account's workflows and activities.

    It is one queue, so that activities start eagerly and rate limits hold.
    """
    return f"trades-{account}"


def cards_queue(account: AccountNumber) -> str:
    """Return the task queue on which the bot shows the cards of an account's trades."""
    return f"cards-{account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRequest:
    """The input of a trade: the message, the rules in force, the account."""

    alert: AlertMessage
    policy: Policy
    account: AccountNumber
    adds_to: str | None = None
    """The trade to which an add belongs; without it an add opens nothing."""
    corrects: str | None = None
    """The author's recent trade that this message may correct: then a person must decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """Where a trade's card is, and whether it is up to date."""

    place: CardPlace | None
    """None before it was shown for the first time."""
    shown: int
    """Events that the card shows, of `events` that there are."""
    events: int
    wanted: bool = True
    """False for a trade that has no card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to a trade or an account: who requests it, and why."""

    by: str
    reason: str = ""
    id: str = ""
    """The same command sent again under the same id acts once; empty: each call is another command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellOrder:
    """Sell a part of what is held, at the market."""

    command: Command
    portion: Portion


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A person's decision on an offer of a trade."""

    command: Command
    half: bool = False
    """Approve half of it only."""
    offer: str = ""
    """The offer that was seen: a newer one is not answered by it. Empty: whatever is offered now."""


class Said(StrEnum):
    """What an author's later message says about a trade."""

    EXIT = "exit"
    ADD = "add"
    CORRECTION = "correction"
    """It may correct the alert: a person must check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A later message of the trade's author about the trade."""

    message: AlertMessage
    parsed: ParsedAlert
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceipt:
    """What a command has led to when it is answered."""

    accepted: bool
    done: bool
    """Whether everything requested has happened; False while it continues."""
    text: str
    view: TradeView


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsCommand:
    """A change of an account's limits, and why."""

    by: str
    reason: str
    changes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A person's explanation of a difference, or permission of a re-post; `what` None means all of them."""

    by: str
    reason: str
    what: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRequest:
    """The input of an account's workflow: the limits of the settings, and the state of the run before."""

    account: AccountNumber
    mode: Mode
    limits: Limits
    carried: "Carried | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The state with which an account's workflow continues as new."""

    account: Account
    notified: int = 0
    """The last audit event that people were notified of."""
    stream_since: datetime | None = None
    foreign: tuple[ForeignOrder, ...] = ()
    halt_reminded: date | None = None
    """The last day on which people were reminded that the account is halted."""
