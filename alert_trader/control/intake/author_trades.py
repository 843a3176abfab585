"""Find the trades that a message of an author may be about.

Two sides know them, and what either knows counts. Temporal's index lists all there are, and may be a moment behind what was just started.
The account knows each that it let buy, at once. How a trade stands comes from the trade itself; one that does not tell counts as open, by
what its alert says: a question that was not answered is no answer, and which contract is meant must not depend on it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio.client import Client

from alert_trader.control.errors import NoAnswerError, NotFoundError, NotPossibleError, NoWorkerError
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries import trade_views
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.ids import AccountNumber, MessageId, trade_workflow_id
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import TradeView

LOOKS = (0.0, 0.4, 1.2)
"""Seconds before each look for a trade that must be there."""

MOST = 500
"""Open trades of one author among which one is looked for: a list that is cut off could lack the one that is meant."""

ADMITTED_WITHIN = 1.0
"""Seconds that the account is waited for. Who has no answer then goes by the index: an account that is away lets nothing be bought that
the index could not have yet, and an exit waits for no account."""

FIELDS = ("symbol", "strike", "right", "expiry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A trade that is not known to be over, and what its alert says."""

    workflow_id: str
    message: AlertMessage
    parsed: ParsedAlert | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The open trades that a message is about, the newest first; or why there is none for certain."""

    trades: tuple[Open, ...] = ()
    why: str = ""


async def open_trades(
    client: Client, author: str, account: AccountNumber, *, since: datetime | None = None
) -> list[Open]:
    """List an author's trades that are not known to be over, the newest first.

    Raises NoWorkerError when there are some and none can be asked, NotPossibleError when there are more than are looked through.
    """
    wanted = trade_views.Filter(author=author, account=account, open_only=True, since=since)
    rows, admitted = await asyncio.gather(
        trade_views.list_trades(client, wanted, limit=MOST + 1, views=False),
        _admitted(client, author, account, since),
    )
    ids = list(dict.fromkeys([*(row.workflow_id for row in rows), *admitted]))
    if len(ids) > MOST:
        raise NotPossibleError(
            f"expected at most {MOST} open trades of {author}, found more: answer the alert that is meant"
        )
    views = await trade_views.views_of(client, ids)
    if ids and not views:
        raise NoWorkerError(
            f"{len(ids)} open trades of {author} were found, and no worker tells how they stand; check with `trader doctor`"
        )
    silent = await asyncio.gather(*(_silent(client, each) for each in ids if each not in views))
    told = [opened(view) for view in views.values() if view.phase is not Phase.DONE]
    return sorted(
        [*told, *(each for each in silent if each is not None)],
        key=lambda each: each.message.posted_at,
        reverse=True,
    )


async def _admitted(client: Client, author: str, account: AccountNumber, since: datetime | None) -> list[str]:
    """Ask the account for the author's trades that it let buy and that are not over."""
    try:
        async with asyncio.timeout(ADMITTED_WITHIN):
            view = await account_queries.account_view(client, account)
    except (TimeoutError, NoAnswerError, NotFoundError):
        return []
    return [
        each.trade
        for each in view.open_trades
        if each.author == author and (since is None or each.admitted_at >= since)
    ]


async def _silent(client: Client, workflow_id: str) -> Open | None:
    """Read a trade that does not tell how it stands from what it was started with; None where it is not there, or opens nothing."""
    try:
        request = await trade_views.request_of(client, workflow_id)
    except NotFoundError:
        return None
    parsed = parse(request.alert, request.policy.profile.room)
    if parsed.kind not in {AlertKind.ENTRY, AlertKind.ADD}:
        return None
    return Open(workflow_id=workflow_id, message=request.alert, parsed=parsed)


def opened(view: TradeView) -> Open:
    """Return a trade by its view."""
    return Open(workflow_id=view.workflow_id, message=view.message, parsed=view.parsed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """An author's newest trade, and how it stands while it is open."""

    workflow_id: str
    view: TradeView | None


async def last_trade(
    client: Client, message: AlertMessage, account: AccountNumber, *, since: datetime
) -> Last | None:
    """Return the author's newest trade from before a message, started at `since` or later."""
    wanted = trade_views.Filter(author=message.author_id, account=account, since=since)
    for pause in LOOKS:
        await asyncio.sleep(pause)
        # the newest may be this message's own, from an earlier time it was taken in
        for row in await trade_views.list_trades(client, wanted, limit=2):
            if row.workflow_id != trade_workflow_id(message.message_id):
                return Last(workflow_id=row.workflow_id, view=row.view if row.status == "running" else None)
    return None


async def answered(client: Client, message: MessageId) -> TradeView | None:
    """Return the trade of a message that is answered or was changed, where it has one; it may be over."""
    try:
        return await trade_views.view_of(client, trade_workflow_id(message))
    except NotFoundError:
        return None


async def about(client: Client, message: AlertMessage, parsed: ParsedAlert, account: AccountNumber) -> Found:
    """Find the author's open trades of the contract that an exit or an add names; what it leaves out must not leave a choice.

    It is about what was alerted before it: an exit that is taken in late, or again, must not sell what its author bought after it. An
    answer to an alert is about its contract, also where the alert's own trade is over.
    """
    if message.answers is not None:
        view = await answered(client, message.answers)
        if view is not None and view.message.author_id == message.author_id and _may_be(parsed, view.parsed):
            if view.phase is not Phase.DONE:
                return Found(trades=(opened(view),))
            if view.parsed is not None and None not in contract_of(opened(view)):
                parsed = replace(parsed, **{name: getattr(view.parsed, name) for name in FIELDS})
            elif parsed.symbol is None:
                return Found(
                    why="expected an answer to an alert that was traded, or one that names its contract, found neither"
                )
    for pause in LOOKS:
        await asyncio.sleep(pause)
        trades = await open_trades(client, message.author_id, account)
        found = matching(parsed, [each for each in trades if each.message.posted_at <= message.posted_at])
        if found.trades or found.why:
            return found
    return Found(why="expected an open trade of this author in that contract, found none")


def matching(parsed: ParsedAlert, trades: Sequence[Open]) -> Found:
    """Return those of some trades that a reading is about: all of one contract, an alert and its adds."""
    fitting = tuple(each for each in trades if fits(parsed, each.parsed))
    contracts = dict.fromkeys(contract_of(each) for each in fitting)
    if len(contracts) > 1:
        named = ", ".join(f"{symbol} {strike}{right} {expiry}" for symbol, strike, right, expiry in contracts)
        return Found(
            why=f"expected one open contract that is meant, found {len(contracts)}: {named}. Name it, or answer its alert"
        )
    return Found(trades=fitting)


def _may_be(parsed: ParsedAlert, traded: ParsedAlert | None) -> bool:
    """Return whether nothing that a reading names of a contract is another than a trade's alert says, which may leave things out."""
    named = [(getattr(parsed, name), getattr(traded, name)) for name in FIELDS] if traded is not None else []
    return all(said is None or alerted is None or said == alerted for said, alerted in named)


def fits(parsed: ParsedAlert, traded: ParsedAlert | None) -> bool:
    """Return whether everything that a reading names of a contract is what a trade's alert says."""
    return traded is not None and all(
        getattr(parsed, name) is None or getattr(parsed, name) == getattr(traded, name) for name in FIELDS
    )


def contract_of(trade: Open) -> tuple[object, ...]:
    """Return the parts of a trade's contract."""
    return tuple(getattr(trade.parsed, name) for name in FIELDS)


def alike(parsed: ParsedAlert, traded: ParsedAlert | None) -> bool:
    """Return whether an entry differs from a trade's in one field only: the one may be meant as the other, corrected."""
    if traded is None:
        return False
    return [getattr(parsed, name) == getattr(traded, name) for name in (*FIELDS, "price")].count(False) == 1
