"""Reads a message as an alert: total, pure, and certain or refused.

`parse` answers one reading with the spans of text it rests on. What is not read with certainty is refused with a code of the PARSE family
when it looks like an entry, and is chatter otherwise (WHO-40). Message text is data: reasons carry it shortened and without any character
that a chat, a terminal or a log would act on (WHO-60). The grammar is in `domain.parsing`.
"""

from datetime import date, datetime

from domain.alert import AlertMessage, ParsedAlert
from domain.calendar import is_trading_day, new_york_date, next_trading_day, previous_trading_day
from domain.denial import Code, Denied
from domain.parsing.explaining import Explanation, explain
from domain.parsing.reading import read

LONGEST_ALERT = 4000
"""Characters; the longest message Discord carries. A longer text is not cut into tokens at all."""


def parse(message: AlertMessage) -> ParsedAlert:
    """Read a message. Never raises: every input has an answer. The message's own New York date resolves years and DTE."""
    return read(message, longest=LONGEST_ALERT)


def explain_reading(message: AlertMessage) -> Explanation:
    """Explain how a message is read: each rule that read a piece of its shown text, and each check up to the first that failed."""
    return explain(message.shown, message.posted_at, parse(message), longest=LONGEST_ALERT)


def check_expiry(parsed: ParsedAlert, posted: datetime) -> Denied | None:
    """Deny an expiration on which nothing trades, or that was over when the alert was posted; None when it may be traded.

    Reading takes an explicit date as it is written; this check stands beside it, before anything is sized.
    """
    expiry = parsed.expiry
    if expiry is None:
        return None
    day = new_york_date(posted)
    if expiry < day:
        return _denied(Code.EXPIRY_PAST, f"expected an expiration from {day.isoformat()} on, found {expiry.isoformat()}", expiry, day)
    if not is_trading_day(expiry):
        before, after = previous_trading_day(expiry), next_trading_day(expiry)
        reason = (
            f"expected a trading day, found {expiry:%A} {expiry.isoformat()}: {before.isoformat()} and {after.isoformat()} are the nearest"
        )
        return _denied(Code.EXPIRY_NOT_TRADING_DAY, reason, expiry, day)
    return None


def _denied(code: Code, reason: str, expiry: date, day: date) -> Denied:
    facts = {"expiry": expiry.isoformat(), "posted": day.isoformat()}
    return Denied(code=code, reason=f"{reason}. Send a new alert with a listed expiration", facts=facts)
