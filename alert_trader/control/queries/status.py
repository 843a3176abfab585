"""Read the whole state of an account on one screen: may it trade, what is held, and what needs a person."""

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client

from alert_trader import clock
from alert_trader.activities.account_client import KillSwitch
from alert_trader.control.deployments import read_deployment
from alert_trader.control.errors import NoAnswerError, NotFoundError
from alert_trader.control.queries.account import account_view
from alert_trader.control.queries.stuck import marked, stuck_workflows
from alert_trader.control.queries.trade_names import short_ids
from alert_trader.control.queries.trade_views import Filter, TradeRow, list_trades
from alert_trader.control.queries.workers import polling_workers
from alert_trader.control.queries.worth import with_worths
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import Usd
from alert_trader.domain.trade.worth import has_position, unrealised

MOST_OPEN = 200
"""Open trades that are shown, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that needs a person, and what to do."""

    text: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An account as it is now, with everything that was read of it."""

    at: datetime
    account: AccountNumber
    mode: str
    namespace: str
    view: AccountView | None
    """None when no worker answered; `note` says why."""
    note: str | None
    may_trade: bool
    """Whether a new alert could be bought now; False when that is not known."""
    stops: tuple[str, ...]
    """Everything that stops a new trade now."""
    trades: tuple[TradeRow, ...]
    """The open trades, the newest first, each with what its position is worth."""
    realised_today: Usd | None
    unrealised: Usd | None
    """Of all open positions, at their bids; None when one of them is not known."""
    quotes_at: datetime | None
    """When the oldest of the quotes was made."""
    quotes_missing: str | None
    """Why the worth of a position is not known."""
    workers: tuple[str, ...]
    """The workers that take the account's work, by Temporal."""
    build: str | None
    """The build that runs the trades; None for unversioned workers."""
    last_alert: TradeRow | None
    needs: tuple[Need, ...]
    """What needs a person now, the most urgent first."""


async def read_status(
    client: Client, account: AccountNumber, mode: str, kill_switch: KillSwitch | None = None
) -> Status:
    """Read the status. Raise UnreachableError; without a worker, what Temporal knows is there."""
    open_rows, newest, stuck, workers, deployment, (view, note) = await asyncio.gather(
        list_trades(client, Filter(account=account, open_only=True), limit=MOST_OPEN),
        list_trades(client, Filter(account=account), limit=1, views=False),
        stuck_workflows(client, account),
        polling_workers(client, account),
        read_deployment(client, account),
        _account(client, account, kill_switch),
    )
    rows, missing = await with_worths(client, marked(open_rows, stuck))
    held = [row for row in rows if row.view is not None and has_position(row.view)]
    stops = ("not known: no worker answered",) if view is None else view.stops
    current = None if deployment is None else deployment.current
    return Status(
        at=clock.now(),
        account=account,
        mode=mode,
        namespace=client.namespace,
        view=view,
        note=note,
        may_trade=not stops and bool(workers),
        stops=stops,
        trades=tuple(rows),
        realised_today=None if view is None else view.realised_today,
        unrealised=unrealised(row.worth for row in held),
        quotes_at=min((row.worth.at for row in held if row.worth is not None), default=None),
        quotes_missing=missing,
        workers=tuple(workers),
        build=None if current is None else current.build_id,
        last_alert=_newest(newest, rows),
        needs=needs(view, rows, stuck, workers=len(workers)),
    )


def _newest(newest: Sequence[TradeRow], rows: Sequence[TradeRow]) -> TradeRow | None:
    """Return the newest trade; with its view where it is an open one."""
    if not newest:
        return None
    return next((row for row in rows if row.workflow_id == newest[0].workflow_id), newest[0])


async def _account(
    client: Client, account: AccountNumber, kill_switch: KillSwitch | None
) -> tuple[AccountView | None, str | None]:
    try:
        return await account_view(client, account, kill_switch), None
    except (NoAnswerError, NotFoundError) as error:
        return None, str(error)


def needs(
    view: AccountView | None, rows: Sequence[TradeRow], stuck: Sequence[StuckWorkflow], *, workers: int
) -> tuple[Need, ...]:
    """List what needs a person now, the most urgent first: stuck and unprotected trades, then the rest."""
    short = short_ids([row.workflow_id for row in rows])
    found = [Need(text=f"{each.workflow_id} is stuck. {each.what}", fix=each.fix) for each in stuck]
    if not workers:
        found.append(
            Need(text="No worker runs: alerts, exits and commands wait", fix="trader up, or trader worker")
        )
    for row in rows:
        found += _of_trade(row, short[row.workflow_id])
    if view is not None:
        found += _of_account(view)
    return tuple(found)


def _of_trade(row: TradeRow, name: str) -> list[Need]:
    trade, found = row.view, []
    if trade is None or trade.outcome is not None:
        return []
    contract = trade.contract or row.symbol or "the trade"
    if trade.unprotected:
        text = f"{contract}: {trade.unprotected} of {trade.position} contracts without a working exit"
        found.append(Need(text=text, fix=f"trader show {name}"))
    if trade.unknown_orders:
        text = f"{contract}: {trade.unknown_orders} orders of unknown outcome, counted as working"
        found.append(Need(text=text, fix=f"trader show {name}"))
    if trade.offer is not None:
        text = f"{contract}: waits for approval until {eastern(trade.offer.until)}: {trade.offer.text}"
        found.append(Need(text=text, fix=f"trader approve {name}, or trader skip {name}"))
    if trade.without_exit:
        text = f"{contract}: no exit is planned for {trade.without_exit} of {trade.position} contracts"
        found.append(Need(text=text, fix=f"trader sell {name} all, or hold until expiration"))
    return found


def _of_account(view: AccountView) -> list[Need]:
    found = []
    if view.state is not AccountState.ACTIVE:
        text = f"Account {view.state} by {view.halted_by}: {view.halt_reason}"
        found.append(Need(text=text, fix="trader resume 'what has changed'"))
    if view.kill_switch is not None:
        text, _, fix = view.kill_switch.rpartition(": ")
        found.append(Need(text=f"Entries stopped: {text}", fix=fix))
    found += [
        Need(text=f"Unexplained difference: {each}", fix="trader account explain 'why'")
        for each in view.differences
        if not each.explained_by
    ]
    found += [Need(text=f"{each.name}: {each.found}", fix=each.fix) for each in view.preflight if not each.ok]
    if view.stream_since is None:
        found.append(Need(text="Order stream not connected: fills are read every 45 s", fix="trader doctor"))
    found += [
        Need(text=f"Clock of {each.worker}: {each}", fix="correct the clock of its machine")
        for each in view.clocks
        if each.wrong
    ]
    return found


def as_json(status: Status) -> dict[str, object]:
    """Return the status as a document, without the parts of the account that `trader account` shows."""
    return {
        each.name: getattr(status, each.name) for each in dataclasses.fields(status) if each.name != "view"
    } | {"stream_since": None if status.view is None else status.view.stream_since}
