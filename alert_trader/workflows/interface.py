"""What a caller of a trade knows: its input, its commands, and the names they go by."""

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
"""What an account tells a trade that may still buy."""
CLOSE_SIGNAL = "close_now"
"""What an account tells every open trade when it is flattened."""

NOT_POSSIBLE = "NOT_POSSIBLE"
"""The type of the application error that an update's validator answers a command with that makes no sense now."""


def task_queue(account: AccountNumber) -> str:
    """Name the one queue that an account's workflows and activities share, so that steps run eagerly and rate limits hold."""
    return f"trades-{account}"


def cards_queue(account: AccountNumber) -> str:
    """Name the queue on which the bot shows the cards of an account's trades."""
    return f"cards-{account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRequest:
    """The input of a trade: the message, the rules in force, the account."""

    alert: AlertMessage
    policy: Policy
    account: AccountNumber
    adds_to: str | None = None
    """The trade that an add is added to; without it an add opens nothing."""
    corrects: str | None = None
    """The author's trade of a moment ago that this message may correct: then a person must say what is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """How far a trade's card is like the trade."""

    place: CardPlace | None
    """None before it was shown for the first time."""
    shown: int
    """Events that the card shows, of `events` that there are."""
    events: int
    wanted: bool = True
    """False for a trade that no bot shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person asks of a trade, and who asks."""

    by: str
    reason: str = ""
    id: str = ""
    """The same command sent again under the same id acts once; empty: each call is a command of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellOrder:
    """Sell a part of what is held, at the market."""

    command: Command
    portion: Portion


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A person's word on what a trade offers."""

    command: Command
    half: bool = False
    """Approve half of it only."""
    offer: str = ""
    """The offer that was seen: another one that stands by now is not answered by it. Empty: whatever stands."""


class Said(StrEnum):
    """What an author's later message says about a trade."""

    EXIT = "exit"
    ADD = "add"
    CORRECTION = "correction"
    """It may correct the alert: a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A later message of the trade's author about the trade."""

    message: AlertMessage
    parsed: ParsedAlert
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceipt:
    """What a command led to by the time it was answered."""

    accepted: bool
    done: bool
    """Whether everything asked for has happened; False while it is still going on."""
    text: str
    view: TradeView


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsCommand:
    """What a person changes of an account's limits, and why."""

    by: str
    reason: str
    changes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a person says of a difference or a re-post; `what` None stands for all of them."""

    by: str
    reason: str
    what: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRequest:
    """The input of an account's workflow: the limits of the settings, and what an earlier run has carried over."""

    account: AccountNumber
    mode: Mode
    limits: Limits
    carried: "Carried | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Everything an account's workflow starts afresh with."""

    memory: Account
    told: int = 0
    """The last audit event that people were told of."""
    stream_since: datetime | None = None
    foreign: tuple[ForeignOrder, ...] = ()
    still_told: date | None = None
    """The last day on which people were told that the account is still halted."""
