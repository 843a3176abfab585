"""`trader housekeeper`: archive closed trades and repair the mirrors, in a process of its own.

Its reading and merging takes no CPU time from the workers that trade.
"""

import logging
from datetime import timedelta
from pathlib import Path

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.worker import Worker

from alert_trader.activities.housekeeping import HousekeepingActivities
from alert_trader.control.mirrors.repair import MirrorRepair
from alert_trader.control.temporal import connect, runtime
from alert_trader.runtime import program
from alert_trader.runtime.mirrors import mirrors
from alert_trader.runtime.namespace import prepare
from alert_trader.runtime.readiness import announce_ready, kept_alive
from alert_trader.runtime.stopping import stop_requested
from alert_trader.runtime.target import target_of
from alert_trader.settings.model import Settings
from alert_trader.worker.wiring import GRACE, sandbox
from alert_trader.workflows.housekeeping import (
    HOUSEKEEPING_QUEUE,
    HOUSEKEEPING_SCHEDULE,
    HOUSEKEEPING_WORKFLOW,
    HousekeepingWorkflow,
    Round,
)
from alert_trader.workflows.timing import TASK_TIMEOUT

log = logging.getLogger("alert-trader.housekeeper")

ROUND_WITHIN = timedelta(hours=6)
"""Temporal ends a round that takes longer, such as one that an upgrade has made impossible to replay: the
next one starts instead of being skipped."""


async def run(settings: Settings, ready_file: Path | None) -> None:
    """Prepare the namespace and the schedule, and work until SIGTERM or SIGINT."""
    client = await connect(target_of(settings), metrics=settings.metrics_bind)
    await prepare(client, retention=timedelta(days=settings.temporal_retention_days))
    kept = mirrors(settings)
    housekeeping = HousekeepingActivities(
        MirrorRepair(client, kept, compact_above=settings.archive_compact_above)
    )
    stop = stop_requested()
    worker = Worker(
        client,
        task_queue=HOUSEKEEPING_QUEUE,
        workflows=[HousekeepingWorkflow],
        activities=[housekeeping.archive_page, housekeeping.clean_up],
        workflow_runner=sandbox(),
        max_concurrent_activities=1,
        graceful_shutdown_timeout=GRACE,
    )
    async with kept_alive(ready_file, runtime(settings.metrics_bind).metric_meter), worker:
        await keep_schedule(client, settings.housekeeping_every)
        hot = "no hot mirror" if kept.hot is None else "a hot mirror"
        log.info(
            "keeping %s and the archive of mode %s, every %g s",
            hot,
            settings.mode,
            settings.housekeeping_every.total_seconds(),
        )
        announce_ready(ready_file)
        await stop.wait()
        log.info("stopping")
    if kept.hot is not None:
        await kept.hot.aclose()


async def keep_schedule(client: Client, every: timedelta) -> None:
    """Create or update the housekeeping schedule of this namespace.

    Any number of processes may do so at once.
    """
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            HOUSEKEEPING_WORKFLOW,
            Round(),
            id=HOUSEKEEPING_WORKFLOW,
            task_queue=HOUSEKEEPING_QUEUE,
            task_timeout=TASK_TIMEOUT,
            execution_timeout=ROUND_WITHIN,
            static_summary="Archive closed trades, repair the mirrors",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # a running round does the work of the next; after a server outage one round makes up for all missed
        # ones
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=max(every, timedelta(minutes=1))
        ),
    )
    try:
        await client.create_schedule(HOUSEKEEPING_SCHEDULE, schedule, trigger_immediately=True)
    except ScheduleAlreadyRunningError:

        def updated(found: ScheduleUpdateInput) -> ScheduleUpdate:
            # a person may have paused it: it stays paused
            schedule.state = found.description.schedule.state
            return ScheduleUpdate(schedule=schedule)

        await client.get_schedule_handle(HOUSEKEEPING_SCHEDULE).update(updated)


def main() -> int:
    """Run, and return the exit code."""
    options = program.arguments("housekeeper", __doc__, ready="works").parse_args()
    return program.work(lambda settings: run(settings, options.ready_file))


if __name__ == "__main__":
    program.end(main())
