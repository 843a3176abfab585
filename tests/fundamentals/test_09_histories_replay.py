"""9. Histories replay.

Temporal stores every input, result and decision of a trade as its history. A worker that takes over after a
crash runs the workflow's code against that history and continues at the same point. So the code must make the
same decisions from the same history: no clock, no random numbers, no I/O except through activities. Replay
tests check it.
"""

from pathlib import Path

from alert_trader.control.queries.history import fetch_runs, read_history, replay, write_runs
from alert_trader.control.queries.history_steps import StepKind
from tests.support.harness import Harness


async def test_a_history_replays_and_sends_nothing(harness: Harness, tmp_path: Path) -> None:
    """Trade, store the history as a file, and replay it: nothing is sent, and every decision is the same."""
    await harness.quote("1.19", "1.21")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "the exit", exits_working=2)
    sent = len(harness.posts())

    # `trader history export` writes the same file, and `trader replay` does the same check.
    [path] = write_runs(await fetch_runs(harness.client, trade.id), tmp_path)
    replayed = await replay([read_history(path)])
    assert replayed.deterministic
    assert replayed.fault is None
    assert len(harness.posts()) == sent

    # All I/O of the workflow is in activities, and their results are in the history.
    activities = [step.name for step in replayed.steps if step.kind is StepKind.ACTIVITY]
    assert {"submit_entry", "bump_entry", "submit_exit"} <= set(activities)
