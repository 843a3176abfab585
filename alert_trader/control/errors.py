"""What a request about trades can end in, besides an answer.

ControlError
├── UnreachableError     Temporal did not answer (alert_trader.control.temporal)
├── NotFoundError        there is no such trade
├── NotPossibleError     the trade said no: the command makes no sense for it now
└── NoWorkerError        Temporal has it, but no worker answered in time
"""


class ControlError(Exception):
    """The root; every message says what was expected, what was found and what to do."""


class NotFoundError(ControlError):
    """There is no such trade."""


class NotPossibleError(ControlError):
    """The trade refused the command, with its reason."""


class NoWorkerError(ControlError):
    """No worker answered in time. Nothing is lost: what was asked of Temporal stays asked."""
