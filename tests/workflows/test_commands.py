"""Commands of a person: cancel, close and convert in every phase, together, and the Web UI's own cancel."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Detail
from temporalio.api.common.v1 import GrpcStatus
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities.messages import CommandRefusedError
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.execution.policy import Conversion, LadderPolicy
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.workflows.interface import (
    Command,
)
from tests.support.commands import command
from tests.support.harness import Harness, policy
from tests.support.virtual_time import forward
from tests.support.waiting import eventually

ME = Command(by="tester", reason="because")


async def test_cancel_cancels_a_working_entry(env: WorkflowEnvironment, harness: Harness) -> None:
    """Cancel in the window: no order is left, nothing was bought, and who asked is recorded."""
    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        receipt = await command(trade, TradeCommand.CANCEL, ME)
    assert receipt.done
    events = await harness.events(trade)
    assert next(event for event in events if event.kind == "commanded").facts["by"] == "tester"
    view = await harness.view(trade)
    assert (view.phase, view.bought) == (Phase.WATCHING, 0)
    assert "OPERATOR_CANCELLED" in (view.reason or "")


async def test_cancel_after_a_partial_fill_keeps_and_protects_it(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """What was bought is not sold by a cancel."""
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2)
        await command(trade, TradeCommand.CANCEL, ME)
        await harness.until(trade, "held and protected", phase=Phase.HOLDING, bought=2, exits_working=1)


async def test_cancel_waits_while_the_entry_is_unknown(env: WorkflowEnvironment, harness: Harness) -> None:
    """An order of unknown outcome cannot be cancelled before it is found; then it is."""
    await harness.quote("1.10", "1.30")
    await harness.control.mute_streams()
    await harness.fault(kind="lost-after", method="POST", path="*/orders", client_id="*-e1")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the lost answer", unknown_orders=1)
        receipt = await command(trade, TradeCommand.CANCEL, ME)
    assert receipt.done
    assert harness.venue.exchange.orders[harness.order_ids("e")[0]].status.terminal


async def test_a_receipt_is_found_after_the_server_rejects_a_page(
    env: WorkflowEnvironment, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-30: the server may lose the place of a reader in a history; the receipt is still waited for."""
    service, rejected = harness.client.workflow_service, 0
    read = service.get_workflow_execution_history
    changed = Detail(
        type_url="type.googleapis.com/temporal.server.api.errordetails.v1.CurrentBranchChangedFailure"
    )

    async def reject_pages(req: Any, **options: Any) -> Any:
        nonlocal rejected
        if req.wait_new_event and req.next_page_token and rejected < 3:
            rejected += 1
            raise RPCError(
                "branch tokens don't match",
                RPCStatusCode.INVALID_ARGUMENT,
                GrpcStatus(code=3, details=[changed]).SerializeToString(),
            )
        return await read(req, **options)

    await harness.quote("1.10", "1.30")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        monkeypatch.setattr(service, "get_workflow_execution_history", reject_pages)
        receipt = await command(trade, TradeCommand.CANCEL, ME)
    assert receipt.done
    assert rejected == 3


async def test_cancel_is_not_possible_after_the_entry_ended(harness: Harness) -> None:
    """Once the entry is over there is nothing to cancel, and the answer says what to do instead."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "held", phase=Phase.HOLDING)
    with pytest.raises(CommandRefusedError) as refused:
        await command(trade, TradeCommand.CANCEL, ME)
    assert "To sell what it holds, close it" in str(refused.value)


async def test_close_while_holding_cancels_the_exit_and_sells_all(harness: Harness) -> None:
    """The exit is cancelled and over before the market order goes out.

    The two never stand for the same contracts (EXT-30).
    """
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    receipt = await command(trade, TradeCommand.CLOSE, ME)
    assert receipt.done
    view = await trade.result()
    assert (view.outcome, view.position, view.sold) == (Outcome.FLAT, 0, 4)


async def test_close_in_the_window_cancels_the_entry_and_sells_what_it_bought(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """Close works in every phase in which something may be held or bought."""
    await harness.quote("1.20", "1.20", ask_size=3)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=3, exits_working=1)
        receipt = await command(trade, TradeCommand.CLOSE, ME)
    assert receipt.done
    view = await trade.result()
    assert (view.outcome, view.bought, view.sold) == (Outcome.FLAT, 3, 3)


async def test_close_retries_until_flat(harness: Harness) -> None:
    """A sale that is refused is tried again; a sale that fills in part is completed."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    await harness.reject_orders("*-x2")
    await harness.quote("1.20", "1.20", bid_size=3)
    await command(trade, TradeCommand.CLOSE, ME)
    await harness.quote("1.21", "1.22", bid_size=3)
    view = await trade.result()
    assert (view.outcome, view.sold) == (Outcome.FLAT, 4)


async def test_close_of_a_closed_trade_is_not_possible(harness: Harness) -> None:
    """A second close finds nothing to do."""
    trade = await harness.alert("BTO SPY")
    await trade.result()
    with pytest.raises(Exception, match=r"completed|closed|not found|nothing"):
        await command(trade, TradeCommand.CLOSE, ME)


async def test_convert_now_ends_the_ladder(env: WorkflowEnvironment, harness: Harness) -> None:
    """A person who does not want to wait gets the limit at the ceiling at once."""
    await harness.quote("1.19", "1.25")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        receipt = await command(trade, TradeCommand.CONVERT, ME)
        [converted] = [each for each in await harness.events(trade) if each.kind is EventKind.CONVERTED]
    assert receipt.done
    assert harness.entry_limits() == ["1.2", "1.32"]
    # it fills at once, and the record says how many were converted
    assert converted.text == "Conversion requested: the remaining 4 converted to a limit at the ceiling 1.32"


async def test_convert_now_respects_the_ceiling(env: WorkflowEnvironment, harness: Harness) -> None:
    """Impatience does not raise the ceiling."""
    await harness.quote("1.19", "1.40")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the working entry", step="limit")
        await command(trade, TradeCommand.CONVERT, ME)
        view = await harness.until(trade, "given up", bought=0, phase=Phase.WATCHING)
    assert "LADDER_ABOVE_CEILING" in (view.reason or "")


async def test_the_web_uis_cancel_is_an_operators_cancel(env: WorkflowEnvironment, harness: Harness) -> None:
    """Cancelling the workflow stops the buying, keeps what was bought.

    The trade lives on to protect it.
    """
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2)
        await trade.cancel()
        await harness.until(trade, "held and protected", phase=Phase.HOLDING, bought=2, exits_working=1)
        await forward(env, trade, timedelta(hours=1))
    assert (await harness.view(trade)).exits_working == 1


async def test_a_second_cancel_of_the_workflow_changes_nothing(harness: Harness) -> None:
    """However often somebody presses the button, the position keeps its exit."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "held", phase=Phase.HOLDING, exits_working=2)
    await trade.cancel()
    await trade.cancel()
    view = await harness.until(trade, "still held", phase=Phase.HOLDING, exits_working=2)
    assert view.position == 4


async def test_a_cancel_during_the_conversion_cancels_the_conversion_order(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The converting order rests unfilled when a person cancels.

    It is cancelled for that person, and no other follows.
    """
    harness.venue.exchange.config = VenueConfig(immediate_or_cancel=False)
    await harness.quote("1.19", "1.32", ask_size=0)
    rules = policy(
        ladder=LadderPolicy(conversion=Conversion.MARKETABLE_LIMIT, conversion_wait=timedelta(minutes=10))
    )
    with env.with_time_skipping_disabled():
        trade = await harness.alert(rules=rules)
        await harness.until(trade, "the working entry", step="limit")
        converting = asyncio.create_task(command(trade, TradeCommand.CONVERT, ME))
        await eventually(lambda: len(harness.order_ids("e")) == 2, "the converting order")
        receipt = await command(trade, TradeCommand.CANCEL, ME)
        await converting
    assert receipt.done
    assert "OPERATOR_CANCELLED" in (receipt.view.reason or "")
    assert all(order.status.terminal for order in harness.venue.exchange.orders.values())
    assert len(harness.posts("e")) == 3


async def test_simultaneous_cancel_convert_and_close_sell_once(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """Everybody presses a button at once.

    What was bought is sold once, and each caller gets an answer (DUR-30).
    """
    await harness.quote("1.20", "1.20", ask_size=2)
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "the first slice", bought=2, exits_working=1)
        answers = await asyncio.gather(
            *(command(trade, name, ME) for name in (TradeCommand.CONVERT, TradeCommand.CANCEL)),
            command(trade, TradeCommand.CLOSE, ME),
            trade.cancel(),
            return_exceptions=True,
        )
    view = await trade.result()
    assert (view.outcome, view.sold, view.position) == (Outcome.FLAT, view.bought, 0)
    assert not [answer for answer in answers if isinstance(answer, TimeoutError)]
