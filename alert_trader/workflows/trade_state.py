"""The state of a trade: one value that holds every durable fact about it. A run that follows begins with it.

Plain data: it can be printed, compared, and sent through the payload converter and back. What a run can
rebuild from it is not in it: coroutines, timers, and what follows from the trade's input. Each part is
written by one collaborator, named in its docstring; the facts of the trade as a whole change in the methods
of `TradeState`, one for each event.
"""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from pydantic import TypeAdapter

from alert_trader.activities.messages import CardPlace, Receipt, SizedEntry, SubmitAnswer, SubmitRequest
from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.denial import Denied
from alert_trader.domain.execution.expiration import ExpirationOutcome, Settled
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.execution.protective_ladder import ProtectiveLadder
from alert_trader.domain.exits.watch import WatchState
from alert_trader.domain.ids import ClientOrderId, FillId, MessageId
from alert_trader.domain.money import Price
from alert_trader.domain.orders.ledger import OrderLedger
from alert_trader.domain.orders.order import OrderIntent, OrderReport
from alert_trader.domain.trade.lifecycle import TradeLifecycle
from alert_trader.domain.trade.view import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's approval of an entry: up to how many contracts, and up to what price."""

    by: str
    quantity: int
    ceiling: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class LostOrder:
    """An order whose submission was not answered."""

    intent: OrderIntent
    intended_at: datetime
    lost_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An order that is being sent: an attempt is in progress, or the next one waits."""

    activity: str
    request: SubmitRequest
    intended_at: datetime


@dataclass(slots=True, kw_only=True)
class RetryProgress:
    """How far the attempts at one operation are. Written by its RetryLoop."""

    attempts: int = 0
    """Attempts in a row, since the beginning or since a person requested one."""
    step: int = 0
    """How far the pauses have grown."""
    paged_on: date | None = None
    """The last day on which a person was paged about it."""
    page_from: datetime
    """No person is paged about it before."""


@dataclass(slots=True, kw_only=True)
class OrdersState:
    """The trade's orders. Written by OrderManager, and by its LostOrders, Cancels and RetryLoops."""

    ledger: OrderLedger
    search_from: date
    """The first day that a search for an order of unknown outcome covers: the day before the first order."""
    lost: dict[ClientOrderId, LostOrder] = field(default_factory=dict)
    """Orders that are being searched for. An entry that was confirmed absent stays here until the end of its
    day."""
    ambiguous: list[ClientOrderId] = field(default_factory=list)
    """Lost orders for which a person was warned that several orders would match."""
    cancelling: list[ClientOrderId] = field(default_factory=list)
    """Orders that are being cancelled."""
    sending: dict[ClientOrderId, Sending] = field(default_factory=dict)
    """Orders that are being sent."""
    retries: dict[str, RetryProgress] = field(default_factory=dict)
    """What is being retried at the broker, in words."""


@dataclass(slots=True, kw_only=True)
class EntryState:
    """How far the entry is. Written by Entry."""

    started_at: datetime
    fresh_from: datetime
    """From when the alert's age counts: its posting, or a person's approval."""
    quantity: int
    """Contracts to buy in all; the account may lower what was sized."""
    limit: Price
    bumps: int = 0
    step: str = ""
    """How far price discovery is: "limit", "bump 2", "marketable limit", "market", or "" before the first
    order."""
    order: ClientOrderId | None = None
    """The order that works; None while none does, or one is being sent."""
    last_answer: SubmitAnswer | None = None
    admitted: bool = False
    """Whether the account has admitted the entry, which is then on record."""
    reserved: bool = False
    """Whether the account may have money reserved for it."""
    unreachable: int = 0
    """Times in a row that the account was not reached."""
    conversion_requested: bool = False
    """Whether a person has requested the conversion before the window ends."""
    immediate_refused: bool = False
    """Whether the broker rejected an immediate-or-cancel order: the conversion is then a day order."""
    end_reason: str | None = None
    """Why nothing more is bought; None while the entry is in progress, or when everything was bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialExit:
    """A partial exit that is being sold now."""

    quantity: int
    keep: int
    """Contracts that are not to be sold: what the profit-takes sell in the meantime counts for the partial
    exit."""
    first_order: int
    """Exit orders before it: its own are the protective sales after these."""
    until: datetime
    """When its day is over: nothing more is sold for it."""


@dataclass(slots=True, kw_only=True)
class PartialExitRequest:
    """A request to sell a part of the position."""

    portion: Portion
    by: str
    done: bool = False
    """Nothing more is sold for it."""
    text: str = ""
    """How it ended."""
    sold: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPause:
    """The pause before an exit is sent again, after so many failures in a row."""

    failures: int
    until: datetime


@dataclass(slots=True, kw_only=True)
class SaleProgress:
    """How far the sale of everything, or of a part, is. Written by ProtectiveSales."""

    ladder: ProtectiveLadder | None = None
    """Its prices; None before the first quote that shows one."""
    lower: bool = False
    """Whether the last order worked for its time without filling: the next one is offered lower."""
    paged: bool = False
    """Whether a person was paged because it does not fill at its floor."""


@dataclass(slots=True, kw_only=True)
class ExitState:
    """How far the exits are. Written by Exits; the requests by PartialExits, the sale by ProtectiveSales."""

    policy: ExitPolicy = field(default_factory=ExitPolicy)
    """What sells the position: fixed when the entry begins, and changed by a recorded command only."""
    plan_set_at: datetime | None = None
    """When its times were set: with the entry, or by a change."""
    watch: WatchState | None = None
    """The stop, the highest bid, and what else is known of the price; None before the first fill. Written by
    PriceWatch."""
    priced: list[FillId] = field(default_factory=list)
    """Entry fills for which a profit-take was sent."""
    pricing: dict[ClientOrderId, tuple[FillId, ...]] = field(default_factory=dict)
    """Profit-takes that are being sent, each with the entry fills it is the first for."""
    stopped: bool = False
    """No further profit-take is sent: everything is being sold, or the trade is over."""
    pause: ExitPause | None = None
    """The pause that is waited for."""
    closed_elsewhere: int = 0
    """Contracts that are no longer in the account although this trade did not sell them."""
    partial: PartialExit | None = None
    requests: list[PartialExitRequest] = field(default_factory=list)
    """Partial exits in the order they were requested, the finished ones included."""
    sale_from: int | None = None
    """Exit orders before the sale of everything; None while that is not requested."""
    sale: SaleProgress = field(default_factory=SaleProgress)


@dataclass(slots=True, kw_only=True)
class CardProgress:
    """What the trade's card shows. Written by CardPublisher."""

    place: CardPlace | None = None
    """None before it was shown for the first time."""
    sent: int = 0
    """Events sent to the bot, whether it answered or not."""
    shown: int = 0
    """Events that the card is known to show."""
    in_doubt: bool = False
    """The last attempt was not answered: it may have worked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorExit:
    """An exit of the author that a person is to decide on."""

    message: MessageId
    quoted: str
    portion: Portion
    facts: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What the account must know of a trade; a report is sent whenever it changes."""

    entering: bool
    """Whether it may still buy."""
    bought: int
    sold: int
    held: int


@dataclass(slots=True, kw_only=True)
class AccountReports:
    """What was reported to the account. Written by AccountReporter."""

    sequence: int = 0
    last: Exposure | None = None


@dataclass(slots=True, kw_only=True)
class TradeState:
    """Everything that is known of one trade."""

    lifecycle: TradeLifecycle = field(default_factory=TradeLifecycle)
    received_at: datetime
    """When its first run began."""
    reason: str | None = None
    """Why it ended as it did."""
    over: bool = False
    """Whether it is over, and only notices, card and reports remain."""

    parsed: ParsedAlert | None = None
    sized: SizedEntry | None = None
    offer: Offer | None = None
    """What waits for a person's decision."""
    approval: Approval | None = None
    approved_at: datetime | None = None
    dry_run_recorded: bool = False
    """Whether the account has admitted a dry run."""

    buying_stopped: Denied | None = None
    """Why nothing more is to be bought, once somebody has said so."""
    close_requested_by: str | None = None
    """Who requested that everything be sold."""

    orders: OrdersState | None = None
    entry: EntryState | None = None
    exits: ExitState | None = None
    """These three begin together, when the entry does."""
    late_fills_from: datetime | None = None
    """When the watch for late fill reports began."""
    late_fill_looks: int = 0
    """How often the entry's orders were read in it."""
    next_check: datetime | None = None
    """When orders and position are checked next; None before the position is held."""
    late_exits: list[AuthorExit] = field(default_factory=list)
    """Exits of the author that came before anything was held: offered once the entry is over."""
    early_reports: list[OrderReport] = field(default_factory=list)
    """Order reports from before the entry began: after a reset, the orders of the first run are at the broker
    already."""
    at_expiration: ExpirationOutcome = ExpirationOutcome.NOT_KNOWN
    """What contracts are worth that are held until they stop trading."""
    settled: Settled | None = None
    """What they came to, once the broker has posted it."""
    unrecognised_removals: list[str] = field(default_factory=list)
    """Sub-types of the broker's postings that are not recognised, and that a person was paged about."""
    settlement_until: datetime | None = None
    """How long the broker's posting is waited for; None before that began."""

    events: list[TradeEvent] = field(default_factory=list)
    """The audit trail. Written by Journal."""
    notified: int = 0
    """Events that people were notified of. Written by Notifier."""
    card: CardProgress = field(default_factory=CardProgress)
    account: AccountReports = field(default_factory=AccountReports)

    receipts: dict[str, Receipt | None] = field(default_factory=dict)
    """The last commands by their ids, each with its receipt once it has one. Written by Receipts."""

    @property
    def held(self) -> int:
        """Return the contracts held now."""
        if self.orders is None or self.exits is None:
            return 0
        return self.orders.ledger.position - self.exits.closed_elsewhere

    # Events of the trade as a whole

    def begin_entry(
        self,
        message: MessageId,
        *,
        fresh_from: datetime,
        now: datetime,
        search_from: date,
        policy: ExitPolicy,
    ) -> None:
        """Begin the entry that was sized; `fresh_from` is when its alert was posted, or approved."""
        assert self.sized is not None
        symbol = self.sized.listing.contract.occ_symbol
        self.orders = OrdersState(ledger=OrderLedger(message, symbol), search_from=search_from)
        self.entry = EntryState(
            started_at=now,
            fresh_from=fresh_from,
            quantity=self.sized.sizing.quantity,
            limit=self.sized.first_limit,
        )
        self.exits = ExitState(policy=policy, plan_set_at=now)

    def change_exits(
        self, policy: ExitPolicy, watch: WatchState | None, *, times_at: datetime | None
    ) -> None:
        """Change what sells the position; `times_at` is when its times were set, None where they stay."""
        assert self.exits is not None
        self.exits.policy, self.exits.watch = policy, watch
        self.exits.plan_set_at = times_at or self.exits.plan_set_at

    def stop_buying(self, why: Denied) -> None:
        """Buy nothing more; the first reason stays."""
        self.buying_stopped = self.buying_stopped or why

    def request_close(self, by: str) -> None:
        """Sell everything; the first who requested it stays on record."""
        if self.close_requested_by is None:
            self.close_requested_by = by

    def make_offer(self, offer: Offer) -> None:
        """Wait for a person's decision on an offer; it replaces an older one."""
        self.offer = offer

    def withdraw_offer(self) -> Offer | None:
        """End the wait for a decision, and return what was offered."""
        offer, self.offer = self.offer, None
        return offer

    def approve(self, approval: Approval) -> None:
        """Approve the entry; it is sized again within the approval."""
        self.approval = approval


LARGE = 100_000
"""Bytes of JSON from which a state is carried compressed: it is in the history of two runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedState:
    """The state of a trade as the input of its next run: readable, or compressed when it is large."""

    state: TradeState | None = None
    compressed: str = ""
    """The state's JSON, by zlib and Base64; empty when `state` is set."""


def carry(state: TradeState) -> CarriedState:
    """Return a state as the input of the next run."""
    written = _json().dump_json(state)
    if len(written) < LARGE:
        return CarriedState(state=state)
    return CarriedState(compressed=base64.b64encode(zlib.compress(written)).decode())


def carried_state(carried: CarriedState) -> TradeState:
    """Return the state that a run was given; raises ValueError when it cannot be read."""
    if carried.state is not None:
        return carried.state
    return _json().validate_json(zlib.decompress(base64.b64decode(carried.compressed)))


@cache
def _json() -> TypeAdapter[TradeState]:
    return TypeAdapter(TradeState)
