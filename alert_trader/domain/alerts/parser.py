"""Reads a message as an alert: total, pure, and certain or refused.

`parse` answers one reading with the spans of text it rests on. What is not read with certainty is refused with a code of the PARSE family
when it looks like an entry, and is chatter otherwise (WHO-40). Message text is data: reasons carry it shortened and without any character
that a chat, a terminal or a log would act on (WHO-60). The grammar is in `alert_trader.domain.alerts.parsing`.
"""

from datetime import date, datetime

from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Nature, ParsedAlert
from alert_trader.domain.alerts.parsing.explanation import Explanation, explain
from alert_trader.domain.alerts.parsing.reading import read
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import Settlement
from alert_trader.domain.market.trading_hours import ALWAYS_AM, BY_RULE, TradingHours, check_last_day

LONGEST_ALERT = 4000
"""Characters; the longest message Discord carries. A longer text is not cut into tokens at all."""


NO_RULE = RoomRule()

_SECOND_HAND = {
    Nature.REPLY: "an answer to another message",
    Nature.FORWARD: "a forwarded message",
    Nature.QUOTE: "a message that repeats another",
    Nature.EDIT: "a message that was changed later",
}


def parse(message: AlertMessage, room: RoomRule = NO_RULE) -> ParsedAlert:
    """Read a message. Never raises: every input has an answer. The message's own New York date resolves years and DTE.

    `room` is what the author's room leaves unsaid; without it, what is missing is refused. Only a first message opens anything, and
    nothing but a first message or a reply closes anything.
    """
    found = read(message, room, longest=LONGEST_ALERT)
    return found if message.nature is Nature.FIRST else _first_hand(found, message.nature)


def _first_hand(found: ParsedAlert, nature: Nature) -> ParsedAlert:
    """Refuse what a message of this nature may not do, with the spans of what it would have done."""
    harmless = found.kind in {AlertKind.CHATTER, AlertKind.REFUSED} or (
        found.kind is AlertKind.EXIT and nature is Nature.REPLY
    )
    if harmless:
        return found
    reason = f"expected a first message, found {_SECOND_HAND[nature]}: send a new one if it is meant"
    return ParsedAlert(
        kind=AlertKind.REFUSED, code=str(Code.PARSE_NOT_FIRST_HAND), reason=reason, spans=found.spans
    )


def explain_reading(message: AlertMessage, room: RoomRule = NO_RULE) -> Explanation:
    """Explain how a message is read: each rule that read a piece of its shown text, and each check up to the first that failed."""
    return explain(message.shown, message.posted_at, parse(message, room), room, longest=LONGEST_ALERT)


def check_expiry(parsed: ParsedAlert, posted: datetime, hours: TradingHours = BY_RULE) -> Denied | None:
    """Deny an expiration on which nothing trades, or that was over when the alert was posted; None when it may be traded.

    Reading takes an explicit date as it is written; this check stands beside it, before anything is sized. Where one name has AM- and
    PM-settled series, such as SPX, the chain tells which it is, and sizing checks the last trading day.
    """
    expiry = parsed.expiry
    if expiry is None:
        return None
    day = new_york_date(posted)
    if expiry < day:
        return _denied(
            Code.EXPIRY_PAST,
            f"expected an expiration from {day.isoformat()} on, found {expiry.isoformat()}",
            expiry,
            day,
        )
    if not hours.is_trading_day(expiry):
        before, after = hours.previous_trading_day(expiry), hours.next_trading_day(expiry)
        reason = f"expected a trading day, found {expiry:%A} {expiry.isoformat()}: {before.isoformat()} and {after.isoformat()} are the nearest"
        return _denied(Code.EXPIRY_NOT_TRADING_DAY, reason, expiry, day)
    if parsed.symbol in ALWAYS_AM:
        return check_last_day(parsed.symbol, expiry, Settlement.AM, posted, hours)
    return None


def _denied(code: Code, reason: str, expiry: date, day: date) -> Denied:
    facts = {"expiry": expiry.isoformat(), "posted": day.isoformat()}
    return Denied(code=code, reason=f"{reason}. Send a new alert with a listed expiration", facts=facts)
