"""Stage 2a: the search that ends the reading of most messages, as most are talk."""

import re

from alert_trader.domain.alerts.parsing.normalize import NormalizedText
from alert_trader.domain.alerts.parsing.vocabulary.action_words import FIRST_OF_ACTION
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import ADDED, CLOSING, TAKING, TRIMMING
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_ALERT_WORDS = (
    FIRST_OF_ACTION
    | CLOSING
    | TRIMMING
    | ADDED
    | TAKING
    | words("bto stc sto btc avg buy buying sell out ticker stopped scaling scaled scale")
)
_WORD = re.compile(r"[a-z]+")
_STRIKE = re.compile(r"[0-9]\$?\s?(?:c|p|calls?|puts?|ce|pe)\b|\b[cp] ?[0-9]{2}|[0-9]dte|[+-][0-9]+ \$")


def may_be_alert(text: NormalizedText) -> bool:
    """Whether a text has a word of an alert or something like a strike; without both it is chatter."""
    return not _ALERT_WORDS.isdisjoint(_WORD.findall(text.lower)) or _STRIKE.search(text.lower) is not None
