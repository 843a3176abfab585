"""The oracle's rules about stops and times, from the tape alone.

A reader says what each trade was to do (`ExitPlan`); the tape says what it did. Rules, by invariant card:

    STP-10  what is held is covered by a stop or a protective sale, but for a moment
    STP-30  a stop only rises, unless a person lowered it
    STP-40  no protective sale without a crossing, by a quote that is no price, or while the market is closed
    STP-50  a crossing that lasts is a working sale within the given time
    STP-60  no sale fills below its lowest price, unless a person allowed it
    TIM-10  what is to be sold by a time is sold, or has a working sale at the bid, by then

A protective sale is a market order, or a limit at or below the stop. STP-20 is part of `oracle.py`: it is the
rule for what is sold, with pairs counted once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from alert_trader.simulators.venue.oracle_trade import TapeTrade
from alert_trader.simulators.venue.orders import Status
from alert_trader.simulators.venue.tape import (
    ControlLine,
    FillLine,
    OrderLine,
    OrderState,
    QuoteLine,
    TapeLine,
)

COVERED_WITHIN = 5.0
"""Seconds, as the venue has run, that what is held may have neither a stop nor a protective sale: between the
cancellation of one and the acceptance of the next."""

SOLD_WITHIN = 4.0
"""Seconds from the first quote at or under the stop to a working sale: two for each of both steps."""

EARLY = timedelta(minutes=10)
"""How long before its time a sale may be one by that time, and needs no crossing."""

Report = Callable[[str, str, TapeLine, str], None]
"""Takes card, trade, line and text of a broken rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPlan:
    """What one trade was to do; prices are dollars a share."""

    stop: Decimal | None = None
    """Where a stop is to protect everything held."""
    resting: bool = True
    """Whether the stop is to be at the venue. One that the trader watches is not on the tape: STP-10 does not
    apply to it."""
    lowest: Decimal | None = None
    """The lowest price that a sale may fill at."""
    sell_by: datetime | None = None
    widest: Decimal = Decimal("0.5")
    """The widest spread that is still a price, as a share of the mid."""
    lowered: bool = False
    """Whether a person lowered the stop."""
    by_person: bool = False
    """Whether a person sold, or allowed to sell below it: sales then need no crossing."""
    covered_within: float = COVERED_WITHIN
    sold_within: float = SOLD_WITHIN


@dataclass(slots=True)
class _Watch:
    """What is known of one trade's exits, up to a line."""

    plan: ExitPlan
    highest: Decimal | None = None
    """The highest trigger of its stops so far."""
    seen: set[int] = field(default_factory=set)
    crossed: bool = False
    """Whether a price at or under the stop was quoted while contracts were held."""
    started: bool = False
    """Whether a protective sale was sent before: those that follow it need no crossing of their own."""
    uncovered_at: float | None = None
    crossed_at: float | None = None
    timed: bool = False


class ExitRules:
    """Follows a tape beside the oracle's reading of its trades."""

    def __init__(self, plans: Mapping[str, ExitPlan], report: Report) -> None:
        """Watch the trades that have a plan."""
        self._watches = {message: _Watch(plan) for message, plan in plans.items()}
        self._report = report
        self._quotes: dict[str, QuoteLine] = {}
        self._closed = False

    def before(self, line: TapeLine, trades: Mapping[str, TapeTrade]) -> None:
        """Check what must be so at the moment of a line, before the line counts: TIM-10."""
        for message, watch in self._watches.items():
            by, trade = watch.plan.sell_by, trades.get(message)
            if by is None or trade is None or watch.timed or line.at < by:
                continue
            watch.timed = True
            missing = trade.held - trade.selling(self._marketable)
            if missing > 0:
                self._report(
                    "TIM-10", message, line, f"{missing} contracts without a sale at the bid at {by}"
                )

    def after(self, line: TapeLine, trades: Mapping[str, TapeTrade]) -> None:
        """Count a line, and check the other rules."""
        match line:
            case QuoteLine():
                self._quotes[line.symbol] = line
            case ControlLine(command="session", body={"open": bool(is_open)}):
                self._closed = not is_open
            case ControlLine(command="session"):
                self._closed = False
            case _:
                pass
        for message, watch in self._watches.items():
            trade = trades.get(message)
            if trade is None:
                continue
            if isinstance(line, OrderLine) and line.order.order_id in trade.orders:
                self._order(message, watch, line)
            if isinstance(line, FillLine) and line.order_id in trade.orders:
                self._fill(message, watch, line)
            self._cross(watch, trade)
            self._covered(message, watch, trade, line)
            self._sold(message, watch, trade, line)

    def _order(self, message: str, watch: _Watch, line: OrderLine) -> None:
        order = line.order
        watch.started = watch.started or order.triggered
        if order.order_id in watch.seen or order.action.buying:
            return
        watch.seen.add(order.order_id)
        if order.trigger is not None:
            if watch.highest is not None and order.trigger < watch.highest and not watch.plan.lowered:
                self._report(
                    "STP-30",
                    message,
                    line,
                    f"stop {order.order_id} at {order.trigger}; it was at {watch.highest}",
                )
            watch.highest = max(watch.highest or order.trigger, order.trigger)
        elif (
            self._protective(order, watch.plan) and not watch.plan.by_person and not _timed(line, watch.plan)
        ):
            self._triggered(message, watch, line)

    def _triggered(self, message: str, watch: _Watch, line: OrderLine) -> None:
        quote = self._quotes.get(line.order.symbol)
        text = None
        if self._closed:
            text = "while the market was closed"
        elif watch.started:
            pass
        elif quote is not None and not _is_price(quote, watch.plan):
            text = f"at a quote of {quote.bid} to {quote.ask}, which is no price"
        elif not watch.crossed:
            text = f"without a quote at or under the stop of {watch.plan.stop}"
        if text is not None:
            self._report("STP-40", message, line, f"protective sale {line.order.order_id} {text}")
        watch.started = True

    def _fill(self, message: str, watch: _Watch, line: FillLine) -> None:
        lowest = watch.plan.lowest
        if lowest is not None and not line.action.buying and line.price < lowest and not watch.plan.by_person:
            self._report(
                "STP-60",
                message,
                line,
                f"{line.quantity} sold at {line.price}, below the lowest price of {lowest}",
            )

    def _cross(self, watch: _Watch, trade: TapeTrade) -> None:
        if trade.held > 0 and watch.plan.stop is not None and self._under(trade, watch.plan):
            watch.crossed = True

    def _under(self, trade: TapeTrade, plan: ExitPlan) -> bool:
        quote = self._quotes.get(next(iter(trade.orders.values())).symbol)
        return (
            quote is not None
            and plan.stop is not None
            and not self._closed
            and _is_price(quote, plan)
            and quote.bid <= plan.stop
        )

    def _covered(self, message: str, watch: _Watch, trade: TapeTrade, line: TapeLine) -> None:
        plan = watch.plan
        if plan.stop is None or not plan.resting:
            return
        missing = trade.held - trade.selling(
            lambda order: order.trigger is not None or self._marketable(order)
        )
        watch.uncovered_at = self._lasting(watch.uncovered_at, line, open_now=missing > 0)
        if watch.uncovered_at is not None and line.ran - watch.uncovered_at > plan.covered_within:
            self._report("STP-10", message, line, f"{missing} contracts without a stop or a protective sale")
            watch.uncovered_at = line.ran

    def _sold(self, message: str, watch: _Watch, trade: TapeTrade, line: TapeLine) -> None:
        plan = watch.plan
        if plan.stop is None:
            return
        missing = trade.held - trade.selling(self._marketable)
        under = missing > 0 and self._under(trade, plan)
        watch.crossed_at = self._lasting(watch.crossed_at, line, open_now=under)
        if watch.crossed_at is not None and line.ran - watch.crossed_at > plan.sold_within:
            self._report(
                "STP-50", message, line, f"{missing} contracts under the stop without a working sale"
            )
            watch.crossed_at = line.ran

    @staticmethod
    def _lasting(since: float | None, line: TapeLine, *, open_now: bool) -> float | None:
        """Return since when something lasts; a venue that starts again counts anew."""
        if not open_now:
            return None
        return line.ran if since is None or line.ran < since else since

    def _marketable(self, order: OrderState) -> bool:
        """Return whether a sale trades at the bid: it waits for no trigger and asks for no more."""
        if order.trigger is not None and not order.triggered:
            return False
        if order.status is Status.CONTINGENT:
            return False
        quote = self._quotes.get(order.symbol)
        return order.limit is None or quote is None or quote.bid <= 0 or order.limit <= quote.bid

    @staticmethod
    def _protective(order: OrderState, plan: ExitPlan) -> bool:
        return plan.stop is not None and (order.limit is None or order.limit <= plan.stop)


def _timed(line: TapeLine, plan: ExitPlan) -> bool:
    return plan.sell_by is not None and line.at >= plan.sell_by - EARLY


def _is_price(quote: QuoteLine, plan: ExitPlan) -> bool:
    """Return whether a quote is two-sided, not crossed, and not too wide."""
    if quote.missing or quote.bid <= 0 or quote.ask <= 0 or quote.bid > quote.ask:
        return False
    return quote.ask - quote.bid <= plan.widest * (quote.ask + quote.bid) / 2
