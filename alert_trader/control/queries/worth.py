"""Read what positions are worth: the quotes of all of them in one read."""

import asyncio
import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.client import Client

from alert_trader.control.errors import ControlError
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.trade_views import TradeDetails, TradeRow
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Usd
from alert_trader.domain.trade.view import TradeView
from alert_trader.domain.trade.worth import Worth, has_position, unrealised, worth_of

MOST_SYMBOLS = 100
"""Contracts in one read of quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worths:
    """What positions are worth."""

    by_trade: dict[str, Worth]
    """By workflow id; a position whose contract had no quote is left out."""
    total: Usd | None
    """The unrealised P&L of all positions, in dollars; None when one of them is not known."""
    missing: str | None
    """Why some are left out, for people; None when all are there."""


async def read_worths(client: Client, views: Sequence[TradeView | None], *, of: Sequence[str] = ()) -> Worths:
    """Read the quotes of every held contract, in one read for each account and 100 contracts.

    It never fails: what cannot be read is left out, and `missing` says why. `of` names the trades that are
    known to hold a position, so that one without a view counts as not known.
    """
    held = [view for view in views if view is not None and has_position(view)]
    wanted: dict[AccountNumber, dict[str, None]] = defaultdict(dict)
    for view in held:
        wanted[view.account].setdefault(str(view.symbol))
    reads = [
        (account, list(symbols)[at : at + MOST_SYMBOLS])
        for account, symbols in wanted.items()
        for at in range(0, len(symbols), MOST_SYMBOLS)
    ]
    answers = await asyncio.gather(
        *(account_queries.quotes(client, account, symbols) for account, symbols in reads),
        return_exceptions=True,
    )
    quotes: dict[tuple[AccountNumber, str], Quote] = {}
    missing: str | None = None
    for (account, _), answer in zip(reads, answers, strict=True):
        if isinstance(answer, ControlError):
            missing = f"quotes could not be read: {answer}"
        elif isinstance(answer, BaseException):
            raise answer
        else:
            quotes |= {(account, symbol): quote for symbol, quote in answer.items()}
    found = {view.workflow_id: worth_of(view, quotes.get((view.account, str(view.symbol)))) for view in held}
    if missing is None and (silent := set(of) - {view.workflow_id for view in views if view is not None}):
        missing = f"no worker answered for {', '.join(sorted(silent))}"
    unquoted = [str(view.contract) for view in held if found[view.workflow_id] is None]
    if unquoted and missing is None:
        missing = f"no quote of {', '.join(unquoted)}"
    return Worths(
        by_trade={trade: worth for trade, worth in found.items() if worth},
        total=unrealised(found.values()) if missing is None else None,
        missing=missing,
    )


async def with_worths(client: Client, rows: Sequence[TradeRow]) -> tuple[list[TradeRow], str | None]:
    """Return the rows with what their positions are worth, and why some is not known."""
    found = await read_worths(client, [row.view for row in rows])
    valued = [dataclasses.replace(row, worth=found.by_trade.get(row.workflow_id)) for row in rows]
    return valued, found.missing


async def with_worth(client: Client, details: TradeDetails) -> TradeDetails:
    """Return the details of a trade with what its position is worth."""
    [row], _ = await with_worths(client, [details.row])
    return dataclasses.replace(details, row=row)
