"""A process stops in bounded time, and shows from outside that it runs."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from alert_trader.runtime.readiness import announce_ready, kept_alive
from tests.support.waiting import eventually

PROGRAM = """
import asyncio, sys
from datetime import timedelta
from alert_trader.runtime.stopping import stop_requested

async def main():
    stop = stop_requested(timedelta(seconds=0.3))
    print("ready", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    # as a worker's shutdown while Temporal accepts connections and does not answer; it ignores its end
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

asyncio.run(main())
"""


def test_a_stop_that_hangs_ends_by_force() -> None:
    """Temporal does not answer and the shutdown waits: the process ends before its container is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert (out, child.returncode) == ("stopping\n", 0)
    assert "ending now" in err


async def test_the_ready_file_is_touched_while_the_process_runs(tmp_path: Path) -> None:
    """A health check sees by the file's age that the event loop is frozen."""
    ready, every = tmp_path / "ready", timedelta(milliseconds=5)
    async with kept_alive(ready, every=every):
        await asyncio.sleep(0.02)
        assert not ready.exists(), "written only once the process does its work"
        announce_ready(ready, {"invite": "url"})
        assert json.loads(ready.read_text())["invite"] == "url"
        first = ready.stat().st_mtime_ns
        await eventually(lambda: ready.stat().st_mtime_ns != first, "a newer ready file")
        # as in a frozen process: nothing touches it while the loop does not run
        before = ready.stat().st_mtime_ns
        time.sleep(0.05)  # noqa: ASYNC251 - the loop is frozen on purpose
        assert ready.stat().st_mtime_ns == before
