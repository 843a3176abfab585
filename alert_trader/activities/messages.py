"""What workflows and activities say to each other: one dataclass in, one out. All of it stands in history, so all of it reads well."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference, ExpectedPosition
from alert_trader.domain.account.reservation import AdmitRequest, Admitted
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.denial import Denied
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
NOTIFY = "notify"
SHOW_CARD = "show_card"
FOLLOW_ORDERS = "follow_orders"
ADMIT_ENTRY = "admit_entry"
READ_ACCOUNT = "read_account"
READ_POSITIONS = "read_positions"
READ_LIVE_ORDERS = "read_live_orders"
READ_QUOTES = "read_quotes"

ORDER_REPORT_SIGNAL = "order_report"
"""The signal that carries an order report to its trade."""

ADMIT_UPDATE = "admit"
"""The update that asks an account whether an entry order may be sent."""
RELEASE_UPDATE = "release"
DAY_QUERY = "day"
EXPECTED_QUERY = "expected"
STREAM_SIGNAL = "report_stream"
FOREIGN_SIGNAL = "report_foreign_order"
DIFFERENCES_SIGNAL = "report_differences"
"""What the order stream's activity asks and tells the account it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseRequest:
    """Read a message, by what its author's room leaves unsaid."""

    alert: AlertMessage
    room: RoomRule


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRequest:
    """Ask for a proposal: how many, from what price to what ceiling."""

    alert: AlertMessage
    parsed: ParsedAlert
    policy: Policy
    approved_at: datetime | None = None
    """When a person approved it: its age counts from there."""
    most: int | None = None
    """Contracts that the person approved."""
    highest: Price | None = None
    """The ceiling that the person saw: no more is paid, where the market has moved since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedEntry:
    """A proposal that may be sent: every number it rests on beside it."""

    listing: Listing
    sizing: Sizing
    first_limit: Price
    ceiling: Price
    quote: Quote
    buying_power: Usd
    """What could be spent when the broker was asked, at `read_at`."""
    read_at: datetime
    reference: Usd
    """The day's buying power at the session's start."""
    check: FeeEstimate
    """What the broker's own dry-run said of the first order."""
    market_opens_at: datetime | None
    market_closes_at: datetime | None
    alert_price: Price | None
    fees_each: Usd
    """Of one contract alone: the most that one can cost in fees."""

    @property
    def session(self) -> StatedSession | None:
        """The session that the broker said was open when this was sized."""
        return stated(self.read_at, self.market_opens_at, self.market_closes_at)

    def admission(self, alert: AlertMessage, order: ClientOrderId, quantity: int) -> AdmitRequest:
        """Write what the account is asked before an order of this entry leaves."""
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
    """A proposal or a denial; exactly one of them."""

    entry: SizedEntry | None = None
    denied: Denied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionGuard:
    """What must hold in the moment a conversion is sent: checked against a fresh quote in the sending activity."""

    ladder: LadderPolicy
    safety: SafetyPolicy
    highest: Price
    last_limit: Price
    ticks: TickTable


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """Send one order, once. That this is in history is the intent; a retry looks for the order before anything else."""

    intent: OrderIntent
    mode: Mode
    look_since: date
    """The New York day from which the order could have been received: the day before the trade began."""
    not_after: datetime | None = None
    """An entry is not sent later than this; exits have no such limit."""
    conversion: ConversionGuard | None = None
    admission: AdmitRequest | None = None
    """What the account is asked before an entry leaves; None for an exit, which asks nobody."""
    cover: bool = False
    """For an exit that replaces one: send only while the account holds the contracts and no other close works on them."""


class SubmitResult(StrEnum):
    """How a sending ended."""

    ACCEPTED = "accepted"
    """The venue has the order."""
    REFUSED = "refused"
    """The venue said no."""
    NOT_SENT = "not sent"
    """Provably never left: too late, or a guard said no."""
    UNKNOWN = "unknown"
    """Nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitAnswer:
    """How a sending ended, with the venue's words or ours."""

    result: SubmitResult
    report: OrderReport | None = None
    adopted: bool = False
    """The order was found at the venue before sending, from an earlier try."""
    code: str | None = None
    """The venue's code of a refusal; else a denial's, or a `NotSentReason`."""
    detail: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    admitted: Admitted | None = None
    """What the account said, where it let the order pass."""
    reserved: bool = False
    """Whether the account was asked and did not say no: it may have money reserved, whatever became of the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitAnswer:
    """The account's word on an entry order; exactly one of them."""

    admitted: Admitted | None = None
    denied: Denied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAnswer:
    """The day's reference buying power, as an account has it."""

    day: date
    reference: Usd | None
    fixed: bool
    """Whether it stays so for the day: the session has begun, or had when it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReading:
    """What a day of an account begins with."""

    buying_power: Usd
    checks: tuple[Check, ...]
    session: StatedSession | None = None
    """The session that the broker named: of the day, or the next; None where it named none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAnswer:
    """What an account's open trades say they hold, and where it was told already that this does not agree."""

    trades: tuple[ExpectedPosition, ...]
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest:
    """Look for an order of unknown outcome among all the account's orders."""

    intent: OrderIntent
    look_since: date
    intended_at: datetime
    """When it was first tried to be sent."""
    lost_at: datetime
    """When the answer to it was given up."""
    known_ids: tuple[OrderId, ...]
    """Orders already known to be something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAnswer:
    """A contract's quote, or None where the broker says that there is none. A failed query never becomes this."""

    quote: Quote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswer:
    """The order, or None from a complete answer. A failed query never becomes this."""

    report: OrderReport | None
    by_attributes: bool = False
    """Recognised by contract, side, quantity, price and time, because the venue echoed no name."""
    ambiguous: int = 0
    """Nameless orders that would fit, where there is more than one: none of them is adopted."""


class CancelResult(StrEnum):
    """How asking for a cancel ended. None of them is a cancellation."""

    ASKED = "asked"
    REFUSED = "refused"
    """It can no longer be cancelled: read it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswer:
    """How asking for a cancel ended."""

    result: CancelResult
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionAnswer:
    """What the account holds of a contract, over all trades, and how much of that is in working closing orders."""

    held: int
    closing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRequest:
    """Ask what the account holds of a contract."""

    contract: OptionContract
    look_since: date


class Level(StrEnum):
    """How loudly people are told."""

    STORY = "story"
    """The trade's card moved on."""
    MONEY = "money"
    """Something was bought, sold or refused."""
    PAGE = "page"
    """A person must look now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What people are told: plain text, to be shown as data."""

    level: Level
    workflow_id: str
    title: str
    text: str
    view: TradeView | None = None
    """How the trade stands; None for what is not about one trade."""
    events: tuple[TradeEvent, ...] = ()
    """The events told, in full; `text` has their sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlace:
    """Where a trade's card is, and how far its thread tells the story."""

    channel_id: str
    message_id: str
    """The card's own message, and the id of its thread."""
    told: int
    """The last event that the thread tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRequest:
    """Show a trade's card as it stands, and tell in its thread what happened since."""

    view: TradeView
    events: tuple[TradeEvent, ...]
    """Those that the thread does not tell yet."""
    place: CardPlace | None
    """None when the card was never shown, as far as the trade knows."""
    in_doubt: bool = False
    """The last try was not answered: what it did may be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    """Where the card is now."""

    place: CardPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRequest:
    """Follow an account's order stream."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """What the stream's activity tells its account when it has subscribed, or lost the stream."""

    since: datetime | None
    why: str = ""
    """Why it was lost."""
