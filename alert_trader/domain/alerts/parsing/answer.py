"""Stage 8: the answer - an entry, exit or addition with the spans it was read from, a refusal, or chatter."""

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from alert_trader.domain.alerts.alert import AlertKind, Considered, Nature, ParsedAlert, Span
from alert_trader.domain.alerts.parsing.checks.verdict import Verdict
from alert_trader.domain.alerts.parsing.normalize import NormalizedText
from alert_trader.domain.alerts.parsing.reading import Reading, Source
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


class Near(NamedTuple):
    """What a refused message was considered to be, and the nearest text that would be read."""

    considered: tuple[Considered, ...] = ()
    nearest: str | None = None


_NOTHING_NEAR = Near()


def answer(
    shown: str, text: NormalizedText, reading: Reading, verdict: Verdict, near: Near | None = None
) -> ParsedAlert:
    """Return a reading that is certain with its spans in the shown text, or its refusal."""
    refusal = verdict.refusal
    if refusal is not None:
        token = refusal.token
        return ParsedAlert(
            kind=AlertKind.REFUSED,
            code=str(refusal.code),
            reason=refusal.reason,
            considered=(near or _NOTHING_NEAR).considered,
            nearest=(near or _NOTHING_NEAR).nearest,
            spans=() if token is None else _placed([_span("doubt", token)], shown, text),
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
        stop=reading.stop,
        targets=reading.targets,
        spans=_placed(_spans(reading.source), shown, text),
    )


def _spans(source: Source) -> list[Span]:
    """Return the span of each token that a value was read from, in the order of the text."""
    spans = [_span("label", token) for token in source.label]
    spans += [_span("action", token) for token in source.action if token.kind == "WORD"]
    spans += [_span("stop", token) for token in source.stop]
    spans += [_span("target", token) for token in source.targets]
    for field, token in (
        ("symbol", source.symbol),
        ("strike", source.strike),
        ("right", source.right),
        ("expiry", source.expiry),
        ("average", source.average),
        ("price", source.price),
        ("quantity", source.quantity),
    ):
        if token is not None:
            spans.append(_span(field, token))
    spans.sort(key=_BY_PLACE)
    return spans


def _span(field: str, token: Token) -> Span:
    return Span(field, token.start, token.end, token.text)


def _placed(spans: list[Span], shown: str, text: NormalizedText) -> tuple[Span, ...]:
    """Return the spans in the text as it was shown."""
    if text.text is shown:
        return tuple(spans)
    placed = [(span.field, *text.original(span.start, span.end)) for span in spans]
    return tuple([Span(field, start, end, shown[start:end]) for field, start, end in placed])


def together(readings: list[ParsedAlert], parts: Sequence[Sequence[Token]]) -> ParsedAlert:
    """Return the answer to a message of several parts: every part is certain, and none is left out.

    An entry comes first, with all exits beside it. Two entries, or a part that is not certain, refuse the
    message: what is left of it is for a person.
    """
    kinds = [reading.kind for reading in readings]
    contracts = {(reading.symbol, reading.strike, reading.right, reading.expiry) for reading in readings}
    certain = all(_is_certain(reading) for reading in readings) and len(contracts) == len(readings)
    if not certain or kinds.count(AlertKind.ENTRY) > 1:
        reason = (
            f"expected one action, or several that are each certain, found {len(readings)} in one message: "
            "send one message for each"
        )
        token = parts[-1][0]
        span = Span("doubt", token.start, token.end, token.text)
        code = str(Code.PARSE_TWO_ACTIONS)
        return ParsedAlert(kind=AlertKind.REFUSED, code=code, reason=reason, spans=(span,))
    first = kinds.index(AlertKind.ENTRY) if AlertKind.ENTRY in kinds else 0
    return replace(readings[first], also=tuple(readings[:first] + readings[first + 1 :]))


def _is_certain(reading: ParsedAlert) -> bool:
    """Whether a part is an entry, or an exit that names its contract."""
    if reading.kind is AlertKind.EXIT:
        return reading.symbol is not None and reading.strike is not None
    return reading.kind is AlertKind.ENTRY


def too_long(length: int, longest: int, most: int) -> ParsedAlert:
    """Return the refusal of a text with too many characters, or with too many words and marks."""
    found = f"found {length}" if length > longest else f"found more than {most} words and marks"
    reason = f"expected an alert of at most {longest} characters, {found}: send it alone"
    return ParsedAlert(kind=AlertKind.REFUSED, code=str(Code.PARSE_TOO_LONG), reason=reason)


def first_hand(alert: ParsedAlert, nature: Nature) -> ParsedAlert:
    """Refuse an act in a message that is not a first one, but for an exit in a reply."""
    harmless = alert.kind in {AlertKind.CHATTER, AlertKind.REFUSED} or (
        alert.kind is AlertKind.EXIT and nature is Nature.REPLY
    )
    if harmless:
        return alert
    reason = f"expected a first message, found {_SECOND_HAND[nature]}: send it as a new message"
    return ParsedAlert(
        kind=AlertKind.REFUSED, code=str(Code.PARSE_NOT_FIRST_HAND), reason=reason, spans=alert.spans
    )
