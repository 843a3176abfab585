"""The stage: which checks each shape has."""

from collections.abc import Callable

from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate, Shape
from alert_trader.domain.alerts.parsing.checks.bare import check_bare_entry, check_unread
from alert_trader.domain.alerts.parsing.checks.closing import (
    check_addition,
    check_all_but,
    check_average,
    check_conditional_exit,
    check_exit,
    check_spoken_exit,
)
from alert_trader.domain.alerts.parsing.checks.entry import check_entry, check_form_entry, check_spoken_entry
from alert_trader.domain.alerts.parsing.checks.verdict import Verdict
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.reading import Reading


def check(candidate: Candidate, fields: Fields, reading: Reading, context: Context) -> Verdict | None:
    """Check a reading; None where the message is no such thing after all, and the next candidate is tried."""
    return _CHECKS[candidate.shape](candidate, fields, reading, context)


_CHECKS: dict[Shape, Callable[[Candidate, Fields, Reading, Context], Verdict | None]] = {
    Shape.ENTRY: check_entry,
    Shape.SPOKEN_ENTRY: check_spoken_entry,
    Shape.FORM_ENTRY: check_form_entry,
    Shape.BARE_ENTRY: check_bare_entry,
    Shape.EXIT: check_exit,
    Shape.SPOKEN_EXIT: check_spoken_exit,
    Shape.CONDITIONAL_EXIT: check_conditional_exit,
    Shape.ALL_BUT: check_all_but,
    Shape.AVERAGE: check_average,
    Shape.ADDITION: check_addition,
    Shape.UNREAD: check_unread,
}
