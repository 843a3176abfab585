"""Reads a message as an alert: the stages of `alert_trader.domain.alerts.parsing` in their order.

`parse` never raises: every message has one answer, with the spans of text it was read from. What is not
read with certainty is denied with a code of the PARSE family where it looks like an entry, and is chatter
otherwise (WHO-40). Message text is data: reasons quote it shortened and without any character that a chat,
a terminal or a log would act on (WHO-60).
"""

from datetime import date, datetime
from typing import NamedTuple

from alert_trader.domain.alerts.alert import AlertMessage, Nature, ParsedAlert
from alert_trader.domain.alerts.parsing.answer import CHATTER, Near, answer, first_hand, together, too_long
from alert_trader.domain.alerts.parsing.candidates.find import find_candidates
from alert_trader.domain.alerts.parsing.candidates.parts import parts_of
from alert_trader.domain.alerts.parsing.checks.check import check
from alert_trader.domain.alerts.parsing.checks.verdict import Verdict
from alert_trader.domain.alerts.parsing.context import Context, context_of
from alert_trader.domain.alerts.parsing.explanation import (
    Explanation,
    Tried,
    considered,
    explain,
    explain_chatter,
    nearest,
)
from alert_trader.domain.alerts.parsing.fields.collect import collect_fields
from alert_trader.domain.alerts.parsing.normalize import NormalizedText, normalize
from alert_trader.domain.alerts.parsing.outline import Outline, outline
from alert_trader.domain.alerts.parsing.prefilter import may_be_alert
from alert_trader.domain.alerts.parsing.reading import read_fields
from alert_trader.domain.alerts.parsing.tokens import Token, tokenize
from alert_trader.domain.alerts.profile import RoomRule
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.contract import Settlement
from alert_trader.domain.market.trading_hours import ALWAYS_AM, BY_RULE, TradingHours, check_last_day

LONGEST_ALERT = 4000
"""Characters; the longest message Discord carries. A longer text is denied before it is cut into tokens."""

MOST_TOKENS = 1000
"""Words, numbers and marks; a message of 4000 characters has some 800 of them."""

_MOST_AROUND = 2000
"""Characters of authors and footers in which a ticker is looked for."""

NO_RULE = RoomRule()


class _Parsed(NamedTuple):
    """The answer to a message, and the stages that explain it; None where they were not reached."""

    alert: ParsedAlert
    outline: Outline | None = None
    verdict: Verdict | None = None
    tried: tuple[Tried, ...] = ()


def parse(message: AlertMessage, room: RoomRule = NO_RULE) -> ParsedAlert:
    """Read a message. Its own New York date resolves years and DTE.

    `room` has the defaults of the author's channel; without it, an alert with a missing part is denied. Only
    a first message opens a trade, and only a first message or a reply closes one.
    """
    alert = _run(message, room).alert
    return alert if message.nature is Nature.FIRST else first_hand(alert, message.nature)


def explain_reading(message: AlertMessage, room: RoomRule = NO_RULE) -> Explanation:
    """Explain how a message is read: the shape of each token, and each check up to the first that failed."""
    parsed = _run(message, room)
    alert = parsed.alert if message.nature is Nature.FIRST else first_hand(parsed.alert, message.nature)
    if parsed.outline is None:
        return explain_chatter(alert)
    return explain(message.shown, parsed.outline, parsed.verdict, alert, parsed.tried)


def _run(message: AlertMessage, room: RoomRule) -> _Parsed:
    """Run the stages; the first candidate that is one gives the answer."""
    read = message.read
    shown = message.shown if message.embeds else read
    text = normalize(read if len(read) <= LONGEST_ALERT else read[:LONGEST_ALERT])
    if not may_be_alert(text):
        return _CHATTER
    if len(read) > LONGEST_ALERT:
        return _Parsed(too_long(len(read), LONGEST_ALERT, MOST_TOKENS))
    text, around = _with_surroundings(text, shown) if len(read) < len(shown) else (text, [])
    context = context_of(message.posted_at, room, around)
    tokens = tokenize(text, MOST_TOKENS)
    if len(tokens) >= MOST_TOKENS:
        return _Parsed(too_long(len(read), LONGEST_ALERT, MOST_TOKENS))
    outlined = outline(text, tokens, context)
    parts = parts_of(outlined)
    if not parts:
        return _read(shown, outlined, context)
    readings = [_read(shown, outline(text, part, context), context).alert for part in parts]
    return _Parsed(together(readings, parts), outlined)


def _with_surroundings(text: NormalizedText, shown: str) -> tuple[NormalizedText, list[Token]]:
    """Return the text with offsets in the shown one, and the tokens of the embeds' authors and footers."""
    whole = normalize(shown[: LONGEST_ALERT + _MOST_AROUND])
    end = len(text.text)
    around = [token for token in tokenize(whole) if token.start >= end]
    return NormalizedText(whole.text[:end], whole.lower[:end], whole.offsets), around


def _read(shown: str, outlined: Outline, context: Context) -> _Parsed:
    """Try the candidates of a message, or of one part of it."""
    tried: list[Tried] = []
    for candidate in find_candidates(outlined, context):
        fields = collect_fields(candidate, context)
        reading = read_fields(candidate, fields, context)
        verdict = check(candidate, fields, reading, context)
        tried.append(Tried(candidate.shape, reading, verdict))
        if verdict is not None:
            near = None if verdict.refusal is None else Near(considered(tried), nearest(tried) or None)
            return _Parsed(
                answer(shown, outlined.text, reading, verdict, near), outlined, verdict, tuple(tried)
            )
    return _Parsed(CHATTER, outlined, None, tuple(tried))


_CHATTER = _Parsed(CHATTER)


def check_expiry(parsed: ParsedAlert, posted: datetime, hours: TradingHours = BY_RULE) -> Denied | None:
    """Deny an expiration that is no trading day, or was over when the alert was posted; else return None.

    `parse` accepts an explicit date as written; this check comes after it, before sizing. Where a name has
    AM- and PM-settled series, such as SPX, only the option chain has the series: sizing then checks the
    last trading day.
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
        nearest = f"{before.isoformat()} and {after.isoformat()} are the nearest"
        reason = f"expected a trading day, found {expiry:%A} {expiry.isoformat()}: {nearest}"
        return _denied(Code.EXPIRY_NOT_TRADING_DAY, reason, expiry, day)
    if parsed.symbol in ALWAYS_AM:
        return check_last_day(parsed.symbol, expiry, Settlement.AM, posted, hours)
    return None


def _denied(code: Code, reason: str, expiry: date, day: date) -> Denied:
    facts = {"expiry": expiry.isoformat(), "posted": day.isoformat()}
    return Denied(code=code, reason=f"{reason}. Send a new alert with a listed expiration", facts=facts)
