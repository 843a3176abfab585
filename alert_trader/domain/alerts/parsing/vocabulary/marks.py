"""Emoji and other marks: those that decorate an entry, and those that make it something else."""

import re

HARMLESS = frozenset(
    "\U0001f6a8\U0001f514\U0001f4e2\U0001f4e3\u26a1\U0001f3b0\U0001f3b2\U0001f39f\U0001f3ab\U0001f340"
    "\U0001f7e2\U0001f534\U0001f7e9\U0001f7e5\u2757\u203c\u2b06\u2b07\ufe0f\u2022\u00b7\u25cf\u2014"
)
"""Marks beside a contract that say nothing about it: sirens, dice, colours, arrows up and down."""

DECORATING = frozenset(
    "\U0001f4e5\U0001f680\U0001f4aa\U0001f525\U0001f91e\U0001f64f"
    "\U0001f4c8\U0001f4c9\U0001f402\U0001f43b\u26a0\u2728\u2b50\U0001f31f\U0001f48e\U0001f7e1\U0001f7e0\U0001f535\U0001f7e3"
)
"""Marks that are harmless only beside words of an entry: charts, bulls, warnings, stars."""

STOPPING = frozenset(
    "\U0001f6d1\u26d4\U0001f6ab\u274c\u2716\u274e\u23f8\U0001f480\u2620\U0001f440\U0001f441\u23f3\u231b\U0001f4b0"
    "\U0001f4b5\U0001f4b8\U0001f911\U0001f3c6\U0001f947\U0001f389\U0001f512\U0001f4a4\U0001f914\u2753\u2754"
    "\U0001f4dd\U0001f4d3\U0001f4cb\U0001f515\U0001f64f\U0001f921\U0001f62d\U0001f622\U0001f494\U0001fa78"
) - {"\U0001f64f"}
"""Marks in front of a contract that make it a stop, a result, or something to watch."""

_HARMLESS_NAME = re.compile(r"siren|alarm|alert|bell|green|red|call|put|lotto|dice|entry|buy|bull|bear|new")
_STOPPING_NAME = re.compile(
    r"stop|skull|dead|eyes|watch|money|bag|profit|exit|sell|wait|cross|no_|think|paper"
)


def is_harmless(text: str) -> bool:
    """Whether a mark or custom emoji changes nothing about the contract beside it."""
    if len(text) == 1:
        return text in HARMLESS
    lower = text.lower()
    return _HARMLESS_NAME.search(lower) is not None and _STOPPING_NAME.search(lower) is None


def is_stopping(text: str) -> bool:
    """Whether a mark or custom emoji in front of a contract makes it something else than an entry."""
    return text in STOPPING if len(text) == 1 else _STOPPING_NAME.search(text.lower()) is not None


_ALARMS = frozenset("\U0001f6a8\U0001f514\U0001f4e2\U0001f4e3")
_ALARM_NAME = re.compile(r"siren|alarm|alert|bell")


def is_alarm(text: str) -> bool:
    """Whether a mark or custom emoji announces an alert."""
    return text in _ALARMS if len(text) == 1 else _ALARM_NAME.search(text.lower()) is not None
