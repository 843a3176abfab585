"""Checks of the actions: only one, it buys to open, and it comes first."""

from collections.abc import Sequence

from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.outline import ActionPhrase
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import (
    BEFORE_ACTION,
    Action,
)
from alert_trader.domain.alerts.parsing.vocabulary.header import IN_SENTENCE, without_headers
from alert_trader.domain.denial import Code

_ENDS_SENTENCE = frozenset('.!;,)-"')
_BEHIND_TARGET = frozenset({"at", "for", "@", "half", "some", "into", "near", "around", "all", "target"})
_DIPS = (["the", "dip"], ["the", "dips"], ["this", "dip"])


def check_one_action(
    tokens: tuple[Token, ...], actions: Sequence[ActionPhrase], entry_end: int | None
) -> Refusal | None:
    """Refuse a second action, and an action that does not buy to open."""
    counted = [phrase for phrase in actions if not _is_target(tokens, phrase, entry_end)]
    if len(counted) == 1 and counted[0].action is not Action.BUY:
        reason = "expected buying to open, found another kind of order: this product buys to open only"
        return Refusal(Code.PARSE_UNCLEAR, reason, tokens[counted[0].first])
    if len(counted) > 1:
        one, two = tokens[counted[0].first], tokens[counted[1].first]
        reason = (
            f"expected one action, found {quote(one.text)} and {quote(two.text)}: send one message for each"
        )
        return Refusal(Code.PARSE_TWO_ACTIONS, reason, two)
    return None


def check_no_other(
    tokens: tuple[Token, ...], actions: Sequence[ActionPhrase], entry_end: int | None
) -> Refusal | None:
    """Refuse an action beside a purchase in other words, but for its target: "sell at 6.00"."""
    other = next((phrase for phrase in actions if not _is_target(tokens, phrase, entry_end)), None)
    if other is None or other.action is Action.AVERAGE:
        return None
    found = tokens[other.first]
    reason = f"expected one action, found {quote(found.text)} beside a purchase: send one message for each"
    return Refusal(Code.PARSE_TWO_ACTIONS, reason, found)


def _is_target(tokens: tuple[Token, ...], phrase: ActionPhrase, entry_end: int | None) -> bool:
    """Whether an action behind an entry is only its target or a comment: "sell at 6.00", "buying the dip"."""
    first = tokens[phrase.first]
    if entry_end is None or first.start < entry_end:
        return False
    behind = [token.lower for token in tokens[phrase.last + 1 : phrase.last + 3]]
    if phrase.action is Action.BUY:
        return behind in _DIPS
    if phrase.action is not Action.MENTION_OF_SALE or first.lower == "sold":
        return False
    if any(token.kind in {"STRIKE", "CASHTAG", "DATE"} for token in tokens[phrase.last :]):
        return False
    return bool(behind) and behind[0] in _BEHIND_TARGET


def check_action_first(tokens: tuple[Token, ...], phrase: ActionPhrase, opening: int) -> Refusal | None:
    """Refuse anything before the action that is no label, mention, remark, header line or ended sentence.

    `opening` is the number of tokens at the start that may precede an action.
    """
    if opening >= phrase.first:
        return None
    front = without_headers(tokens[: phrase.first])
    odd = next((token for token in front if token.kind not in IN_SENTENCE), None)
    if odd is None:
        last = len(front) - 1
        while last >= 0 and front[last].kind == "WORD" and front[last].lower in BEFORE_ACTION:
            last -= 1
        if last < 0 or _has_ended(front[: last + 1]):
            return None
        odd = front[last]
    action = quote(tokens[phrase.first].text)
    reason = f"expected the action first, found {quote(odd.text)} before {action}: start with the action"
    return Refusal(Code.PARSE_UNCLEAR, reason, odd)


def _has_ended(front: list[Token]) -> bool:
    """Whether the sentence before the action has ended: by its line, a mark or an emoji, not by "e.g."."""
    last = front[-1]
    if last.kind in {"NOISE", "NEWLINE"} or (last.kind == "PUNCTUATION" and not last.text.isascii()):
        return True
    return last.text in _ENDS_SENTENCE and len(front) > 1 and len(front[-2].text) > 1
