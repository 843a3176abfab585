"""Whether a date in a contract or its commentary is the expiration, or something else."""

from alert_trader.domain.alerts.parsing.fields.walk import Walk
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.contract_words import EVENTS
from alert_trader.domain.alerts.parsing.vocabulary.words import words

_GRADED = words("risk conviction confidence rating grade score level setup quality")
FRACTIONS = words("1/2 1/3 1/4 2/3 3/4")
"""Dates that are parts of a size behind a complete entry: "1/2 size", "size: 1/4"."""
_SIZES = words("size sized sizing position")
_BEFORE_DAY = words("for exp expiry expiration expires expiring calls call puts put")
_BEHIND_DAY = words("avg average at for paid entry exp expiry expiration price here filled fill market cmp")
_NEAR_EVENT = 4


def is_event(walk: Walk) -> bool:
    """Whether a date in the commentary is that of an event: "earnings on 12/2"."""
    before = walk.tokens[max(walk.index - _NEAR_EVENT, 0) : walk.index]
    return any(token.lower in EVENTS for token in before)


def is_grade(walk: Walk, token: Token) -> bool:
    """Whether two numbers are a grade and no date: "risk 3/10", "conviction: 4/5"."""
    before = walk.tokens[max(walk.index - 2, 0) : walk.index]
    if token.lower in FRACTIONS and any(each.lower in _SIZES for each in before):
        return True
    graded = token.lower.endswith(("/10", "/5")) and token.lower.count("/") == 1
    return graded and any(each.lower in _GRADED for each in before)


def is_class_of_dates(walk: Walk) -> bool:
    """Whether "(Weeklys)" in an order line only says of which kind the date behind it is."""
    behind, date = walk.ahead(1), walk.ahead(2)
    return behind is not None and behind.text == ")" and date is not None and date.kind == "DATE"


def is_day_of_expiry(walk: Walk) -> bool:
    """Whether "today" or "Friday" is the expiration: behind the strike or "for", before the price."""
    draft, before = walk.draft, walk.before
    if not walk.in_contract or draft.expiries or not draft.symbols or before is None:
        return False
    if before.kind != "STRIKE" and before.lower not in _BEFORE_DAY:
        return False
    behind = walk.following()
    return bool(draft.strikes) and (
        behind is None or behind.kind in {"AT", "NUMBER", "NOISE"} or behind.lower in _BEHIND_DAY
    )
