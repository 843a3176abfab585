"""The sentences of a message, and what may precede an act in one."""

from collections.abc import Sequence

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import TARGETS
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import CONDITIONS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import (
    AS_THEY_LIKE,
    BEFORE_EXIT,
    IN_POSITION,
    TO_THE_READER,
)

_ENDS_SENTENCE = frozenset(".!;,)(\n\r:&")
_DONE = frozenset({"\u2705", "\u2714", "\u2611", "\U0001f3af", "\U0001f4b0"})
_REACHED = frozenset({"hit", "reached", "done", "smashed"})


def sentences_of(tokens: tuple[Token, ...]) -> list[range]:
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


def behind_fillers(tokens: Sequence[Token], sentence: range) -> int:
    """Return the index behind what may precede an act: "I'm", "ok guys", "TP1 hit"."""
    index = sentence.start
    while index < sentence.stop:
        token = tokens[index]
        behind = tokens[index + 1] if index + 1 < sentence.stop else None
        reached = behind is not None and (behind.lower in _REACHED or behind.text in _DONE)
        if reached and (token.kind == "LABEL" or token.lower in TARGETS):
            index += 2
        elif token.lower in BEFORE_EXIT or (token.kind == "PUNCTUATION" and not token.text.isascii()):
            index += 1
        else:
            break
    return index


def is_condition(tokens: Sequence[Token], index: int, *, as_they_like: bool = False) -> bool:
    """Whether a word makes what is said conditional; "if you are still in" is a remark to the readers.

    `as_they_like` also leaves out "keep runners if you like".
    """
    if tokens[index].lower not in CONDITIONS:
        return False
    behind = [token.lower for token in tokens[index + 1 : index + 6]]
    if tokens[index].lower != "if" or not behind or behind[0] not in TO_THE_READER:
        return True
    harmless = IN_POSITION | AS_THEY_LIKE if as_they_like else IN_POSITION
    return harmless.isdisjoint(behind)
