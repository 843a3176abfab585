"""The lookup before each order: until it is answered, the order is not sent and its id stays in use."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.policy import SafetyPolicy
from alert_trader.domain.trade.lifecycle import Phase
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward


async def test_an_entry_with_a_failed_lookup_keeps_its_client_order_id(harness: Harness) -> None:
    """A reset trade may have its order at the venue already.

    A failed look never leads to an order of another name (UNK-30, UNK-40).
    """
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=3)
    trade = await harness.alert()
    await harness.until(trade, "bought and protected", bought=4, exits_working=2)
    assert [line.client_id.rpartition("-")[2] for line in harness.posts() if line.client_id] == ["e1", "x1"]


async def test_an_exit_with_a_failed_lookup_keeps_its_client_order_id(harness: Harness) -> None:
    """The same for exits, which are never given up."""
    harness.exit_fraction = (
        None  # the venue does not answer for longer than five seconds of its own clock allow
    )
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, nth=2, count=6)
    trade = await harness.alert()
    await harness.until(trade, "bought and protected", bought=4, exits_working=2)
    assert [line.client_id.rpartition("-")[2] for line in harness.posts() if line.client_id] == ["e1", "x1"]


async def test_an_entry_that_cannot_be_looked_up_is_not_sent(harness: Harness) -> None:
    """No look, no order: when its time is over it is unknown, looked up as such, and given up."""
    await harness.control.mute_streams()
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=400)
    trade = await harness.alert()
    view = await harness.until(trade, "the entry unknown", unknown_orders=1)
    assert view.bought == 0
    assert not harness.posts("e")


async def test_an_entry_not_looked_up_in_time_is_never_sent(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The lookup before sending fails until the alert is too old.

    It is searched for, given up, and not sent at any stage (WHO-30).
    """
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=None)
    rules = policy(
        safety=SafetyPolicy(max_alert_age=timedelta(seconds=2), late_fill_watch=timedelta(seconds=8))
    )
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20", rules=rules)
        await harness.until(trade, "the alert to be too old", unknown_orders=1)
        await harness.control.clear_faults()
        await forward(env, trade, timedelta(seconds=90))
        await harness.until(trade, "the give-up", phase=Phase.WATCHING, bought=0)
    assert harness.posts("e") == []
