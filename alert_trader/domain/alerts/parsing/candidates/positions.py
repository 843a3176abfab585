"""The position of a sentence that closes something, and the amount beside it: "1/3 POS KO", "the rest of"."""

from alert_trader.domain.alerts.parsing.candidates.sentences import behind_fillers
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import ARTICLES, RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import (
    ALL_WORDS,
    BUT_WORDS,
    CLOSING,
    EXCLAMATIONS,
    LEAVING,
    LOSING,
    OUT,
    PARTS,
    POSITION_WORDS,
    SCALING,
    STOPS,
    TAKING,
    TRIMMING,
)
from alert_trader.domain.alerts.parsing.vocabulary.portions import is_fraction
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker, names_position

BETWEEN_CLOSING_AND_POSITION = ARTICLES | {"my", "this", "it", "off", "here", "rest", "of"}
"""Words that change nothing between an act of closing and its position."""
_AMOUNTS = frozenset({"PERCENT", "QUANTITY"})
_KEPT = frozenset({"one", "two", "three", "a", "1", "few", "some"})
_BESIDE_AMOUNT = ARTICLES | {"pos"}
_JOINS_SENTENCES = frozenset(",.!:&")
ENDED = frozenset({"done", "gone"})
FIRST_OF_CLOSING = (
    CLOSING | TRIMMING | TAKING | ENDED | {"out"} | {phrase[0] for phrase in (*LOSING, *SCALING, *OUT)}
)
"""Words with one of which an act of closing begins, but for a part of a position."""
_IN_POSITION = frozenset({"STRIKE", "DATE", "DTE", "RELATIVE"})


def position_in_front(
    tokens: tuple[Token, ...], sentences: list[range], place: int
) -> tuple[tuple[Token, ...], int]:
    """Return the position that a sentence opens with, and the index behind it: "KO 70c", "HOOD swings"."""
    sentence = sentences[place]
    start = behind_fillers(tokens, sentence)
    found, index = position_at(tokens, start, sentence.stop)
    if not found:
        amount = _behind_front_amount(tokens, start, sentence.stop)
        found, index = position_at(tokens, amount, sentence.stop)
        if index >= sentence.stop or tokens[index].lower not in FIRST_OF_CLOSING:
            found = ()
    if found:
        return found, behind_fillers(
            tokens, range(_behind_price(tokens, index, sentence.stop), sentence.stop)
        )
    if place > 0 and _is_colon(tokens, sentences[place - 1].stop):
        # "KO: trimmed 30%"
        before = sentences[place - 1]
        named, behind = position_at(tokens, behind_fillers(tokens, before), before.stop)
        if named and behind == before.stop:
            return named, start
    return (), start


def _behind_price(tokens: tuple[Token, ...], index: int, stop: int) -> int:
    """Return the index behind a price that a part follows: "KO 70c @ 3.2 sold another 1/3"."""
    if index + 1 < stop and tokens[index].kind == "PERCENT":
        # "KO 70c +80% trimming half"
        result = tokens[index].text[0] in "+-" and tokens[index + 1].lower in CLOSING | TRIMMING
        return index + 1 if result else index
    act = index + 2
    if act + 1 >= stop or tokens[index].kind != "AT" or tokens[index + 1].kind != "NUMBER":
        return index
    parted = any(is_part(token) for token in tokens[act + 1 : min(act + 3, stop)])
    return act if parted and tokens[act].lower in CLOSING | TRIMMING else index


def _behind_front_amount(tokens: tuple[Token, ...], start: int, stop: int) -> int:
    """Return the index behind an amount in front of a position: "1/3 POS KO sold", "all but one KO out"."""
    index = start
    while index < stop:
        token, behind = tokens[index], tokens[index + 1] if index + 1 < stop else None
        if token.lower in BUT_WORDS and behind is not None:
            if index == 0 or tokens[index - 1].lower not in ALL_WORDS:
                return start
            counted = behind.lower in _KEPT or (behind.kind == "NUMBER" and behind.text.isdigit())
            index += 2 if counted else 1
        elif is_part(token) or token.kind == "QUANTITY" or token.lower in _BESIDE_AMOUNT:
            index += 1
        else:
            break
    return index


def left_position(tokens: tuple[Token, ...], sentences: list[range], place: int) -> tuple[Token, ...]:
    """Return the position that the sentence before only names: "Leaving KO, all out"; empty without one."""
    if place == 0:
        return ()
    before = sentences[place - 1]
    if tokens[before.stop].text not in _JOINS_SENTENCES:
        return ()
    spoken = tokens[before.start : before.stop]
    hit = [token for token in spoken if token.kind != "STRIKE" and names_position(token)]
    if len(hit) == 1 and any(token.lower in STOPS for token in spoken):
        # "KO stop triggered, out"
        return tuple(hit)
    named = [
        token for token in spoken if token.lower not in LEAVING and token.kind not in {"NOISE", "PUNCTUATION"}
    ]
    found = [token for token in named if names_position(token) and token.lower not in EXCLAMATIONS]
    return tuple(found) if found and len(found) == len(named) and _mixed(tokens, found) else ()


def _mixed(tokens: tuple[Token, ...], named: list[Token]) -> bool:
    """Whether capitals mark a ticker: it has its $, or the message has words in small letters."""
    return all(token.kind != "WORD" for token in named) or any(
        token.kind == "WORD" and token.text.islower() for token in tokens
    )


def _is_colon(tokens: tuple[Token, ...], index: int) -> bool:
    return index < len(tokens) and tokens[index].text == ":"


def position_at(tokens: tuple[Token, ...], start: int, stop: int) -> tuple[tuple[Token, ...], int]:
    """Read a position from `start` on: a ticker, with or without the rest of its contract."""
    index = start
    while index < stop and tokens[index].kind in _IN_POSITION:
        index += 1
    if index >= stop or not _is_ticker(tokens, index, stop):
        return (), start
    index += 1
    while index < stop and (
        tokens[index].kind in _IN_POSITION
        or tokens[index].lower in POSITION_WORDS
        or (tokens[index].lower in RIGHTS and len(tokens[index].text) > 1)
    ):
        index += 1
    while index < stop and tokens[index].text in {"-", "—", "|"}:
        index += 1
    return tokens[start:index], index


def _is_ticker(tokens: tuple[Token, ...], index: int, stop: int) -> bool:
    """Whether a token is a ticker: in capitals, with its $, or in small letters before a strike."""
    if names_position(tokens[index]):
        return tokens[index].kind != "STRIKE"
    behind = tokens[index + 1] if index + 1 < stop else None
    return may_be_ticker(tokens[index]) and behind is not None and behind.kind in {"STRIKE", "DATE"}


def behind_amount(tokens: tuple[Token, ...], start: int, stop: int) -> int:
    """Return the index behind how much is closed: "1/4", "half the", "some of the", "25% more of"."""
    index = start
    while index < stop and (
        tokens[index].kind in _AMOUNTS
        or is_fraction(tokens[index])
        or tokens[index].lower in PARTS
        or tokens[index].lower in BETWEEN_CLOSING_AND_POSITION
    ):
        index += 1
    return index if index < stop else start


def tickers_listed(tokens: tuple[Token, ...], start: int, stop: int) -> list[int]:
    """Return the indexes of the tickers that are listed from `start` on: "KO, DIS and PEP"."""
    found: list[int] = []
    index = start
    while index < stop and _is_listed(tokens[index], further=bool(found)):
        found.append(index)
        index += 1
        while index < stop and (tokens[index].text in {",", "&", "/"} or tokens[index].lower == "and"):
            index += 1
    return found


def _is_listed(token: Token, *, further: bool) -> bool:
    """Whether a token is a ticker of a list; a further one may have a single letter."""
    if token.kind == "STRIKE":
        return False
    return names_position(token) or (further and token.text.isupper() and may_be_ticker(token))


def is_part(token: Token) -> bool:
    """Whether a token is a part of a position: "half", "50%", "1/3"."""
    return token.lower in PARTS or token.kind == "PERCENT" or is_fraction(token)
