"""`python -m worker`: run the worker of the mode in the settings, until it is told to stop."""

import argparse
import asyncio
import dataclasses
import json
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from temporalio.common import WorkflowIDConflictPolicy

from activities.messages import FollowRequest
from broker.tastytrade import TastytradeDesk
from control.connection import Target, connect
from control.errors import ControlError
from settings.load import SettingsError, load
from settings.model import Settings
from worker.channels import channels_of
from worker.namespace import NamespaceError, prepare
from worker.preflight import preflight
from worker.wiring import make_broker, make_worker
from workflows.interface import ORDER_STREAM_WORKFLOW, order_stream_id, task_queue

log = logging.getLogger("alert-trader.worker")

UNUSABLE = 5
"""Exit code when something the worker needs cannot be reached or is not set: the same as the command's."""


async def run(settings: Settings, ready_file: Path | None) -> None:
    """Prepare the namespace, start the account's order stream, and work until SIGTERM or SIGINT."""
    client = await connect(Target(address=settings.temporal_address, namespace=settings.namespace))
    await prepare(client, retention=timedelta(days=settings.temporal_retention_days))
    broker = make_broker(settings)
    channels = channels_of(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = make_worker(
        client,
        account=settings.account,
        reader=broker,
        desk=broker if isinstance(broker, TastytradeDesk) else None,
        mode=settings.mode,
        channels=channels,
    )
    try:
        async with worker:
            await client.start_workflow(
                ORDER_STREAM_WORKFLOW,
                FollowRequest(account=settings.account),
                id=order_stream_id(settings.account),
                task_queue=task_queue(settings.account),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Order stream of account {settings.account}",
            )
            log.info("working in mode %s on account %s, namespace %s", settings.mode, settings.account, client.namespace)
            if ready_file is not None:
                ready_file.write_text(json.dumps({"pid": os.getpid()}))  # noqa: ASYNC240 - once, and a few bytes
            await stop.wait()
            log.info("stopping")
    finally:
        await broker.aclose()


async def check(settings: Settings) -> list[dict[str, object]]:
    """Run the preflight against the broker of the mode."""
    broker = make_broker(settings)
    try:
        return [dataclasses.asdict(each) for each in await preflight(broker)]
    finally:
        await broker.aclose()


def main() -> int:
    """Run, and give the exit code."""
    arguments = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    arguments.add_argument("--ready-file", type=Path, help="written when the worker polls")
    arguments.add_argument(
        "--preflight", action="store_true", help="ask the broker what a first order would need, and end; answers in JSON"
    )
    options = arguments.parse_args()
    try:
        settings = load().settings
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
        # the HTTP library logs every request line; the worker's own log and the history say what matters
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        if options.preflight:
            print(json.dumps(asyncio.run(check(settings))))  # noqa: T201 - the answer
        else:
            asyncio.run(run(settings, options.ready_file))
    except (SettingsError, ControlError, NamespaceError, ValueError) as unusable:
        print(f"error: {unusable}", file=sys.stderr)  # noqa: T201 - for people
        return UNUSABLE
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
