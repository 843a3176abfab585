"""What a failed check returns."""

import re
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.denial import Code

_NOT_FOR_PEOPLE = re.compile(r"[^0-9A-Za-z .,/$%+'-]")
_LONGEST_QUOTE = 24


class Refusal(NamedTuple):
    """Why a message is not certain: the code, the sentence for people, and the token it is about."""

    code: Code
    reason: str
    token: Token | None = None


def quote(text: str) -> str:
    """Quote a piece of a message: short, and without characters that a chat, terminal or log acts on."""
    return f"'{_NOT_FOR_PEOPLE.sub('?', text[:_LONGEST_QUOTE])}'"
