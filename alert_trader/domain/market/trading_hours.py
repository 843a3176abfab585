"""When a contract trades: by the calendar, announced closures, and the session that the broker reports.

The calendar's rules apply to every year. A closure that no rule gives, such as 2025-01-09, comes from the
settings, or on the day itself from the broker, whose session replaces the calendar's.

Where sources disagree on when a contract stops trading there are two times: it trades at least until
`earliest`, and not after `latest`. Entries end at the first; a sale may be sent until the second, and at
worst is rejected.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.market import calendar
from alert_trader.domain.market.calendar import CLOSES, NEW_YORK, OPENS, new_york_date
from alert_trader.domain.market.contract import OptionContract, Settlement
from alert_trader.domain.market.quotes import Listing

LATE = timedelta(minutes=15)
"""How much longer than stocks some options trade: until 16:15 New York time, 13:15 on a half day."""

# fmt: off
LATE_ROOTS = frozenset({
    "DIA", "IWM", "QQQ", "SPY",
    "DBA", "DBB", "DBC", "DBO", "DBS", "EEM", "EFA", "FXI", "GAZ", "IWN", "IWO", "IWV", "IYR", "JJC", "KBE",
    "KRE", "LQD", "MDY", "MLPN", "MOO", "OEF", "OIL", "SLX", "SVXY", "TLT", "UNG", "UUP", "UVIX", "UVXY",
    "VIIX", "VIXM", "VIXY", "VXX", "VXZ", "XHB", "XLB", "XLE", "XLF", "XLI", "XLK", "XLP", "XLU", "XLV",
    "XLY", "XME", "XRT",
    "DJX", "MNX", "MRUT", "MXEA", "MXEF", "NDX", "NDXP", "OEX", "OEXW", "RUT", "RUTW", "RVX",
    "SPX", "SPXW", "VIX", "VIXW", "XEO", "XEOW", "XND", "XSP",
})
# fmt: on
"""Options that trade until 16:15. Source: the broker's help, "options that trade until 3:15 Central", and
Cboe's product pages for indexes. Verified for SPY, QQQ, IWM, DIA and the indexes; the exchanges change
the list. If a root is listed here by mistake, a late sale is rejected."""

ENDS_AT_FOUR = frozenset({"SPXW", "XSP", "NDXP", "RUTW", "OEX", "OEXW", "XEO", "XEOW"})
"""Of these, contracts that stop at 16:00 on their expiration day. Source: the broker's help on cash-settled
indexes, and Cboe's pages. Not verified for the others: sources name 16:00 or 16:15 for an ETF option on its
last day."""

AM_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX", "VIX", "VIXW", "MXEA", "MXEF"})
"""Roots with series that settle at the open of the expiration day (VIX: all of them) and stop trading the day
before. Source: the broker's help on cash-settled indexes. The settlement stated in the chain overrides
this."""

ALWAYS_AM = frozenset({"VIX", "VIXW"})
"""Underlyings with AM-settled series only: no chain is needed to know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyClose:
    """A day with an early close, New York time."""

    day: date
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Closures:
    """Announced closures and early closes that no calendar rule gives."""

    days: tuple[date, ...] = ()
    early: tuple[EarlyClose, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a closure on a weekend, or an early close on a closed day or out of hours."""
        for day in self.days:
            if day.weekday() >= 5:
                raise ValueError(
                    f"expected a closure on a weekday, found {day:%A} {day.isoformat()}: leave weekends out"
                )
        for each in self.early:
            if each.day in self.days or not calendar.is_trading_day(each.day):
                raise ValueError(
                    f"expected an early close on a trading day, found {each.day:%A} {each.day.isoformat()}, "
                    "which is closed"
                )
            if not OPENS < each.at < CLOSES:
                raise ValueError(
                    f"expected an early close between {OPENS:%H:%M} and {CLOSES:%H:%M} in New York, found "
                    f"{each.at:%H:%M} on {each.day.isoformat()}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSession:
    """The regular session that the broker reports: today's, or the next one when today's is over."""

    asked_at: datetime
    opens_at: datetime
    closes_at: datetime

    @property
    def day(self) -> date:
        """The New York day of the session."""
        return new_york_date(self.opens_at)


def stated(asked_at: datetime, opens_at: datetime | None, closes_at: datetime | None) -> StatedSession | None:
    """Return the session the broker reports; None unless it opens and closes on one day.

    The simulated venue, for example, never closes.
    """
    if (
        opens_at is None
        or closes_at is None
        or closes_at <= opens_at
        or new_york_date(opens_at) != new_york_date(closes_at)
    ):
        return None
    return StatedSession(asked_at=asked_at, opens_at=opens_at, closes_at=closes_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTrade:
    """When a contract stops trading: the earliest and the latest time that sources allow."""

    earliest: datetime
    latest: datetime
    settles_later: bool
    """Whether it may settle at a price of the next day, so that its last quote does not show its value."""
    expires: datetime
    """The close of the expiration day: until then the account may still show the position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHours:
    """Trading days and hours, by calendar, closures and the broker. Days are New York dates, times UTC."""

    closures: Closures = field(default_factory=Closures)
    session: StatedSession | None = None

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchange opens on this day."""
        found = self.session
        if found is not None and new_york_date(found.asked_at) <= day <= found.day:
            over = calendar.session_closes_at(day)
            # after the close the broker reports the next session, which does not say whether this day was one
            if day == found.day or over is None or over > found.asked_at:
                return day == found.day
        return calendar.is_trading_day(day) and day not in self.closures.days

    def next_trading_day(self, day: date) -> date:
        """Return the first trading day after `day`."""
        day += timedelta(days=1)
        while not self.is_trading_day(day):
            day += timedelta(days=1)
        return day

    def previous_trading_day(self, day: date) -> date:
        """Return the last trading day before `day`."""
        day -= timedelta(days=1)
        while not self.is_trading_day(day):
            day -= timedelta(days=1)
        return day

    def opens_at(self, day: date) -> datetime | None:
        """Return the open of the regular session, or None on a day without trading."""
        if not self.is_trading_day(day):
            return None
        return (
            self.session.opens_at
            if self.session is not None and self.session.day == day
            else _utc(day, OPENS)
        )

    def closes_at(self, day: date) -> datetime | None:
        """Return the close of the regular session, or None on a day without trading."""
        if not self.is_trading_day(day):
            return None
        if self.session is not None and self.session.day == day:
            return self.session.closes_at
        early = next((each.at for each in self.closures.early if each.day == day), None)
        return calendar.session_closes_at(day) if early is None else _utc(day, early)

    def trades_at(self, contract: OptionContract, moment: datetime) -> bool:
        """Return whether a contract trades at a moment, the late quarter of an hour of its class included."""
        day = new_york_date(moment)
        opens, closes = self.opens_at(day), self._sells_until(contract.root, contract.expiry, day)
        return opens is not None and closes is not None and opens <= moment < closes

    def next_open(self, moment: datetime) -> datetime:
        """Return the next open of the regular session after `moment`."""
        day = new_york_date(moment)
        opens = self.opens_at(day)
        if opens is None or opens <= moment:
            opens = self.opens_at(self.next_trading_day(day))
        assert opens is not None
        return opens

    def next_close(self, contract: OptionContract, moment: datetime) -> datetime:
        """Return when a contract stops trading on the day of `moment`, or on the next day if that is past."""
        day = new_york_date(moment)
        closes = self._sells_until(contract.root, contract.expiry, day)
        if closes is None or closes <= moment:
            closes = self._sells_until(contract.root, contract.expiry, self.next_trading_day(day))
        assert closes is not None
        return closes

    def last_trade(self, root: str, expiry: date, settlement: Settlement | None = None) -> LastTrade:
        """Return when a contract stops trading: on its expiration day, or if AM-settled on the day before.

        `settlement` is from the chain. Where the chain has none and the root suggests AM, the two times are a
        day apart.
        """
        expires = self._expires(expiry)
        before = self.previous_trading_day(expires)
        perhaps_am = settlement is Settlement.AM or (settlement is None and root in AM_ROOTS)
        earliest = self.closes_at(before if perhaps_am else expires)
        latest = self._sells_until(root, expiry, before if settlement is Settlement.AM else expires)
        closes = self.closes_at(expires)
        assert earliest is not None
        assert latest is not None
        assert closes is not None
        return LastTrade(
            earliest=earliest, latest=latest, settles_later=perhaps_am, expires=max(latest, closes)
        )

    def _expires(self, expiry: date) -> date:
        return expiry if self.is_trading_day(expiry) else self.previous_trading_day(expiry)

    def _sells_until(self, root: str, expiry: date, day: date) -> datetime | None:
        """Return when trading in a contract ends on `day`, or None on a day without trading."""
        closes = self.closes_at(day)
        late = root in LATE_ROOTS and not (root in ENDS_AT_FOUR and day == self._expires(expiry))
        return closes + LATE if closes is not None and late else closes


BY_RULE = TradingHours()
"""Trading hours by the calendar alone."""


def check_last_day(
    root: str, expiry: date, settlement: Settlement | None, now: datetime, hours: TradingHours = BY_RULE
) -> Denied | None:
    """Deny a contract after its last trading day (AM-settled: the day before it expires)."""
    last, today = new_york_date(hours.last_trade(root, expiry, settlement).earliest), new_york_date(now)
    if today <= last:
        return None
    how = "" if settlement is Settlement.PM else " (it settles at the open of its expiration day)"
    reason = (
        f"{root} {expiry.isoformat()} no longer trades: its last trading day was {last.isoformat()}{how}; "
        "send a new alert with a later expiration"
    )
    facts = {"expiry": expiry.isoformat(), "last_trading_day": last.isoformat(), "today": today.isoformat()}
    return Denied(code=Code.CONTRACT_EXPIRED, reason=reason, facts=facts)


def entries_end(
    listing: Listing, closes_at: datetime | None, now: datetime, hours: TradingHours = BY_RULE
) -> datetime | None:
    """Return when the session of `now` ends for entries: the market closes, or the contract may stop trading.

    `closes_at` is the broker's close of the open session, before the calendar's. None when neither has one.
    """
    closes = hours.closes_at(new_york_date(now)) if closes_at is None else closes_at
    if closes is None:
        return None
    contract = listing.contract
    return min(closes, hours.last_trade(contract.root, contract.expiry, listing.settlement).earliest)


def _utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)
