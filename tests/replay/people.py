"""Trades to record in which people and authors speak: approvals, parts, exits, adds, commands, a card."""

from dataclasses import replace
from typing import Any

from alert_trader import clock
from alert_trader.control.commands import trade_commands
from alert_trader.control.start_trade import start_trade
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.alerts.profile import Approval, OnAdd, OnExit, Profile
from alert_trader.domain.ids import message_id
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.workflows.interface import Command, FollowUp, Said, TradeRequest
from tests.support.cluster import Trade, WorkerSlot
from tests.support.served_cards import served_cards

ME = Command(by="recorder", reason="enough")


async def begun(
    slot: WorkerSlot, name: str, *, bid: str = "1.20", ask: str = "1.20", cards: bool = False, **profile: Any
) -> Trade:
    """Send an alert of a scenario by these rules."""
    trade = slot.plan(name=f"golden-{name}")
    trade.policy = replace(trade.policy, profile=Profile(**profile), cards=cards)
    await trade.quote(bid, ask)
    await trade.send()
    return trade


async def say(trade: Trade, name: str, text: str, said: Said = Said.EXIT) -> None:
    """Tell a trade what its author wrote."""
    later = replace(trade.message, message_id=message_id(f"golden-{name}"), text=text, posted_at=clock.now())
    await trade_commands.follow_up(
        trade.cluster.client, trade.id, FollowUp(message=later, parsed=parse(later), said=said)
    )


async def held(trade: Trade, bought: int = 4) -> Trade:
    """Wait until a trade holds what it bought, with its exits."""
    await trade.until("held", phase=Phase.HOLDING, bought=bought, exits_working=bought // 2)
    return trade


async def closed(trade: Trade) -> Trade:
    """Close a trade."""
    await trade_commands.close(trade.cluster.client, trade.id, ME)
    await trade.result()
    return trade


async def approved(slot: WorkerSlot) -> Trade:
    """Ask a person, buy half of what was shown; close."""
    trade = await begun(slot, "approved", approval=Approval.ASK)
    await trade.until("asked", phase=Phase.AWAITING)
    await trade_commands.approve(trade.cluster.client, trade.id, ME, half=True)
    return await closed(await held(trade, 2))


async def skipped(slot: WorkerSlot) -> Trade:
    """Ask a person, who says no."""
    trade = await begun(slot, "skipped", approval=Approval.ASK)
    await trade.until("asked", phase=Phase.AWAITING)
    await trade_commands.skip(trade.cluster.client, trade.id, ME)
    assert (await trade.result()).outcome is Outcome.DENIED
    return trade


async def watched(slot: WorkerSlot) -> Trade:
    """Watch an author, and send nothing."""
    trade = await begun(slot, "watched", approval=Approval.WATCH)
    assert (await trade.result()).outcome is Outcome.WATCHED
    return trade


async def part_sold(slot: WorkerSlot) -> Trade:
    """Sell three of four on a person's request, for which an exit is cancelled; hear a correction; close."""
    trade = await held(await begun(slot, "part-sold"))
    await trade_commands.sell(trade.cluster.client, trade.id, ME, Portion(count=3))
    await trade.until("sold", position=1)
    await say(trade, "part-sold-correction", "1.23**", Said.CORRECTION)
    return await closed(trade)


async def author_out(slot: WorkerSlot) -> Trade:
    """Sell half, then everything, as the author does."""
    trade = await held(await begun(slot, "author-out", exits=OnExit.AUTOMATIC))
    contract = trade.contract
    await say(trade, "author-out-half", f"STC SPY {contract.expiry:%m/%d} {contract.strike}c @ 1.20 half out")
    await trade.until("half sold", position=2)
    await say(trade, "author-out-all", "all out")
    await trade.result()
    return trade


async def author_out_early(slot: WorkerSlot) -> Trade:
    """Hear that the author is out while the entry works with nothing bought: it is cancelled."""
    return await _out_early(slot, "author-out-early", OnExit.AUTOMATIC)


async def author_asked(slot: WorkerSlot) -> Trade:
    """Ask a person about the author's exit: half of it is sold; asked again, nothing.

    Asked once more, nobody answers before the close.
    """
    trade = await held(await begun(slot, "author-asked", exits=OnExit.APPROVAL))
    await say(trade, "author-asked-1", "all out")
    await trade_commands.approve(trade.cluster.client, trade.id, ME, half=True)
    await trade.until("half sold", position=2)
    await say(trade, "author-asked-2", "all out")
    await trade_commands.skip(trade.cluster.client, trade.id, ME)
    await say(trade, "author-asked-3", "all out")
    return await closed(trade)


async def author_asked_early(slot: WorkerSlot) -> Trade:
    """Hear that the author is out while the entry works with nothing bought.

    Where exits need a person's confirmation: it is cancelled.
    """
    return await _out_early(slot, "author-asked-early", OnExit.APPROVAL)


async def _out_early(slot: WorkerSlot, name: str, exits: OnExit) -> Trade:
    trade = await begun(slot, name, bid="1.10", ask="1.30", exits=exits)
    await trade.order("e1")
    await say(trade, f"{name}-all", "all out")
    assert (await trade.result()).outcome is Outcome.UNFILLED
    return trade


async def author_asked_raced(slot: WorkerSlot) -> Trade:
    """Hear that the author is out, where exits need a word; the entry fills while it is cancelled.

    From before `ASKS_LATE`. Close.
    """
    return await closed(await _raced(slot, "author-asked-raced"))


async def author_asked_late(slot: WorkerSlot) -> Trade:
    """Do the same by `ASKS_LATE`: a person is asked about what is held after all, and says yes."""
    trade = await _raced(slot, "author-asked-late")
    await trade_commands.approve(trade.cluster.client, trade.id, ME)
    await trade.result()
    return trade


async def _raced(slot: WorkerSlot, name: str) -> Trade:
    trade = await begun(slot, name, bid="1.10", ask="1.30", exits=OnExit.APPROVAL)
    order = await trade.order("e1")
    await trade.fault("late-accept", method="DELETE", path=f"*/orders/{order.order_id}", seconds=1, count=1)
    await say(trade, f"{name}-all", "all out")
    await trade.fill("e1", 4)
    return await held(trade)


async def added(slot: WorkerSlot) -> Trade:
    """Buy an add, which has a trade of its own; close."""
    trade = slot.plan(name="golden-added")
    trade.policy = replace(trade.policy, profile=Profile(adds=OnAdd.ADDED))
    text = f"AVG SPY {trade.contract.expiry:%m/%d/%Y} {trade.contract.strike}c @ 1.30, added @ 1.20"
    trade.message = replace(trade.message, text=text)
    await trade.quote("1.20", "1.20")
    request = TradeRequest(
        alert=trade.message, policy=trade.policy, account=slot.settings.account, adds_to="trade-golden-first"
    )
    await start_trade(trade.cluster.client, request)
    return await closed(await held(trade))


async def cancelled(slot: WorkerSlot) -> Trade:
    """Buy two of four, cancel the rest; close."""
    trade = await begun(slot, "cancelled", bid="1.10", ask="1.30")
    await trade.fill("e1", 2)
    await trade.until("two bought", bought=2, exits_working=1)
    await trade_commands.cancel(trade.cluster.client, trade.id, ME)
    return await closed(await held(trade, 2))


async def converted_now(slot: WorkerSlot) -> Trade:
    """Convert on a person's request; close."""
    trade = await begun(slot, "converted-now", bid="1.10", ask="1.30")
    await trade.order("e1")
    await trade_commands.convert_now(trade.cluster.client, trade.id, ME)
    return await closed(await held(trade))


async def carded(slot: WorkerSlot) -> Trade:
    """Show a card on the bot's queue, which another process serves; close."""
    async with served_cards(slot.cluster.client, slot.settings.account):
        return await closed(await held(await begun(slot, "carded", cards=True)))


WITH_PEOPLE = (
    approved,
    skipped,
    watched,
    part_sold,
    author_out,
    author_out_early,
    author_asked,
    author_asked_early,
    author_asked_raced,
    author_asked_late,
    added,
    cancelled,
    converted_now,
    carded,
)
