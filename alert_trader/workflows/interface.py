"""What callers of the workflows know: inputs, commands, answers, names of handlers."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from alert_trader.activities.messages import CardPlace, Receipt
from alert_trader.domain.account.account import Account
from alert_trader.domain.account.clocks import ClockReport
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.reconciliation import Difference, ForeignOrder
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.execution.policy import Mode, Policy
from alert_trader.domain.exits.changes import PlanPart
from alert_trader.domain.exits.plan import BreakEven, StopLoss, Target, TimeExit, Trail
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.orders.order import OrderReport, Position
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.trade_state import CarriedState

TRADE_WORKFLOW = "TradeWorkflow"
ACCOUNT_WORKFLOW = "AccountWorkflow"

ORDER_REPORT_SIGNAL = "order_report"
CARD_QUERY = "card"
SHOW_CARD_SIGNAL = "show_card"
VIEW_QUERY = "view"
EVENTS_QUERY = "events"

ACCOUNT_VIEW_QUERY = "view"
POSITION_SIGNAL = "report_position"
SETTINGS_SIGNAL = "update_settings"
HALT_SIGNAL = "halt"
RESUME_SIGNAL = "resume"
FLATTEN_SIGNAL = "flatten"
LIMITS_SIGNAL = "change_limits"
EXPLAIN_SIGNAL = "explain"
ALLOW_SIGNAL = "allow_repost"
PREFLIGHT_SIGNAL = "preflight"
REPAIR_SIGNAL = "record_repair"
BROKER_READ_WORKFLOW = "BrokerReadWorkflow"
HALTED_SIGNAL = "account_halted"
"""Sent by an account that is halted to each trade that may still buy."""
CLOSE_SIGNAL = "close_now"
"""Sent by an account that is flattened to every open trade."""

NOT_ANSWERED = "NOT_ANSWERED"
"""The type of the application error with which a read of the broker fails."""


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
    carried: CarriedState | None = None
    """The state of the run before; None for the first run."""
    restarted: str = ""
    """Who started the trade anew with its recorded state, and why; empty for every other run."""


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
    """The same command sent again under the same id acts once, and is answered with the first receipt. Empty:
    each is another command, without a receipt."""
    sent_at: datetime | None = None
    """When it was sent, by the sender's clock: what adds risk must be recent. None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellOrder:
    """Sell a part of what is held, from the bid down."""

    command: Command
    portion: Portion


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitChange:
    """Change the exit plan of a running trade: a part that is not given stays as it is."""

    command: Command
    target: Target | None = None
    stop: StopLoss | None = None
    break_even: BreakEven | None = None
    trail: Trail | None = None
    times: tuple[TimeExit, ...] = ()
    remove: tuple[PlanPart, ...] = ()


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
    PROPOSED_EXIT = "proposed_exit"
    """An edit made an exit of the alert: a person decides, whatever the profile says of exits."""
    REMARK = "remark"
    """It names what is held, with words of a loss or stop, and cannot be read: a person must check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A later message of the trade's author about the trade."""

    message: AlertMessage
    parsed: ParsedAlert
    said: Said
    id: str = ""
    """The id of its receipt: the message, and the wording of an edit."""


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
    """A change of an account's limits: names and values as text."""

    command: Command
    changes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A person's explanation of a difference, or permission of a re-post; `what` None means all of them.

    The reason of the command is the explanation.
    """

    command: Command
    what: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRecord:
    """What a person does to a stuck trade, for the account's audit trail."""

    command: Command
    trade: str
    text: str
    """What is about to be done, or what was done."""
    differences: tuple[Difference, ...] = ()
    """What no trade manages any more; they block entries until they are explained."""


class BrokerRead(StrEnum):
    """What is read at the broker for people."""

    POSITIONS = "positions"
    ORDERS = "orders"
    QUOTES = "quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerReadRequest:
    """A read at the broker: every option position, every working order, or the quotes of some contracts."""

    what: BrokerRead
    symbols: tuple[str, ...] = ()
    """Up to 100 contracts, by OCC symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerReading:
    """The answer to a `BrokerReadRequest`; empty but for what was asked."""

    positions: tuple[Position, ...] = ()
    orders: tuple[OrderReport, ...] = ()
    quotes: dict[str, Quote] = field(default_factory=dict)
    """By OCC symbol; contracts without a quote are left out."""


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
    receipts: dict[str, Receipt | None] = field(default_factory=dict)
    """The last commands by their ids, each with its receipt once it has one."""
    stuck: tuple[StuckWorkflow, ...] = ()
    """The stuck workflows, as they were reported last."""
    halt_reminded: date | None = None
    """The last day on which people were reminded that the account is halted."""
    clocks: tuple[ClockReport, ...] = ()
    """How far the clocks are apart, as each worker last reported."""
