"""A trading harness for tests.

A real venue, the real adapter over real sockets, a real worker, and the oracle over what they did.

Each harness has an account of its own, and so a task queue of its own; they can run beside each other on one
Temporal server.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError
from temporalio.worker import Interceptor

from alert_trader import clock
from alert_trader.activities.account_client import KillSwitch
from alert_trader.activities.clock_watch import ClockWatch
from alert_trader.activities.messages import Notice
from alert_trader.activities.orders import EntryGuards
from alert_trader.activities.sealed_inputs import SealedInputs
from alert_trader.broker.dry_run import DryRunBroker
from alert_trader.broker.tastytrade.client import TastytradeGateway, TastytradeReader
from alert_trader.broker.tastytrade.limiter import RequestLimiter
from alert_trader.control.payload_codec import EncryptionCodec
from alert_trader.control.query_retries import QueryRetries
from alert_trader.domain.account.entry_rules import EntryRules
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.execution.policy import Conversion, Mode, Policy, SafetyPolicy
from alert_trader.domain.ids import AccountNumber, account_workflow_id, message_id
from alert_trader.domain.market.calendar import monthly_expiry, new_york_date
from alert_trader.domain.market.contract import OptionContract, Right
from alert_trader.domain.trade.view import TradeView
from alert_trader.runtime.account_bootstrap import ensure_account_workflow
from alert_trader.simulators.venue.client import VenueControl
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.simulators.venue.faults import FaultRule
from alert_trader.simulators.venue.oracle import Expectation, check
from alert_trader.simulators.venue.oracle_entries import EntryBounds
from alert_trader.simulators.venue.server import RunningVenue
from alert_trader.simulators.venue.server import start as start_venue
from alert_trader.simulators.venue.tape import FillLine, OrderLine, RequestLine
from alert_trader.worker.wiring import make_worker
from alert_trader.workflows.interface import (
    EVENTS_QUERY,
    TRADE_WORKFLOW,
    VIEW_QUERY,
    TradeRequest,
    task_queue,
)
from alert_trader.workflows.search_attributes import RECEIVED
from tests.support.instants import STATED
from tests.support.replaying import assert_replay, histories_of
from tests.support.virtual_time import StartsNow
from tests.support.waiting import eventually
from tests.support.workers import running

AUTHOR, CHANNEL, GUILD, FORUM = "11", "22", "33", "44"
_numbers = itertools.count(1)


def next_monthly(moment: datetime, days: int = 20) -> date:
    """Find the first monthly expiration at least `days` after a moment."""
    today = new_york_date(moment)
    year, month = today.year, today.month
    while (found := monthly_expiry(year, month)) < today + timedelta(days=days):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


CONTRACT = OptionContract(root="SPY", expiry=next_monthly(STATED), right=Right.CALL, strike=Decimal(450))
"""What tests trade that begin at the stated instant: penny ticks at every price."""


def policy(**changes: Any) -> Policy:
    """Return the default rules, with tests' own people on the allowlist, 4 contracts at most.

    A short watch for late fills.
    """
    base = Policy(
        mode=Mode.DEMO,
        allowlist=Allowlist(authors=(AUTHOR,), channels=(CHANNEL, FORUM), guilds=(GUILD,)),
        safety=SafetyPolicy(late_fill_watch=timedelta(seconds=8)),
    )
    sizing = replace(base.sizing, max_contracts=4, allocation=Decimal("0.5"))
    return replace(base, sizing=sizing, **changes)


def rules_of(account: AccountNumber) -> EntryRules:
    """Return the settings of a worker that sends for `account`: those of `policy`."""
    base = policy()
    return EntryRules(
        account=account,
        allowlist=base.allowlist,
        max_contracts=base.sizing.max_contracts,
        max_notional=base.sizing.max_notional,
    )


LIMITS = Limits(deny_reposts=False)
"""What accounts of tests may do: most send the same alert again and again."""


class Heard:
    """A channel that keeps what people were notified."""

    def __init__(self) -> None:
        """Start without notices."""
        self.notices: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        """Keep a notice."""
        self.notices.append(notice)


@dataclass
class Harness:
    """One test's venue, broker and worker."""

    client: Client
    venue: RunningVenue
    control: VenueControl
    gateway: TastytradeReader
    account: AccountNumber
    heard: Heard
    handles: list[WorkflowHandle[Any, TradeView]]
    contract: OptionContract
    """What alerts are about."""
    clocks: ClockWatch
    """What the worker found of the clocks, where the harness is opened to `watch` them."""
    unbounded: set[str]
    """Message ids of trades whose conversion may be a market order."""
    exit_fraction: Decimal | None = Decimal("0.5")
    requested_again: bool = False
    """Whether a person requests a sale again, so that it begins anew at a lower bid."""

    @property
    def symbol(self) -> str:
        """The OCC symbol that alerts are about."""
        return self.contract.occ_symbol

    @property
    def expiry(self) -> date:
        """The expiration that alerts are about."""
        return self.contract.expiry

    async def quote(self, bid: str, ask: str, *, ask_size: int = 50, bid_size: int = 50) -> None:
        """Quote the contract."""
        await self.control.set_quote(self.symbol, bid=bid, ask=ask, ask_size=ask_size, bid_size=bid_size)

    async def alert(
        self,
        text: str | None = None,
        *,
        rules: Policy | None = None,
        age: float = 0.0,
        author: str = AUTHOR,
        price: str = "1.20",
        real_time: bool = False,
        account: AccountNumber | None = None,
    ) -> WorkflowHandle[Any, TradeView]:
        """Start a trade from an alert, as the command does.

        By default the plain alert of the contract at `price`.

        In `real_time` its ladder waits as long as it says, so that something can be done in the middle of it.
        The harness has no worker for another `account` than its own.
        """
        account = account or self.account
        number = f"m{next(_numbers)}"
        message = AlertMessage(
            message_id=message_id(number),
            text=text or f"BTO SPY {self.expiry:%m/%d/%Y} 450c @ {price}",
            author_id=author,
            channel_id=CHANNEL,
            guild_id=GUILD,
            posted_at=clock.now() - timedelta(seconds=age),
        )
        rules = rules or policy()
        if rules.ladder.conversion is Conversion.UNBOUNDED_MARKET:
            self.unbounded.add(number)
        client = plain_client(self.client) if real_time else self.client
        handle = await client.start_workflow(
            TRADE_WORKFLOW,
            TradeRequest(alert=message, policy=rules, account=account),
            id=f"trade-{number}",
            task_queue=task_queue(account),
            result_type=TradeView,
            search_attributes=TypedSearchAttributes([SearchAttributePair(RECEIVED, clock.now())]),
        )
        self.handles.append(handle)
        return handle

    async def view(self, handle: WorkflowHandle[Any, TradeView]) -> TradeView:
        """Read a trade's view."""
        view: TradeView = await handle.query(VIEW_QUERY, result_type=TradeView)
        return view

    async def events(self, handle: WorkflowHandle[Any, TradeView]) -> list[TradeEvent]:
        """Read a trade's audit trail."""
        events: list[TradeEvent] = await handle.query(EVENTS_QUERY, result_type=list[TradeEvent])
        return events

    async def kinds(self, handle: WorkflowHandle[Any, TradeView]) -> list[str]:
        """Read what happened, by kind."""
        return [str(event.kind) for event in await self.events(handle)]

    async def until(self, handle: WorkflowHandle[Any, TradeView], what: str, **fields: Any) -> TradeView:
        """Wait until fields of a trade's view have these values."""
        last: list[TradeView] = []

        async def there() -> bool:
            last[:] = [await self.view(handle)]
            return all(getattr(last[0], name) == value for name, value in fields.items())

        try:
            await eventually(there, f"{what}: {fields}", within=20)
        except AssertionError as late:
            late.add_note(f"found {last}")
            late.add_note(
                "\n".join(
                    f"{event.at:%H:%M:%S.%f} {event.kind}: {event.text}"
                    for event in await self.events(handle)
                )
            )
            raise
        return last[0]

    async def fault(self, **rule: Any) -> None:
        """Arm a fault at the venue."""
        await self.control.arm(FaultRule(**rule))

    async def reject_orders(self, client_id: str, *, times: int = 1) -> None:
        """Have the venue reject orders whose client order id matches the pattern."""
        await self.fault(
            kind="status",
            method="POST",
            path="*/orders",
            client_id=client_id,
            status=422,
            code="margin_check_failed",
            count=times,
        )

    def expectation(self, closed: list[str]) -> Expectation:
        """Return what the oracle must know beside the tape; `closed` are the trades that are over."""
        again = [handle.id.removeprefix("trade-") for handle in self.handles if self.requested_again]
        return Expectation(closed=closed, exit_fraction=self.exit_fraction, requested_again=again)

    def posts(self, leg: str = "") -> list[RequestLine]:
        """Return the orders that reached the venue, accepted or not."""
        return [
            line
            for line in self.venue.tape.lines
            if isinstance(line, RequestLine)
            and line.method == "POST"
            and line.path.endswith("/orders")
            and f"-{leg}" in str(line.client_id)
        ]

    def entry_limits(self) -> list[str]:
        """Return the prices of the entry orders that reached the venue; "market" for a market order."""
        return [str((line.body or {}).get("price", "market")) for line in self.posts("e")]

    def order_ids(self, leg: str) -> list[int]:
        """Return the venue's ids of a leg's orders, oldest first."""
        seen = {
            line.order.order_id: None
            for line in self.venue.tape.lines
            if isinstance(line, OrderLine) and f"-{leg}" in str(line.order.client_id)
        }
        return list(seen)

    def fills(self, leg: str) -> int:
        """Contracts of a leg that were filled."""
        return sum(
            line.quantity
            for line in self.venue.tape.lines
            if isinstance(line, FillLine) and f"-{leg}" in str(line.client_id)
        )


def plain_client(client: Client) -> Client:
    """Return a client whose workflows run in real time, also on a time-skipping server."""
    return Client(
        client.service_client,
        namespace=client.namespace,
        data_converter=client.data_converter,
        interceptors=[StartsNow(), QueryRetries()],
    )


@contextlib.asynccontextmanager
async def open_harness(
    client: Client,
    config: VenueConfig | None = None,
    *,
    mode: Mode = Mode.DEMO,
    limits: Limits | None = None,
    stop: KillSwitch | None = None,
    watch: bool = False,
    interceptors: Sequence[Interceptor] = (),
    cached_workflows: int = 1000,
) -> AsyncIterator[Harness]:
    """Open a harness; on leaving it, the oracle must find no broken rule in what was traded.

    Where the client encrypts, the worker demands encrypted inputs.
    """
    codec = client.data_converter.payload_codec
    sealed = SealedInputs(codec.opens) if isinstance(codec, EncryptionCodec) else None
    account = AccountNumber(f"5WT{next(_numbers):05d}")
    venue = await start_venue(_with_account(config or VenueConfig(), account))
    gateway = _gateway(venue, account, mode)
    heard, clocks = Heard(), ClockWatch(gateway, "worker of the test")
    async with VenueControl(venue.base_url) as control:
        contract = replace(CONTRACT, expiry=next_monthly(clock.now()))
        harness = Harness(
            client=client,
            venue=venue,
            control=control,
            gateway=gateway,
            account=account,
            heard=heard,
            handles=[],
            contract=contract,
            clocks=clocks,
            unbounded=set(),
        )
        await harness.quote("1.18", "1.20")
        worker = make_worker(
            client,
            account=account,
            reader=gateway,
            gateway=gateway if isinstance(gateway, TastytradeGateway) else None,
            mode=mode,
            channels=(heard,),
            guards=EntryGuards(rules=rules_of(account), stop=stop or KillSwitch(), sealed=sealed),
            interceptors=[*interceptors, *([clocks.interceptor] if watch else [])],
            max_cached_workflows=cached_workflows,
        )
        try:
            async with running(worker):
                # an account lives in real time, whatever its trades do
                await ensure_account_workflow(
                    plain_client(client), account, mode=mode, limits=limits or LIMITS
                )
                await eventually(
                    lambda: any(line.kind == "stream" for line in venue.tape.lines),
                    "the account stream to connect",
                )
                yield harness
                ids = [*(handle.id for handle in harness.handles), account_workflow_id(account)]
                await assert_replay(client, histories_of(client, dict.fromkeys(ids)))
                entries = await _entry_bounds(harness)
                closed = await _terminate_open(harness.handles)
                with contextlib.suppress(RPCError):  # a test may have ended it
                    await client.get_workflow_handle(account_workflow_id(account)).terminate(
                        "the test is over"
                    )
        finally:
            await gateway.aclose()
            await venue.close()
    _assert_kept(venue, replace(harness.expectation(closed), entries=entries))


def _assert_kept(venue: RunningVenue, expected: Expectation) -> None:
    """Assert that the oracle finds no broken promise in what was traded."""
    violations = check(venue.tape.lines, expected)
    assert not violations, "\n".join(str(each) for each in violations)


async def _entry_bounds(harness: Harness) -> dict[str, EntryBounds]:
    """Read what was decided for each entry that bought something; a trade that cannot be read is left out."""
    bought = {line.client_id for line in harness.venue.tape.lines if isinstance(line, FillLine)}
    bounds = {}
    for handle in harness.handles:
        number = handle.id.removeprefix("trade-")
        if not any((each or "").startswith(f"{number}-e") for each in bought):
            continue
        with contextlib.suppress(RPCError, WorkflowQueryFailedError):
            facts = {event.kind: event.facts for event in await harness.events(handle)}
            ceiling = facts.get(EventKind.SIZED, {}).get("ceiling")
            reserved = facts.get(EventKind.ADMITTED, {}).get("reserved")
            bounds[number] = EntryBounds(
                ceiling=None if ceiling is None else Decimal(ceiling),
                reserved=None if reserved is None else Decimal(reserved),
                unbounded=number in harness.unbounded,
            )
    return bounds


def _gateway(venue: RunningVenue, account: AccountNumber, mode: Mode) -> TastytradeReader:
    broker = DryRunBroker if mode is Mode.DRY_RUN else TastytradeGateway
    return broker(
        client_secret="secret",
        refresh_token="token",
        account=account,
        is_test=False,
        venue_url=venue.base_url,
        call_timeout=timedelta(seconds=2),
        # its second is one of real time, in which days of a trade pass
        limiter=RequestLimiter(period=0.0, read_age=0),
    )


def _with_account(config: VenueConfig, account: AccountNumber) -> VenueConfig:
    """Return the configuration with its first account under this number, and no other."""
    return config.model_copy(
        update={"accounts": (config.accounts[0].model_copy(update={"number": account}),)}
    )


async def _terminate_open(handles: list[WorkflowHandle[Any, TradeView]]) -> list[str]:
    """Terminate the trades that are still open; return the message ids of those that had ended."""
    closed = []
    for handle in handles:
        if (await handle.describe()).close_time is not None:
            closed.append(handle.id.removeprefix("trade-"))
        else:
            await handle.terminate("the test is over")
    return closed
