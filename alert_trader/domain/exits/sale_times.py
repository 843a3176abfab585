"""By when a plan's times require everything to be sold.

A moment at which the contract cannot be traded is moved to shortly before the close that precedes it, so that
half days, holidays and the last trading day are kept (TIM-10). Days are New York dates, times UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from alert_trader.domain.exits.plan import ExitPlan, TimeExit
from alert_trader.domain.market.calendar import NEW_YORK, eastern, new_york_date
from alert_trader.domain.market.contract import Settlement
from alert_trader.domain.market.trading_hours import BY_RULE, TradingHours

CLOSE_MARGIN = timedelta(minutes=5)
"""How long before a close such a sale is over: quotes widen in the last minutes."""

SALE_LEAD = timedelta(seconds=30)
"""How long before its moment a sale begins: what works must be cancelled first, and the ladder takes 20 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFacts:
    """What the moments of a trade follow from, besides the plan."""

    root: str
    expiry: date
    settlement: Settlement | None
    set_at: datetime
    """When the time was set: with the entry, or by a change."""
    first_fill_at: datetime | None = None


def sell_by(plan: ExitPlan, facts: TimeFacts, hours: TradingHours = BY_RULE) -> datetime | None:
    """Return the moment by which everything is to be sold; None for a plan without times."""
    return min((_moment(each, facts, hours) for each in plan.times), default=None)


def sale_begins(by: datetime) -> datetime:
    """Return when the sale that must be over, or at the bid, by this moment begins."""
    return by - SALE_LEAD


def check_times(
    plan: ExitPlan, facts: TimeFacts, *, now: datetime, window: timedelta, hours: TradingHours = BY_RULE
) -> None:
    """Raise ValueError for a time that has passed, or is nearer than `window`.

    `window` is the entry ladder's for a new trade, and zero for a change of a running one.
    """
    for each in plan.times:
        begins = sale_begins(_moment(each, facts, hours))
        if begins <= now + window:
            earliest = eastern(now + window + SALE_LEAD, "%Y-%m-%d %H:%M:%S")
            raise ValueError(
                f"expected a time to sell at after {earliest}, found {each}, which is "
                f"{eastern(begins + SALE_LEAD, '%Y-%m-%d %H:%M:%S')}: choose a later one"
            )


def _moment(rule: TimeExit, facts: TimeFacts, hours: TradingHours) -> datetime:
    last = hours.last_trade(facts.root, facts.expiry, facts.settlement).earliest
    if rule.before_last_trade is not None:
        return _tradable(last - rule.before_last_trade, hours, no_later_than=last)
    if rule.held is not None:
        since = facts.set_at if facts.first_fill_at is None else facts.first_fill_at
        return _tradable(since + rule.held, hours, no_later_than=last - CLOSE_MARGIN)
    if rule.days_before_expiry is not None:
        day = facts.expiry if hours.is_trading_day(facts.expiry) else hours.previous_trading_day(facts.expiry)
        for _ in range(rule.days_before_expiry):
            day = hours.previous_trading_day(day)
    else:
        day = _session_day(facts.set_at, hours)
    closes = hours.closes_at(day)
    assert closes is not None
    moment = closes if rule.at is None else datetime.combine(day, rule.at, NEW_YORK).astimezone(UTC)
    return _tradable(moment, hours, no_later_than=last - CLOSE_MARGIN)


def _session_day(moment: datetime, hours: TradingHours) -> date:
    """Return the day whose session is open at this moment, or begins next."""
    day = new_york_date(moment)
    closes = hours.closes_at(day)
    return day if closes is not None and moment < closes else hours.next_trading_day(day)


def _tradable(moment: datetime, hours: TradingHours, *, no_later_than: datetime) -> datetime:
    """Return this moment, or if it is in no session the last one before the close that precedes it."""
    moment = min(moment, no_later_than)
    day = new_york_date(moment)
    opens = hours.opens_at(day)
    if opens is None or moment <= opens:
        day = hours.previous_trading_day(day)
    closes = hours.closes_at(day)
    assert closes is not None
    return min(moment, closes - CLOSE_MARGIN)
