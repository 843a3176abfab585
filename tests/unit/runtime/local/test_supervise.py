"""A process that trading does not need may keep ending; trading continues."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alert_trader.cli.stack import started
from alert_trader.runtime.local import stack as module
from alert_trader.runtime.local import supervision
from alert_trader.runtime.local.process import Child, StackError, start
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.local.supervision import RESTARTS
from alert_trader.settings.model import Settings

UNREACHABLE = "import sys; sys.stderr.write('error: cannot reach Discord\\n'); sys.exit(5)"


async def _stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Stack:
    """Return a stack with a worker that runs, and a process `name` that always ends at once."""
    monkeypatch.setattr(module, "command", lambda *_: [sys.executable, "-c", UNREACHABLE])
    monkeypatch.setattr(supervision, "_RESTART_PAUSE", 0)
    monkeypatch.setattr(supervision, "RETRY_PAUSES", (0,))
    stack = Stack(Settings(data_dir=tmp_path))
    line = [sys.executable, "-c", "import time; time.sleep(60)"]
    stack._children["worker"] = await start("worker", line, log=tmp_path / "worker.log")
    line = [sys.executable, "-c", UNREACHABLE]
    stack._children[name] = await start(name, line, log=tmp_path / f"{name}.log")
    return stack


def _until(count: int, reached: asyncio.Event) -> tuple[list[str], Callable[[str], None]]:
    texts: list[str] = []

    def report(text: str) -> None:
        texts.append(text)
        if len(texts) >= count:
            reached.set()

    return texts, report


async def test_a_bot_that_cannot_reach_discord_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot is started again, each failure is reported with its reason, and the worker keeps running."""
    stack = await _stack(tmp_path, monkeypatch, "bot")
    reached = asyncio.Event()
    texts, report = _until(RESTARTS + 2, reached)
    supervising = asyncio.create_task(stack.supervise(report))
    try:
        await asyncio.wait(
            {supervising, asyncio.ensure_future(reached.wait())}, return_when="FIRST_COMPLETED"
        )
        assert reached.is_set()
        assert not supervising.done()
        assert stack.child("worker").exit_code is None
        assert all("bot ended with code 5 (cannot reach Discord)" in each for each in texts)
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
        await stack._stop()


async def test_a_venue_that_keeps_ending_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where trading needs the process, the supervision ends with the end of its log."""
    stack = await _stack(tmp_path, monkeypatch, "venue")
    try:
        with pytest.raises(StackError, match=r"(?s)venue: .*cannot reach Discord"):
            await stack.supervise(lambda _text: None)
    finally:
        await stack._stop()


async def test_ctrl_c_ends_a_stack_while_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has started by then is ended."""
    stack, stop = Stack(Settings(data_dir=tmp_path)), asyncio.Event()

    async def begin() -> None:
        line = [sys.executable, "-c", "import time; time.sleep(60)"]
        stack._children["worker"] = await start("worker", line, log=tmp_path / "log")
        children.append(stack.child("worker"))
        stop.set()
        await asyncio.Event().wait()

    children: list[Child] = []
    monkeypatch.setattr(stack, "_start", begin)
    with pytest.raises(KeyboardInterrupt):
        async with started(stack, stop):
            pass
    [child] = children
    assert child.exit_code is not None
