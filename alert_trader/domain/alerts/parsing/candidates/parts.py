"""The parts of a message with several acts: "STC KO 70c @ 2" and "STC DIS 112c @ 3" on two lines."""

import itertools

from alert_trader.domain.alerts.parsing.candidates.closing import find_closing
from alert_trader.domain.alerts.parsing.candidates.sentences import behind_fillers, sentences_of
from alert_trader.domain.alerts.parsing.outline import Outline
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import Action
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import act_at

Part = tuple[Token, ...]

_SEPARATES = frozenset(".;,\n\r&!")
_FEWEST_PARTS, _MOST_PARTS = 2, 6


def parts_of(outline: Outline) -> list[Part]:
    """Cut a message where a further act with its own strike begins; empty where it is about one thing."""
    tokens = outline.tokens
    if outline.form is not None or "STRIKE" not in outline.kinds:
        return []
    if [token.kind for token in tokens].count("STRIKE") < _FEWEST_PARTS:
        return []
    acts = {phrase.first for phrase in outline.actions if phrase.action is not Action.MENTION_OF_SALE}
    starts: list[int] = []
    for sentence in sentences_of(tokens):
        separated = sentence.start == 0 or tokens[sentence.start - 1].text in _SEPARATES or not starts
        start = behind_fillers(tokens, sentence)
        acting = start in acts or (start < sentence.stop and act_at(tokens, start) > 0)
        if separated and (acting or _closes(tokens, sentence)):
            starts.append(sentence.start)
    starts = [part.start for part in _ranges(starts, len(tokens)) if _strike(tokens[part.start : part.stop])]
    if not 1 < len(starts) <= _MOST_PARTS:
        return []
    starts[0] = 0
    return [tokens[part.start : part.stop] for part in _ranges(starts, len(tokens))]


def _ranges(starts: list[int], end: int) -> list[range]:
    """Return the ranges between the starts, up to the end."""
    return [range(start, stop) for start, stop in itertools.pairwise([*starts, end])]


def _closes(tokens: Part, sentence: range) -> bool:
    """Whether a sentence closes a position that it names."""
    found = find_closing(tokens[sentence.start : sentence.stop], [range(len(sentence))])
    return found is not None


def _strike(tokens: Part) -> bool:
    return any(token.kind == "STRIKE" for token in tokens)
