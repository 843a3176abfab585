"""Find the trades that a message of an author may be about.

Lists come from Temporal's index, which may be a moment behind what was just started: who finds nothing looks again, a bounded number of
times. How a trade stands comes from the trade itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from control import look
from control.connection import unreachable
from control.errors import NoWorkerError
from domain.alert import AlertMessage, ParsedAlert
from domain.ids import AccountNumber, MessageId, trade_workflow_id
from domain.trade import Phase
from domain.view import TradeView

LOOKS = (0.0, 0.4, 1.2)
"""Seconds before each look for a trade that must be there."""

_MOST = 50
"""Open trades of one author that are asked how they stand."""

FIELDS = ("symbol", "strike", "right", "expiry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The open trades that a message is about, the newest first; or why there is none for certain."""

    views: tuple[TradeView, ...] = ()
    why: str = ""


async def open_trades(client: Client, author: str, account: AccountNumber, *, since: datetime | None = None) -> list[TradeView]:
    """List an author's trades that are not over, the newest first; raises NoWorkerError when there are some and none can be asked."""
    wanted = look.Filter(author=author, account=account, open_only=True, since=since)
    rows = await look.list_trades(client, wanted, limit=_MOST)
    views = [row.view for row in rows if row.view is not None]
    if rows and not views:
        raise NoWorkerError(
            f"{len(rows)} open trades of {author} were found, and no worker tells how they stand; check with `trader doctor`"
        )
    return [view for view in views if view.phase is not Phase.DONE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """An author's newest trade, and how it stands while it is open."""

    workflow_id: str
    view: TradeView | None


async def last_trade(client: Client, message: AlertMessage, account: AccountNumber, *, since: datetime) -> Last | None:
    """Give the author's newest trade from before a message, started at `since` or later."""
    wanted = look.Filter(author=message.author_id, account=account, since=since)
    for pause in LOOKS:
        await asyncio.sleep(pause)
        # the newest may be this message's own, from an earlier time it was taken in
        for row in await look.list_trades(client, wanted, limit=2):
            if row.workflow_id != trade_workflow_id(message.message_id):
                return Last(workflow_id=row.workflow_id, view=row.view if row.status == "running" else None)
    return None


async def answered(client: Client, message: MessageId) -> TradeView | None:
    """Give the trade of a message that is answered or was changed, where it has one that is not over."""
    try:
        view = await look.view_of(client.get_workflow_handle(trade_workflow_id(message)))
    except look.NoAnswer as silent:
        cause = silent.__cause__
        if isinstance(cause, RPCError) and cause.status is RPCStatusCode.NOT_FOUND:
            return None
        raise NoWorkerError(str(silent)) from silent
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise unreachable(error, client) from error
    return None if view.phase is Phase.DONE else view


async def about(client: Client, message: AlertMessage, parsed: ParsedAlert, account: AccountNumber) -> Found:
    """Find the author's open trades of the contract that an exit or an add names; what it leaves out must not leave a choice.

    It is about what was alerted before it: an exit that is taken in late, or again, must not sell what its author bought after it.
    """
    if message.answers is not None:
        view = await answered(client, message.answers)
        if view is not None and view.message.author_id == message.author_id and fits(parsed, view):
            return Found(views=(view,))
    for pause in LOOKS:
        await asyncio.sleep(pause)
        views = await open_trades(client, message.author_id, account)
        found = matching(parsed, [view for view in views if view.message.posted_at <= message.posted_at])
        if found.views or found.why:
            return found
    return Found(why="expected an open trade of this author in that contract, found none")


def matching(parsed: ParsedAlert, views: Sequence[TradeView]) -> Found:
    """Give those of some trades that a reading is about: all of one contract, an alert and its adds."""
    fitting = tuple(view for view in views if fits(parsed, view))
    contracts = dict.fromkeys(contract_of(view) for view in fitting)
    if len(contracts) > 1:
        named = ", ".join(f"{symbol} {strike}{right} {expiry}" for symbol, strike, right, expiry in contracts)
        return Found(why=f"expected one open contract that is meant, found {len(contracts)}: {named}. Name it, or answer its alert")
    return Found(views=fitting)


def fits(parsed: ParsedAlert, view: TradeView) -> bool:
    """Tell whether everything that a reading names of a contract is the trade's."""
    traded = view.parsed
    return traded is not None and all(getattr(parsed, name) is None or getattr(parsed, name) == getattr(traded, name) for name in FIELDS)


def contract_of(view: TradeView) -> tuple[object, ...]:
    """Give the parts of a trade's contract."""
    return tuple(getattr(view.parsed, name) for name in FIELDS)


def alike(parsed: ParsedAlert, view: TradeView) -> bool:
    """Tell whether an entry differs from a trade's in one field only: the one may be meant as the other, corrected."""
    traded = view.parsed
    if traded is None:
        return False
    return [getattr(parsed, name) == getattr(traded, name) for name in (*FIELDS, "price")].count(False) == 1
