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

from activities.account_line import Stop
from activities.notify import Channel
from activities.preflight import preflight
from broker.tastytrade import TastytradeDesk
from control.connection import connect
from control.errors import ControlError
from settings.load import SettingsError, load
from settings.model import Settings
from worker.care import look_after
from worker.channels import LogChannel, operators
from worker.namespace import NamespaceError, prepare
from worker.target import target_of, tracing_of
from worker.wiring import make_broker, make_worker, whitelist

log = logging.getLogger("alert-trader.worker")

UNUSABLE = 5
"""Exit code when something the worker needs cannot be reached or is not set: the same as the command's."""


async def run(settings: Settings, ready_file: Path | None) -> None:
    """Prepare the namespace, see that the account is looked after, and work until SIGTERM or SIGINT."""
    client = await connect(target_of(settings), metrics=settings.metrics_bind, interceptors=tracing_of(settings, "worker"))
    await prepare(client, retention=timedelta(days=settings.temporal_retention_days))
    broker = make_broker(settings)
    channels: tuple[Channel, ...] = (LogChannel(),)
    if settings.redis_url is not None:
        # before those that wait for the world: it takes a millisecond, and a quarter of a second at the most
        channels += (_mirror(settings),)
    channels += operators(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = make_worker(
        client,
        whitelist=whitelist(settings),
        stop=Stop(file=settings.stop_path, always=settings.stop),
        account=settings.account,
        reader=broker,
        desk=broker if isinstance(broker, TastytradeDesk) else None,
        mode=settings.mode,
        channels=channels,
    )
    try:
        async with worker:
            await look_after(client, settings.account, mode=settings.mode, limits=settings.limits())
            log.info("working in mode %s on account %s, namespace %s", settings.mode, settings.account, client.namespace)
            if ready_file is not None:
                ready_file.write_text(json.dumps({"pid": os.getpid()}))  # noqa: ASYNC240 - once, and a few bytes
            await stop.wait()
            log.info("stopping")
    finally:
        await broker.aclose()


def _mirror(settings: Settings) -> Channel:
    """Give the hot mirror as a channel."""
    # a third of a second, which a worker without a hot mirror need not spend
    from worker.mirror_channel import open_channel  # noqa: PLC0415

    return open_channel(settings)


async def check(settings: Settings) -> list[dict[str, object]]:
    """Run the preflight against the broker of the mode."""
    broker = make_broker(settings)
    try:
        return [dataclasses.asdict(each) for each in await preflight(broker, whitelist(settings))]
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
