"""The oracle: reads only a tape, and reports which invariants the trader violated.

It knows nothing of the trader but its naming: orders carry `<message>-e<n>` for entries and `<message>-x<n>`
for exits. It follows the tape line by line, so a promise holds at every moment, not only at the end. What it
checks, by invariant card:

    ENT-10  at most one live entry order a trade
    ENT-20  entry fills never exceed what the first entry ordered
    ENT-70  no entry outside a session; ENT-80, RSK-50: its price and its money (`oracle_entries.py`)
    ENT-30  one order for each client order id
    EXT-10  exit fills and working exits never exceed entry fills
    EXT-20  every sale is a strict sell to close
    EXT-40  each filled slice has its exit within the given time
    EXT-60  no order works for a trade that is closed
    EXT-80  no sale is sent, and none fills, after its series has stopped trading (an entry: ENT-70)
    FIL-30  a position is never short
    RSK-10  no price off the tick table
    STP-20  the same as EXT-10, for a trade with a stop or a pair
    STP-60  no sale at the market, and none far under the bid at which it began
    UNK-60  no foreign order was changed

and, for trades with an exit plan, the rules of `oracle_exits.py`.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from alert_trader.simulators.venue.oracle_entries import EntryBounds
from alert_trader.simulators.venue.oracle_exits import ExitPlan, ExitRules
from alert_trader.simulators.venue.oracle_trade import TapeTrade
from alert_trader.simulators.venue.orders import Action
from alert_trader.simulators.venue.tape import (
    ControlLine,
    FillLine,
    OrderLine,
    OrderState,
    PositionLine,
    RequestLine,
    SessionLine,
    TapeLine,
)

_OURS = re.compile(r"(?P<message>.+)-(?P<leg>[ex])(?P<number>\d+)")
_OUR_SOURCE = "alert-trader/"

EXIT_WITHIN = 5.0
"""Seconds from a fill to the exit order that protects it, as the venue has run: a machine too busy for the
venue is also too busy for the trader, which is no violation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A promise that was broken, and the line of the tape that shows it."""

    card: str
    trade: str
    line: int
    text: str

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.card} trade {self.trade}, tape line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the reader knows beside the tape: who is closed, and what share of a fill its exits stand for."""

    closed: Collection[str] = ()
    """Message ids of trades that are over."""
    exit_fraction: Decimal | None = None
    """Checks EXT-40 when given; leave it out where a test keeps exits from being accepted."""
    plans: Mapping[str, ExitPlan] = field(default_factory=dict)
    """Exit plans by message id, for the STP and TIM cards."""
    entries: Mapping[str, EntryBounds] = field(default_factory=dict)
    """What was decided for the entries of trades, by message id."""
    sale_floor: Decimal = Decimal("0.5")
    """The share of the bid under which no sale is offered that is not a target."""
    requested_again: Collection[str] = ()
    """Message ids of trades whose sale was requested again, so that it began anew at a lower bid."""


@dataclass(slots=True)
class _Reading:
    expect: Expectation
    trades: defaultdict[str, TapeTrade] = field(default_factory=lambda: defaultdict(TapeTrade))
    found: list[Violation] = field(default_factory=list)
    session: SessionLine | None = None
    days: int = 0
    """Days that were ended by hand."""
    edited: set[str] = field(default_factory=set)
    """Orders that somebody placed in the broker's app to replace one of the trader's: they carry no name, and
    count as the trader's."""

    def fault(self, card: str, trade: str, line: TapeLine, text: str) -> None:
        self.found.append(Violation(card=card, trade=trade, line=line.seq, text=text))

    def bounds(self, trade: str) -> EntryBounds:
        return self.expect.entries.get(trade) or EntryBounds()


def check(tape: Iterable[TapeLine], expect: Expectation | None = None) -> list[Violation]:
    """Read a tape to its end; returns every promise that was broken, in the order it happened."""
    reading = _Reading(expect or Expectation())
    exits = ExitRules(reading.expect.plans, reading.fault)
    last: TapeLine | None = None
    for line in tape:
        last = line
        exits.before(line, reading.trades)
        match line:
            case OrderLine():
                _order(reading, line)
            case FillLine():
                _fill(reading, line)
            case PositionLine() if line.quantity < 0:
                reading.fault(
                    "FIL-30", line.symbol, line, f"the account is short {-line.quantity} {line.symbol}"
                )
            case RequestLine():
                _touch(reading, line)
            case SessionLine():
                reading.session = line
            case ControlLine() if line.command == "end-day":
                reading.days += 1
            case _:
                pass
        _late(reading, line)
        exits.after(line, reading.trades)
    if last is not None:
        _end(reading, last)
    return reading.found


def _order(reading: _Reading, line: OrderLine) -> None:
    order = line.order
    named = _OURS.fullmatch(_name(order) or "")
    if named is None:
        if any(order.replaces in trade.orders for trade in reading.trades.values()):
            reading.edited.add(str(order.order_id))
        return
    message, trade = named["message"], reading.trades[named["message"]]
    name = named[0]
    if trade.names.setdefault(name, order.order_id) != order.order_id and order.replaces is None:
        reading.fault(
            "ENT-30",
            message,
            line,
            f"a second order {order.order_id} carries {name}; the first was {trade.names[name]}",
        )
    trade.orders[order.order_id] = order
    if named["leg"] == "e":
        trade.wanted = trade.wanted or order.quantity
        live = trade.working(entry=True)
        if len(live) > 1:
            reading.fault(
                "ENT-10",
                message,
                line,
                f"entry orders {', '.join(str(each.order_id) for each in live)} are live together",
            )
        _entry(reading, message, trade, line)
    elif not (order.strict and order.legs[0].sent is Action.SELL_TO_CLOSE):
        reading.fault(
            "EXT-20",
            message,
            line,
            f"{name} is {order.legs[0].sent}, strict {order.strict}; expected a strict sell to close",
        )
    _stopped(reading, message, line, order.action)
    expect = reading.expect
    if named["leg"] == "x" and message not in expect.plans:  # a plan names the lowest price itself
        wrong = trade.sales.look(line, floor=expect.sale_floor, again=message in expect.requested_again)
        if wrong is not None:
            reading.fault("STP-60", message, line, f"{name} {wrong}")
    if (
        order.reject_reason is not None
        and "increment" in order.reject_reason.lower()
        and line.before is not order.status
    ):
        reading.fault("RSK-10", message, line, f"{name} at {order.limit}: {order.reject_reason}")
    _oversold(reading, message, trade, line)


def _fill(reading: _Reading, line: FillLine) -> None:
    message = next((each for each, trade in reading.trades.items() if line.order_id in trade.orders), None)
    if message is None:
        return
    trade = reading.trades[message]
    if line.action.buying:
        trade.bought += line.quantity
        if trade.bought > trade.wanted:
            reading.fault(
                "ENT-20", message, line, f"{trade.bought} bought, {trade.wanted} were ordered first"
            )
    else:
        trade.sold += line.quantity
    # the order line that shows this fill comes after it: the state held here still counts it as working
    state = trade.orders[line.order_id]
    trade.orders[line.order_id] = state.model_copy(
        update={"filled": min(state.quantity, state.filled + line.quantity)}
    )
    _stopped(reading, message, line, line.action)
    if line.action.buying:
        _entry(reading, message, trade, line)
    _oversold(reading, message, trade, line)


def _entry(reading: _Reading, message: str, trade: TapeTrade, line: OrderLine | FillLine) -> None:
    rule, bounds, at = trade.entry, reading.bounds(message), (reading.session, reading.days)
    faults = rule.order(line, *at, bounds) if isinstance(line, OrderLine) else rule.fill(line, *at, bounds)
    for card, text in (*faults, *rule.money(trade.working(entry=True), bounds)):
        reading.fault(card, message, line, text)


def _stopped(reading: _Reading, message: str, line: OrderLine | FillLine, action: Action) -> None:
    """Find an order that came, or a fill, after the series had stopped trading."""
    if not line.stopped or (isinstance(line, OrderLine) and line.order.replaces is not None):
        return
    order_id = line.order_id if isinstance(line, FillLine) else line.order.order_id
    what = "fills" if isinstance(line, FillLine) else "was sent"
    card = "ENT-70" if action.buying else "EXT-80"
    reading.fault(card, message, line, f"order {order_id} {what} after its series had stopped trading")


def _oversold(reading: _Reading, message: str, trade: TapeTrade, line: TapeLine) -> None:
    working = trade.selling()
    if working + trade.sold > trade.bought:
        reading.fault(
            "STP-20" if trade.stopped else "EXT-10",
            message,
            line,
            f"{trade.sold} sold and {working} in working exits, of {trade.bought} bought",
        )


def _touch(reading: _Reading, line: RequestLine) -> None:
    """Find a call of the trader's that changes an order which is not its own."""
    if line.method not in {"DELETE", "PUT", "PATCH"}:
        return
    order_id = line.path.rpartition("/")[2]
    if "/complex-orders/" in line.path:
        pairs = {str(each.complex_id) for trade in reading.trades.values() for each in trade.orders.values()}
        if order_id not in pairs:
            reading.fault("UNK-60", "-", line, f"{line.method} on pair {order_id}, which is not the trader's")
        return
    if "/orders/" not in line.path:
        return
    if order_id not in reading.edited and not any(
        str(each) == order_id for trade in reading.trades.values() for each in trade.orders
    ):
        reading.fault(
            "UNK-60", "-", line, f"{line.method} on order {order_id}, which is not one of the trader's"
        )


def _late(reading: _Reading, line: TapeLine) -> None:
    """Watch that what is bought gets its exits in time; a slice too small for one needs none."""
    if reading.expect.exit_fraction is None:
        return
    for message, trade in reading.trades.items():
        target = int((reading.expect.exit_fraction * trade.bought).to_integral_value(ROUND_FLOOR))
        covered = trade.sold + trade.selling()
        if covered >= target:
            trade.uncovered_since = None
        elif (
            trade.uncovered_since is None or line.ran < trade.uncovered_since.ran
        ):  # a venue that was started again counts from zero
            trade.uncovered_since = line
        elif line.ran - trade.uncovered_since.ran > EXIT_WITHIN:
            reading.fault(
                "EXT-40",
                message,
                line,
                f"{target - covered} contracts without their exit since {trade.uncovered_since.at}",
            )
            trade.uncovered_since = line


def _end(reading: _Reading, last: TapeLine) -> None:
    for message in reading.expect.closed:
        trade = reading.trades.get(message)
        working = (
            [] if trade is None else [order for order in trade.orders.values() if not order.status.terminal]
        )
        if working:
            names = ", ".join(f"{order.order_id} ({order.status})" for order in working)
            reading.fault("EXT-60", message, last, f"closed with working orders: {names}")


def _name(order: OrderState) -> str | None:
    """Read our client order id from either field that carries it."""
    if order.source is not None and order.source.startswith(_OUR_SOURCE):
        return order.source.removeprefix(_OUR_SOURCE)
    return order.client_id
