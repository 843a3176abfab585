"""Stage 8: the answer - an entry, exit or addition with the spans it was read from, a refusal, or chatter."""

from collections.abc import Iterable
from operator import itemgetter

from alert_trader.domain.alerts.alert import AlertKind, Nature, ParsedAlert, Span
from alert_trader.domain.alerts.parsing.checks.check import Verdict
from alert_trader.domain.alerts.parsing.normalize import NormalizedText
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.denial import Code

CHATTER = ParsedAlert(kind=AlertKind.CHATTER)

_BY_PLACE = itemgetter(1, 2)
_SECOND_HAND = {
    Nature.REPLY: "a reply to another message",
    Nature.FORWARD: "a forwarded message",
    Nature.QUOTE: "a message that repeats another",
    Nature.EDIT: "a message that was edited",
}


def answer(shown: str, text: NormalizedText, reading: Reading, verdict: Verdict) -> ParsedAlert:
    """Return a reading that is certain with its spans in the shown text, or its refusal."""
    refusal = verdict.refusal
    if refusal is not None:
        found = () if refusal.token is None else (("doubt", refusal.token),)
        return ParsedAlert(
            kind=AlertKind.REFUSED,
            code=str(refusal.code),
            reason=refusal.reason,
            spans=_spans(shown, text, found),
        )
    return ParsedAlert(
        kind=reading.kind,
        symbol=reading.symbol,
        strike=reading.strike,
        right=reading.right,
        expiry=reading.expiry,
        price=reading.price,
        average=reading.average,
        quantity=reading.quantity,
        portion=reading.closed.portion,
        fraction=reading.closed.fraction,
        label=reading.label,
        spans=_spans(shown, text, reading.evidence),
    )


def _spans(shown: str, text: NormalizedText, evidence: Iterable[tuple[str, Token]]) -> tuple[Span, ...]:
    """Return the characters of the shown text that each field was read from, in the order of the text."""
    if text.text is shown:
        spans = [Span(field, token.start, token.end, token.text) for field, token in evidence]
    else:
        placed = [(field, *text.original(token.start, token.end)) for field, token in evidence]
        spans = [Span(field, start, end, shown[start:end]) for field, start, end in placed]
    spans.sort(key=_BY_PLACE)
    return tuple(spans)


def too_long(length: int, longest: int) -> ParsedAlert:
    """Return the refusal of a text with too many characters."""
    reason = f"expected an alert of at most {longest} characters, found {length}: send it alone"
    return ParsedAlert(kind=AlertKind.REFUSED, code=str(Code.PARSE_TOO_LONG), reason=reason)


def first_hand(alert: ParsedAlert, nature: Nature) -> ParsedAlert:
    """Refuse what a reply, forward, quote or edit may not do, with the spans of what it names. Only a reply may close."""
    harmless = (
        nature is Nature.FIRST
        or alert.kind in {AlertKind.CHATTER, AlertKind.REFUSED}
        or (alert.kind is AlertKind.EXIT and nature is Nature.REPLY)
    )
    if harmless:
        return alert
    reason = f"expected a first message, found {_SECOND_HAND[nature]}: send it as a new message"
    return ParsedAlert(
        kind=AlertKind.REFUSED, code=str(Code.PARSE_NOT_FIRST_HAND), reason=reason, spans=alert.spans
    )
