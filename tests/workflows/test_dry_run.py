"""Dry-run: everything is read, sized and checked, and nothing can be sent."""

from dataclasses import replace

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.simulators.venue.tape import RequestLine
from tests.support.harness import open_harness, policy


async def test_a_dry_run_computes_the_orders_and_sends_none(env: WorkflowEnvironment) -> None:
    """The whole ladder and the exit are recorded, the broker's own check was asked.

    No order reached the venue (DRY-10).
    """
    async with open_harness(env.client, mode=Mode.DRY_RUN) as harness:
        trade = await harness.alert(price="1.20", rules=replace(policy(), mode=Mode.DRY_RUN))
        view = await trade.result()
        events = await harness.events(trade)
        changing = {
            (line.method, line.path.rpartition("/")[2])
            for line in harness.venue.tape.lines
            if isinstance(line, RequestLine) and line.method not in {"GET", "HEAD"}
        }
    assert (view.outcome, view.mode, view.bought) == (Outcome.DRY_RUN, "dry-run", 0)
    planned = next(event for event in events if event.kind == "dry_run")
    assert planned.facts["steps"] == "1.19 1.20 1.21 1.22"
    assert "Nothing was sent" in planned.text
    assert changing <= {("POST", "token"), ("POST", "dry-run")}
    assert ("POST", "dry-run") in changing


async def test_the_mode_of_a_trade_is_the_one_it_started_with(env: WorkflowEnvironment) -> None:
    """A trade started for the demo venue meets a worker of another mode: it is not sent (DRY-20)."""
    async with open_harness(env.client, mode=Mode.SANDBOX) as harness:
        trade = await harness.alert(price="1.20", rules=policy())
        view = await trade.result()
        posts = harness.posts()
        history = await trade.fetch_history()
    assert view.outcome is Outcome.DENIED
    assert "WRONG_MODE" in (view.reason or "")
    assert not posts
    assert (
        b'"mode":"demo"'
        in history.events[0].workflow_execution_started_event_attributes.input.payloads[0].data
    )
