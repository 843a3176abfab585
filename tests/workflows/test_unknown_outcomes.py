"""Lost answers: an order is unknown until it is found or confirmed absent.

Is not sent again meanwhile.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.execution.policy import ExitPolicy, SafetyPolicy
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.workflows.interface import Command
from tests.support.commands import begin
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")


@pytest.mark.parametrize("kind", ["lost-after", "truncated", "cut", "empty-data", "unknown-status"])
async def test_an_accepted_entry_with_a_lost_answer_is_adopted(harness: Harness, kind: str) -> None:
    """The venue accepted, we could not read it.

    The order is found by its name and the trade continues with it (UNK-10, UNK-20, ENT-50).
    """
    await harness.quote("1.20", "1.20")
    await harness.fault(kind=kind, method="POST", path="*/orders", client_id="*-e1")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought and protected", bought=4, exits_working=2)
    assert len(harness.posts("e")) == 1


async def test_an_entry_that_stalls_after_acceptance_is_found(harness: Harness) -> None:
    """The answer comes later than anybody waits: the timeout is unknown, never rejected (UNK-10)."""
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="stall-after", method="POST", path="*/orders", client_id="*-e1", seconds=6)
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought and protected", bought=4, exits_working=2)
    assert len(harness.posts("e")) == 1


async def test_an_entry_that_never_arrived_is_not_sent_again(
    harness: Harness,
) -> None:
    """Nothing was accepted: after the settling time the entry is given up, not repeated.

    Swept for until the day ends (UNK-30).
    """
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="lost-before", method="POST", path="*/orders", client_id="*-e1")
    trade = await harness.alert(price="1.20")
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert len(harness.posts("e")) == 1
    kinds = await harness.kinds(trade)
    assert kinds.index("unknown") < kinds.index("not_found") < kinds.index("given_up")
    assert view.closed_at is not None
    assert view.closed_at - view.received_at > timedelta(minutes=5)


async def test_a_failed_lookup_is_not_an_empty_answer(harness: Harness) -> None:
    """While the venue cannot answer the look, the order stays unknown.

    Once it can, the order is found (UNK-30).
    """
    await harness.quote("1.20", "1.20")
    await harness.control.mute_streams()
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-e1")
    await harness.fault(kind="status", method="GET", path="*/orders", status=503, count=40, nth=2)
    trade = await harness.alert(price="1.20")
    view = await harness.until(trade, "found at last", bought=4)
    assert len(harness.posts("e")) == 1
    assert view.unknown_orders == 0
    assert "not_found" not in await harness.kinds(trade)


async def test_an_entry_accepted_after_the_trade_ended_is_cancelled(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The request reached the exchange after the settling time: the sweep sees the order and cancels it."""
    await harness.quote("1.10", "1.30")
    trade = await lands_late(env, harness)
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("e")[0]].status.terminal, "it to be cancelled"
    )
    view = await trade.result()
    assert (view.outcome, view.bought) == (Outcome.UNFILLED, 0)
    assert len(harness.posts("e")) == 1


async def test_an_entry_filled_after_the_trade_ended_gets_its_exit(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The same, and it filled at once: the contracts are this trade's, and get their exit."""
    harness.exit_fraction = None  # nobody could know of the fill before the sweep
    await harness.quote("1.20", "1.20")
    trade = await lands_late(env, harness)
    view = await harness.until(trade, "adopted and protected", bought=4, exits_working=2, phase=Phase.HOLDING)
    assert view.position == 4
    assert len(harness.posts("e")) == 1


async def lands_late(env: WorkflowEnvironment, harness: Harness) -> WorkflowHandle[Any, TradeView]:
    """Return a trade whose entry is accepted after the trade ended it, at the first sweep after that."""
    await harness.control.mute_streams()
    await harness.fault(kind="late-accept", method="POST", path="*/orders", client_id="*-e1", seconds=4)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the lost answer", unknown_orders=1)
        await forward(env, trade, timedelta(seconds=90))
        await harness.until(trade, "the give-up", phase=Phase.WATCHING)
        assert not harness.order_ids("e")
        await eventually(lambda: harness.order_ids("e"), "the order to land")
        await forward(env, trade, timedelta(seconds=61), may_end=True)
    return trade


async def test_an_order_hidden_at_first_is_not_sent_twice(env: WorkflowEnvironment, harness: Harness) -> None:
    """An accepted order that is hidden for a second is not replaced before it ended (UNK-30, ENT-10)."""
    harness.exit_fraction = None  # with the stream silent, the fill is known at the next reading
    await harness.quote("1.19", "1.21")
    await harness.control.mute_streams()
    await harness.fault(kind="hidden", method="POST", path="*/orders", client_id="*-e1", seconds=1.0)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the first order", step="limit")
        await forward(env, trade, timedelta(seconds=21))

        async def bumped() -> bool:
            await forward(
                env, trade, timedelta(seconds=0.5)
            )  # the pauses between readings; the venue hides the order in real time
            return len(harness.order_ids("e")) == 2

        await eventually(bumped, "the bump", within=20, every=0.1)
        await forward(env, trade, timedelta(seconds=25))
        await harness.until(trade, "the fill", bought=4)
    assert harness.entry_limits() == ["1.2", "1.21"]


async def test_a_lost_cancel_is_sent_again_before_the_next_order(harness: Harness) -> None:
    """The cancel's answer is lost twice.

    The next price waits for the end of the order before it (ENT-10, ENT-60).
    """
    await harness.quote("1.19", "1.21")
    await harness.fault(kind="lost-before", method="DELETE", count=2)
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought after the bump", bought=4, exits_working=2)
    assert harness.entry_limits() == ["1.2", "1.21"] or harness.entry_limits()[-1] in {
        "1.22",
        "1.23",
        "1.32",
    }


async def test_an_exit_with_a_lost_answer_is_found_and_not_doubled(harness: Harness) -> None:
    """The exit was accepted and its answer lost: it is adopted.

    No second exit for the same contracts goes out (EXT-30).
    """
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-x1")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2, unknown_orders=0)
    assert len(harness.posts("x")) == 1


async def test_an_exit_that_never_arrived_is_sent_again(harness: Harness) -> None:
    """An exit is never given up.

    Proven absent after every call that could still send it, and the position seen, it is sent again under a
    new name (EXT-30).
    """
    harness.exit_fraction = None  # this one is unprotected while its outcome is not known
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="lost-before", method="POST", path="*/orders", client_id="*-x1")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "protected by the second exit", exits_working=2, unknown_orders=0)
    events = await harness.events(trade)
    lost = next(event.at for event in events if event.kind is EventKind.UNKNOWN)
    again = next(event.at for event in events if event.facts.get("order", "").endswith("-x2"))
    assert timedelta(seconds=17) < again - lost < timedelta(seconds=19)
    assert [line.client_id.rpartition("-")[2] for line in harness.posts("x") if line.client_id] == [
        "x1",
        "x2",
    ]


def working_exits(harness: Harness) -> int:
    """Contracts in sells to close that work at the venue, whoever sent them."""
    return sum(
        order.remaining
        for order in harness.venue.exchange.orders.values()
        if not order.status.terminal and not order.legs[0].action.buying
    )


async def test_a_close_waits_until_a_lost_entry_is_resolved(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The bump's order is lost and given up, and what was bought is sold.

    The trade stays until that order cannot come (EXT-60).
    """
    await harness.quote("1.20", "1.20", ask_size=2)
    await harness.fault(kind="late-accept", method="POST", path="*/orders", client_id="*-e2", seconds=6)
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20")
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        await harness.quote("1.10", "1.30", ask_size=2)
        await harness.control.mute_streams()
        await forward(env, trade, timedelta(seconds=21))
        await harness.until(trade, "the lost bump", unknown_orders=1)
        await forward(env, trade, timedelta(seconds=90))
        await harness.until(trade, "given up", phase=Phase.HOLDING)
        await begin(trade, TradeCommand.CLOSE, ME)
        await harness.until(trade, "sold", sold=2)
        await eventually(lambda: len(harness.order_ids("e")) == 2, "the lost order to land")
        await forward(env, trade, timedelta(seconds=61), may_end=True)
    view = await trade.result()
    assert harness.venue.exchange.orders[harness.order_ids("e")[1]].status.terminal
    assert (view.outcome, view.sold) == (Outcome.FLAT, view.bought)


@pytest.mark.parametrize("muted", [pytest.param(False, id="reported"), pytest.param(True, id="found")])
async def test_a_lost_exit_accepted_after_its_successor_is_cancelled(
    env: WorkflowEnvironment, harness: Harness, muted: bool
) -> None:
    """The exit was given up as absent and sent again.

    Then the first one lands: both together would sell more than is held (EXT-10). Without a stream it is
    found by the search, which continues while the next one works.
    """
    harness.exit_fraction = None
    await harness.control.adjust(Adjust(count_working_closes=False))
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="late-accept", method="POST", path="*/orders", client_id="*-x1", seconds=6)
    rules = policy(exits=ExitPolicy(fraction=Decimal("0.5")))
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20", rules=rules)
        await harness.until(trade, "the lost exit", unknown_orders=1, bought=4)
        if muted:
            await harness.control.mute_streams()
        await forward(env, trade, timedelta(seconds=20))
        await harness.until(trade, "sent again", exits_working=2, unknown_orders=0)
        await eventually(lambda: len(harness.order_ids("x")) == 2, "the first to land", within=15)
        if muted:
            assert working_exits(harness) == 4
            await forward(env, trade, timedelta(seconds=63))
        await eventually(lambda: working_exits(harness) == 2, "one of them to be cancelled")


async def test_orders_are_recognised_by_their_source(harness: Harness) -> None:
    """The echo of the external identifier is documented and in no capture.

    Without it, a lost entry and its exit are found (UNK-10).
    """
    await harness.control.adjust(Adjust(echo_external_identifier=False))
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-e1")
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-x1")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought and protected", bought=4, exits_working=2, unknown_orders=0)
    assert (len(harness.posts("e")), len(harness.posts("x"))) == (1, 1)


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
