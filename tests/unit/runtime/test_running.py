"""The stack that runs in a data folder, and its logs."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from alert_trader.runtime.local.running import LogReader, alive, read_state, stop


def test_only_a_living_stack_is_found(tmp_path: Path) -> None:
    """A state file of a process that has ended names no stack; one that runs is stopped by SIGTERM."""
    assert read_state(tmp_path) is None
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        (tmp_path / "stack.json").write_text(json.dumps({"pid": child.pid}))
        assert read_state(tmp_path) == {"pid": child.pid}
        stop(child.pid, within=timedelta(seconds=20))
        assert not alive(child.pid)
        assert read_state(tmp_path) is None


def test_logs_are_read_by_time_and_then_as_they_grow(tmp_path: Path) -> None:
    """Lines of all processes in order, a traceback with its line, then only what is new and whole."""
    worker, bot = tmp_path / "worker.log", tmp_path / "bot.log"
    worker.write_text("2026-11-24 10:00:00 INFO one m1\nTraceback of m1\n2026-11-24 10:00:02 INFO three\n")
    bot.write_text("2026-11-24 10:00:01 INFO two m1\n")
    reader = LogReader(tmp_path, ())
    assert [line.split()[-1] for line in reader.last(10)] == ["m1", "m1", "m1", "three"]
    assert reader.last(1) == ["worker      2026-11-24 10:00:02 INFO three"]
    assert list(reader.new()) == []
    with worker.open("a") as opened:
        opened.write("2026-11-24 10:00:03 INFO four\nnot who")
    assert list(reader.new()) == ["worker      2026-11-24 10:00:03 INFO four"]
    bot.write_text("begun anew\n")
    assert list(reader.new()) == ["bot         begun anew"]
    only = LogReader(tmp_path, ("worker",), "m1")
    assert [line.split()[-2:] for line in only.last(10)] == [["one", "m1"], ["of", "m1"]]
