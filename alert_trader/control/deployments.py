"""The builds of an account's workers, by Temporal's Worker Versioning, and which of them runs the trades.

One worker deployment per account, named as its task queue: each account is upgraded and rolled back by
itself. Workflows are AUTO_UPGRADE: each continues on the current build with its next workflow task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from alert_trader import clock
from alert_trader.control.errors import NotPossibleError
from alert_trader.control.rpc_errors import control_errors
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.interface import TRADE_WORKFLOW, task_queue

POLL_SEEN_WITHIN = timedelta(seconds=70)
"""A worker renews its poll once a minute, so an older poll is that of a worker which has ended. One that was
killed counts as running for so long."""

_RPC_TIMEOUT = timedelta(seconds=5)
_RUNNING = f"WorkflowType = '{TRADE_WORKFLOW}' AND ExecutionStatus = 'Running'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build that a worker of the account has registered."""

    build_id: str
    is_current: bool
    """Whether workflow tasks go to its workers."""
    registered_at: datetime
    last_current_at: datetime | None
    """When it last became current; None for one that never was."""
    polled_at: datetime | None
    """The last poll of one of its workers; None when Temporal knows of none in the last minutes."""

    @property
    def has_worker(self) -> bool:
        """Whether one of its workers polls, as far as Temporal knows."""
        return self.polled_at is not None and clock.now() - self.polled_at <= POLL_SEEN_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The builds of an account, the newest first."""

    name: str
    builds: tuple[Build, ...]
    token: bytes
    """Temporal's conflict token: a change with it fails when somebody else changed the deployment since."""

    @property
    def current(self) -> Build | None:
        """The build that runs the trades; None before the first one was set."""
        return next((each for each in self.builds if each.is_current), None)

    def build(self, build_id: str) -> Build | None:
        """Return a build by its id; None for an unknown one."""
        return next((each for each in self.builds if each.build_id == build_id), None)


def deployment_name(account: AccountNumber) -> str:
    """Return the name of the account's worker deployment."""
    return task_queue(account)


async def read_deployment(client: Client, account: AccountNumber) -> Deployment | None:
    """Read the builds of an account; None when no versioned worker has registered. Raise UnreachableError."""
    name = deployment_name(account)
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
    with control_errors(client):
        try:
            answer = await client.workflow_service.describe_worker_deployment(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and "Deployment" in error.message:
                return None
            raise
        polls = await _polls(client, account)
    info = answer.worker_deployment_info
    current = info.routing_config.current_deployment_version.build_id
    builds = [
        Build(
            build_id=each.deployment_version.build_id,
            is_current=each.deployment_version.build_id == current,
            registered_at=_utc(each.create_time),
            last_current_at=_utc(each.last_current_time) if each.HasField("last_current_time") else None,
            polled_at=polls.get(each.deployment_version.build_id),
        )
        for each in info.version_summaries
    ]
    builds.sort(key=lambda each: each.registered_at, reverse=True)
    return Deployment(name=name, builds=tuple(builds), token=answer.conflict_token)


async def _polls(client: Client, account: AccountNumber) -> dict[str, datetime]:
    """Return the last poll for workflow tasks, by build id."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue(account)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)
    found: dict[str, datetime] = {}
    for each in answer.pollers:
        build_id, at = each.deployment_options.build_id, _utc(each.last_access_time)
        if build_id:
            found[build_id] = max(at, found.get(build_id, at))
    return found


async def set_current(
    client: Client, account: AccountNumber, build_id: str, *, by: str, token: bytes = b""
) -> bool:
    """Send every workflow task of the account to a build from now on; return False if `token` is outdated.

    Raise NotPossibleError when no worker of the build polls for all that the current one polls for, or
    UnreachableError.
    """
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=deployment_name(account),
        build_id=build_id,
        conflict_token=token,
        identity=by,
    )
    with control_errors(client):
        try:
            await client.workflow_service.set_worker_deployment_current_version(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                raise
            if "conflict token" in error.message:
                return False
            raise NotPossibleError(
                f"Temporal did not make build {build_id} current: {error.message}"
            ) from error
    return True


async def open_trades(client: Client, account: AccountNumber, builds: Sequence[str]) -> dict[str, int]:
    """Count the open trades by the build that last ran them; builds without one are left out.

    The key is empty for trades that no build has run yet.
    """
    name = deployment_name(account)
    own = f"TaskQueue = '{task_queue(account)}' AND {_RUNNING}"
    with control_errors(client):
        total = (await client.count_workflows(own, rpc_timeout=_RPC_TIMEOUT)).count
        found = {}
        for each in builds:
            query = f"{own} AND TemporalWorkerDeploymentVersion = '{name}:{each}'"
            if count := (await client.count_workflows(query, rpc_timeout=_RPC_TIMEOUT)).count:
                found[each] = count
    if (rest := total - sum(found.values())) > 0:
        found[""] = rest
    return found


def _utc(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
