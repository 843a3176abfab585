"""Stage 3: where the action phrases of a message are, and the named values of a form.

A form is one named value a line: "Ticker: KO", "Expiry: 12/18", "Strike: 70". Bots write them, mostly in
embeds.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.normalize import NormalizedText
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import (
    ACTIONS_BY_FIRST,
    FIRST_OF_ACTION,
    Action,
    length_of_opening,
)
from alert_trader.domain.alerts.parsing.vocabulary.form_names import NAMES, Part

_IS_FORM = re.compile(r"\b(?:ticker|symbol|stock|underlying)\b[^\w\n]{0,6}[:=]")
_LINE = re.compile(r"[^\n\r|]+")
_NAME_ENDS = re.compile(r"[:=]")
_DECORATION = re.compile(r"[^a-z0-9/& ]+|:[a-z_]\w*:")
_NO_COMMENT = frozenset({"no", "none", "nope"})


class ActionPhrase(NamedTuple):
    """The words of an action, by the indexes of their first and last token."""

    action: Action
    first: int
    last: int


class FormLine(NamedTuple):
    """A line of a form: what its value is, and the tokens of the value."""

    part: Part | None
    """None for a line without a known name: its tokens are the whole line."""
    tokens: tuple[Token, ...]


class Form(NamedTuple):
    """The lines of a form, and its tokens by the weight that their words have."""

    lines: tuple[FormLine, ...]
    title: tuple[Token, ...]
    """Outside the named values, or the value of the action: only here an action counts."""
    contract: tuple[Token, ...]
    """Inside the values that make the contract."""
    comments: tuple[Token, ...]
    """Inside comments, stops, targets and results."""
    result: Token | None
    """The start of a profit or loss, where the form has one."""


class Outline(NamedTuple):
    """A message as tokens, with its action phrases and its form."""

    text: NormalizedText
    tokens: tuple[Token, ...]
    """Without markup; line ends stay."""
    kinds: frozenset[str]
    """The kinds of the tokens."""
    opening: int
    """How many tokens at the start may precede an action."""
    actions: tuple[ActionPhrase, ...]
    form: Form | None
    """None where the message is prose."""


def outline(text: NormalizedText, tokens: Sequence[Token]) -> Outline:
    """Find the action phrases and the form of a message."""
    kinds = frozenset([token.kind for token in tokens])
    if "MARKUP" in kinds:
        kinds -= {"MARKUP"}
        tokens = [token for token in tokens if token.kind != "MARKUP"]
    kept = tuple(tokens)
    opening = length_of_opening(kept)
    actions = _actions(kept, opening, signed="SIGNED" in kinds)
    return Outline(text, kept, kinds, opening, actions, _form(text, kept))


def _actions(tokens: tuple[Token, ...], opening: int, *, signed: bool) -> tuple[ActionPhrase, ...]:
    """Find the action phrases. AVG and a signed count act only at the start; elsewhere AVG names a number."""
    found: list[ActionPhrase] = []
    end = 0
    for index, token in enumerate(tokens):
        if token.lower in FIRST_OF_ACTION:
            if index < end:
                continue
            phrase = _phrase_at(tokens, index, opening)
            if phrase is not None:
                found.append(phrase)
                end = phrase.last + 1
        elif signed and token.kind == "SIGNED" and index == opening:
            action = Action.BUY if token.text[0] == "+" else Action.SELL
            found.append(ActionPhrase(action, index, index))
    return tuple(found)


def _phrase_at(tokens: tuple[Token, ...], index: int, opening: int) -> ActionPhrase | None:
    """Return the longest action phrase that begins at a token."""
    for phrase, action in ACTIONS_BY_FIRST[tokens[index].lower]:
        length = len(phrase)
        if length > 1 and phrase != tuple([each.lower for each in tokens[index : index + length]]):
            continue
        if action is not Action.AVERAGE or index == opening:
            return ActionPhrase(action, index, index + length - 1)
    return None


def _form(text: NormalizedText, tokens: tuple[Token, ...]) -> Form | None:
    """Return the form that a message is, or None for prose."""
    if (":" not in text.lower and "=" not in text.lower) or not _IS_FORM.search(text.lower):
        return None
    lines = []
    title: list[Token] = []
    contract: list[Token] = []
    comments: list[Token] = []
    result: Token | None = None
    for line in _lines(text, tokens):
        lines.append(line)
        part, value = line
        if part is None or part is Part.ACTION:
            title += value
        elif part is Part.LEVEL or part is Part.COMMENT:
            # "Comments: No" means that there are none
            comments += () if len(value) == 1 and value[0].lower in _NO_COMMENT else value
        elif part is Part.RESULT:
            comments += value
            result = value[0] if value else None
        else:
            contract += value
    return Form(tuple(lines), tuple(title), tuple(contract), tuple(comments), result)


def _lines(text: NormalizedText, tokens: tuple[Token, ...]) -> list[FormLine]:
    """Cut a form into its lines; the tokens of a name are left out."""
    lines = []
    index = 0
    for line in _LINE.finditer(text.lower):
        mark = _NAME_ENDS.search(line[0])
        name = "" if mark is None else " ".join(_DECORATION.sub(" ", line[0][: mark.start()]).split())
        part = NAMES.get(name)
        start = line.start() if part is None or mark is None else line.start() + mark.end()
        end = line.end()
        while index < len(tokens) and tokens[index].start < start:
            index += 1
        first = index
        while index < len(tokens) and tokens[index].start < end:
            index += 1
        lines.append(FormLine(part, tokens[first:index]))
    return lines
