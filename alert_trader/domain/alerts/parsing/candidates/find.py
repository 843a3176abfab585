"""The stage: what a message may be, in the order in which it is tried."""

import re
from collections.abc import Iterable, Iterator

from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate, Shape
from alert_trader.domain.alerts.parsing.candidates.closing import Closing, closes_all_but, find_closing
from alert_trader.domain.alerts.parsing.candidates.sentences import behind_fillers, sentences_of
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.outline import ActionPhrase, Outline, is_heading, names_spread
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import Action
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import ADDED, BEHIND_ADDED
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker, names_position

_GLUED_STRIKE = re.compile(r"[0-9][cp]")


def find_candidates(outline: Outline, context: Context) -> Iterable[Candidate]:
    """Return what a message may be, in the order in which it is tried. None means chatter."""
    actions = outline.actions
    if actions and actions[0].action is Action.AVERAGE and not context.average_is_price:
        average = _with_phrase(Shape.AVERAGE, outline, actions[0])
        return (average,) if _resembles_contract(outline) else ()
    if _buys(outline):
        if _resembles_contract(outline) or _is_bare_order(outline, context):
            return (_with_phrase(Shape.ENTRY, outline, actions[0]),)
    else:
        for phrase in actions:
            if phrase.action is Action.SELL:
                named = closes_all_but(outline.tokens[phrase.last + 1 :])
                return (_with_phrase(Shape.ALL_BUT if named else Shape.EXIT, outline, phrase),)
    return _without_phrase(outline)


def _with_phrase(shape: Shape, outline: Outline, phrase: ActionPhrase) -> Candidate:
    """Return a candidate whose contract follows an action phrase, or stands in lines above its heading."""
    end = phrase.last + 1
    start = end
    if shape is Shape.ENTRY and outline.form is None and is_heading(outline.tokens, phrase):
        if _has_strike(outline.tokens[: phrase.first]) and not _has_strike(outline.tokens[end:]):
            start = outline.entry.end
        else:
            start = _line_of_contract(outline.tokens, end)
    return Candidate(shape, outline, outline.tokens, range(phrase.first, end), start)


def _line_of_contract(tokens: tuple[Token, ...], start: int) -> int:
    """Return the start of the line with the whole contract below a heading; `start` without one."""
    first = start
    for index in range(start, len(tokens) + 1):
        if index == len(tokens) or tokens[index].kind == "NEWLINE":
            line = tokens[first:index]
            if _has_strike(line):
                return first if any(_is_named(token) for token in line) else start
            first = index + 1
    return start


def _is_named(token: Token) -> bool:
    return token.kind != "STRIKE" and names_position(token)


def _has_strike(tokens: tuple[Token, ...]) -> bool:
    return any(token.kind == "STRIKE" for token in tokens)


def _without_phrase(outline: Outline) -> Iterator[Candidate]:
    """Return what a message may be that has neither "BTO" nor "STC"."""
    tokens = outline.tokens if outline.form is None else outline.form.title
    sentences = sentences_of(tokens)
    closing: Closing | None = None
    if sentences:
        added = _addition(tokens, sentences[0])
        if added is not None:
            yield Candidate(Shape.ADDITION, outline, tokens, added, added.stop)
        closing = find_closing(tokens, sentences, () if outline.form is None else outline.form.contract)
        if closing is not None and closing.leads:
            yield _closing(outline, tokens, closing)
    if outline.form is not None:
        yield Candidate(Shape.FORM_ENTRY, outline, outline.tokens, range(0), outline.entry.end)
    elif not outline.actions or outline.actions[0].action in {Action.AVERAGE, Action.MENTION_OF_SALE}:
        yield from _spoken_or_bare(outline)
    if closing is not None and not closing.leads:
        yield _closing(outline, tokens, closing)
    start = None if outline.kinds.isdisjoint(_STRIKE_KINDS) else _near_strike(outline.tokens)
    if start is None and names_spread(outline):
        start = next((index for index, token in enumerate(tokens) if names_position(token)), None)
    if start is not None:
        yield Candidate(Shape.UNREAD, outline, outline.tokens, range(0), start)


def _closing(outline: Outline, tokens: tuple[Token, ...], closing: Closing) -> Candidate:
    return Candidate(closing.shape, outline, tokens, closing.act, closing.start, closing.subject)


def _spoken_or_bare(outline: Outline) -> Iterator[Candidate]:
    """Return an entry in other words, or a contract without any act."""
    opening = outline.entry
    if opening.act:
        named = any(names_position(token) for token in outline.tokens[opening.end :])
        if named and _resembles_contract(outline):
            yield Candidate(Shape.SPOKEN_ENTRY, outline, outline.tokens, opening.act, opening.end)
    elif "STRIKE" in outline.kinds or _resembles_contract(outline):
        yield Candidate(Shape.BARE_ENTRY, outline, outline.tokens, range(0), opening.end)


def _near_strike(tokens: tuple[Token, ...]) -> int | None:
    """Return the index from which the contract of the first strike is read; None without a strike."""
    strike = next((index for index, token in enumerate(tokens) if _is_strike(token)), None)
    if strike is None:
        return None
    near = range(strike - 1, max(strike - _NEAR, -1), -1)
    named = next((index for index in near if _is_named(tokens[index])), None)
    if named is None:
        named = next((index for index in near if may_be_ticker(tokens[index])), strike)
    while named > 0 and tokens[named - 1].kind in _DATES:
        named -= 1
    return named


_NEAR = 5
_STRIKE_KINDS = frozenset({"STRIKE", "JUNK", "PAIR"})
_DATES = frozenset({"DATE", "DTE", "RELATIVE"})


def _is_strike(token: Token) -> bool:
    """Whether a token is a strike, or two of them in one: "70c/75c"."""
    return token.kind == "STRIKE" or (
        token.kind in {"JUNK", "PAIR"} and _GLUED_STRIKE.search(token.lower) is not None
    )


def _buys(outline: Outline) -> bool:
    """Whether a message buys, or has an order that is never sent; "buy" behind an exit is only mentioned."""
    sold = False
    for index, phrase in enumerate(outline.actions):
        action = phrase.action
        if action is Action.OTHER:
            return True
        if action is Action.BUY and not (sold and outline.tokens[phrase.first].lower in {"buy", "buying"}):
            return True
        sold = sold or (index == 0 and action is Action.SELL)
    return False


def _resembles_contract(outline: Outline) -> bool:
    """Whether a message has something like an option: a strike, or a right or date with a number."""
    tokens, kinds = outline.tokens, outline.kinds
    if "STRIKE" in kinds:
        return True
    if "JUNK" in kinds and any(
        token.kind == "JUNK" and _GLUED_STRIKE.search(token.lower) for token in tokens
    ):
        return True
    dated = "DATE" in kinds or "DTE" in kinds
    right = any(token.kind == "WORD" and token.lower in RIGHTS and len(token.text) > 1 for token in tokens)
    return (dated or right) and not kinds.isdisjoint({"NUMBER", "PAIR", "JUNK"})


def _is_bare_order(outline: Outline, context: Context) -> bool:
    """Whether a number or right comes with "BTO", or with any buying where the room has defaults."""
    tokens = outline.tokens
    ordered = tokens[outline.actions[0].first].lower == "bto" or context.defaults is not None
    righted = ordered and any(token.lower in RIGHTS and len(token.text) > 1 for token in tokens)
    return ordered and ("NUMBER" in outline.kinds or righted)


def _addition(tokens: tuple[Token, ...], sentence: range) -> range | None:
    """Find the words of an addition that opens a message and names a position."""
    start = behind_fillers(tokens, sentence)
    if start >= len(tokens) or tokens[start].lower not in ADDED:
        return None
    end = start + 1
    while end < len(tokens) and (
        tokens[end].lower in BEHIND_ADDED or tokens[end].kind in {"QUANTITY", "NOISE"}
    ):
        end += 1
    return range(start, end) if end < len(tokens) and names_position(tokens[end]) else None
