"""A cluster for tests: a real Temporal dev server, a venue, and accounts, each with its own worker process.

Everything a trade touches is real and can be killed. Each worker slot has its account, and so its task queue:
killing one worker slot's worker leaves the others alone, so many crashes run side by side on one server. Each
trade has its contract, and so its quotes.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError

from alert_trader import clock
from alert_trader.control.queries.history import fetch_runs, replay
from alert_trader.control.start_trade import start_trade
from alert_trader.control.temporal import connect
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.ids import MessageId, message_id
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.trade.view import TradeView
from alert_trader.runtime.local.process import Child, ready, start
from alert_trader.runtime.local.stack import Stack
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import as_environment, load
from alert_trader.settings.model import DEMO_AUTHOR, DEMO_CHANNEL, DEMO_GUILD, Settings
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.commands import SetAccount
from alert_trader.simulators.venue.faults import FaultRule
from alert_trader.simulators.venue.oracle import Expectation, Violation, check
from alert_trader.simulators.venue.tape import (
    AnswerLine,
    FaultLine,
    FillLine,
    OrderLine,
    OrderState,
    RequestLine,
    TapeLine,
)
from alert_trader.start import command
from alert_trader.workflows import activity_options, timing
from alert_trader.workflows.interface import EVENTS_QUERY, VIEW_QUERY, TradeRequest
from tests.support.harness import next_monthly
from tests.support.replaying import all_histories, assert_replay
from tests.support.waiting import eventually

SLOTS = 32
CASH = 60_000
READY_WITHIN = timedelta(seconds=60)
ASK_EVERY = 0.1
"""Seconds between two looks while waiting: many scenes wait at once on few cores."""

QUICK: dict[str, object] = {
    "mode": "demo",
    "ladder_step": "1.5",
    "ladder_window": "7",
    "ladder_grace": "6",
    "ladder_conversion_wait": "2",
    "safety_late_fill_watch": "2",
    "size_allocation": "0.5",
    "size_max_contracts": 4,
    "limit_open_trades": 10_000,
    "limit_trades_per_day": 10_000,
    "limit_trades_per_author": 10_000,
    "limit_orders_per_minute": 10_000,
    "limit_notional_per_day": 10_000_000,
    "limit_loss_per_day": 1_000_000,
}
"""A ladder of seconds, so that "in the middle of the window" is real time; four contracts a trade; and money
as the only limit."""

LOOKED_FOR = (
    activity_options.SUBMIT_ENTRY.start_to_close + sum(timing.SEARCH_PAUSES, timedelta())
).total_seconds() + 60
"""Seconds that an order takes which was lost before it was accepted: given up, looked for, sent again; and
the scene's own time."""

OVER = {"filled", "cancelled", "expired", "rejected", "not sent", "absent"}
"""The statuses of an order that can sell no more."""

_strikes = itertools.count(300)
_messages = itertools.count(1)


@dataclass
class Cluster:
    """The server and the venue, with a reading of its tape."""

    stack: Stack
    client: Client
    control: VenueControl
    lines: list[TapeLine] = field(default_factory=list)
    slots: list["WorkerSlot"] = field(default_factory=list)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tape(self) -> Sequence[TapeLine]:
        """Read what is new on the tape, and return all of it."""
        async with self._reading:
            self.lines += await self.control.tape(after=self.lines[-1].seq if self.lines else 0)
        return self.lines

    def take_slot(self, *, gate: asyncio.Semaphore | None = None, **changes: object) -> "WorkerSlot":
        """Return the next account, with settings of its own where asked.

        No worker runs on it yet; `gate` bounds how many start at once.
        """
        assert len(self.slots) < SLOTS, f"expected at most {SLOTS} worker slots; raise SLOTS"
        own = self.stack.settings.model_copy(
            update={"tastytrade_account": account(len(self.slots)), **changes}
        )
        slot = WorkerSlot(
            cluster=self, settings=own, number=len(self.slots), gate=gate or asyncio.Semaphore()
        )
        self.slots.append(slot)
        return slot

    async def set_cash(self, slot: "WorkerSlot", dollars: int) -> None:
        """Change what a worker slot's account has, before its worker runs."""
        await self.control.set_account(SetAccount(number=slot.settings.account, cash=Decimal(dollars)))

    def logs(self) -> Mapping[str, str]:
        """Read every log of the cluster, by file name."""
        return {
            path.name: path.read_text(errors="replace")
            for path in sorted((self.stack.data_dir / "logs").glob("*"))
        }


def account(number: int) -> str:
    """Name the account of a worker slot."""
    return f"5WT9{number:04d}"


@contextlib.asynccontextmanager
async def open_cluster(
    data_dir: Path, *, venue: Mapping[str, Any] | None = None, with_mirrors: bool = False, **changes: object
) -> AsyncIterator[Cluster]:
    """Open a cluster; every worker of its worker slots is ended with it."""
    own = {"data_dir": data_dir, "tastytrade_account": account(0)}
    quick = load(environment={}, directory=data_dir, flags={**QUICK, **own, **changes}).settings
    config = {"accounts": [{"number": account(each), "cash": CASH} for each in range(SLOTS)], **(venue or {})}
    async with contextlib.AsyncExitStack() as opened:
        stack = await opened.enter_async_context(
            Stack(
                quick, use_free_ports=True, venue_config=config, with_worker=False, with_mirrors=with_mirrors
            )
        )
        control = await opened.enter_async_context(VenueControl(str(stack.venue_url)))
        client = await connect(target_of(stack.settings))
        cluster = Cluster(stack=stack, client=client, control=control)
        try:
            yield cluster
            await assert_replay(client, all_histories(client))
        finally:
            await asyncio.gather(*(slot.leave() for slot in cluster.slots))


@dataclass
class WorkerSlot:
    """An account and its worker processes."""

    cluster: Cluster
    settings: Settings
    number: int
    gate: asyncio.Semaphore
    workers: list[Child] = field(default_factory=list)
    trades: list["Trade"] = field(default_factory=list)

    async def start_worker(self) -> Child:
        """Start a worker, also beside another."""
        async with self.gate:
            turn = f"worker-{self.number}-{len(self.workers)}"
            ready_file = self.cluster.stack.data_dir / f"{turn}.ready"
            child = await start(
                turn,
                command("worker", "--ready-file", str(ready_file)),
                log=self.cluster.stack.data_dir / "logs" / f"{turn}.log",
                environment=as_environment(self.settings),
            )
            self.workers.append(child)
            await ready(child, ready_file, within=READY_WITHIN)
        return child

    async def caught_up(self) -> None:
        """Wait until the account's stream is connected and has looked at all orders."""
        path = f"/accounts/{self.settings.account}/orders"

        async def looked() -> bool:
            return any(
                isinstance(line, AnswerLine) and (line.method, line.path) == ("GET", path)
                for line in await self.cluster.tape()
            )

        await eventually(looked, f"the stream of {self.settings.account} to catch up", every=ASK_EVERY)

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the newest worker a signal; SIGKILL also waits for its end."""
        await self.workers[-1].kill(number)

    async def replace_worker(self) -> None:
        """Kill the newest worker and start another at once."""
        await self.kill()
        await self.start_worker()

    async def leave(self) -> None:
        """End every worker of the worker slot at once: nothing is in flight that matters any more."""
        for worker in self.workers:
            await worker.kill(signal.SIGKILL)

    async def alert(
        self,
        *,
        price: str = "1.20",
        bid: str = "1.10",
        ask: str = "1.30",
        text: str | None = None,
        **ladder: Any,
    ) -> "Trade":
        """Quote a contract of its own, and send an alert about it.

        `ladder` changes the ladder's policy of this trade.
        """
        trade = self.plan(price=price, text=text, **ladder)
        await trade.quote(bid, ask)
        await trade.send()
        return trade

    def plan(
        self, *, price: str = "1.20", text: str | None = None, name: str | None = None, **ladder: Any
    ) -> "Trade":
        """Write an alert about a contract of its own without sending it yet."""
        contract = OptionContract(
            root="SPY", expiry=next_monthly(clock.now()), right=Right.CALL, strike=Decimal(next(_strikes))
        )
        named = message_id(name or f"s{self.number}m{next(_messages)}p{os.getpid()}")
        message = AlertMessage(
            message_id=named,
            text=text or f"BTO SPY {contract.expiry:%m/%d/%Y} {contract.strike}c @ {price}",
            author_id=DEMO_AUTHOR,
            channel_id=DEMO_CHANNEL,
            guild_id=DEMO_GUILD,
            posted_at=clock.now(),
        )
        trade = Trade(
            slot=self, message=message, contract=contract, policy=_with_ladder(self.settings.policy(), ladder)
        )
        self.trades.append(trade)
        return trade

    async def replay(self) -> None:
        """Replay every history that the worker slot's trades made on the present code (DUR-10)."""
        for trade in self.trades:
            replayed = await replay(await fetch_runs(self.cluster.client, trade.id))
            assert replayed.deterministic, f"{trade.id} does not replay: {replayed.fault}"


def _with_ladder(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    return replace(policy, ladder=replace(policy.ladder, **changes)) if changes else policy


def exits_out(view: TradeView) -> int:
    """Count the contracts that an exit stands for.

    Working, on its way, or looked for because its answer was lost.
    """
    return sum(
        order.quantity - order.filled
        for order in view.orders
        if order.leg == "exit" and order.status not in OVER
    )


@dataclass
class Trade:
    """One alert and what became of it, by the venue's tape and the trade itself."""

    slot: WorkerSlot
    message: AlertMessage
    contract: OptionContract
    policy: Policy

    @property
    def id(self) -> MessageId:
        """The message's id, which every name of the trade begins with."""
        return self.message.message_id

    @property
    def cluster(self) -> Cluster:
        """The cluster it is traded in."""
        return self.slot.cluster

    @property
    def handle(self) -> WorkflowHandle[Any, TradeView]:
        """The handle of its workflow."""
        return self.cluster.client.get_workflow_handle(f"trade-{self.id}", result_type=TradeView)

    async def send(self) -> bool:
        """Send the alert; return whether that started a trade."""
        request = TradeRequest(alert=self.message, policy=self.policy, account=self.slot.settings.account)
        return (await start_trade(self.cluster.client, request)).started

    async def quote(self, bid: str, ask: str, *, bid_size: int = 50, ask_size: int = 50) -> None:
        """Quote its contract."""
        await self.cluster.control.set_quote(
            self.contract.occ_symbol, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size
        )

    async def fault(self, kind: str, *, leg: str = "", **rule: Any) -> int:
        """Arm a fault on its orders; `leg` "e1" is the first entry. Return the fault's id."""
        named = {"client_id": f"{self.id}-{leg}*"} if "symbol" not in rule and "path" not in rule else {}
        given = {"method": "POST", "path": "*/orders", **named, **rule}
        return await self.cluster.control.arm(FaultRule(kind=kind, **given))

    async def struck(self, fault_id: int, within: float = 20) -> datetime:
        """Wait until a fault has acted; return when."""

        async def acted() -> datetime | None:
            return next(
                (
                    line.at
                    for line in await self.cluster.tape()
                    if isinstance(line, FaultLine) and line.fault_id == fault_id
                ),
                None,
            )

        found: datetime = await eventually(
            acted, f"fault {fault_id} of {self.id} to act", within=within, every=0.05
        )
        return found

    # What the venue saw

    async def posts(self, leg: str = "") -> list[RequestLine]:
        """Return the orders of a leg that reached the venue, accepted or not."""
        name = f"{self.id}-{leg}"
        lines = await self.cluster.tape()
        return [
            line
            for line in lines
            if isinstance(line, RequestLine)
            and line.method == "POST"
            and line.path.endswith("/orders")
            and (line.client_id or "").startswith(name)
        ]

    async def sent(self, leg: str = "") -> list[str]:
        """Return the names of the orders of a leg that reached the venue, without the message: e1, x1 ..."""
        return [str(line.client_id).removeprefix(f"{self.id}-") for line in await self.posts(leg)]

    async def orders(self, leg: str = "") -> dict[str, OrderState]:
        """Return the orders of a leg at the venue as they are, by name."""
        found: dict[str, OrderState] = {}
        for line in await self.cluster.tape():
            if isinstance(line, OrderLine) and (line.order.client_id or "").startswith(f"{self.id}-{leg}"):
                found[str(line.order.client_id).removeprefix(f"{self.id}-")] = line.order
        return found

    async def order(self, name: str, within: float = 30) -> OrderState:
        """Wait until an order is at the venue and past routing, and return it."""

        async def there() -> OrderState | None:
            found = (await self.orders(name)).get(name)
            return (
                found
                if found is not None and found.status.value not in {"Received", "Routed", "In Flight"}
                else None
            )

        try:
            found: OrderState = await eventually(
                there, f"order {name} of {self.id} at the venue", within=within, every=0.05
            )
        except AssertionError as late:
            late.add_note(await self._told())
            raise
        return found

    async def fill(self, name: str, quantity: int) -> None:
        """Fill contracts of an order at its limit."""
        await self.cluster.control.fill((await self.order(name)).order_id, quantity)

    async def fills(self, leg: str) -> int:
        """Count the contracts of a leg that were filled."""
        lines = await self.cluster.tape()
        return sum(
            line.quantity
            for line in lines
            if isinstance(line, FillLine) and (line.client_id or "").startswith(f"{self.id}-{leg}")
        )

    async def violations(self) -> list[Violation]:
        """Ask the oracle about this trade, from the tape alone."""
        closed = [self.id] if (await self.handle.describe()).close_time is not None else []
        found = check(await self.cluster.tape(), Expectation(closed=closed))
        return [each for each in found if each.trade in {self.id, self.contract.occ_symbol, "-"}]

    # What the trade says

    async def view(self) -> TradeView | None:
        """Query the trade's view; None while no worker answers."""
        try:
            view: TradeView = await self.handle.query(
                VIEW_QUERY, result_type=TradeView, rpc_timeout=timedelta(seconds=5)
            )
        except (RPCError, WorkflowQueryFailedError):
            return None
        return view

    async def events(self) -> list[TradeEvent]:
        """Read the trade's audit trail."""
        events: list[TradeEvent] = await self.handle.query(
            EVENTS_QUERY, result_type=list[TradeEvent], rpc_timeout=timedelta(seconds=10)
        )
        return events

    async def kinds(self) -> list[str]:
        """Read what happened, by kind."""
        return [str(event.kind) for event in await self.events()]

    async def until(self, what: str, *, within: float = 40, **fields: Any) -> TradeView:
        """Wait until fields of the trade's view have these values."""
        last: list[TradeView | None] = []

        async def there() -> bool:
            last[:] = [await self.view()]
            return last[0] is not None and all(
                getattr(last[0], name) == value for name, value in fields.items()
            )

        try:
            await eventually(there, f"{self.id} {what}: {fields}", within=within, every=ASK_EVERY)
        except AssertionError as late:
            late.add_note(f"found {last}")
            late.add_note(await self._told())
            raise
        assert last[0] is not None
        return last[0]

    async def result(self, within: float = 60) -> TradeView:
        """Wait for the trade's end."""
        try:
            async with asyncio.timeout(within):
                return await self.handle.result()
        except TimeoutError as late:
            late.add_note(await self._told())
            raise

    async def _told(self) -> str:
        """Return what happened to it so far, for a test that waited in vain."""
        try:
            return "\n".join(
                f"{event.at:%H:%M:%S.%f} {event.kind}: {event.text}" for event in await self.events()
            )
        except (RPCError, WorkflowQueryFailedError) as silent:
            return f"the trade does not answer: {silent}"

    async def history_text(self) -> str:
        """Return its whole history as JSON."""
        return json.dumps(json.loads((await self.handle.fetch_history()).to_json()))
