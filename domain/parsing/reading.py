"""Makes the one reading of a message: finds its action, lets the fields be collected and judged, and words the answer."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.alert import AlertKind, AlertMessage, ParsedAlert, Span
from domain.calendar import new_york_date
from domain.denial import Code
from domain.parsing import words
from domain.parsing.action import Action
from domain.parsing.doubts import Doubt, first_doubt, shown
from domain.parsing.expiry import NoDay, resolve
from domain.parsing.fields import Fields, collect
from domain.parsing.judging import Entry, judge, price_of, right_of, symbol_of
from domain.parsing.tokens import BLANK, Kind, Token, number_in, tokenize

CHATTER = ParsedAlert(kind=AlertKind.CHATTER)

_WORTH_READING = re.compile(r"\b(?:bto|stc|sto|btc|avg|buy|buying|sell)\b|[0-9]\$?\s?(?:c|p|calls?|puts?)\b", re.IGNORECASE)
"""Without one of these a message is chatter: most are, and cost no more than this search."""

_GLUED_STRIKE = re.compile(r"[0-9][cp]", re.IGNORECASE)
_TICKED_OFF = re.compile("[\u2611\u2705\u2714\u274c\u274e\u2716]")
"""Check marks and crosses: on a bare contract they tell a result; before an action word they are decoration."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class _Hit(NamedTuple):
    """An action's words: what they do, and the places of the first and last token."""

    action: Action
    first: int
    last: int


def read(message: AlertMessage, *, longest: int) -> ParsedAlert:
    """Give the one reading of a message; texts over `longest` characters are not cut into tokens."""
    text = message.text
    if not _WORTH_READING.search(text, 0, longest):
        return CHATTER
    if len(text) > longest:
        return _refused(Doubt(Code.PARSE_TOO_LONG, f"expected an alert of at most {longest} characters, found {len(text)}: send it alone"))
    posted = _posted(message.posted_at)
    tokens = tokenize(text)
    hits = _actions(tokens)
    acts = {hit.action for hit in hits}
    if not hits:
        return _without_action(text, tokens, posted)
    if hits[0].action is Action.AVERAGE:
        return _told(AlertKind.ADD, tokens, hits[0], posted) if _contract_like(tokens) else CHATTER
    if Action.BUY in acts or Action.OTHER in acts:
        return _entry(text, tokens, hits, posted) if _contract_like(tokens) else CHATTER
    sale = next((hit for hit in hits if hit.action is Action.SELL), None)
    return CHATTER if sale is None else _told(AlertKind.EXIT, tokens, sale, posted)


def _posted(moment: datetime) -> date | None:
    """Give the message's New York date, or None for a time no alert can have."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return new_york_date(aware) if _EARLIEST <= aware < _LATEST else None


def _actions(tokens: list[Token]) -> list[_Hit]:
    """Find the action phrases; AVG acts only as the first word, elsewhere it names a number."""
    opening = _opening(tokens)
    spoken = [index for index, token in enumerate(tokens) if token.kind not in BLANK]
    hits: list[_Hit] = []
    past = -1
    for place, index in enumerate(spoken):
        token = tokens[index]
        if index <= past or token.kind != Kind.WORD or token.lower not in words.FIRST_OF_ACTION:
            continue
        for length in (3, 1):
            phrase = spoken[place : place + length]
            action = words.ACTIONS.get(tuple(tokens[at].lower for at in phrase))
            if action is None or (action is Action.AVERAGE and index != opening):
                continue
            hits.append(_Hit(action, index, phrase[-1]))
            past = phrase[-1]
            break
    return hits


def _opening(tokens: list[Token]) -> int:
    """Count the tokens at the start that may stand before an action: labels, mentions, remarks and blanks."""
    for index, token in enumerate(tokens):
        remark = token.kind == Kind.WORD and token.lower in words.BEFORE_ACTION
        if not remark and token.kind not in BLANK and token.kind not in {Kind.NOISE, Kind.PUNCTUATION}:
            return index
    return len(tokens)


def _contract_like(tokens: list[Token]) -> bool:
    """Whether a message names something like an option: a strike with its right, or a right or date with a number."""
    kinds = {token.kind for token in tokens}
    if Kind.STRIKE in kinds or any(token.kind == Kind.JUNK and _GLUED_STRIKE.search(token.text) for token in tokens):
        return True
    dated = Kind.DATE in kinds or Kind.DTE in kinds
    right = any(token.kind == Kind.WORD and token.lower in words.RIGHTS and len(token.text) > 1 for token in tokens)
    return (dated or right) and bool(kinds & {"NUMBER", "PAIR", "JUNK"})


def _entry(text: str, tokens: list[Token], hits: list[_Hit], posted: date | None) -> ParsedAlert:
    """Read an entry with its action word, or refuse it."""
    hit = hits[0]
    action = range(hit.first, hit.last + 1)
    doubt = first_doubt(text, tokens, action) or _two_actions(tokens, hits) or _before(tokens, hit)
    if doubt is not None:
        return _refused(doubt)
    if posted is None:
        return _refused(Doubt(Code.PARSE_BAD_EXPIRY, "expected a message from this century, found another time: check the sender's clock"))
    fields = collect(tokens, hit.last + 1)
    found = judge(fields, posted)
    if isinstance(found, Doubt):
        return _refused(found)
    return _answer(found, fields, tokens, action)


def _two_actions(tokens: list[Token], hits: list[_Hit]) -> Doubt | None:
    other = next((hit for hit in hits if hit.action is not Action.BUY), None)
    if other is not None and len(hits) == 1:
        return Doubt(
            Code.PARSE_UNCLEAR, "expected buying to open, found another kind of order: this product buys to open only", tokens[other.first]
        )
    if len(hits) > 1:
        one, two = tokens[hits[0].first], tokens[hits[1].first]
        reason = f"expected one action, found {shown(one.text)} and {shown(two.text)}: send one message for each"
        return Doubt(Code.PARSE_TWO_ACTIONS, reason, two)
    return None


def _before(tokens: list[Token], hit: _Hit) -> Doubt | None:
    """Doubt anything but a label, a mention or a remark in front of the action."""
    opening = _opening(tokens)
    if opening >= hit.first:
        return None
    token = tokens[opening]
    reason = f"expected the action first, found {shown(token.text)} before {shown(tokens[hit.first].text)}: start with the action"
    return Doubt(Code.PARSE_UNCLEAR, reason, token)


def _without_action(text: str, tokens: list[Token], posted: date | None) -> ParsedAlert:
    """Read a bare contract with its price as an entry: only when it is the whole message, with no word of commentary."""
    if posted is None or _TICKED_OFF.search(text) or first_doubt(text, tokens, range(0)) is not None:
        return CHATTER
    fields = collect(tokens, _opening(tokens))
    if fields.commentary or not fields.prices or not fields.symbols[0].text.isupper():
        return CHATTER
    # without an action word the number after @ may as well be a level to watch: the stricter bound holds
    fields.price_is_marked = False
    found = judge(fields, posted)
    return CHATTER if isinstance(found, Doubt) else _answer(found, fields, tokens, range(0))


def _answer(found: Entry, fields: Fields, tokens: list[Token], action: range) -> ParsedAlert:
    """Word an entry, with the spans it rests on in the order of the text."""
    label, label_spans = _label(tokens, action.start if action else len(tokens))
    named = [
        *(("action", tokens[index]) for index in action if tokens[index].kind == Kind.WORD),
        ("symbol", fields.symbols[0]),
        ("strike", fields.strikes[0]),
        ("right", fields.strikes[0]),
        ("expiry", fields.expiries[0]),
        *(("price", token) for token in fields.prices[:1]),
        *(("quantity", token) for token in fields.quantities[:1]),
    ]
    spans = [*label_spans, *(_span(name, token) for name, token in named)]
    return ParsedAlert(
        kind=AlertKind.ENTRY,
        symbol=found.symbol,
        strike=found.strike,
        right=found.right,
        expiry=found.expiry,
        price=found.price,
        quantity=found.quantity,
        label=label,
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end))),
    )


def _label(tokens: list[Token], before: int) -> tuple[str | None, list[Span]]:
    """Find the label that opens a message: "Super Lotto:"."""
    spoken = [token for token in tokens[:before] if token.kind not in BLANK and token.kind != Kind.NOISE]
    for phrase, label in words.LABELS.items():
        opening = spoken[: len(phrase)]
        after = spoken[len(phrase) : len(phrase) + 1]
        if tuple(token.lower for token in opening) == phrase and after and after[0].text == ":":
            return label, [_span("label", token) for token in opening]
    return None, []


def _told(kind: AlertKind, tokens: list[Token], hit: _Hit, posted: date | None) -> ParsedAlert:
    """Read an exit or an addition: nothing is bought by it, so a field that is not clear is left out, and nothing is refused."""
    fields = collect(tokens, hit.last + 1)
    strike = _only(fields.strikes)
    price = _only(fields.prices)
    symbol = _only(fields.symbols)
    expiry = _only(fields.expiries)
    day = resolve(expiry, posted) if expiry is not None and posted is not None else None
    named = [("action", tokens[hit.first]), ("symbol", symbol), ("strike", strike), ("right", strike), ("expiry", expiry), ("price", price)]
    return ParsedAlert(
        kind=kind,
        symbol=None if symbol is None else symbol_of(symbol),
        strike=None if strike is None else Decimal(number_in(strike)),
        right=None if strike is None else right_of(strike),
        expiry=None if isinstance(day, NoDay) else day,
        price=None if price is None else price_of(price),
        spans=tuple(_span(name, token) for name, token in named if token is not None),
    )


def _only(tokens: list[Token]) -> Token | None:
    """Give the token when there is one, or when all say the same."""
    return tokens[0] if tokens and len({token.lower for token in tokens}) == 1 else None


def _refused(doubt: Doubt) -> ParsedAlert:
    spans = () if doubt.token is None else (_span("doubt", doubt.token),)
    return ParsedAlert(kind=AlertKind.REFUSED, code=str(doubt.code), reason=doubt.reason, spans=spans)


def _span(name: str, token: Token) -> Span:
    return Span(field=name, start=token.start, end=token.end, text=token.text)
