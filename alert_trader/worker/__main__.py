"""`trader worker`: run the worker of the mode in the settings, until SIGTERM or SIGINT."""

import asyncio
import dataclasses
import json
import logging
import sys
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from alert_trader.activities.clock_watch import ClockWatch
from alert_trader.activities.notify import Channel
from alert_trader.activities.orders import EntryGuards
from alert_trader.activities.preflight import preflight
from alert_trader.activities.sealed_inputs import SealedInputs
from alert_trader.broker.tastytrade.client import TastytradeGateway
from alert_trader.control.temporal import connect, runtime
from alert_trader.runtime import preset_metrics, program
from alert_trader.runtime.account_bootstrap import ensure_account_workflow
from alert_trader.runtime.build import build_of
from alert_trader.runtime.channels import LogChannel, operators
from alert_trader.runtime.kill_switch import kill_switch_of
from alert_trader.runtime.namespace import prepare
from alert_trader.runtime.readiness import announce_ready, kept_alive
from alert_trader.runtime.stopping import stop_requested
from alert_trader.runtime.target import codec_of, target_of, tracing_of
from alert_trader.settings.model import Settings
from alert_trader.worker.upgrade import (
    IncompatibleBuildError,
    become_current,
    report_current_build,
    versioned,
    wait_until_current,
)
from alert_trader.worker.wiring import make_broker, make_worker, whitelist

log = logging.getLogger("alert-trader.worker")


async def run(settings: Settings, ready_file: Path | None) -> None:
    """Prepare the namespace, start the account's workflow, and work until SIGTERM or SIGINT."""
    client = await connect(
        target_of(settings), metrics=settings.metrics_bind, interceptors=tracing_of(settings, "worker")
    )
    await prepare(client, retention=timedelta(days=settings.temporal_retention_days))
    broker, codec = make_broker(settings), codec_of(settings)
    sealed = SealedInputs(codec.opens) if settings.encryption_required and codec is not None else None
    channels: tuple[Channel, ...] = (LogChannel(),)
    if settings.redis_url is not None:
        # before the slower channels: it takes a millisecond, and at most a quarter of a second
        channels += (_mirror(settings),)
    channels += operators(settings)
    stop = stop_requested()
    clocks = ClockWatch(broker, client.identity)
    meter = runtime(settings.metrics_bind).metric_meter
    worker = make_worker(
        client,
        interceptors=[clocks.interceptor],
        whitelist=whitelist(settings),
        guards=EntryGuards(rules=settings.entry_rules(), stop=kill_switch_of(settings), sealed=sealed),
        account=settings.account,
        reader=broker,
        gateway=broker if isinstance(broker, TastytradeGateway) else None,
        mode=settings.mode,
        channels=channels,
        deployment_config=versioned(settings.account, build_of(settings)),
    )
    preset_metrics.start_at_zero(meter, client.namespace, settings.account)
    watching = (
        asyncio.create_task(clocks.run(client, meter)),
        asyncio.create_task(report_current_build(client, settings.account, meter)),
    )
    try:
        async with kept_alive(ready_file, meter), worker:
            working = asyncio.ensure_future(_work(client, settings, ready_file))
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    working.result()
                    await stopping
            finally:
                working.cancel()
                stopping.cancel()
            log.info("stopping")
    finally:
        for each in watching:
            each.cancel()
        await broker.aclose()


async def _work(client: Client, settings: Settings, ready_file: Path | None) -> None:
    """Make the build of this worker current, and start the account's workflow.

    A build that is not to become current is ready, and waits until a person makes it current.
    """
    account, build = settings.account, build_of(settings)
    is_current = await become_current(client, account, build, upgrade=settings.upgrade)
    if is_current:
        await ensure_account_workflow(client, account, mode=settings.mode, limits=settings.limits())
    log.info(
        "working in mode %s on account %s, namespace %s, build %s",
        settings.mode,
        account,
        client.namespace,
        build,
    )
    announce_ready(ready_file)
    if not is_current:
        await wait_until_current(client, account, build)
        await ensure_account_workflow(client, account, mode=settings.mode, limits=settings.limits())


def _mirror(settings: Settings) -> Channel:
    """Return the hot mirror as a channel."""
    # the import takes a third of a second, which a worker without a hot mirror need not spend
    from alert_trader.runtime.mirror_channel import open_channel  # noqa: PLC0415

    return open_channel(settings)


async def check(settings: Settings) -> None:
    """Run the preflight against the broker of the mode, and print its answers in JSON."""
    broker = make_broker(settings)
    try:
        checks = await preflight(broker, whitelist(settings))
    finally:
        await broker.aclose()
    sys.stdout.write(json.dumps([dataclasses.asdict(each) for each in checks]) + "\n")


def main() -> int:
    """Run, and return the exit code."""
    parser = program.arguments("worker", __doc__, ready="polls")
    parser.add_argument(
        "--preflight",
        action="store_true",
        help="ask the broker what a first order would need, and end; answers in JSON",
    )
    options = parser.parse_args()
    # the HTTP library logs every request line; the worker's own log and the history say what matters
    quiet = {"httpx2": logging.WARNING}
    return program.work(
        lambda settings: check(settings) if options.preflight else run(settings, options.ready_file),
        quiet=quiet,
        unusable=(IncompatibleBuildError,),
    )


if __name__ == "__main__":
    program.end(main())
