"""Fifty alerts in the same instant on a small account, a killed worker.

A halt in the middle, on the real server.

What is claimed is read from the venue's tape: no over-commitment, every filled slice protected, no entry
after the acknowledged halt.
"""

import asyncio
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from alert_trader import clock
from alert_trader.control.commands import account_commands as control
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.denial import Code
from alert_trader.domain.ids import Leg, read_client_order_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.simulators.venue.tape import OrderLine, RequestLine
from tests.support.cluster import Cluster, Trade, WorkerSlot
from tests.support.waiting import eventually

ALERTS = 50
CASH = 2500
"""Dollars: nine trades of two contracts at a ceiling of 1.32, which take 266.40 with their fees, fit into it,
and no tenth."""

EACH = Decimal("266.40")
CEILING = Decimal("1.32")


async def taken(trades: list[Trade]) -> dict[str, Decimal]:
    """Sum up from the tape what each trade has taken at most, in dollars.

    What its entries filled, and what they could still fill.
    """
    names = {trade.id for trade in trades}
    now: dict[str, dict[str, Decimal]] = defaultdict(dict)
    most: dict[str, Decimal] = {}
    for line in await trades[0].cluster.tape():
        named = read_client_order_id(str(line.order.client_id)) if isinstance(line, OrderLine) else None
        if (
            not isinstance(line, OrderLine)
            or named is None
            or named[0] not in names
            or named[1] is not Leg.ENTRY
        ):
            continue
        contracts = line.order.filled if line.order.status.terminal else line.order.quantity
        now[named[0]][str(line.order.client_id)] = (line.order.limit or CEILING) * contracts * 100
        most[named[0]] = max(most.get(named[0], Decimal(0)), sum(now[named[0]].values(), Decimal(0)))
    return most


async def entries(cluster: Cluster, trades: list[Trade]) -> list[RequestLine]:
    """Return every entry of the trades that reached the venue."""
    names = tuple(f"{trade.id}-e" for trade in trades)
    return [
        line
        for line in await cluster.tape()
        if isinstance(line, RequestLine)
        and line.method == "POST"
        and line.path.endswith("/orders")
        and (line.client_id or "").startswith(names)
    ]


async def prepared(cluster: Cluster) -> WorkerSlot:
    """Return a worker slot with little money, and two workers."""
    slot = cluster.take_slot(
        size_allocation=Decimal("0.5"),
        size_max_contracts=2,
        ladder_window=timedelta(seconds=12),
        ladder_step=timedelta(seconds=2),
    )
    await cluster.set_cash(slot, CASH)
    await asyncio.gather(slot.start_worker(), slot.start_worker())
    return slot


async def test_fifty_alerts_at_once_a_killed_worker_and_a_halt_in_the_middle(cluster: Cluster) -> None:
    """HLT-10, RSK-20, EXT-40, EXT-50: from the tape alone."""
    slot = await prepared(cluster)
    trades = [slot.plan() for _ in range(ALERTS)]
    # a third fills at the first price, the rest works on
    for number, trade in enumerate(trades):
        await trade.quote(*(("1.20", "1.20") if number % 3 == 0 else ("1.10", "1.50")))
    await asyncio.gather(*(trade.send() for trade in trades))
    await eventually(lambda: entries(cluster, trades), "the first entries", within=20, every=0.05)
    await slot.replace_worker()

    receipt = await control.halt(cluster.client, slot.settings.account, by="ann", reason="in the middle")
    acknowledged = clock.now()
    assert receipt.acknowledged
    # None: certain, and not carried out yet, because the new worker still replays the trades
    assert receipt.state in {AccountState.HALTED, None}
    for trade in trades:
        await at_rest(trade)
    late = slot.plan()
    await late.quote("1.20", "1.20")
    await late.send()
    assert ((await late.result()).reason or "").startswith(Code.ACCOUNT_HALTED)

    sent = await entries(cluster, [*trades, late])
    assert [line.client_id for line in sent if line.at > acknowledged] == []
    most = await taken(trades)
    assert len(most) <= CASH // EACH
    assert sum(most.values()) <= CASH
    for trade in trades:
        assert await trade.violations() == []
        # half of a slice is offered at its target: of a single contract there is no half
        assert await trade.fills("e") < 2 or await trade.orders("x")


async def at_rest(trade: Trade) -> None:
    """Wait until a trade has nothing left to do but look for an order whose answer died with the worker.

    What it holds has its exits.
    """

    async def there() -> bool:
        view = await trade.view()
        if view is None or view.unprotected > 0:
            return False
        return view.phase in {Phase.HOLDING, Phase.DONE} or view.unknown_orders > 0

    await eventually(there, f"{trade.id} to come to rest", within=30, every=0.2)
