"""List trades and show one."""

from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from alert_trader.api.dependencies import ReadKey, TemporalClient, problem_responses
from alert_trader.control.queries import trade_views
from alert_trader.control.queries.trade_names import find_trade, short_ids
from alert_trader.control.queries.trade_views import Filter
from alert_trader.control.queries.worth import with_worth, with_worths
from alert_trader.domain.audit.event import TradeEvent
from alert_trader.domain.trade.view import TradeView
from alert_trader.domain.trade.worth import Worth, protection

router = APIRouter(prefix="/admin/trades", tags=["trades"])

MOST = 200
WORD = r"^[A-Za-z0-9 ._/-]{1,64}$"
NAME = r"^(trade-)?[A-Za-z0-9][A-Za-z0-9_-]{0,29}$"


class TradeSummary(BaseModel):
    """A trade from Temporal's index, with details from its workflow when a worker answers."""

    workflow_id: str
    started_at: datetime
    closed_at: datetime | None
    status: str
    phase: str | None
    symbol: str | None
    author: str | None
    mode: str | None
    account: str | None
    pnl: Decimal | None
    contract: str | None = None
    quantity: int | None = None
    bought: int | None = None
    sold: int | None = None
    position: int | None = None
    reason: str | None = None
    short_id: str | None = None
    """The end of the id, as every command and request takes it."""
    worth: Worth | None = None
    """What the position is worth; null without one, or when no quote could be read."""
    protection: str = ""
    """Which orders work to sell the position; empty without one."""


class TradeList(BaseModel):
    """Trades, newest first."""

    trades: list[TradeSummary]


class TradeDetail(BaseModel):
    """One trade with everything that could be read."""

    trade: TradeSummary
    view: TradeView | None
    events: list[TradeEvent]
    note: str | None
    """Why `view` and `events` are missing, and what to do; null when they are there."""


@router.get("", operation_id="listTrades", summary="List trades", responses=problem_responses())
async def list_trades(
    _: ReadKey,
    client: TemporalClient,
    symbol: Annotated[str | None, Query(pattern=WORD)] = None,
    phase: Annotated[str | None, Query(pattern=WORD)] = None,
    author: Annotated[str | None, Query(pattern=WORD)] = None,
    open_only: bool = False,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
) -> TradeList:
    """List trades, newest first."""
    only = Filter(symbol=symbol, phase=phase, author=author, open_only=open_only)
    rows, _missing = await with_worths(client, await trade_views.list_trades(client, only, limit=limit))
    short = short_ids([row.workflow_id for row in rows])
    return TradeList(trades=[_summary(row, short[row.workflow_id]) for row in rows])


@router.get(
    "/{trade}",
    operation_id="showTrade",
    summary="Show a trade",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
async def show_trade(
    _: ReadKey, client: TemporalClient, trade: Annotated[str, Path(pattern=NAME)]
) -> TradeDetail:
    """Return one trade with every event of its audit trail.

    It is named by its id, the beginning or end of it, or its contract.
    """
    details = await with_worth(client, await trade_views.show(client, await find_trade(client, trade)))
    return TradeDetail(
        trade=_summary(details.row), view=details.view, events=list(details.events), note=details.note
    )


def _summary(row: trade_views.TradeRow, short: str | None = None) -> TradeSummary:
    view = row.view
    return TradeSummary(
        workflow_id=row.workflow_id,
        started_at=row.started_at,
        closed_at=row.closed_at,
        status=row.status,
        phase=row.phase,
        symbol=row.symbol,
        author=row.author,
        mode=row.mode,
        account=row.account,
        pnl=row.pnl,
        contract=None if view is None else view.contract,
        quantity=None if view is None else view.quantity,
        bought=None if view is None else view.bought,
        sold=None if view is None else view.sold,
        position=None if view is None else view.position,
        reason=None if view is None else view.reason,
        short_id=short or short_ids([row.workflow_id])[row.workflow_id],
        worth=row.worth,
        protection="" if view is None else protection(view),
    )
