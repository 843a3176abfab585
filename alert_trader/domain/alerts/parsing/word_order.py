"""Stage 3, before the outline: an act of buying that follows its contract, or is inside it, comes first."""

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.tickers import may_be_ticker, names_position

_ACTS_BEHIND = (("bought", "to", "open"), ("buy", "to", "open"), ("bto",))
"""Acts that may follow their contract."""
_ACTS_BELOW = (*_ACTS_BEHIND, ("just", "bought"), ("bought",), ("entered",))
"""Acts that may begin the line below their contract; the longest first."""
_MOST_IN_FRONT = 4
"""Tokens before an act in a contract: a ticker with its mark and the end of its line."""
_IN_FRONT = frozenset(
    {
        *("STRIKE", "DATE", "DTE", "RELATIVE", "CASHTAG", "SHARE_CLASS", "AT", "NUMBER"),
        *("PUNCTUATION", "NEWLINE", "NOISE"),
    }
)
_BEHIND = frozenset({"AT", "NUMBER", "NEWLINE", "NOISE", "PUNCTUATION", "QUANTITY"})
_IN_CONTRACT = frozenset({"STRIKE", "DATE", "DTE", "RELATIVE"})


def with_act_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Move an act of buying to the front of its contract: "KO 70c 12/18 @ 1.25 BTO", "KO BTO 70c 12/18".

    Only a contract may be in front of it, and only its price or the end of the line behind it.
    """
    struck = False
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind == "WORD":
            length = 0
            if struck:
                length = _length_behind(tokens, index, below=tokens[index - 1].kind == "NEWLINE")
            elif 0 < index < _MOST_IN_FRONT:
                length = _length_between(tokens, index)
            if length > 0:
                stop = index + length
                return (*tokens[index:stop], *tokens[:index], *tokens[stop:])
            if not (may_be_ticker(token) or token.lower in RIGHTS):
                return tokens
        elif kind == "STRIKE":
            struck = True
        elif kind not in _IN_FRONT:
            return tokens
    return tokens


def _length(tokens: tuple[Token, ...], index: int, acts: tuple[tuple[str, ...], ...]) -> int:
    """Count the tokens of the act that begins at an index; 0 without one."""
    return next(
        (
            len(act)
            for act in acts
            if act == tuple([token.lower for token in tokens[index : index + len(act)]])
        ),
        0,
    )


def _length_between(tokens: tuple[Token, ...], index: int) -> int:
    """Count the tokens of an act between a ticker and its strike or date."""
    named = sum(token.kind == "CASHTAG" or names_position(token) for token in tokens[:index])
    length = _length(tokens, index, _ACTS_BEHIND)
    behind = tokens[index + length] if index + length < len(tokens) else None
    return length if named == 1 and behind is not None and behind.kind in _IN_CONTRACT else 0


def _length_behind(tokens: tuple[Token, ...], index: int, *, below: bool) -> int:
    """Count the tokens of an act that ends its line, or has only a price behind it.

    `below` is whether it begins a line.
    """
    length = _length(tokens, index, _ACTS_BELOW if below else _ACTS_BEHIND)
    behind = tokens[index + length] if index + length < len(tokens) else None
    ends = behind is None or behind.kind in _BEHIND or behind.lower in {"at", "for", "here"}
    return length if ends else 0
