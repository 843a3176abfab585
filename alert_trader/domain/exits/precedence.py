"""Which rule sells when several are due, and which contracts it may sell."""

from collections.abc import Iterable
from enum import StrEnum


class ExitRule(StrEnum):
    """What can sell contracts, strongest first."""

    PERSON = "person"
    TIME = "time"
    STOP = "stop"
    """The stop that was set, and the stop raised to break-even."""
    TRAIL = "trail"
    AUTHOR = "author"
    TARGET = "target"


_STRENGTH = {rule: len(ExitRule) - place for place, rule in enumerate(ExitRule)}


def stronger(rule: ExitRule, than: ExitRule) -> bool:
    """Whether `rule` sells before `than`, and may cancel its orders."""
    return _STRENGTH[rule] > _STRENGTH[than]


def strongest(rules: Iterable[ExitRule]) -> ExitRule | None:
    """Return the rule that sells first; None without any."""
    return max(rules, key=_STRENGTH.__getitem__, default=None)
