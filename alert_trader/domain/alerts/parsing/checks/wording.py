"""Checks of the wording: quotes, conditions, negations, results and several legs, anywhere in the message."""

import re
from collections.abc import Container, Sequence

from alert_trader.domain.alerts.parsing.candidates.sentences import is_condition
from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.normalize import REORDERING, NormalizedText
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import STOPS_AND_TARGETS, TARGETS
from alert_trader.domain.alerts.parsing.vocabulary.disclaimers import Disclaimers
from alert_trader.domain.alerts.parsing.vocabulary.doubtful_words import (
    CANCELLING,
    DOUBTFUL_BEHIND_ENTRY,
    DOUBTFUL_PHRASES,
    DOUBTFUL_WORDS,
    HARMLESS_BEHIND_LABEL,
)
from alert_trader.domain.alerts.parsing.vocabulary.marks import is_stopping
from alert_trader.domain.denial import Code

_QUOTED = re.compile(r"^[ \t]*>", re.MULTILINE)
_ARROW = re.compile(r"(?:->|=>|[\u2190-\u21ff\u27a1\u2794\u279c])(?![ \t]*\]\()")
"""An arrow, but not at the end of a link's label."""
_PLAIN = frozenset(map(chr, range(128)))
_MARKS = frozenset({"PUNCTUATION", "NOISE"})
_ENDS_CONDITION = frozenset(".!;\n\r")
_ENDS_LABEL = frozenset({"NUMBER", "NEWLINE", "PERCENT"})
_ANNOUNCES_EXIT = frozenset({"missed", "case", "soon"})
"""Words before an exit that put it off: "in case", "as soon as"."""
_HIDES = {
    "CUT": (
        Code.PARSE_UNCLEAR,
        "expected plain text, found markup inside a word or number: write it without",
    ),
    "STRUCK": (
        Code.PARSE_NEGATED,
        "expected an alert that is valid, found strike-through: send it without",
    ),
}
"""Kinds of token that refuse an entry, and why."""
_BEFORE_EXIT = frozenset({Code.PARSE_NEGATED, Code.PARSE_CONDITIONAL, Code.PARSE_NOT_FIRST_HAND})


def check_wording(
    text: NormalizedText, tokens: Sequence[Token], own: Container[int], entry_end: int | None
) -> Refusal | None:
    """Refuse the first wording that makes an entry uncertain.

    `own` are the offsets of the tokens of the action and of the fields, which are not doubtful. `entry_end`
    is the offset behind an entry with its action, contract and price: from there on, comments and plans for
    later are harmless. None without such an entry.
    """
    if is_quoted(text):
        return Refusal(
            Code.PARSE_NOT_FIRST_HAND,
            "expected the author's own alert, found a quoted line: send it as a new message",
        )
    plain = text.text.isascii()
    if not plain and not REORDERING.isdisjoint(text.text):
        return Refusal(
            Code.PARSE_UNCLEAR,
            "expected plain text, found characters that change its order: write it without",
        )
    refusal = _check_words(text, tokens, own, entry_end) or _check_phrases(text, tokens, own)
    if refusal is not None:
        return refusal
    if "?" in text.lower and any("?" in token.text and token.kind != "NOISE" for token in tokens):
        return Refusal(
            Code.PARSE_CONDITIONAL, "expected a statement, found a question mark: send the alert without it"
        )
    if (">" in text.lower or not plain) and _ARROW.search(text.lower):
        return Refusal(
            Code.PARSE_NOT_NOW, "expected an entry, found an arrow as in a result: send the alert alone"
        )
    return None


def _check_words(
    text: NormalizedText, tokens: Sequence[Token], own: Container[int], entry_end: int | None
) -> Refusal | None:
    behind_label = False
    disclaimers: Disclaimers | None = None
    for token in tokens:
        kind = token.kind
        if kind == "WORD":
            lower = token.lower
            if lower in STOPS_AND_TARGETS:
                behind_label = True
            elif (lower in DOUBTFUL_WORDS or "'" in lower) and token.start not in own:
                code = _code(lower, behind_entry=entry_end is not None and token.start >= entry_end)
                if code is None or (behind_label and lower in HARMLESS_BEHIND_LABEL):
                    continue
                disclaimers = disclaimers or Disclaimers(text.lower, entry_end)
                if disclaimers.covers(token.start):
                    continue
                found = quote(token.text)
                reason = f"expected a plain entry, found {found}: send the alert without it to trade now"
                return Refusal(code, reason, token)
        elif kind in _ENDS_LABEL:
            behind_label = False
        elif kind in _HIDES:
            return Refusal(*_HIDES[kind], token)
    return None


def _check_phrases(text: NormalizedText, tokens: Sequence[Token], own: Container[int]) -> Refusal | None:
    """Refuse a phrase of doubt in front of the entry, such as in its heading."""
    first = next((token.start for token in tokens if token.start in own), 0)
    found = DOUBTFUL_PHRASES.search(text.lower)
    # "in case" begins with a word that is also an act; a day that the entry begins with is its date
    if found is None or found.start() > first or (found.start() == first and " " not in found.group()):
        return None
    reason = f"expected a plain entry, found {quote(found.group())}: send the alert without it to trade now"
    return Refusal(Code.PARSE_CONDITIONAL, reason)


def _code(lower: str, *, behind_entry: bool) -> Code | None:
    """Return the code of a doubtful word; behind a complete entry fewer words are doubtful."""
    if lower.endswith("n't"):
        return Code.PARSE_NEGATED
    # "would've" and "yesterday's" are as doubtful as the words in front of the apostrophe
    lower = lower.partition("'")[0] if "'" in lower else lower
    return None if behind_entry and lower not in DOUBTFUL_BEHIND_ENTRY else DOUBTFUL_WORDS.get(lower)


def is_quoted(text: NormalizedText) -> bool:
    """Whether a line of the message quotes another message, or the message opens with a quotation mark."""
    if text.lower[:1] == '"':
        return True
    return ">" in text.lower and _QUOTED.search(text.lower) is not None


def check_before_exit(tokens: Sequence[Token], action: range) -> Refusal | None:
    """Refuse an exit with a negation, a condition or a quotation before its action."""
    for token in tokens[: action.start]:
        code = DOUBTFUL_WORDS.get(token.lower) if token.kind == "WORD" else None
        negated = token.kind == "WORD" and token.lower.endswith("n't")
        if negated or code in _BEFORE_EXIT or token.lower in _ANNOUNCES_EXIT:
            reason = f"expected a plain exit, found {quote(token.text)} before it: send it alone to sell now"
            return Refusal(Code.PARSE_NEGATED if code is None else code, reason, token)
    return None


def check_after_exit(tokens: Sequence[Token], action: range) -> Refusal | None:
    """Refuse an exit with a condition in the rest of its sentence; one for the reader is talk."""
    if action.stop < len(tokens) and tokens[action.stop].lower in TARGETS:
        target = tokens[action.stop]
        reason = (
            f"expected an exit to make now, found {quote(target.text)} behind it: send it when it is reached"
        )
        return Refusal(Code.PARSE_CONDITIONAL, reason, target)
    for index in range(action.stop, len(tokens)):
        token = tokens[index]
        if token.text in _ENDS_CONDITION:
            return None
        if is_condition(tokens, index, as_they_like=True):
            reason = (
                f"expected an exit to make now, found {quote(token.text)}: send it when the condition is met"
            )
            return Refusal(Code.PARSE_CONDITIONAL, reason, token)
    return None


def check_marks(tokens: Sequence[Token]) -> Refusal | None:
    """Refuse a mark of a stop, a result or of watching in front of an entry."""
    for token in tokens:
        if token.kind not in _MARKS or token.text in _PLAIN:
            continue
        mark = token.text[:2] not in {"<@", "<#", "@e", "@h", "ht"}
        if mark and is_stopping(token.text):
            reason = "expected a plain entry, found a mark of a stop or result in front: send it without"
            return Refusal(Code.PARSE_NOT_NOW, reason, token)
    return None


def check_not_cancelled(tokens: Sequence[Token]) -> Refusal | None:
    """Refuse an exit that is cancelled in the same message."""
    for index, token in enumerate(tokens):
        even = token.lower == "scratch" and index > 0 and tokens[index - 1].lower == "a"
        if token.kind == "WORD" and token.lower in CANCELLING and not even:
            reason = f"expected an exit that is valid, found {quote(token.text)}: send it alone"
            return Refusal(Code.PARSE_NEGATED, reason, token)
    return None
