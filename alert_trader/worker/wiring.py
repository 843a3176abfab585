"""Assemble a worker: the broker of the mode, the activities that use it, the workflows.

In dry-run the broker object cannot send, and no activity that sends is registered.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from alert_trader.activities.account import AccountReads, AdmitActivity
from alert_trader.activities.account_client import AccountClient
from alert_trader.activities.notify import Channel, NotifyActivity
from alert_trader.activities.order_reads import OrderLookups
from alert_trader.activities.orders import EntryGuards, OrderActivities
from alert_trader.activities.parsing import parse_alert
from alert_trader.activities.price_watch import PriceWatch
from alert_trader.activities.sizing import SizeActivity
from alert_trader.activities.stream import StreamActivity
from alert_trader.activities.trade_watch import TradeWatch
from alert_trader.broker.dry_run import DryRunBroker
from alert_trader.broker.port import OrderGateway, OrderReader
from alert_trader.broker.tastytrade.client import TastytradeReader
from alert_trader.broker.tastytrade.oco import TastytradeOcoGateway
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber
from alert_trader.settings.model import Settings
from alert_trader.worker.current_details import PageOnRequest
from alert_trader.worker.query_guard import GuardedRunner
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.broker_read import BrokerReadWorkflow
from alert_trader.workflows.interface import task_queue
from alert_trader.workflows.trade.workflow import TradeWorkflow

STICKY = timedelta(seconds=2)
"""After this a killed worker's cached workflows continue elsewhere; the default 10 s leave a fill uncovered
as long."""

TASKS_AT_ONCE = 4
"""Workflow tasks at once. A task's time runs from when a worker takes it: one that took fifty replays at once
after a restart would finish none of them in time. More would not be faster, since one process computes on one
core."""

ACTIVITIES_AT_ONCE = 1000
"""Activities at once. Each watched position takes one all day, and an order must never wait behind them; they
wait for the network, and cost next to nothing meanwhile."""

GRACE = timedelta(seconds=8)
"""For running activities at a shutdown: twice the longest call to the broker."""

PASSED_THROUGH = ("alert_trader",)
"""Our pure modules are not reloaded for each workflow: 6 ms instead of 25."""


def make_broker(settings: Settings) -> TastytradeReader:
    """Return the broker of the mode in force; raises ValueError when it has no credentials."""
    demo = settings.mode is Mode.DEMO
    secret, token = settings.credentials
    kind: Callable[..., TastytradeReader] = (
        DryRunBroker if settings.mode is Mode.DRY_RUN else TastytradeOcoGateway
    )
    return kind(
        client_secret=secret,
        refresh_token=token,
        account=settings.account,
        is_test=settings.mode is Mode.SANDBOX,
        venue_url=settings.venue_base_url if demo else None,
        call_timeout=settings.broker_timeout,
        order_version=settings.order_version,
    )


def whitelist(settings: Settings) -> tuple[AccountNumber, ...] | None:
    """Return the accounts that may be traded; None in a mode without real orders."""
    if settings.mode not in {Mode.SANDBOX, Mode.LIVE}:
        return None
    return tuple(AccountNumber(each) for each in settings.tastytrade_account_whitelist)


def sandbox() -> GuardedRunner:
    """Return the sandbox for running and replaying workflows."""
    return GuardedRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def make_worker(
    client: Client,
    *,
    account: AccountNumber,
    reader: OrderReader,
    gateway: OrderGateway | None,
    mode: Mode,
    channels: tuple[Channel, ...],
    whitelist: tuple[AccountNumber, ...] | None = None,
    guards: EntryGuards | None = None,
    **options: Any,
) -> Worker:
    """Return a worker for one account: workflows and activities on one queue for eager activities.

    `gateway` is None in dry-run. `whitelist` are the accounts that may be traded, None where the mode needs
    none; `guards` stop entries without Temporal, and are required with a gateway.
    """
    lookups, line = OrderLookups(reader), AccountClient(client, account)
    stream, reads = StreamActivity(reader, client, channels), AccountReads(reader, whitelist)
    activities: list[Callable[..., Any]] = [
        parse_alert,
        SizeActivity(reader, line).size_entry,
        AdmitActivity(line).admit_entry,
        reads.read_account,
        reads.read_positions,
        reads.read_live_orders,
        reads.read_quotes,
        lookups.find_order,
        lookups.read_order,
        lookups.read_position,
        lookups.read_removals,
        lookups.read_quote,
        lookups.read_session,
        NotifyActivity(channels).notify,
        stream.follow_orders,
        PriceWatch(reader).watch_price,
        TradeWatch(reader, client, channels).watch_trades,
    ]
    if gateway is not None:
        if guards is None:
            raise ValueError("a worker that sends needs the rules of its own settings for entries")
        orders = OrderActivities(gateway, mode, line, guards)
        activities += [
            orders.submit_entry,
            orders.bump_entry,
            orders.convert_entry,
            orders.submit_exit,
            orders.cancel_order,
        ]
    return Worker(
        client,
        task_queue=task_queue(account),
        workflows=[TradeWorkflow, AccountWorkflow, BrokerReadWorkflow],
        activities=activities,
        interceptors=[PageOnRequest(), *options.pop("interceptors", ())],
        workflow_runner=sandbox(),
        max_concurrent_workflow_tasks=TASKS_AT_ONCE,
        max_concurrent_activities=ACTIVITIES_AT_ONCE,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
        **options,
    )
