"""Stage 4: what a message may be - entry, exit or addition - with the tokens of its action.

An exit without "STC" is a candidate only as a sentence that opens with the act: "out of KO", "trim 50%",
"closed KO 70c at 2".
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.outline import ActionPhrase, Outline
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import BOUGHT, Action, length_of_opening
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import ARTICLES, RIGHTS, TARGETS
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import CONDITIONS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import (
    ADDED,
    BEFORE_EXIT,
    BEHIND_ADDED,
    BEHIND_OUT,
    BEHIND_TAKEN,
    CLOSING,
    PARTS,
    PLAIN_CLOSING,
    SCALING,
    TAKEN,
    TAKING,
    TRIMMING,
)
from alert_trader.domain.alerts.parsing.vocabulary.tickers import names_position

_GLUED_STRIKE = re.compile(r"[0-9][cp]")
_CHECK_MARK = re.compile("[\u2611\u2705\u2714\u274c\u274e\u2716]")
"""Check marks and crosses: a bare contract with one is a result; before an action they are decoration."""
_ENDS_SENTENCE = frozenset(".!;,)(\n\r:&")
_REACHED = frozenset({"hit", "reached", "done", "smashed"})
_BETWEEN_CLOSING_AND_POSITION = ARTICLES | {"my", "this", "it", "off", "here"}


class Shape(StrEnum):
    """What a message may be."""

    ENTRY = "entry"
    """An entry with its action word."""
    BARE_ENTRY = "bare_entry"
    """A contract without an action word: an entry only when it is the whole message."""
    EXIT = "exit"
    """An exit with "STC" or "sell to close"."""
    SPOKEN_EXIT = "spoken_exit"
    """An exit in other words, as a sentence that opens with the act."""
    CONDITIONAL_EXIT = "conditional_exit"
    """An exit on a condition: "if TP1 hits trim 50%"."""
    AVERAGE = "average"
    """An addition with its new average: "AVG KO 12/18 70c @ 1.40, added @ .98"."""
    ADDITION = "addition"
    """An addition in other words: "added KO 70c at 1.20"."""


class Candidate(NamedTuple):
    """One thing that a message may be."""

    shape: Shape
    outline: Outline
    tokens: tuple[Token, ...]
    """Where the action was looked for: the whole message, or the title of a form."""
    action: range
    """The indexes in `tokens` of the action; empty for a bare entry."""
    start: int
    """The index in `tokens` from which the contract is read."""


def find_candidates(outline: Outline, context: Context) -> Iterable[Candidate]:
    """Return what a message may be, in the order in which it is tried. None means chatter."""
    actions = outline.actions
    if actions and actions[0].action is Action.AVERAGE:
        average = _with_phrase(Shape.AVERAGE, outline, actions[0])
        return (average,) if _resembles_contract(outline) else ()
    if _buys(outline):
        if _resembles_contract(outline) or _is_bare_order(outline, context):
            return (_with_phrase(Shape.ENTRY, outline, actions[0]),)
    else:
        for phrase in actions:
            if phrase.action is Action.SELL:
                return (_with_phrase(Shape.EXIT, outline, phrase),)
    return _without_phrase(outline)


def _with_phrase(shape: Shape, outline: Outline, phrase: ActionPhrase) -> Candidate:
    """Return a candidate whose contract follows an action phrase."""
    end = phrase.last + 1
    return Candidate(shape, outline, outline.tokens, range(phrase.first, end), end)


def _without_phrase(outline: Outline) -> Iterator[Candidate]:
    """Return a bare contract, an addition and an exit in other words, as far as the message has them."""
    tokens, form = outline.tokens, outline.form
    if form is not None:
        tokens = form.title
    elif not outline.actions and _may_be_bare_entry(outline):
        yield Candidate(Shape.BARE_ENTRY, outline, tokens, range(0), length_of_opening(tokens, BOUGHT))
    sentences = _sentences(tokens)
    if not sentences:
        return
    added = _addition(tokens, sentences[0])
    if added is not None:
        yield Candidate(Shape.ADDITION, outline, tokens, added, added.stop)
    spoken = _spoken_exit(outline, tokens, sentences)
    if spoken is not None:
        yield spoken


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
    """Whether a number comes with "BTO", or with any buying where the room has defaults."""
    tokens = outline.tokens
    ordered = tokens[outline.actions[0].first].lower == "bto" or context.defaults is not None
    return ordered and "NUMBER" in outline.kinds


def _may_be_bare_entry(outline: Outline) -> bool:
    """Whether a message has a strike, no word for a part of a position, and no sign of a result."""
    return (
        "STRIKE" in outline.kinds
        and not any(token.lower in PARTS for token in outline.tokens)
        and not _CHECK_MARK.search(outline.text.text)
    )


def _sentences(tokens: tuple[Token, ...]) -> list[range]:
    """Cut the tokens into sentences, by index; the marks that end them are in none."""
    found, start = [], 0
    for index, token in enumerate(tokens):
        if token.text in _ENDS_SENTENCE or token.kind == "NOISE":
            if index > start:
                found.append(range(start, index))
            start = index + 1
    if start < len(tokens):
        found.append(range(start, len(tokens)))
    return found


def _addition(tokens: tuple[Token, ...], sentence: range) -> range | None:
    """Find the words of an addition that opens a message and names a position."""
    start = _behind_fillers(tokens, sentence)
    if start >= len(tokens) or tokens[start].lower not in ADDED:
        return None
    end = start + 1
    while end < len(tokens) and (
        tokens[end].lower in BEHIND_ADDED or tokens[end].kind in {"QUANTITY", "NOISE"}
    ):
        end += 1
    return range(start, end) if end < len(tokens) and names_position(tokens[end]) else None


def _spoken_exit(outline: Outline, tokens: tuple[Token, ...], sentences: list[range]) -> Candidate | None:
    """Find the first sentence that closes something, now or on a condition; a question closes nothing."""
    for sentence in sentences:
        start = _behind_fillers(tokens, sentence)
        if start >= sentence.stop:
            continue
        length = _length_of_act(tokens, start, sentence.stop)
        if length > 0:
            if any(token.text == "?" for token in tokens[sentence.start : sentence.stop + 1]):
                return None
            action = range(start, start + length)
            return Candidate(Shape.SPOKEN_EXIT, outline, tokens, action, action.stop)
        condition = _condition(tokens, sentence)
        if condition is not None:
            return Candidate(Shape.CONDITIONAL_EXIT, outline, tokens, condition, condition.stop)
    return None


def _behind_fillers(tokens: tuple[Token, ...], sentence: range) -> int:
    """Return the index behind what may precede an act: "I'm", "ok guys", "TP1 hit"."""
    index = sentence.start
    while index < sentence.stop:
        token = tokens[index]
        reached = tokens[index + 1].lower in _REACHED if index + 1 < sentence.stop else False
        if reached and (token.kind == "LABEL" or token.lower in TARGETS):
            index += 2
        elif token.lower in BEFORE_EXIT or (token.kind == "PUNCTUATION" and not token.text.isascii()):
            index += 1
        else:
            break
    return index


def _length_of_act(tokens: tuple[Token, ...], start: int, stop: int) -> int:
    """Count the tokens from `start` on that are an act of closing; 0 when they are none."""
    first = tokens[start].lower
    following = [token.lower for token in tokens[start + 1 : min(start + 3, stop)]]
    if first in CLOSING:
        closes = following == ["or", "trim"] or _closes_position(
            tokens, start + 1, stop, plain=first in PLAIN_CLOSING
        )
        return 1 if closes else 0
    if first in TRIMMING:
        return 1
    if (first, *following[:1]) in SCALING:
        return 2
    if first in TAKING:
        return 1 if _takes_off(tokens, start + 1, stop) else 0
    length = 2 if first in {"fully", "completely"} and following[:1] == ["out"] else int(first == "out")
    return length if length > 0 and _is_out(tokens, start + length, stop) else 0


def _takes_off(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether a part of a position follows "taking", and then no advice ("where you can")."""
    while index < stop and tokens[index].lower in ARTICLES and tokens[index].lower != "some":
        index += 1
    if index >= stop or not (tokens[index].lower in TAKEN or tokens[index].kind == "PERCENT"):
        return False
    if index + 1 >= stop:
        return tokens[index].lower != "some"
    behind = tokens[index + 1]
    return behind.lower in BEHIND_TAKEN or names_position(behind)


def _is_out(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether the words behind "out" leave it an exit: no more of them, a price, or a position."""
    rest = [token for token in tokens[index:stop] if token.lower not in BEHIND_OUT]
    if not rest or rest[0].kind in {"AT", "NUMBER", "PERCENT", "STRIKE"}:
        return True
    if rest[0].lower in {"at", "for"} and len(rest) > 1 and rest[1].kind in {"NUMBER", "PERCENT"}:
        return True
    return names_position(rest[0])


def _closes_position(tokens: tuple[Token, ...], index: int, stop: int, *, plain: bool) -> bool:
    """Whether a contract or a part of a position follows a word of closing; a ticker only after some."""
    if any(token.kind == "STRIKE" for token in tokens[index:stop]):
        return True
    while index < stop and tokens[index].lower in _BETWEEN_CLOSING_AND_POSITION:
        index += 1
    if index >= stop:
        return False
    if tokens[index].lower in PARTS or tokens[index].kind == "PERCENT":
        # "sell half TSLA" may be shares
        return not any(
            token.kind in {"CASHTAG", "WORD"} and names_position(token) for token in tokens[index + 1 : stop]
        )
    return not plain and names_position(tokens[index])


def _condition(tokens: tuple[Token, ...], sentence: range) -> range | None:
    """Find the condition on which a sentence closes a part or a contract: "if TP1 hit trim 50%"."""
    spoken = tokens[sentence.start : sentence.stop]
    place = next((index for index in sentence if tokens[index].lower in CONDITIONS), None)
    if place is None or not any(token.lower in TRIMMING or token.lower in CLOSING for token in spoken):
        return None
    if not any(token.kind in {"PERCENT", "STRIKE"} or token.lower in PARTS for token in spoken):
        return None
    return range(place, place + 1)
