"""Orders edited in the broker's own app: the replacement is found and managed under its new id."""

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.preflight import TermsRequest
from alert_trader.workflows.interface import Command
from tests.support.commands import command
from tests.support.harness import Harness
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


async def test_an_exit_edited_in_the_app_is_cancelled_by_its_new_id(harness: Harness) -> None:
    """The edited exit has another id: a close cancels that one, and not the one it replaced (EXT-30)."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    first = harness.order_ids("x")[0]
    edit_in_the_app(harness, first, "2.60", "Credit")

    async def adopted() -> bool:
        return (await harness.view(trade)).orders[-1].order_id != str(first)

    await eventually(adopted, "the new id to be known")
    receipt = await command(trade, TradeCommand.CLOSE, ME)
    assert receipt.done
    assert (await trade.result()).outcome is Outcome.FLAT
    assert working_exits(harness) == 0


async def test_an_edit_missing_from_the_stream_is_found_by_its_new_id(
    env: WorkflowEnvironment, harness: Harness
) -> None:
    """The old order names its successor: the successor is read though no report of it ever came."""
    harness.exit_fraction = None  # closing everything cancels the exits
    await harness.quote("1.20", "1.20")
    with env.with_time_skipping_disabled():
        trade = await harness.alert()
        await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
        await harness.control.mute_streams()
        edit_in_the_app(harness, harness.order_ids("x")[0], "2.60", "Credit")
        receipt = await command(trade, TradeCommand.CLOSE, ME)
    assert receipt.done
    assert (await trade.result()).outcome is Outcome.FLAT
    assert working_exits(harness) == 0
