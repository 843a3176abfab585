"""Finds what takes the certainty out of an entry wherever it stands: quotes, conditions, negations, results, several legs."""

import re
from typing import NamedTuple

from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.disclaimers import Disclaimers
from alert_trader.domain.alerts.parsing.normalize import REORDERING, Seen
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.denial import Code

_QUOTED = re.compile(r"^[ \t]*>", re.MULTILINE)
ARROWS = frozenset(map(chr, [*range(0x2190, 0x2200), 0x27A1, 0x2794, 0x279C]))
_ARROW = re.compile(r"->|=>|[\u2190-\u21ff\u27a1\u2794\u279c]")
_NOT_FOR_PEOPLE = re.compile(r"[^0-9A-Za-z .,/$%+'-]")
_SHOWN = 24
_ENDS_LABEL = frozenset({"NUMBER", "NEWLINE", "PERCENT"})


class Doubt(NamedTuple):
    """Why a message is not certain: the code, the sentence, and the token it rests on where there is one."""

    code: Code
    reason: str
    token: Token | None = None


def shown(text: str) -> str:
    """Quote a piece of a message inside a reason: short, and without a character that a chat, terminal or log acts on."""
    return f"'{_NOT_FOR_PEOPLE.sub('?', text[:_SHOWN])}'"


def first_doubt(sight: Seen, tokens: list[Token], action: range, settled: int | None) -> Doubt | None:
    """Give the first thing that makes an entry uncertain.

    `action` are the places of the action's own tokens. `settled` is where an entry with its action, contract and price is complete: behind
    it, words of mood and of plans for later take nothing back. None where it is not.
    """
    if quoted(sight):
        return Doubt(
            Code.PARSE_NOT_FIRST_HAND,
            "expected the author's own alert, found a quoted line: send it as a new message",
        )
    if not sight.text.isascii() and not REORDERING.isdisjoint(sight.text):
        return Doubt(
            Code.PARSE_UNCLEAR,
            "expected plain text, found characters that change its order: write it without",
        )
    doubt = _doubtful_word(sight, tokens, action, settled)
    if doubt is not None:
        return doubt
    if "?" in sight.lower and any("?" in token.text and token.kind != "NOISE" for token in tokens):
        return Doubt(
            Code.PARSE_CONDITIONAL, "expected a statement, found a question mark: send the alert without it"
        )
    if (">" in sight.lower or not sight.text.isascii()) and _ARROW.search(sight.lower):
        return Doubt(
            Code.PARSE_NOT_NOW, "expected an entry, found an arrow as results have: send the alert alone"
        )
    return None


def _doubtful_word(sight: Seen, tokens: list[Token], action: range, settled: int | None) -> Doubt | None:
    after_label = False
    harmless = Disclaimers(sight.lower, settled)
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind == "WORD":
            lower = token.lower
            if lower in vocabulary.STOPS_AND_TARGETS:
                after_label = True
            elif (lower in vocabulary.HAZARDS or "'" in lower) and index not in action:
                code = _code(lower, later=settled is not None and token.start >= settled)
                if (
                    code is None
                    or (after_label and lower in vocabulary.AFTER_LABEL_HARMLESS)
                    or harmless.covers(token.start)
                ):
                    continue
                reason = f"expected a plain entry, found {shown(token.text)}: send the alert without it if it is meant now"
                return Doubt(code, reason, token)
        elif kind in _ENDS_LABEL:
            after_label = False
        elif kind == "CUT":
            return Doubt(
                Code.PARSE_UNCLEAR,
                "expected plain text, found markup inside a word or number: write it without",
                token,
            )
        elif kind == "STRUCK":
            return Doubt(
                Code.PARSE_NEGATED,
                "expected an alert that stands, found strike-through: send it without",
                token,
            )
    return None


def _code(lower: str, *, later: bool) -> Code | None:
    """Give what a word makes doubtful; `later` is behind a complete entry, where fewer do."""
    if lower.endswith("n't"):
        return Code.PARSE_NEGATED
    # "would've" and "yesterday's" are as doubtful as the words in front
    lower = lower.partition("'")[0] if "'" in lower else lower
    return None if later and lower not in vocabulary.CONTRADICTS_LATER else vocabulary.HAZARDS.get(lower)


def quoted(sight: Seen) -> bool:
    """Whether a line of the message is a quote of another, or the message opens with a quotation mark."""
    if sight.lower[:1] == '"':
        return True
    return ">" in sight.lower and _QUOTED.search(sight.lower) is not None
