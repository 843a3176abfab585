"""5. An exit for each filled slice.

A partial fill does not wait for the rest of the entry: its profit-take exit is sent at once. The target is a
fraction of everything bought, so the number of contracts with an exit does not depend on how the entry was
filled.
"""

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.execution.exits import exit_target
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.trade.lifecycle import Phase
from tests.support.harness import Harness
from tests.support.waiting import eventually


def test_the_exit_target_counts_over_everything_bought() -> None:
    """Compute how many contracts get an exit with the default policy: half of those bought, rounded down."""
    assert [exit_target(bought, ExitPolicy()) for bought in (1, 2, 3, 4)] == [0, 1, 1, 2]


async def test_each_slice_gets_its_exit_at_once(env: WorkflowEnvironment, harness: Harness) -> None:
    """Fill an entry for 4 contracts in two slices of 2, while it works."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():  # the virtual clock would skip to the next bump
        trade = await harness.alert(price="1.20")
        await eventually(lambda: harness.order_ids("e"), "the entry at the venue")
        entry = harness.order_ids("e")[0]

        # The first slice: half of 2 is 1 contract, offered at 2.40; the entry still works for 2 more.
        await harness.control.fill(entry, 2, "1.20")
        view = await harness.until(trade, "the first exit", bought=2, exits_working=1)
        assert view.phase is Phase.ENTERING

        # The second slice: half of 4 is 2, so one more contract gets an exit, in an order of its own.
        await harness.control.fill(entry, 2, "1.20")
        view = await harness.until(trade, "the second exit", bought=4, exits_working=2, phase=Phase.HOLDING)
    exits = [order for order in view.orders if order.leg == "exit"]
    assert [(order.quantity, str(order.limit)) for order in exits] == [(1, "2.40"), (1, "2.40")]
