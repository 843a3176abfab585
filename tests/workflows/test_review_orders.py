"""Orders that are not where they were left: edited in the broker's app, sent before a reset, or given up and there after all."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowHandle, WorkflowUpdateStage
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.activities.messages import ORDER_REPORT_SIGNAL
from alert_trader.domain.execution.policy import ExitPolicy, LadderPolicy, SafetyPolicy
from alert_trader.domain.ids import FillId, OrderId
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import Fill
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from alert_trader.simulators.venue.commands import Adjust
from alert_trader.simulators.venue.preflight import TermsRequest
from alert_trader.workflows.interface import CLOSE_UPDATE, Command, CommandReceipt
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")


def edit_in_the_app(harness: Harness, order_id: int, price: str, effect: str) -> None:
    """Replace an order as the broker's own app would: a new id, and none of our names on it."""
    terms = {"order-type": "Limit", "time-in-force": "GTC", "price": price, "price-effect": effect}
    harness.venue.exchange.replace(harness.account, order_id, TermsRequest.model_validate(terms))


def working_exits(harness: Harness) -> int:
    """Contracts in sells to close that work at the venue, whoever sent them."""
    return sum(
        order.remaining
        for order in harness.venue.exchange.orders.values()
        if not order.status.terminal and not order.legs[0].action.buying
    )


async def test_an_exit_edited_in_the_app_is_taken_back_by_its_new_id(harness: Harness) -> None:
    """The edited exit has another id: a close cancels that one, and not the one it replaced (EXT-30)."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    first = harness.order_ids("x")[0]
    edit_in_the_app(harness, first, "2.60", "Credit")

    async def adopted() -> bool:
        return (await harness.view(trade)).orders[-1].order_id != str(first)

    await eventually(adopted, "the new id to be known")
    receipt = await trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt)
    assert receipt.done
    assert (await trade.result()).outcome is Outcome.FLAT
    assert working_exits(harness) == 0


async def test_an_edit_that_the_stream_never_told_is_found_by_the_announced_id(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The old order names its successor: the successor is read though no report of it ever came."""
    harness.exit_fraction = None  # closing everything takes the exits back
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.mute_streams()
        edit_in_the_app(harness, harness.order_ids("x")[0], "2.60", "Credit")
        receipt = await trade.execute_update(CLOSE_UPDATE, ME, result_type=CommandReceipt)
    assert receipt.done
    assert (await trade.result()).outcome is Outcome.FLAT
    assert working_exits(harness) == 0


async def reset_to_start(harness: Harness, handle: WorkflowHandle) -> None:  # type: ignore[type-arg]
    """Reset a trade to before its entry was sized, as an operator might in the Web UI."""
    history = await handle.fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    )
    await harness.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=harness.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="a test",
            workflow_task_finish_event_id=first,
            request_id="reset",
        )
    )


async def test_a_reset_adds_no_entry_beside_the_one_that_works(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """Reports that come before the entry is decided again name the order that works: it is gone on with, no second is sent (UNK-40)."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        await eventually(
            lambda: [order.status for order in harness.venue.exchange.orders.values()] == ["Live"],
            "the order to be live",
        )
        await reset_to_start(harness, trade)
        again = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        harness.handles[-1] = again
        await harness.until(again, "the entry gone on with", phase=Phase.ENTERING, step="limit")
    assert len(harness.order_ids("e")) == 1


async def test_a_reset_that_denies_the_alert_says_what_it_left_at_the_venue(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """By the time of the reset the alert is too old to be sized: a person hears of the order that the trade no longer looks after."""
    await harness.quote("1.10", "1.30")
    rules = policy(
        safety=SafetyPolicy(max_alert_age=timedelta(seconds=2), late_fill_watch=timedelta(seconds=8))
    )
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules)
        posted = clock.now()
        await eventually(
            lambda: [order.status for order in harness.venue.exchange.orders.values()] == ["Live"],
            "the order to be live",
        )
        await eventually(lambda: clock.now() - posted > timedelta(seconds=2.5), "the alert to be too old")
        await reset_to_start(harness, trade)
        again = harness.client.get_workflow_handle(trade.id, result_type=TradeView)
        harness.handles[-1] = again
        view = await again.result()
    assert view.outcome is Outcome.DENIED
    warned = [event for event in await harness.events(again) if event.kind == "warning"]
    assert [event.facts["orders"] for event in warned] == [str(harness.order_ids("e")[0])]
    await harness.control.cancel(harness.order_ids("e")[0])
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("e")[0]].status.terminal,
        "the order to be over",
    )


async def test_a_close_waits_for_a_lost_entry_to_be_swept(env: WorkflowEnvironment, harness: Harness) -> None:
    """The bump's order is lost and given up, and what was bought is sold: the trade stays until that order cannot come (EXT-60)."""
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
        await trade.start_update(
            CLOSE_UPDATE, ME, result_type=CommandReceipt, wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        await harness.until(trade, "sold", sold=2)
        await eventually(lambda: len(harness.order_ids("e")) == 2, "the lost order to land")
        await forward(env, trade, timedelta(seconds=61), may_end=True)
    view = await trade.result()
    assert harness.venue.exchange.orders[harness.order_ids("e")[1]].status.terminal
    assert (view.outcome, view.sold) == (Outcome.FLAT, view.bought)


async def test_a_lost_exit_that_lands_after_its_successor_is_taken_back(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The exit was given up as absent and sent again; then the first one lands: both together would sell more than is held (EXT-10)."""
    harness.exit_fraction = None
    await harness.control.adjust(Adjust(count_working_closes=False))
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="late-accept", method="POST", path="*/orders", client_id="*-x1", seconds=6)
    rules = policy(exits=ExitPolicy(fraction=Decimal("0.5")))
    with env.with_time_skipping_disabled():
        trade = await harness.alert(price="1.20", rules=rules)
        await harness.until(trade, "the lost exit", unknown_orders=1, bought=4)
        await forward(env, trade, timedelta(seconds=90))
        await harness.until(trade, "sent again", exits_working=2, unknown_orders=0)
        await eventually(lambda: len(harness.order_ids("x")) == 2, "the first to land", within=15)
        await eventually(lambda: working_exits(harness) == 2, "one of them to be taken back")


async def test_an_entry_that_could_not_be_looked_for_in_time_is_never_sent(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The look before sending fails until the alert is too old: it is searched for, given up, and not sent on any rung (WHO-30)."""
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


async def test_orders_are_known_by_their_source_where_the_identifier_is_not_echoed(harness: Harness) -> None:
    """The echo of the external identifier is documented and in no capture: without it, a lost entry and its exit are found (UNK-10)."""
    await harness.control.adjust(Adjust(echo_external_identifier=False))
    await harness.quote("1.20", "1.20")
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-e1")
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-x1")
    trade = await harness.alert(price="1.20")
    await harness.until(trade, "bought and protected", bought=4, exits_working=2, unknown_orders=0)
    assert (len(harness.posts("e")), len(harness.posts("x"))) == (1, 1)


async def test_a_fill_after_an_orders_end_takes_back_the_next_one(harness: Harness) -> None:
    """ENT-20, ENT-60: two of four fill at the first price after that order's end was read; the order for all four must not fill as well."""
    harness.exit_fraction = None
    await harness.quote("1.10", "1.30")
    ladder = replace(LadderPolicy(), step=timedelta(seconds=1), window=timedelta(seconds=60), bumps=1)
    trade = await harness.alert(rules=policy(ladder=ladder), real_time=True)
    await eventually(lambda: len(harness.order_ids("e")) == 2, "the second order")
    ended = await harness.desk.order(OrderId(str(harness.order_ids("e")[0])))
    assert ended is not None
    fill = Fill(fill_id=FillId("late"), quantity=2, price=Price(Decimal("1.20")), at=clock.now())
    await trade.signal(ORDER_REPORT_SIGNAL, replace(ended, fills=(fill,)))
    await eventually(
        lambda: harness.venue.exchange.orders[harness.order_ids("e")[1]].status.terminal,
        "the second order to be taken back",
    )
    await harness.until(trade, "held", phase=Phase.HOLDING, bought=2)
    assert len(harness.posts("e")) == 2
    assert "after it had ended" in " ".join(
        event.text for event in await harness.events(trade) if event.kind == "warning"
    )
