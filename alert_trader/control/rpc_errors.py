"""Translate failed calls to Temporal into our errors; `rpc_failure` classifies them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from alert_trader.activities.rpc_failure import FAILURES, Failure, FailureKind, kind_of
from alert_trader.control.errors import (
    ControlError,
    NotFoundError,
    NotPossibleError,
    NoWorkerError,
    QueryFailedError,
    UnreachableError,
)
from alert_trader.domain.ids import AccountNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The workflow that a call is about, as messages name it."""

    name: str
    missing: str
    """What is wrong where the workflow does not exist, up to the name of the namespace."""
    if_missing: str
    """What to do then."""
    show: str
    """The command that shows it."""
    ends: bool
    """Whether it comes to an end by itself; an account's workflow that is over is missing."""


def trade_subject(trade: str) -> Subject:
    """Return how messages name a trade, given as its workflow id."""
    return Subject(
        name=trade,
        missing=f"there is no trade {trade.removeprefix('trade-')}",
        if_missing="`trader list` shows the trades there are",
        show=f"trader show {trade}",
        ends=True,
    )


def account_subject(account: AccountNumber) -> Subject:
    """Return how messages name an account."""
    return Subject(
        name=f"account {account}",
        missing=f"account {account} has no workflow",
        if_missing="It starts with a worker: `trader worker`",
        show="trader account",
        ends=False,
    )


@contextlib.contextmanager
def control_errors(
    client: Client, subject: Subject | None = None, *, worker_within: timedelta | None = None
) -> Iterator[None]:
    """Raise every failure of the calls inside as one of our errors.

    `subject` is the workflow they are about; None for a list. `worker_within` is how long a worker had to
    answer; None where the server answers alone, so that its silence means that it cannot be reached.
    """
    try:
        yield
    except FAILURES as error:
        raise control_error(error, client, subject, worker_within=worker_within) from error


def control_error(
    error: Failure, client: Client, subject: Subject | None = None, *, worker_within: timedelta | None = None
) -> ControlError:
    """Return our error for a failed call to Temporal; see `control_errors`."""
    kind = kind_of(error)
    if kind is FailureKind.NO_NAMESPACE:
        return UnreachableError(
            f"Temporal namespace {client.namespace} does not exist: no worker of this mode has run yet. "
            "Start one with `trader worker`, or check TRADER_MODE"
        )
    if subject is None or (kind is FailureKind.TOO_SLOW and worker_within is None):
        return _unreachable(error)
    match kind:
        case FailureKind.COMPLETED if subject.ends:
            found: ControlError = NotPossibleError(
                f"{subject.name} is over: nothing to do. See `{subject.show}`"
            )
        case FailureKind.NOT_FOUND | FailureKind.COMPLETED:
            found = NotFoundError(f"{subject.missing} in namespace {client.namespace}. {subject.if_missing}")
        case FailureKind.REJECTED:
            found = NotPossibleError(f"{subject.name}: {_reason(error)}")
        case FailureKind.QUERY_FAILED:
            found = QueryFailedError(
                f"the worker failed to answer for {subject.name}: {error}. "
                "`trader replay` shows whether its code fits a trade's history"
            )
        case FailureKind.TOO_SLOW:
            assert worker_within is not None
            found = _no_worker(error, subject, worker_within)
        case _:
            found = _unreachable(error)
    return found


def _no_worker(error: Failure, subject: Subject, within: timedelta) -> NoWorkerError:
    waited = f"no worker answered for {subject.name} within {within.total_seconds():g} s"
    if isinstance(error, RPCError):
        return NoWorkerError(f"{waited}. Start one with `trader worker` or `trader up`; see `trader doctor`")
    return NoWorkerError(
        f"{waited}. The command may still be carried out: look with `{subject.show}`, "
        "and check with `trader doctor` that a worker runs"
    )


def _reason(error: Failure) -> str:
    cause = error.cause if isinstance(error, WorkflowFailureError) else error
    return cause.message if isinstance(cause, ApplicationError) else str(cause)


def _unreachable(error: Failure) -> UnreachableError:
    found = error.message if isinstance(error, RPCError) else str(error) or "no answer in time"
    return UnreachableError(
        f"the call to Temporal failed: {found.rstrip('.')}. `trader doctor` looks for the cause"
    )
