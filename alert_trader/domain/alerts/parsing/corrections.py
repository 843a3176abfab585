"""Tells whether a message that is no whole alert may correct a field of the author's last one: "2.03**", "*165p", "meant puts", "4/09".

It is asked about what an author writes right after an alert, and what it finds changes nothing by itself: a person looks. So it would
rather find too much.
"""

from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.normalize import seen
from alert_trader.domain.alerts.parsing.tokens import Token, tokenize

LONGEST = 80
"""Characters; a longer message says more than one field."""

_MOST_PARTS = 3
_PARTS = frozenset({"NUMBER", "STRIKE", "DATE", "DTE", "RELATIVE", "CASHTAG", "QUANTITY", "SHARE_CLASS"})
_NOTHING = frozenset({"MARKUP", "CUT", "NEWLINE", "NOISE", "AT", "PUNCTUATION"})
_SAYS_SO = frozenset(
    {
        "correction",
        "correcting",
        "corrected",
        "typo",
        "meant",
        "mean",
        "oops",
        "mistake",
        "wrong",
        "sorry",
        "instead",
        "edit",
    }
)


def may_correct(text: str) -> bool:
    """Tell whether a text may correct an alert that stands before it."""
    if len(text) > LONGEST:
        return False
    sight = seen(text.strip())
    tokens = [token for token in tokenize(sight) if token.kind not in _NOTHING]
    parts = [token for token in tokens if _is_part(token)]
    if any(token.lower in _SAYS_SO for token in tokens):
        return True
    starred = sight.text.startswith("*") != sight.text.endswith("*")
    return 0 < len(tokens) <= _MOST_PARTS and (starred or len(parts) == len(tokens))


def _is_part(token: Token) -> bool:
    return token.kind in _PARTS or token.lower in vocabulary.RIGHTS
