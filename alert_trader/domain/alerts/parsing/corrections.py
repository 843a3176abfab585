"""Whether a message may correct a field of the author's last alert: "2.03**", "*165p", "meant puts".

It is used for what an author writes directly after an alert. A correction that is found changes nothing: a
person looks at it. So a false alarm is better than a correction that is missed.
"""

from alert_trader.domain.alerts.parsing.normalize import normalize
from alert_trader.domain.alerts.parsing.tokens import Token, tokenize
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import RIGHTS
from alert_trader.domain.alerts.parsing.vocabulary.words import words

LONGEST = 80
"""Characters; a longer message names more than one field."""

_MOST_PARTS = 3
_PARTS = frozenset({"NUMBER", "STRIKE", "DATE", "DTE", "RELATIVE", "CASHTAG", "QUANTITY", "SHARE_CLASS"})
_IGNORED = frozenset({"MARKUP", "CUT", "NEWLINE", "NOISE", "AT", "PUNCTUATION"})
_CORRECTING = words("correction correcting corrected typo meant mean oops mistake wrong sorry instead edit")


def may_correct(text: str) -> bool:
    """Whether a text may correct the alert before it."""
    if len(text) > LONGEST:
        return False
    normalized = normalize(text.strip())
    tokens = [token for token in tokenize(normalized) if token.kind not in _IGNORED]
    parts = [token for token in tokens if _is_part(token)]
    if any(token.lower in _CORRECTING for token in tokens):
        return True
    starred = normalized.text.startswith("*") != normalized.text.endswith("*")
    return 0 < len(tokens) <= _MOST_PARTS and (starred or len(parts) == len(tokens))


def _is_part(token: Token) -> bool:
    return token.kind in _PARTS or token.lower in RIGHTS
