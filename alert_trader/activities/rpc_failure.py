"""Classify failed calls to Temporal, once for activities and for every caller of `control`."""

from enum import StrEnum

from temporalio.client import WorkflowFailureError, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from alert_trader.activities.messages import CommandRefusedError
from alert_trader.activities.receipts import NoReceiptError

FAILURES = (
    RPCError,
    TimeoutError,
    WorkflowQueryFailedError,
    WorkflowFailureError,
    CommandRefusedError,
    NoReceiptError,
)
"""Everything a call to Temporal raises, a wait for a receipt, and the TimeoutError of a wait."""

Failure = (
    RPCError
    | TimeoutError
    | WorkflowQueryFailedError
    | WorkflowFailureError
    | CommandRefusedError
    | NoReceiptError
)
"""One of `FAILURES`."""


class FailureKind(StrEnum):
    """How a call to Temporal failed."""

    NO_NAMESPACE = "no namespace"
    NOT_FOUND = "not found"
    COMPLETED = "completed"
    """The workflow is over and accepts nothing more."""
    ALREADY_EXISTS = "already exists"
    FORBIDDEN = "forbidden"
    """The credentials are missing or not enough: waiting does not change that."""
    REJECTED = "rejected"
    """The workflow refused the command, or failed."""
    QUERY_FAILED = "query failed"
    TOO_SLOW = "too slow"
    """No answer in time, or no worker has polled the task queue for a while."""
    OTHER = "other"


_BY_STATUS = {
    RPCStatusCode.ALREADY_EXISTS: FailureKind.ALREADY_EXISTS,
    RPCStatusCode.PERMISSION_DENIED: FailureKind.FORBIDDEN,
    RPCStatusCode.UNAUTHENTICATED: FailureKind.FORBIDDEN,
    RPCStatusCode.DEADLINE_EXCEEDED: FailureKind.TOO_SLOW,
    RPCStatusCode.CANCELLED: FailureKind.TOO_SLOW,
    # of a query: the server saw no worker poll the task queue for a minute
    RPCStatusCode.FAILED_PRECONDITION: FailureKind.TOO_SLOW,
}
"""Every status but NOT_FOUND, whose message says what was not found."""


def kind_of(error: Failure) -> FailureKind:
    """Classify a failed call to Temporal."""
    match error:
        case CommandRefusedError():
            return FailureKind.REJECTED
        case WorkflowFailureError() if isinstance(error.cause, ApplicationError):
            return FailureKind.REJECTED
        case NoReceiptError():
            return FailureKind.COMPLETED
        case WorkflowQueryFailedError():
            return FailureKind.QUERY_FAILED
        case RPCError():
            return _kind_by_status(error)
        case _:
            return FailureKind.TOO_SLOW


def _kind_by_status(error: RPCError) -> FailureKind:
    if error.status is not RPCStatusCode.NOT_FOUND:
        return _BY_STATUS.get(error.status, FailureKind.OTHER)
    if "amespace" in error.message:
        return FailureKind.NO_NAMESPACE
    return FailureKind.COMPLETED if "already completed" in error.message else FailureKind.NOT_FOUND
