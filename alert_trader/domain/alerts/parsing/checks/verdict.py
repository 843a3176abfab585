"""The result of all checks of one candidate."""

from typing import NamedTuple

from alert_trader.domain.alerts.parsing.checks.refusal import Refusal


class Verdict(NamedTuple):
    """Whether a candidate's reading is certain."""

    refusal: Refusal | None = None
    """None when the reading is certain."""
    passed: tuple[str, ...] = ()
    """The names of the checks that passed, in their order."""
    failed: str = ""
    """The name of the check that failed."""


CERTAIN = Verdict()
