"""The sentence that closes something without "STC": "out of KO", "KO 70c all out", "trim 50%"."""

from decimal import Decimal
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.candidates.candidate import Shape
from alert_trader.domain.alerts.parsing.candidates.positions import (
    BETWEEN_CLOSING_AND_POSITION,
    ENDED,
    FIRST_OF_CLOSING,
    behind_amount,
    is_part,
    left_position,
    position_at,
    position_in_front,
    tickers_listed,
)
from alert_trader.domain.alerts.parsing.candidates.sentences import behind_fillers, is_condition
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import ARTICLES, RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import CONDITIONS, DOUBTFUL_WORDS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import (
    ALL_WORDS,
    BEHIND_CLOSED,
    BEHIND_OUT,
    BEHIND_TAKEN,
    BUT_WORDS,
    CLOSING,
    EVEN,
    EXTREMES,
    IMPERATIVES,
    LOSING,
    NOT_NOW,
    OUT,
    OUT_WORDS,
    PARTS,
    PLAIN_CLOSING,
    PLANS,
    POSITION_WORDS,
    REST,
    SCALING,
    SHARES,
    SHORT_ANYWHERE,
    SHORT_SELLING,
    SHORT_SOLD,
    STOPS,
    TAKEN,
    TAKING,
    TRIMMING,
    WAS_HIT,
)
from alert_trader.domain.alerts.parsing.vocabulary.portions import is_fraction
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker, names_position
from alert_trader.domain.alerts.parsing.vocabulary.values import number_of
from alert_trader.domain.denial import Code

_BEFORE_TAKEN = (ARTICLES - {"some"}) | {"off"}
_NOT_HIT = frozenset({Code.PARSE_NEGATED, Code.PARSE_CONDITIONAL})
_BEHIND_BUT = ARTICLES | {"from", "than", "for", "my"}
_LOSING_BY_FIRST = {
    first: tuple(phrase for phrase in LOSING if phrase[0] == first)
    for first in sorted({phrase[0] for phrase in LOSING})
}
_LONGEST_HEADING = 3
_HEADS_EXIT = frozenset({"closed", "exit", "exited", "closing", "exiting"})
_BESIDE_HEAD = frozenset({"trade", "position", "alert", "full", "now", "play"})
_STYLES = frozenset({"swing", "swings", "lotto", "lottos", "runner", "runners", "leap", "leaps", "contracts"})
"""Behind a ticker, these make it a position in options."""
_SCALED = frozenset({"scaled", "scaling"})
_OF_THE_MARKET = frozenset({"close", "closed", "closing"})
"""Words whose price behind a ticker is that of the shares: "KO closed 71.2"."""
_FAR_FROM_SHARES = Decimal(10)
"""Dollars; below this a price behind a ticker is that of an option."""


class Closing(NamedTuple):
    """A sentence that closes something."""

    shape: Shape
    act: range
    start: int
    """The index from which the contract is read."""
    subject: tuple[Token, ...] = ()
    """The position in front of the act."""
    leads: bool = True
    """Whether it is what the message is about, and no plan behind an entry."""


def find_closing(
    tokens: tuple[Token, ...], sentences: list[range], contract: tuple[Token, ...] = ()
) -> Closing | None:
    """Find the first sentence that closes something, now or on a condition; a question closes nothing.

    `contract` is the contract of a form, whose title may be the act alone.
    """
    words = {token.lower for token in tokens}
    may_be_hit = not STOPS.isdisjoint(words) and not WAS_HIT.isdisjoint(words)
    may_depend = not CONDITIONS.isdisjoint(words)
    headed = _under_heading(tokens, sentences)
    if headed is not None:
        return headed
    for place, sentence in enumerate(sentences):
        subject, start = position_in_front(tokens, sentences, place)
        if start >= sentence.stop:
            continue
        length = _length_of_act(tokens, start, sentence.stop, subject or contract)
        if length == 0 and not subject and tokens[start].lower in FIRST_OF_CLOSING:
            # "That's it for KO 70c, sold at 3.40"
            subject = left_position(tokens, sentences, place)
            length = _length_of_act(tokens, start, sentence.stop, subject) if subject else 0
        if length > 0:
            if any(token.text == "?" for token in tokens[sentence.start : sentence.stop + 1]):
                return None
            act = range(start, start + length)
            leads = start < _first_strike(tokens) or bool(subject) or tokens[start].lower not in PLANS
            if not subject and not any(names_position(token) for token in tokens[act.stop : sentence.stop]):
                subject = left_position(tokens, sentences, place)
            shape = _shape_of(tokens, sentences, place)
            return Closing(shape, act, behind_amount(tokens, act.stop, sentence.stop), subject, leads)
        hit = _hit_stop(tokens, sentence) if may_be_hit else None
        if hit is not None:
            return Closing(Shape.SPOKEN_EXIT, hit, behind_amount(tokens, hit.stop, sentence.stop), (), True)
        condition = _condition(tokens, sentence) if may_depend else None
        if condition is not None:
            leads = sentence.start < _first_strike(tokens)
            return Closing(Shape.CONDITIONAL_EXIT, condition, condition.stop, (), leads)
    return None


def _under_heading(tokens: tuple[Token, ...], sentences: list[range]) -> Closing | None:
    """Find a line that only closes, over one that opens with a ticker: "Trade closed", then "KO at 8.90"."""
    if len(sentences) < 2 or len(sentences[0]) > _LONGEST_HEADING:
        return None
    heading, below = sentences[0], sentences[1]
    if below.start <= heading.stop or tokens[heading.stop].kind != "NEWLINE":
        return None
    closes = [index for index in heading if tokens[index].lower in _HEADS_EXIT]
    alone = all(tokens[index].lower in _HEADS_EXIT | _BESIDE_HEAD for index in heading)
    named = tokens[below.start].kind != "STRIKE" and names_position(tokens[below.start])
    if not closes or not alone or not named:
        return None
    return Closing(Shape.SPOKEN_EXIT, range(closes[0], closes[0] + 1), below.start)


def _first_strike(tokens: tuple[Token, ...]) -> int:
    """Return the index of the first strike, or the number of tokens without one."""
    return next((index for index, token in enumerate(tokens) if token.kind == "STRIKE"), len(tokens))


def _hit_stop(tokens: tuple[Token, ...], sentence: range) -> range | None:
    """Find a stop that was hit in a sentence that names its position; "if it hits" and "not hit" are none."""
    spoken = tokens[sentence.start : sentence.stop]
    place = next((index for index in sentence if tokens[index].lower in STOPS), None)
    if place is None or not any(token.lower in WAS_HIT for token in spoken):
        return None
    doubtful = any(DOUBTFUL_WORDS.get(token.lower) in _NOT_HIT for token in spoken)
    named = any(names_position(token) and token.kind != "STRIKE" for token in spoken)
    struck = any(token.kind == "STRIKE" for token in spoken)
    return range(place, place + 1) if named and struck and not doubtful else None


def _shape_of(tokens: tuple[Token, ...], sentences: list[range], place: int) -> Shape:
    """Return whether an act is an exit now, one on a condition, or one of everything but what is named."""
    sentence = sentences[place]
    if is_conditional(tokens, sentence) or (
        place > 0 and _opens_with_condition(tokens, sentences[place - 1])
    ):
        return Shape.CONDITIONAL_EXIT
    all_but = closes_all_but(tokens[sentence.start : sentence.stop])
    return Shape.ALL_BUT if all_but else Shape.SPOKEN_EXIT


def closes_all_but(spoken: tuple[Token, ...]) -> bool:
    """Whether everything but a position that is named is closed."""
    but = next((index for index, token in enumerate(spoken) if token.lower in BUT_WORDS), None)
    if but is None or not any(token.lower in ALL_WORDS for token in spoken[:but]):
        return False
    named = [token for token in spoken[but + 1 : but + 5] if token.lower not in _BEHIND_BUT]
    return bool(named) and names_position(named[0])


def is_conditional(tokens: tuple[Token, ...], sentence: range) -> bool:
    """Whether a sentence has a condition, and not only one for the reader: "if you are still in"."""
    return any(is_condition(tokens, index) for index in sentence)


def _opens_with_condition(tokens: tuple[Token, ...], sentence: range) -> bool:
    """Whether the words before a comma are the condition of what follows: "once 5.50 prints, trim"."""
    start = behind_fillers(tokens, sentence)
    ends = tokens[sentence.stop].text if sentence.stop < len(tokens) else ""
    return ends == "," and start < sentence.stop and tokens[start].lower in CONDITIONS


def _length_of_act(tokens: tuple[Token, ...], start: int, stop: int, subject: tuple[Token, ...]) -> int:
    """Count the tokens from `start` on that are an act of closing; 0 when they are none."""
    first = tokens[start].lower
    if first not in FIRST_OF_CLOSING and not is_part(tokens[start]):
        return 0
    following = [token.lower for token in tokens[start + 1 : min(start + 4, stop)]]
    if first in ENDED:
        return int(bool(subject) and start > 0 and tokens[start - 1].lower == "all")
    # "half off the highs"
    moved = following[:1] == ["off"] and not EXTREMES.isdisjoint([each.lower for each in tokens[start:stop]])
    phrase = 0 if moved else _phrase_at(tokens, start, stop, following, subject)
    if phrase is not None:
        return phrase
    return 1 if _closes_something(tokens, start, stop, following, subject) else 0


def _phrase_at(
    tokens: tuple[Token, ...], start: int, stop: int, following: list[str], subject: tuple[Token, ...]
) -> int | None:
    """Count the tokens of a phrase of closing, 0 where it closes nothing here; None without a phrase."""
    first = tokens[start].lower
    if (first, *following[:1]) in SCALING:
        return 2
    if first in _SCALED and subject and start + 1 < stop and is_part(tokens[start + 1]):
        return 1
    losing = _LOSING_BY_FIRST.get(first, ())
    phrase = next((each for each in losing if (first, *following)[: len(each)] == each), ())
    if phrase:
        closes = _names_loss(tokens, start + len(phrase), stop, behind_position=bool(subject))
        return len(phrase) if closes else 0
    if is_part(tokens[start]) and following[:1] and following[0] in OUT_WORDS:
        return 2 if subject or _is_out(tokens, start + 2, stop) else 0
    if first == "out" or (first, *following[:1]) in OUT:
        length = 1 if first == "out" else 2
        return length if _is_out(tokens, start + length, stop) else 0
    return None


def _closes_something(
    tokens: tuple[Token, ...], start: int, stop: int, following: list[str], subject: tuple[Token, ...]
) -> bool:
    """Whether one word closes or trims a position; "sold a covered call" opens a short one."""
    first = tokens[start].lower
    if (
        first in SHORT_SELLING
        and (
            _sells_short(tokens, start, following)
            or (following[:1] and following[0] in NOT_NOW)
            # "KO sold off 2%"
            or (following[:1] == ["off"] and subject and not _has_strike(subject))
            or any(token.lower in SHORT_ANYWHERE for token in tokens[start + 1 : stop])
        )
    ):
        return False
    listed = len(tickers_listed(tokens, start + 1, stop)) > 1
    if (listed or first in CLOSING - SHORT_SELLING) and _names_option(tokens, start + 1, stop):
        return True
    if first in CLOSING:
        struck = _has_strike((*subject, *tokens[start:stop]))
        if not struck and any(token.lower in SHARES for token in tokens[start:stop]):
            return False
        return following[:2] == ["or", "trim"] or _closes_position(
            tokens,
            start + 1,
            stop,
            plain=first in PLAIN_CLOSING,
            advised=first in IMPERATIVES,
            closed=first in _OF_THE_MARKET and not any(token.lower in POSITION_WORDS for token in subject),
            behind_position=bool(subject),
            named_strike=any(token.kind == "STRIKE" for token in subject),
        )
    return first in TRIMMING or (first in TAKING and _takes_off(tokens, start + 1, stop))


def _sells_short(tokens: tuple[Token, ...], start: int, following: list[str]) -> bool:
    """Whether a sale opens a short position: "sold a covered call"; "sold half the KO puts" does not."""
    behind = tokens[start + 1] if start + 1 < len(tokens) else None
    owned = behind is not None and (
        (is_part(behind) and behind.lower != "some") or behind.lower in {"my", "our"}
    )
    return any(word in SHORT_SOLD and not (owned and word in RIGHTS) for word in following)


def _names_option(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether a ticker with its right follows: "the KO calls", "KO and DIS calls"."""
    while index < stop and tokens[index].lower in BETWEEN_CLOSING_AND_POSITION:
        index += 1
    listed = tickers_listed(tokens, index, stop)
    behind = tokens[listed[-1] + 1] if listed and listed[-1] + 1 < stop else None
    return behind is not None and behind.lower in RIGHTS and len(behind.text) > 1


def _has_strike(tokens: tuple[Token, ...]) -> bool:
    return any(token.kind == "STRIKE" for token in tokens)


def _names_loss(tokens: tuple[Token, ...], index: int, stop: int, *, behind_position: bool) -> bool:
    """Whether a loss is that of a position: "ate the loss on KO 70c"."""
    if behind_position:
        return True
    while index < stop and tokens[index].lower in {"on", "in", "with", "of", "the", "my", "at", "here"}:
        index += 1
    return index < stop and position_at(tokens, index, stop)[1] > index


def _takes_off(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether a part of a position follows "taking", and then no advice ("where you can")."""
    while index < stop and tokens[index].lower in _BEFORE_TAKEN:
        index += 1
    if index + 1 < stop and tokens[index].lower in REST:
        # and not "took the rest of the day off"
        return tokens[index + 1].lower == "off"
    if index >= stop or not _is_taken(tokens[index]):
        return False
    if index + 1 >= stop:
        return tokens[index].lower != "some"
    behind = tokens[index + 1]
    return behind.lower in BEHIND_TAKEN or behind.kind in {"NUMBER", "AT"} or names_position(behind)


def _is_taken(token: Token) -> bool:
    return token.lower in TAKEN or token.kind == "PERCENT" or is_fraction(token)


def _is_out(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether the words behind "out" leave it an exit: no more of them, a price, a part, or a position."""
    rest = [token for token in tokens[index:stop] if token.lower not in BEHIND_OUT]
    if not rest or rest[0].kind in {"AT", "NUMBER", "PERCENT", "STRIKE", "NEWLINE"}:
        return True
    if rest[0].lower in {"at", "for"} and len(rest) > 1:
        behind = next((token for token in rest[1:] if token.lower not in ARTICLES), rest[1])
        if behind.kind in {"NUMBER", "PERCENT"} or behind.lower in EVEN:
            return True
    if rest[0].lower in BUT_WORDS | PARTS or is_fraction(rest[0]) or rest[0].lower in {"every", "positions"}:
        return True
    if may_be_ticker(rest[0]) and len(rest) > 1 and rest[1].kind == "STRIKE":
        return True
    return names_position(rest[0])


def _closes_position(
    tokens: tuple[Token, ...],
    index: int,
    stop: int,
    *,
    plain: bool,
    advised: bool,
    closed: bool,
    behind_position: bool,
    named_strike: bool,
) -> bool:
    """Whether a contract or a part of a position follows a word of closing; a ticker only after some."""
    if named_strike or any(token.kind == "STRIKE" for token in tokens[index:stop]):
        return True
    while index < stop and tokens[index].lower in BETWEEN_CLOSING_AND_POSITION - {"here", "it"}:
        index += 1
    if behind_position:
        return (
            index >= stop
            or (not closed and _has_price_of_option(tokens, index, stop))
            or tokens[index].lower in BEHIND_CLOSED | PARTS
            or tokens[index].kind in {"PERCENT", "AT", "QUANTITY"}
            or is_fraction(tokens[index])
        )
    while index < stop and tokens[index].lower in {"here", "it"}:
        index += 1
    if index >= stop:
        return False
    if tokens[index].lower in PARTS or tokens[index].kind == "PERCENT" or is_fraction(tokens[index]):
        if _is_of_goods(tokens, index + 1, stop):
            return False
        # "sell half TSLA" may be shares
        return not advised or not any(
            token.kind in {"CASHTAG", "WORD"} and names_position(token) for token in tokens[index + 1 : stop]
        )
    styled = index + 1 < stop and tokens[index + 1].lower in _STYLES
    priced = not plain or styled or _has_price_of_option(tokens, index + 1, stop)
    return priced and names_position(tokens[index])


def _is_of_goods(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether an amount is one of other things: "sold 30% more units"."""
    if index + 1 >= stop or tokens[index].lower not in {"more", "fewer", "less"}:
        return False
    behind = tokens[index + 1]
    return behind.text.islower() and behind.kind == "WORD" and behind.lower not in BEHIND_TAKEN | ARTICLES


def _has_price_of_option(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether a price that is hardly one of shares follows: "cut KO 1.4"."""
    if index < stop and tokens[index].kind == "AT":
        index += 1
    if index >= stop or tokens[index].kind != "NUMBER" or "." not in tokens[index].text:
        return False
    return number_of(tokens[index]) < _FAR_FROM_SHARES


def _condition(tokens: tuple[Token, ...], sentence: range) -> range | None:
    """Find the condition on which a sentence closes a part or a contract: "if TP1 hit trim 50%"."""
    spoken = tokens[sentence.start : sentence.stop]
    place = next((index for index in sentence if tokens[index].lower in CONDITIONS), None)
    if place is None or not any(token.lower in TRIMMING or token.lower in CLOSING for token in spoken):
        return None
    if not any(token.kind in {"PERCENT", "STRIKE"} or token.lower in PARTS for token in spoken):
        return None
    return range(place, place + 1)
