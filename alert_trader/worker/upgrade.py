"""Make the build of a starting worker the current one, which runs the trades, when that is safe.

A new build becomes current once every open workflow of the account replays on it. An earlier build never
becomes current by starting its worker: only `trader versions use` goes back.
"""

import asyncio
import logging
import time
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import MetricMeter, VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from alert_trader.control.deployments import Build, Deployment, deployment_name, read_deployment, set_current
from alert_trader.control.errors import NotPossibleError, UnreachableError
from alert_trader.control.queries.compatibility import ReplayFailure, replay_open_workflows
from alert_trader.domain.errors import AlertTraderError
from alert_trader.domain.ids import AccountNumber
from alert_trader.settings.services import Upgrade

log = logging.getLogger("alert-trader.worker")

REGISTERED_WITHIN = timedelta(seconds=30)
"""The first poll of a worker registers its build, on a new namespace after the server's caches know it."""

WARN_EVERY = timedelta(minutes=1)

NO_WORKER = "trader_current_build_without_worker"
"""1 while no worker of the build that runs the trades polls."""

REPORT_EVERY = timedelta(seconds=15)

_PAUSE = timedelta(milliseconds=50)
_LOOK_EVERY = timedelta(seconds=2)
_PROGRESS_EVERY = 25
_NAMED = 3
"""Workflows that a message names: the stack shows the last eight lines of a worker that has ended."""


class IncompatibleBuildError(AlertTraderError):
    """Open workflows do not replay on the installed code; the message names them and says what to do."""


def versioned(account: AccountNumber, build_id: str) -> WorkerDeploymentConfig:
    """Return the Worker Versioning options of a worker.

    AUTO_UPGRADE for every workflow: the behavior is set for the worker and not for its workflow classes,
    because workers without versioning, as in tests, cannot run a class that has one.
    """
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=deployment_name(account), build_id=build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def become_current(client: Client, account: AccountNumber, build_id: str, *, upgrade: Upgrade) -> bool:
    """Make the build of this worker, which polls already, the current one; return whether it is current.

    False for an earlier build, and for a new one that a person has to choose. Raise IncompatibleBuildError.
    """
    replayed = False
    while True:
        deployment, own = await _registered(client, account, build_id)
        if own.is_current:
            return True
        current = deployment.current
        if current is not None and (own.last_current_at is not None or upgrade is Upgrade.MANUAL):
            log.warning("%s", _not_current(own, current))
            return False
        if not replayed:
            await _check(client, account, own, current)
            replayed = True
        if await _set(client, account, build_id, deployment.token):
            log.info(
                "build %s is current%s", build_id, "" if current is None else f", after {current.build_id}"
            )
            return True
        # somebody else changed the deployment since it was read


async def wait_until_current(client: Client, account: AccountNumber, build_id: str) -> None:
    """Wait until a person makes this build current; warn once a minute while trades have no worker."""
    loop = asyncio.get_running_loop()
    warned_at = loop.time()
    while True:
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
        try:
            deployment = await read_deployment(client, account)
        except UnreachableError as error:
            log.warning("%s", error)
            continue
        own = None if deployment is None else deployment.build(build_id)
        if own is not None and own.is_current:
            log.info("build %s is current", build_id)
            return
        current = None if deployment is None else deployment.current
        if own is None or current is None or current.has_worker:
            continue
        if loop.time() - warned_at >= WARN_EVERY.total_seconds():
            warned_at = loop.time()
            log.warning("%s", _not_current(own, current))


async def report_current_build(client: Client, account: AccountNumber, meter: MetricMeter) -> None:
    """Measure whether the current build has a worker, until cancelled: one of another build sees it too."""
    gauge = meter.create_gauge(NO_WORKER, "1 while no worker of the current build polls.")
    while True:
        try:
            deployment = await read_deployment(client, account)
        except UnreachableError as error:
            log.warning("%s", error)
        else:
            current = None if deployment is None else deployment.current
            gauge.set(int(current is not None and not current.has_worker))
        await asyncio.sleep(REPORT_EVERY.total_seconds())


async def _registered(client: Client, account: AccountNumber, build_id: str) -> tuple[Deployment, Build]:
    """Wait until Temporal knows this worker's build; raise UnreachableError when it does not in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REGISTERED_WITHIN.total_seconds()
    while True:
        deployment = await read_deployment(client, account)
        own = None if deployment is None else deployment.build(build_id)
        if deployment is not None and own is not None:
            return deployment, own
        if loop.time() >= deadline:
            raise UnreachableError(
                f"Temporal did not register build {build_id} of {deployment_name(account)} within "
                f"{REGISTERED_WITHIN.total_seconds():g} s. It needs a Temporal server 1.29 or newer"
            )
        await asyncio.sleep(_PAUSE.total_seconds())


async def _set(client: Client, account: AccountNumber, build_id: str, token: bytes) -> bool:
    """Make the build current; return False if the deployment has changed. Raise NotPossibleError."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REGISTERED_WITHIN.total_seconds()
    while True:
        try:
            return await set_current(client, account, build_id, by=client.identity, token=token)
        except NotPossibleError:
            # the polls for workflow tasks and for activities arrive one after the other
            if loop.time() >= deadline:
                raise
        await asyncio.sleep(_PAUSE.total_seconds())


async def _check(client: Client, account: AccountNumber, own: Build, current: Build | None) -> None:
    """Replay every open workflow on this build; raise IncompatibleBuildError where one does not replay."""

    def progress(done: int, total: int) -> None:
        if done % _PROGRESS_EVERY == 0:
            log.info("%d of %d open workflows replayed on build %s", done, total, own.build_id)

    began = time.monotonic()
    found = await replay_open_workflows(client, account, progress=progress)
    if found.failures:
        raise IncompatibleBuildError(_refused(own, current, found.replayed, found.failures))
    log.info(
        "all %d open workflows replay on build %s, in %.1f s",
        found.replayed,
        own.build_id,
        time.monotonic() - began,
    )


def _refused(own: Build, current: Build | None, replayed: int, failures: tuple[ReplayFailure, ...]) -> str:
    named = "\n".join(f"  {each.workflow_id}: {each.reason}" for each in failures[:_NAMED])
    more = f"\n  and {len(failures) - _NAMED} more" if len(failures) > _NAMED else ""
    stays = (
        "No build is current: the trades have no worker."
        if current is None
        else f"Build {current.build_id} stays current. Start its worker again: until then its trades have "
        "no worker."
    )
    return (
        f"build {own.build_id} was not made current: {len(failures)} of {replayed} open workflows do not "
        f"replay on it.\n{named}{more}\n{stays} See `trader versions`, and docs/how-to/upgrade.md"
    )


def _not_current(own: Build, current: Build) -> str:
    without = "" if current.has_worker else f" No worker of build {current.build_id} polls: trades wait."
    return (
        f"build {own.build_id} is not current: build {current.build_id} runs the trades.{without} "
        f"To run them on this build: `trader versions use {own.build_id}`"
    )
