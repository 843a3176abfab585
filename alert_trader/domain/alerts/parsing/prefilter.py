"""Stage 2a: the search that ends the reading of most messages, as most are talk."""

import re

from alert_trader.domain.alerts.parsing.normalize import NormalizedText
from alert_trader.domain.alerts.parsing.vocabulary.action_words import FIRST_OF_ACTION
from alert_trader.domain.alerts.parsing.vocabulary.entry_words import FIRST_OF_ACT
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import ADDED, CLOSING, TAKING, TRIMMING
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_COMMON = words(
    "in just back going got getting long open new started starting playing entry filled trade position "
    "adding added went took taking"
)
"""First words of an act that are in most talk: such an act is found by its strike or date."""
_ALERT_WORDS = (
    FIRST_OF_ACTION
    | CLOSING
    | TRIMMING
    | ADDED
    | TAKING
    | (FIRST_OF_ACT - _COMMON)
    | words(
        "dumped bailed cashed option locking locked bto stc sto btc avg buy buying sell out ticker "
        "stopped scaling scaled scale"
    )
)
_BESIDE = words("hit out off flat exit partial partials half taking")
_ONLY_TOGETHER = words("stop stops sl half full here position")
"""Words that make an alert only with one of the others beside it: "stop hit", "half out", "full exit"."""
_CLOSE = words("close")
_CLOSES = re.compile(r"(?<!the )(?<!into )(?<!at )(?<!market )(?<!a )(?<!daily )(?<!to )\bclose\b")
"""The act: "into the close" is a time of the day."""
_WORD = re.compile(r"[a-z]+")
_STRIKE = re.compile(
    r"[0-9](?:\$?\s?(?:c|p|calls?|puts?|ce|pe)\b|dte|/[0-9]|[0-9]{5}[cp][0-9])|\b[cp] ?[0-9]{2}|[+-][0-9]+ \$"
)

_FLAT = re.compile(
    r"[Ff](?:lat|LAT) (?:on |in )?(?:the |my )?\$?[A-Z]{2,5}\b|\b[A-Z]{2,5},? (?:is |now )?flat\b"
)


def may_be_alert(text: NormalizedText) -> bool:
    """Whether a text has a word of an alert or something like a strike; without both it is chatter."""
    lower = text.lower
    found = set(_WORD.findall(lower))
    if not found.isdisjoint(_ALERT_WORDS):
        spoken = found & _ALERT_WORDS
        if spoken != _CLOSE or _CLOSES.search(lower) is not None:
            return True
    if _STRIKE.search(lower) is not None:
        return True
    if not found.isdisjoint(_BESIDE) and not found.isdisjoint(_ONLY_TOGETHER):
        return True
    return "flat" in found and _FLAT.search(text.text) is not None
