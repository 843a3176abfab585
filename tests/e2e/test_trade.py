"""A trade from alert to close through real processes, with the use cases of every interface."""

from alert_trader.control.commands import trade_commands
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_views import Filter
from alert_trader.control.start_trade import start_trade
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command, TradeRequest
from tests.e2e.conftest import Webhook
from tests.support.cluster import WorkerSlot
from tests.support.waiting import eventually

ME = Command(by="tester", reason="the test is over")


async def test_an_alert_is_bought_protected_and_closed(slot: WorkerSlot) -> None:
    """Alert, entry, fill, exit, close: the whole way, and the oracle has nothing to say of it (EXT-60)."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)

    async def orders() -> bool:
        view = (
            await trade.view()
        )  # an exit counts from its acceptance on, and the venue may still be routing it
        return view is not None and [(order.leg, order.status) for order in view.orders] == [
            ("entry", "filled"),
            ("exit", "live"),
        ]

    await eventually(orders, "a filled entry and a live exit")
    receipt = await trade_commands.close(slot.cluster.client, trade.id, ME)
    assert receipt.done
    view = await trade.result()
    assert (view.outcome, view.sold, view.position) == (Outcome.FLAT, 4, 0)
    assert await trade.sent() == ["e1", "x1", "x2"]
    assert not await trade.violations()


async def test_every_order_is_in_the_audit_trail(slot: WorkerSlot) -> None:
    """Whether the stream or the answer came first.

    Each order is intended, then submitted, with its venue id (DUR-60).
    """
    trade = await slot.alert()
    await trade.fill("e1", 2)
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    events = await trade.events()
    intended = [event.facts["order"] for event in events if event.kind in {"entry_intended", "exit_intended"}]
    submitted = [
        event.facts["order"] for event in events if event.kind in {"entry_submitted", "exit_submitted"}
    ]
    assert intended == submitted
    # a busy machine passes over a bump that came due together with the next one
    assert sorted(intended) == sorted(f"{trade.id}-{name}" for name in await trade.sent())
    assert {f"{trade.id}-{name}" for name in ("e1", "x1", "e2", "x2")} <= set(intended)


async def test_a_repeated_message_opens_no_second_trade(slot: WorkerSlot) -> None:
    """The same message, while its trade runs.

    After it closed, is answered with the trade it has (WHO-20).
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held and protected", phase=Phase.HOLDING, exits_working=2)
    assert not await trade.send()
    await trade_commands.close(slot.cluster.client, trade.id, ME)
    await trade.result()
    assert not await trade.send()
    request = TradeRequest(alert=trade.message, policy=trade.policy, account=slot.settings.account)
    assert not (await start_trade(slot.cluster.client, request)).started
    assert await trade.sent("e") == ["e1"]


async def test_fills_are_known_from_the_stream_alone(slot: WorkerSlot) -> None:
    """While no order can be read, the stream alone is enough to protect what was bought."""
    trade = slot.plan()
    await trade.quote("1.10", "1.30")
    fault = await trade.fault(
        "status", method="GET", path="*/orders/*", symbol=trade.contract.occ_symbol, status=503, count=None
    )
    await trade.send()
    await trade.fill("e1", 4)
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    await slot.cluster.control.clear_faults(fault)
    assert await trade.sent() == ["e1", "x1"]
    assert not await trade.violations()


async def test_fills_are_known_from_reads_alone(slot: WorkerSlot) -> None:
    """While the stream is open and mute, the reading at the next stage finds the fill and protects it."""
    await slot.cluster.control.mute_streams()
    try:
        trade = await slot.alert()
        await trade.fill("e1", 2)
        await trade.until("the first slice protected", bought=2, exits_working=1, within=10)
        await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    finally:
        await slot.cluster.control.mute_streams(muted=False)
        await slot.cluster.control.drop_streams()
    assert not await trade.violations()


async def test_the_search_attributes_agree_with_the_view(slot: WorkerSlot) -> None:
    """A trade is found by its columns, and its picture holds the alert, the view and the events."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING)

    async def listed() -> bool:
        rows = await trade_views.list_trades(
            slot.cluster.client, Filter(symbol="SPY", phase="holding", open_only=True), limit=100
        )
        return any(row.workflow_id == f"trade-{trade.id}" and row.view is not None for row in rows)

    await eventually(listed, "the trade in the list", every=0.2)
    picture = await trade_views.show(slot.cluster.client, trade.id)
    assert picture.note is None
    assert picture.request.alert == trade.message
    assert picture.view is not None
    assert picture.view.bought == 4
    assert [event.sequence for event in picture.events] == list(range(1, len(picture.events) + 1))


async def test_notices_about_money_ping_nobody_named_in_a_message(slot: WorkerSlot, webhook: Webhook) -> None:
    """The operator's webhook hears of the fill and the exit, as a code block without mentions (WHO-60)."""
    trade = slot.plan()
    await trade.quote("1.20", "1.20")
    await trade.send()
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)

    def texts() -> list[str]:
        return [
            str(each["content"]) for each in webhook.posted if f"trade-{trade.id}" in str(each["content"])
        ]

    await eventually(lambda: any("Bought 4" in text for text in texts()), "the webhook to hear of the fill")
    assert all(text.startswith("```") for text in texts())
    assert all(each["allowed_mentions"] == {"parse": []} for each in webhook.posted)
