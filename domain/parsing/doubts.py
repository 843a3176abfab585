"""Finds what takes the certainty out of an entry wherever it stands: quotes, conditions, negations, results, several legs."""

import re
from typing import NamedTuple

from domain.denial import Code
from domain.parsing import words
from domain.parsing.tokens import Kind, Token

_QUOTED = re.compile(r"^[ \t]*>", re.MULTILINE)
_ARROW = re.compile(r"->|=>|[\u2190-\u21ff\u27a1\u2794\u279c]")
_NOT_FOR_PEOPLE = re.compile(r"[^0-9A-Za-z .,/$%+'-]")
_SHOWN = 24


class Doubt(NamedTuple):
    """Why a message is not certain: the code, the sentence, and the token it rests on where there is one."""

    code: Code
    reason: str
    token: Token | None = None


def shown(text: str) -> str:
    """Quote a piece of a message inside a reason: short, and without a character that a chat, terminal or log acts on."""
    return f"'{_NOT_FOR_PEOPLE.sub('?', text[:_SHOWN])}'"


def first_doubt(text: str, tokens: list[Token], action: range) -> Doubt | None:
    """Give the first thing that makes an entry uncertain. `action` are the places of the action's own tokens."""
    if _QUOTED.search(text):
        return Doubt(Code.PARSE_NOT_FIRST_HAND, "expected the author's own alert, found a quoted line: send it as a new message")
    doubt = _doubtful_word(tokens, action)
    if doubt is not None:
        return doubt
    if "?" in text or "\uff1f" in text:
        return Doubt(Code.PARSE_CONDITIONAL, "expected a statement, found a question mark: send the alert without it")
    if _ARROW.search(text):
        return Doubt(Code.PARSE_NOT_NOW, "expected an entry, found an arrow as results have: send the alert alone")
    return None


def _doubtful_word(tokens: list[Token], action: range) -> Doubt | None:
    after_label = False
    for index, token in enumerate(tokens):
        if token.kind == Kind.CUT:
            return Doubt(Code.PARSE_UNCLEAR, "expected plain text, found markup inside a word or number: write it without", token)
        if token.kind == Kind.STRUCK:
            return Doubt(Code.PARSE_NEGATED, "expected an alert that stands, found strike-through: send it without", token)
        if token.kind in {Kind.NUMBER, Kind.NEWLINE, Kind.PERCENT}:
            after_label = False
        elif token.kind == Kind.WORD and index not in action:
            lower = token.lower.replace("\u2019", "'")
            if lower in words.STOPS_AND_TARGETS:
                after_label = True
                continue
            # "would've" and "yesterday's" are as doubtful as the words in front
            code = Code.PARSE_NEGATED if lower.endswith("n't") else words.HAZARDS.get(lower.partition("'")[0])
            if code is not None and not (after_label and lower in words.AFTER_LABEL_HARMLESS):
                return Doubt(
                    code, f"expected a plain entry, found {shown(token.text)}: send the alert without it if it is meant now", token
                )
    return None
