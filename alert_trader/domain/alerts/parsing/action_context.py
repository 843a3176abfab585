"""Judges what stands in front of an action, and whether there is but one."""

from collections.abc import Sequence
from typing import Protocol

from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.action import Action
from alert_trader.domain.alerts.parsing.ambiguity import Doubt, shown
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.denial import Code

_PASSED = frozenset({"NEWLINE", "NOISE", "PUNCTUATION", "CUT"})
_SAID = frozenset({"WORD", "NOISE", "PUNCTUATION", "NEWLINE", "ORDINAL"})
_STAMP = _SAID | {"DATE", "TIME"}
_ENDS_TALK = frozenset('.!;,)-"')
_OF_A_TARGET = frozenset({"at", "for", "@", "half", "some", "into", "near", "around", "all", "target"})

_DIPS = (["the", "dip"], ["the", "dips"], ["this", "dip"])


class Acting(Protocol):
    """An action's words: what they do, and the places of the first and last token."""

    @property
    def action(self) -> Action:
        """What they do."""

    @property
    def first(self) -> int:
        """The place of the first."""

    @property
    def last(self) -> int:
        """The place of the last."""


def opening(tokens: list[Token], more: frozenset[str] = frozenset()) -> int:
    """Count the tokens at the start that may stand before an action: labels, mentions, remarks and ends of lines."""
    for index, token in enumerate(tokens):
        remark = token.kind == "WORD" and (token.lower in vocabulary.BEFORE_ACTION or token.lower in more)
        if not remark and token.kind not in _PASSED:
            return index
    return len(tokens)


def first_action_doubt(
    tokens: list[Token], hits: Sequence[Acting], settled: int | None, *, anywhere: bool = False
) -> Doubt | None:
    """Doubt a second action, an action that does not buy to open, and an action in the middle of a sentence unless `anywhere`."""
    doubt = _two_actions(tokens, hits, settled)
    return doubt if doubt is not None or anywhere else _in_front(tokens, hits[0])


def _two_actions(tokens: list[Token], hits: Sequence[Acting], settled: int | None) -> Doubt | None:
    standing = [hit for hit in hits if not _is_target(tokens, hit, settled)]
    other = next((hit for hit in standing if hit.action is not Action.BUY), None)
    if other is not None and len(standing) == 1:
        reason = "expected buying to open, found another kind of order: this product buys to open only"
        return Doubt(Code.PARSE_UNCLEAR, reason, tokens[other.first])
    if len(standing) > 1:
        one, two = tokens[standing[0].first], tokens[standing[1].first]
        reason = (
            f"expected one action, found {shown(one.text)} and {shown(two.text)}: send one message for each"
        )
        return Doubt(Code.PARSE_TWO_ACTIONS, reason, two)
    return None


def _is_target(tokens: list[Token], hit: Acting, settled: int | None) -> bool:
    """Whether an act behind a complete entry with its price is only its target or talk: "sell at 6.00", "buying the dip"."""
    if settled is None or tokens[hit.first].start < settled:
        return False
    behind = [token.lower for token in tokens[hit.last + 1 : hit.last + 3]]
    if hit.action is Action.BUY:
        return behind in _DIPS
    if hit.action is not Action.MENTION_OF_SALE:
        return False
    if tokens[hit.first].lower == "sold" or any(
        token.kind in {"STRIKE", "CASHTAG", "DATE"} for token in tokens[hit.last :]
    ):
        return False
    return bool(behind) and behind[0] in _OF_A_TARGET


def _in_front(tokens: list[Token], hit: Acting) -> Doubt | None:
    """Doubt anything but a label, a mention, a remark, a time stamp or a sentence of talk in front of the action."""
    start = opening(tokens)
    if start >= hit.first:
        return None
    front = _without_stamps(tokens[: hit.first])
    odd = next((token for token in front if token.kind not in _SAID), None)
    if odd is None:
        last = len(front) - 1
        while last >= 0 and front[last].kind == "WORD" and front[last].lower in vocabulary.BEFORE_ACTION:
            last -= 1
        if last < 0 or _ends_talk(front[: last + 1]):
            return None
        odd = front[last]
    reason = f"expected the action first, found {shown(odd.text)} before {shown(tokens[hit.first].text)}: start with the action"
    return Doubt(Code.PARSE_UNCLEAR, reason, odd)


def _ends_talk(front: list[Token]) -> bool:
    """Whether what was said in front has ended: its line, its sentence, or with a sign. "e.g." ends nothing."""
    last = front[-1]
    if last.kind in {"NOISE", "NEWLINE"} or _is_sign(last):
        return True
    return last.text in _ENDS_TALK and len(front) > 1 and len(front[-2].text) > 1


def _is_sign(token: Token) -> bool:
    """Whether a token is an emoji or another sign that ends what was said."""
    return token.kind == "PUNCTUATION" and not token.text.isascii()


def _without_stamps(tokens: list[Token]) -> list[Token]:
    """Leave out the lines that only say who wrote and when: "@Room | Monday - 06-15-2026 09:35 AM"."""
    return [token for line in _lines(tokens) if not _is_stamp(line) for token in line]


def stamped(tokens: list[Token]) -> Token | None:
    """Give the date of a line that only says who wrote and when."""
    if not any(token.kind == "TIME" for token in tokens):
        return None
    return next(
        (token for line in _lines(tokens) if _is_stamp(line) for token in line if token.kind == "DATE"), None
    )


def _lines(tokens: list[Token]) -> list[list[Token]]:
    """Cut tokens into lines, each with the mark that ends it."""
    lines: list[list[Token]] = [[]]
    for token in tokens:
        lines[-1].append(token)
        if token.kind == "NEWLINE":
            lines.append([])
    return lines


def _is_stamp(line: list[Token]) -> bool:
    return {"DATE", "TIME"} <= {token.kind for token in line} <= _STAMP
