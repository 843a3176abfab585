"""The inputs and answers of activities: one dataclass in, one out.

They are in the history, so they must read well.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from alert_trader.domain.account.entry_rules import EntrySource
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference, ExpectedPosition
from alert_trader.domain.account.reservation import AdmitRequest, Admitted
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.denial import Denied
from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.execution.policy import LadderPolicy, Mode, Policy, SafetyPolicy
from alert_trader.domain.execution.sizing import Sizing
from alert_trader.domain.ids import ClientOrderId, OrderId, trade_workflow_id
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import Listing, Quote, TickTable
from alert_trader.domain.market.trading_hours import StatedSession, stated
from alert_trader.domain.money import CONTRACT_MULTIPLIER, Price, Usd
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport
from alert_trader.domain.trade.view import TradeView

PARSE_ALERT = "parse_alert"
SIZE_ENTRY = "size_entry"
SUBMIT_ENTRY = "submit_entry"
BUMP_ENTRY = "bump_entry"
CONVERT_ENTRY = "convert_entry"
SUBMIT_EXIT = "submit_exit"
FIND_ORDER = "find_order"
READ_ORDER = "read_order"
CANCEL_ORDER = "cancel_order"
READ_POSITION = "read_position"
READ_QUOTE = "read_quote"
READ_REMOVALS = "read_removals"
READ_SESSION = "read_session"
NOTIFY = "notify"
SHOW_CARD = "show_card"
FOLLOW_ORDERS = "follow_orders"
WATCH_TRADES = "watch_trades"
ADMIT_ENTRY = "admit_entry"
READ_ACCOUNT = "read_account"
READ_POSITIONS = "read_positions"
READ_LIVE_ORDERS = "read_live_orders"
READ_QUOTES = "read_quotes"

ORDER_REPORT_SIGNAL = "order_report"
"""The signal that carries an order report to its trade."""

ADMIT_SIGNAL = "admit"
"""The signal that asks an account whether an entry order may be sent."""
RELEASE_SIGNAL = "release"
DAY_QUERY = "day"
EXPECTED_QUERY = "expected"
STREAM_SIGNAL = "report_stream"
CLOCKS_SIGNAL = "report_clocks"
FOREIGN_SIGNAL = "report_foreign_order"
DIFFERENCES_SIGNAL = "report_differences"
"""What the activities of an account and its workers ask of it and report to it."""
STUCK_SIGNAL = "report_stuck"
"""The signal with all stuck workflows of an account."""

RECEIPTS = "receipts"
"""The field of a run's memo with the receipts that were published last, by the id of their command."""

TRADING_EPOCH = "trading_epoch"
"""The field of the memo of an account's run with its `PublishedEpoch`; there is none while it is halted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEpoch:
    """The epoch in which entries may be sent."""

    epoch: int
    run: str
    """The run that published it: a run that follows may begin with the memo of an earlier one."""


class CommandRefusedError(AlertTraderError):
    """A command is not possible now; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a command has led to, or why it was refused; exactly one of them."""

    receipt: Any = None
    """A receipt of the type that the command's caller expects."""
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseRequest:
    """Read a message, with the defaults of its author's channel."""

    alert: AlertMessage
    room: RoomRule


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRequest:
    """Size an entry: how many contracts, from what price to what ceiling."""

    alert: AlertMessage
    parsed: ParsedAlert
    policy: Policy
    approved_at: datetime | None = None
    """When a person approved it: its age counts from then."""
    most: int | None = None
    """Contracts that the person approved, at most."""
    highest: Price | None = None
    """The ceiling that the person approved: no more is paid, though the market may have moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedEntry:
    """An entry that may be sent, with every number it rests on."""

    listing: Listing
    sizing: Sizing
    first_limit: Price
    ceiling: Price
    quote: Quote
    buying_power: Usd
    """The buying power at `read_at`."""
    read_at: datetime
    reference: Usd
    """The day's buying power at the session's start."""
    check: FeeEstimate
    """The broker's own dry-run of the first order."""
    market_opens_at: datetime | None
    market_closes_at: datetime | None
    session_ends: datetime
    """When the session ends for an entry: the market closes, or the contract may stop trading. Nothing is
    bought after it."""
    alert_price: Price | None
    fees_each: Usd
    """Fees of one contract alone: the most that one can cost."""

    @property
    def session(self) -> StatedSession | None:
        """The session that was open by the broker when this was sized."""
        return stated(self.read_at, self.market_opens_at, self.market_closes_at)

    def admission(self, alert: AlertMessage, order: ClientOrderId, quantity: int) -> AdmitRequest:
        """Return what the account is asked before an order of this entry is sent."""
        notional_each = self.ceiling * CONTRACT_MULTIPLIER
        cost_each = notional_each + self.fees_each
        fees = max(self.check.total, self.sizing.cost - self.sizing.notional)
        cost = (
            notional_each * quantity + fees
            if quantity == self.sizing.quantity
            else min(cost_each * quantity, self.sizing.cost)
        )
        return AdmitRequest(
            trade=trade_workflow_id(alert.message_id),
            order=order,
            author=alert.author_id,
            contract=self.listing.contract,
            alert_price=self.alert_price,
            quantity=quantity,
            notional_each=Usd(notional_each),
            cost_each=Usd(cost_each),
            cost=Usd(max(cost, self.check.buying_power_effect if quantity == self.sizing.quantity else cost)),
            buying_power=self.buying_power,
            read_at=self.read_at,
            opens_at=self.market_opens_at,
            closes_at=self.market_closes_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeAnswer:
    """A sized entry or a denial; exactly one of them."""

    entry: SizedEntry | None = None
    denied: Denied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionGuard:
    """What must hold when a conversion is sent; the activity checks it against a fresh quote."""

    ladder: LadderPolicy
    safety: SafetyPolicy
    highest: Price
    last_limit: Price
    ticks: TickTable


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """Send one order, once.

    It is in the history before it is sent; a repeated attempt first looks the order up.
    """

    intent: OrderIntent
    mode: Mode
    search_from: date
    """The New York day from which the order could have been received: the day before the trade began."""
    not_after: datetime | None = None
    """It is not sent later than this, an exit by Temporal's time; None for a profit-take, which has no such
    limit."""
    conversion: ConversionGuard | None = None
    admission: AdmitRequest | None = None
    """What the account is asked before an entry is sent; None for an exit, which needs no admission."""
    source: EntrySource | None = None
    """Whose alert an entry follows; None for an exit."""
    check_position: bool = False
    """For an exit that replaces another: send it only if the account holds the contracts and no other order
    may sell them."""


class SubmitResult(StrEnum):
    """How a submission ended."""

    ACCEPTED = "accepted"
    """The broker has the order."""
    REJECTED = "rejected"
    """The broker rejected it."""
    NOT_SENT = "not sent"
    """Certainly not sent: it was too late, or a check failed."""
    UNKNOWN = "unknown"
    """The answer was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitAnswer:
    """How a submission ended, with the broker's text or this product's."""

    result: SubmitResult
    report: OrderReport | None = None
    adopted: bool = False
    """The order was at the broker already, from an earlier attempt."""
    code: str | None = None
    """The broker's code of a rejection; else a denial's, or a `NotSentReason`."""
    detail: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    admitted: Admitted | None = None
    """The account's answer, if it admitted the order."""
    reserved: bool = False
    """Whether the account was asked and did not deny it: it may have reserved money, whatever became of the
    order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitQuestion:
    """A question whether an entry order may be sent; the answer is the receipt of its id."""

    id: str
    request: AdmitRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitAnswer:
    """The account's answer to an entry order; exactly one of them."""

    admitted: Admitted | None = None
    denied: Denied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAnswer:
    """The day's reference buying power of an account."""

    day: date
    reference: Usd | None
    fixed: bool
    """Whether it is final for the day: it was read after the session began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReading:
    """What an account reads at the beginning of a day."""

    buying_power: Usd
    checks: tuple[Check, ...]
    session: StatedSession | None = None
    """The session that the broker named: of the day, or the next; None if it named none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAnswer:
    """What an account's open trades hold by their own reports, and the differences it knows already."""

    trades: tuple[ExpectedPosition, ...]
    differences: tuple[Difference, ...] = ()
    admitted: int = 0
    """Trades that were admitted this day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest:
    """Search for an order of unknown outcome among all the account's orders."""

    intent: OrderIntent
    search_from: date
    intended_at: datetime
    """When it was first submitted."""
    lost_at: datetime
    """When the wait for its answer ended."""
    known_ids: tuple[OrderId, ...]
    """Order ids that are known to be other orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAnswer:
    """A contract's quote, or None if the broker has none. A failed query is an error, never this."""

    quote: Quote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAnswer:
    """Whether the broker's regular session is open, and the opening that it names."""

    open_now: bool
    opens_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswer:
    """The order, or None if a complete list does not have it. A failed query is an error, never this."""

    report: OrderReport | None
    by_attributes: bool = False
    """Matched by contract, side, quantity, price and time, because the broker echoed no client order id."""
    ambiguous: int = 0
    """Orders without a client order id that match, if there is more than one: none is adopted."""


class CancelResult(StrEnum):
    """How a cancel request ended. None of these means that the order is cancelled."""

    REQUESTED = "requested"
    REJECTED = "rejected"
    """It can no longer be cancelled: read it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswer:
    """How a cancel request ended."""

    result: CancelResult
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionAnswer:
    """What the account holds of a contract in all, and how much of it open closing orders may sell."""

    held: int
    closing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRequest:
    """Read what the account holds of a contract."""

    contract: OptionContract
    search_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalsRequest:
    """Read how contracts were removed at expiration, on or after a New York date."""

    contract: OptionContract
    since: date


class Level(StrEnum):
    """How urgent a notice is."""

    INFO = "info"
    """Something happened that nobody has to act on."""
    MONEY = "money"
    """Something was bought, sold, denied or rejected."""
    PAGE = "page"
    """A person must look now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice for people: plain text, shown as data."""

    level: Level
    workflow_id: str
    title: str
    note: str = ""
    """What a notice without events says."""
    view: TradeView | None = None
    """The trade as it was then, with its last orders; None for a notice that is not about one trade."""
    events: tuple[TradeEvent, ...] = ()

    @property
    def text(self) -> str:
        """What it says: the texts of its events, a line each, or its note."""
        return "\n".join(event.text for event in self.events) or self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlace:
    """Where a trade's card is, and which events its thread has."""

    channel_id: str
    message_id: str
    """The card's own message, and the id of its thread."""
    events_shown: int
    """The last event in the thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRequest:
    """Show a trade's card as the trade is now, and add new events to its thread."""

    view: TradeView
    events: tuple[TradeEvent, ...]
    """Those that the thread does not have yet."""
    place: CardPlace | None
    """None if the card was never shown, as far as the trade knows."""
    in_doubt: bool = False
    """The last attempt was not answered: it may have worked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    """Where the card is now."""

    place: CardPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRequest:
    """Follow an account's order stream."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """Look for the stuck workflows of an account."""

    account: str
    known: tuple[StuckWorkflow, ...] = ()
    """Those that were stuck when an earlier run of the account ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """Reported to the account when its order stream has connected, or was lost."""

    since: datetime | None
    why: str = ""
    """Why it was lost."""
