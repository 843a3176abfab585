"""Reads what is told of an open position: an exit with how much it closes, or an addition.

Nothing is bought by either, so a field that is not clear is left out. An exit without its own action word ("STC") is one only as a
sentence that opens with the act: "out of KO", "trim 50%", "closed KO 70c at 2".
"""

from dataclasses import replace
from datetime import date

from alert_trader.domain.alerts.alert import AlertKind, Share
from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.ambiguity import Doubt, shown
from alert_trader.domain.alerts.parsing.fields import Fields, names_symbol
from alert_trader.domain.alerts.parsing.portions import Closed, closed_portion
from alert_trader.domain.alerts.parsing.references import Told, span, told
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.validate import price_of
from alert_trader.domain.denial import Code

_ENDS_SENTENCE = frozenset(".!;,)(\n\r:&")
_REACHED = frozenset({"hit", "reached", "done", "smashed"})


def read_exit(tokens: list[Token], action: range, form: Fields | None, posted: date | None) -> Told | Doubt:
    """Read an exit whose action stands at `action`."""
    return _taken_back(tokens, action) or _exit(tokens, action, form, posted)


def _exit(tokens: list[Token], action: range, form: Fields | None, posted: date | None) -> Told | Doubt:
    void = next((token for token in tokens if token.kind == "WORD" and token.lower in vocabulary.VOID), None)
    if void is not None:
        return Doubt(
            Code.PARSE_NEGATED, f"expected an exit that stands, found {shown(void.text)}: send it alone", void
        )
    found = told(AlertKind.EXIT, tokens, action, form, posted)
    closed = closed_portion(_without(tokens, found.used))
    if closed.wrong is not None:
        return _impossible(closed)
    if closed.portion is None and found.quantity is not None:
        closed = Closed(Share.COUNT, quantity=found.quantity)
    return found.closing(closed)


def read_plain_exit(tokens: list[Token], form: Fields | None, posted: date | None) -> Told | Doubt | None:
    """Read an exit that is told without "STC": a sentence that opens with the act. None when no sentence does."""
    for sentence in _sentences(tokens):
        opening = _past_fillers(tokens, sentence)
        if opening >= sentence.stop:
            continue
        length = _act(tokens, opening, sentence.stop)
        if length > 0:
            action = range(opening, opening + length)
            if any(token.text == "?" for token in tokens[sentence.start : sentence.stop + 1]):
                return None
            return _exit(tokens, action, form, posted)
        doubt = _conditional(tokens, sentence)
        if doubt is not None:
            return doubt
    return None


def read_addition(tokens: list[Token], form: Fields | None, posted: date | None) -> Told | None:
    """Read an addition that is told without "AVG": "added KO 70c at 1.20". None when the message opens otherwise."""
    sentence = next(iter(_sentences(tokens)), range(0))
    at = _past_fillers(tokens, sentence)
    if at >= len(tokens) or tokens[at].lower not in vocabulary.ADDED:
        return None
    target = at + 1
    while target < len(tokens) and (
        tokens[target].lower in vocabulary.BEHIND_ADDED or tokens[target].kind in {"QUANTITY", "NOISE"}
    ):
        target += 1
    if target >= len(tokens) or not _position(tokens[target]):
        return None
    found = told(AlertKind.ADD, tokens, range(at, target), form, posted)
    return found if found.alert.price is not None or found.alert.strike is not None else None


def read_average(tokens: list[Token], action: range, form: Fields | None, posted: date | None) -> Told:
    """Read an addition that tells its new average: "AVG KO 70c @ 1.40, added @ .98" paid .98, and nothing where no add is priced."""
    found = told(AlertKind.ADD, tokens, action, form, posted)
    paid = _paid(tokens, action.stop)
    spans = tuple(
        each._replace(field="average") if each.field == "price" else each for each in found.alert.spans
    )
    if paid is not None:
        spans = (*spans, span("price", paid))
    price = None if paid is None else price_of(paid)
    return found._replace(alert=replace(found.alert, price=price, average=found.alert.price, spans=spans))


def _paid(tokens: list[Token], start: int) -> Token | None:
    """Give the number that a word of adding is followed by, with its mark between them."""
    for at in range(start, len(tokens)):
        if tokens[at].lower not in vocabulary.ADDED:
            continue
        behind = [
            token
            for token in tokens[at + 1 : at + 5]
            if token.kind in {"AT", "NUMBER"} or token.lower in {"at", "for"}
        ]
        if len(behind) > 1 and behind[0].kind != "NUMBER" and behind[1].kind == "NUMBER":
            return behind[1]
    return None


def _sentences(tokens: list[Token]) -> list[range]:
    """Cut the tokens into sentences, by place; the marks that end them are in none."""
    found, start = [], 0
    for place, token in enumerate(tokens):
        if token.text in _ENDS_SENTENCE or token.kind == "NOISE":
            if place > start:
                found.append(range(start, place))
            start = place + 1
    if start < len(tokens):
        found.append(range(start, len(tokens)))
    return found


def _past_fillers(tokens: list[Token], sentence: range) -> int:
    """Give the place behind what may stand before an act: "I'm", "ok guys", "TP1 hit"."""
    at = sentence.start
    while at < sentence.stop:
        token = tokens[at]
        reached = tokens[at + 1].lower in _REACHED if at + 1 < sentence.stop else False
        if reached and (token.kind == "LABEL" or token.lower in vocabulary.TARGETS):
            at += 2
        elif token.lower in vocabulary.BEFORE_EXIT or (
            token.kind == "PUNCTUATION" and not token.text.isascii()
        ):
            at += 1
        else:
            break
    return at


def _act(tokens: list[Token], at: int, stop: int) -> int:
    """Give how many tokens from `at` on are the act of closing; 0 when they are none."""
    said = [token.lower for token in tokens[at:stop]]
    first, rest = said[0], said[1:]
    if first in vocabulary.CLOSING:
        return (
            1
            if _closes_something(tokens, at + 1, stop, plain=first in vocabulary.PLAIN_CLOSING)
            or rest[:2] == ["or", "trim"]
            else 0
        )
    if first in vocabulary.TRIMMING:
        return 1
    if (first, *rest[:1]) in vocabulary.SCALING:
        return 2
    if first in vocabulary.TAKING:
        return 1 if _takes_off(tokens, at + 1, stop) else 0
    length = 2 if first in {"fully", "completely"} and rest[:1] == ["out"] else int(first == "out")
    return length if length > 0 and _out(tokens, at + length, stop) else 0


def _takes_off(tokens: list[Token], at: int, stop: int) -> bool:
    """Whether a part of a position stands behind "taking", and then nothing that makes it advice ("where you can")."""
    while at < stop and tokens[at].lower in vocabulary.ARTICLES and tokens[at].lower != "some":
        at += 1
    if at >= stop or not (tokens[at].lower in vocabulary.TAKEN or tokens[at].kind == "PERCENT"):
        return False
    behind = tokens[at + 1] if at + 1 < stop else None
    if behind is None:
        return tokens[at].lower != "some"
    return behind.lower in vocabulary.BEHIND_TAKEN or _position(behind)


def _out(tokens: list[Token], at: int, stop: int) -> bool:
    """Whether what stands behind "out" leaves it an exit: nothing much, a price, or a position."""
    rest = [token for token in tokens[at:stop] if token.lower not in vocabulary.BEHIND_OUT]
    if not rest or rest[0].kind in {"AT", "NUMBER", "PERCENT", "STRIKE"}:
        return True
    if rest[0].lower in {"at", "for"} and len(rest) > 1 and rest[1].kind in {"NUMBER", "PERCENT"}:
        return True
    return _position(rest[0])


def _closes_something(tokens: list[Token], at: int, stop: int, *, plain: bool) -> bool:
    """Whether a word of closing is followed by a contract, a part of a position, or - where it is no plain sale - a ticker."""
    if any(token.kind == "STRIKE" for token in tokens[at:stop]):
        return True
    while at < stop and tokens[at].lower in vocabulary.ARTICLES | {"my", "this", "it", "off", "here"}:
        at += 1
    if at >= stop:
        return False
    if tokens[at].lower in vocabulary.PARTS or _percent(tokens, at):
        # "sell half TSLA" may be shares
        return not any(
            token.kind in {"CASHTAG", "WORD"} and _position(token) for token in tokens[at + 1 : stop]
        )
    return not plain and _position(tokens[at])


def _percent(tokens: list[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind == "PERCENT"


def _position(token: Token) -> bool:
    """Whether a token names a position: a strike, or a ticker in capitals or with its $."""
    if token.kind == "STRIKE":
        return True
    return names_symbol(token) and (token.kind == "CASHTAG" or (token.text.isupper() and len(token.text) > 1))


def _taken_back(tokens: list[Token], action: range) -> Doubt | None:
    """Doubt an exit that is quoted, negated or depends on something: words in front of the action, or ones that void it anywhere."""
    for token in tokens[: action.start]:
        code = vocabulary.HAZARDS.get(token.lower) if token.kind == "WORD" else None
        negated = token.kind == "WORD" and token.lower.endswith("n't")
        if negated or code in {Code.PARSE_NEGATED, Code.PARSE_CONDITIONAL, Code.PARSE_NOT_FIRST_HAND}:
            reason = f"expected a plain exit, found {shown(token.text)} before it: send it alone if it is meant now"
            return Doubt(Code.PARSE_NEGATED if code is None else code, reason, token)
    return None


def _conditional(tokens: list[Token], sentence: range) -> Doubt | None:
    """Doubt a part to be closed on a condition: "if TP1 hit trim 50%"."""
    said = tokens[sentence.start : sentence.stop]
    condition = next((token for token in said if token.lower in vocabulary.CONDITIONS), None)
    if condition is None or not any(
        token.lower in vocabulary.TRIMMING or token.lower in vocabulary.CLOSING for token in said
    ):
        return None
    if not any(token.kind in {"PERCENT", "STRIKE"} or token.lower in vocabulary.PARTS for token in said):
        return None
    return Doubt(
        Code.PARSE_CONDITIONAL,
        f"expected an exit that is made now, found {shown(condition.text)}: send it when it is so",
        condition,
    )


def _impossible(closed: Closed) -> Doubt:
    reason = f"expected a part between 1% and 100% of the position or a count of at least 1, found {shown(closed.wrong or '')}: write trim 50%"
    return Doubt(Code.PARSE_BAD_QUANTITY, reason)


def _without(tokens: list[Token], used: frozenset[int]) -> str:
    """Give the words of a message beside its contract, in lower case."""
    return " ".join(token.lower for token in tokens if token.start not in used)
