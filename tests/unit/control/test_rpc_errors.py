"""Failures of calls to Temporal: each kind has one error of ours, whichever call it came from."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.exceptions import TimeoutError as WorkflowTimeoutError
from temporalio.service import RPCError, RPCStatusCode

from alert_trader.activities.messages import CommandRefusedError
from alert_trader.activities.rpc_failure import Failure, FailureKind, kind_of
from alert_trader.control.errors import (
    ControlError,
    NotFoundError,
    NotPossibleError,
    NoWorkerError,
    QueryFailedError,
    UnreachableError,
)
from alert_trader.control.rpc_errors import (
    account_subject,
    control_errors,
    trade_subject,
)
from alert_trader.domain.ids import AccountNumber

CLIENT = cast("Client", SimpleNamespace(namespace="demo"))
WITHIN = timedelta(seconds=4)


def rpc(status: RPCStatusCode, message: str = "no") -> RPCError:
    """Return what the SDK raises for a status."""
    return RPCError(message, status, b"")


CASES: list[tuple[Failure, FailureKind, type[ControlError]]] = [
    (rpc(RPCStatusCode.NOT_FOUND, "Namespace demo is not found"), FailureKind.NO_NAMESPACE, UnreachableError),
    (rpc(RPCStatusCode.NOT_FOUND, "workflow not found"), FailureKind.NOT_FOUND, NotFoundError),
    (rpc(RPCStatusCode.PERMISSION_DENIED), FailureKind.FORBIDDEN, UnreachableError),
    (rpc(RPCStatusCode.UNAUTHENTICATED), FailureKind.FORBIDDEN, UnreachableError),
    (rpc(RPCStatusCode.UNAVAILABLE), FailureKind.OTHER, UnreachableError),
    (rpc(RPCStatusCode.DEADLINE_EXCEEDED), FailureKind.TOO_SLOW, NoWorkerError),
    (rpc(RPCStatusCode.FAILED_PRECONDITION, "no poller seen"), FailureKind.TOO_SLOW, NoWorkerError),
    (TimeoutError(), FailureKind.TOO_SLOW, NoWorkerError),
    (
        WorkflowFailureError(cause=WorkflowTimeoutError("", type=None, last_heartbeat_details=[])),
        FailureKind.TOO_SLOW,
        NoWorkerError,
    ),
    (WorkflowQueryFailedError("no such query"), FailureKind.QUERY_FAILED, QueryFailedError),
    (CommandRefusedError("nothing to sell"), FailureKind.REJECTED, NotPossibleError),
    (
        WorkflowFailureError(cause=ApplicationError("the broker did not answer")),
        FailureKind.REJECTED,
        NotPossibleError,
    ),
]


@pytest.mark.parametrize(("failure", "kind", "error"), CASES, ids=lambda each: str(each)[:40])
def test_every_failure_has_one_kind_and_one_error(
    failure: Failure, kind: FailureKind, error: type[ControlError]
) -> None:
    """The same for a trade and an account; the cause is kept."""
    assert kind_of(failure) is kind
    for subject in (trade_subject("trade-m1"), account_subject(AccountNumber("5WT00001"))):
        with (
            pytest.raises(error) as raised,
            control_errors(CLIENT, subject, worker_within=WITHIN),
        ):
            raise failure
        assert raised.value.__cause__ is failure


@pytest.mark.parametrize("failure", [rpc(RPCStatusCode.DEADLINE_EXCEEDED), rpc(RPCStatusCode.CANCELLED)])
def test_a_server_that_answers_alone_and_does_not_is_unreachable(failure: RPCError) -> None:
    """Without a worker in the call, silence is the server's."""
    with pytest.raises(UnreachableError), control_errors(CLIENT, trade_subject("trade-m1")):
        raise failure


def test_a_trade_may_be_over_and_an_account_never_is() -> None:
    """An account's workflow that was terminated is missing, and a worker starts it again."""
    over = rpc(RPCStatusCode.NOT_FOUND, "workflow execution already completed")
    assert kind_of(over) is FailureKind.COMPLETED
    for subject, error in (
        (trade_subject("trade-m1"), NotPossibleError),
        (account_subject(AccountNumber("5WT00001")), NotFoundError),
    ):
        with pytest.raises(error), control_errors(CLIENT, subject):
            raise over


def test_a_rejected_command_shows_the_reason_of_the_trade() -> None:
    """The message is the workflow's own, behind its name."""
    rejected = CommandRefusedError("nothing to sell")
    with (
        pytest.raises(NotPossibleError, match=r"^trade-m1: nothing to sell$"),
        control_errors(CLIENT, trade_subject("trade-m1"), worker_within=WITHIN),
    ):
        raise rejected


def test_a_command_that_was_not_answered_may_still_be_carried_out() -> None:
    """A query leaves nothing behind; a command is recorded."""
    with (
        pytest.raises(NoWorkerError, match="may still be carried out"),
        control_errors(CLIENT, trade_subject("trade-m1"), worker_within=WITHIN),
    ):
        raise TimeoutError
