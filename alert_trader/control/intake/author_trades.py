"""Find the trades that a message of an author may be about.

There are two sources, and a trade in either counts. Temporal's index lists all trades, but the newest may be
missing for a moment. The account lists every trade that it admitted, at once. A trade's state comes from the
trade itself; one that does not answer counts as open, in the contract of its alert: which contract is meant
must not depend on a failed query.
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

LOOKUP_DELAYS = (0.0, 0.4, 1.2)
"""Seconds before each lookup of a trade that must exist."""

MOST = 500
"""Most open trades of one author: a list that is cut off could lack the one that is meant."""

ADMITTED_WITHIN = 1.0
"""Seconds to wait for the account; then the index alone is used. An account that does not answer admits
nothing new, and an exit must not wait for it."""

FIELDS = ("symbol", "strike", "right", "expiry")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrade:
    """A trade that is not known to be over, with its alert."""

    workflow_id: str
    message: AlertMessage
    parsed: ParsedAlert | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The open trades that a message is about, the newest first; or why there is none."""

    trades: tuple[OpenTrade, ...] = ()
    why: str = ""


async def open_trades(
    client: Client, author: str, account: AccountNumber, *, since: datetime | None = None
) -> list[OpenTrade]:
    """List an author's trades that are not known to be over, the newest first.

    Raises NoWorkerError when no worker answers for any, NotPossibleError when there are too many.
    """
    wanted = trade_views.Filter(author=author, account=account, open_only=True, since=since)
    rows, admitted = await asyncio.gather(
        trade_views.list_trades(client, wanted, limit=MOST + 1, views=False),
        _admitted(client, author, account, since),
    )
    ids = list(dict.fromkeys([*(row.workflow_id for row in rows), *admitted]))
    if len(ids) > MOST:
        raise NotPossibleError(f"{author} has more than {MOST} open trades: reply to the alert that is meant")
    views = await trade_views.views_of(client, ids)
    if ids and not views:
        raise NoWorkerError(
            f"no worker answered for the {len(ids)} open trades of {author}; check with `trader doctor`"
        )
    unanswered = await asyncio.gather(*(_from_start(client, each) for each in ids if each not in views))
    answered = [from_view(view) for view in views.values() if view.phase is not Phase.DONE]
    return sorted(
        [*answered, *(each for each in unanswered if each is not None)],
        key=lambda each: each.message.posted_at,
        reverse=True,
    )


async def _admitted(client: Client, author: str, account: AccountNumber, since: datetime | None) -> list[str]:
    """Return the author's open trades that the account admitted."""
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


async def _from_start(client: Client, workflow_id: str) -> OpenTrade | None:
    """Read a trade that does not answer from its start; None where it does not exist or was no entry."""
    try:
        request = await trade_views.request_of(client, workflow_id)
    except NotFoundError:
        return None
    parsed = parse(request.alert, request.policy.profile.room)
    if parsed.kind not in {AlertKind.ENTRY, AlertKind.ADD}:
        return None
    return OpenTrade(workflow_id=workflow_id, message=request.alert, parsed=parsed)


def from_view(view: TradeView) -> OpenTrade:
    """Return a trade from its view."""
    return OpenTrade(workflow_id=view.workflow_id, message=view.message, parsed=view.parsed)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTrade:
    """An author's newest trade, with its view while it is open."""

    workflow_id: str
    view: TradeView | None


async def last_trade(
    client: Client, message: AlertMessage, account: AccountNumber, *, since: datetime
) -> LastTrade | None:
    """Return the author's newest trade from before a message, started at `since` or later."""
    wanted = trade_views.Filter(author=message.author_id, account=account, since=since)
    for pause in LOOKUP_DELAYS:
        await asyncio.sleep(pause)
        # the newest may be this message's own, when it was processed before
        for row in await trade_views.list_trades(client, wanted, limit=2):
            if row.workflow_id != trade_workflow_id(message.message_id):
                return LastTrade(
                    workflow_id=row.workflow_id, view=row.view if row.status == "running" else None
                )
    return None


async def answered_trade(client: Client, message: MessageId) -> TradeView | None:
    """Return the trade of a message that was replied to or edited; it may be over. None without one."""
    try:
        return await trade_views.view_of(client, trade_workflow_id(message))
    except NotFoundError:
        return None


async def matching_trades(
    client: Client, message: AlertMessage, parsed: ParsedAlert, account: AccountNumber
) -> Match:
    """Return the author's open trades in the one contract that an exit or an add is about.

    Only earlier alerts count: an exit that is processed late must not sell what its author bought after it. A
    reply to an alert is about its contract, even when the alert's own trade is over.
    """
    if message.answers is not None:
        view = await answered_trade(client, message.answers)
        if view is not None and view.message.author_id == message.author_id and may_be(parsed, view.parsed):
            if view.phase is not Phase.DONE:
                return Match(trades=(from_view(view),))
            if view.parsed is not None and None not in contract_of(from_view(view)):
                parsed = replace(parsed, **{name: getattr(view.parsed, name) for name in FIELDS})
            elif parsed.symbol is None:
                return Match(why="it replies to no alert that was traded, and names no contract")
    for pause in LOOKUP_DELAYS:
        await asyncio.sleep(pause)
        trades = await open_trades(client, message.author_id, account)
        found = of_one_contract(
            parsed, [each for each in trades if each.message.posted_at <= message.posted_at]
        )
        if found.trades or found.why:
            return found
    return Match(why="this author has no open trade in that contract")


def of_one_contract(parsed: ParsedAlert, trades: Sequence[OpenTrade]) -> Match:
    """Return the trades that a parsed message is about: all in one contract, an alert and its adds."""
    fitting = tuple(each for each in trades if matches_contract(parsed, each.parsed))
    contracts = dict.fromkeys(contract_of(each) for each in fitting)
    if len(contracts) > 1:
        named = ", ".join(f"{symbol} {strike}{right} {expiry}" for symbol, strike, right, expiry in contracts)
        return Match(
            why=f"found {len(contracts)} open contracts that may be meant: {named}. Name one, or reply to "
            "its alert"
        )
    return Match(trades=fitting)


def may_be(parsed: ParsedAlert, traded: ParsedAlert | None) -> bool:
    """Return whether a parsed message does not contradict a trade's alert, which may leave fields out."""
    named = [(getattr(parsed, name), getattr(traded, name)) for name in FIELDS] if traded is not None else []
    return all(said is None or alerted is None or said == alerted for said, alerted in named)


def matches_contract(parsed: ParsedAlert, traded: ParsedAlert | None) -> bool:
    """Return whether every contract field of a parsed message is the same in a trade's alert."""
    return traded is not None and all(
        getattr(parsed, name) is None or getattr(parsed, name) == getattr(traded, name) for name in FIELDS
    )


def contract_of(trade: OpenTrade) -> tuple[object, ...]:
    """Return the contract fields of a trade."""
    return tuple(getattr(trade.parsed, name) for name in FIELDS)


def differs_in_one_field(parsed: ParsedAlert, traded: ParsedAlert | None) -> bool:
    """Return whether an entry differs from a trade's in one field only, so that it may correct it."""
    if traded is None:
        return False
    return [getattr(parsed, name) == getattr(traded, name) for name in (*FIELDS, "price")].count(False) == 1
