"""The view of an account for people, its page in the Web UI, and the texts of a halt's receipt."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alert_trader.domain.account.account import Account
from alert_trader.domain.account.clocks import ClockReport
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.reconciliation import Difference, ForeignOrder
from alert_trader.domain.account.reservation import OpenTrade
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountView, OpenTradeView
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import Usd, plain
from alert_trader.workflows.interface import AccountRequest

PAGE_EVENTS = 12
"""Last events shown on an account's page."""


def build_view(
    *,
    request: AccountRequest,
    account: Account,
    checks: tuple[Check, ...],
    stream_since: datetime | None,
    foreign: tuple[ForeignOrder, ...],
    stuck: tuple[StuckWorkflow, ...],
    now: datetime,
    clocks: tuple[ClockReport, ...] = (),
) -> AccountView:
    """Build the view of an account as it is now."""
    day = account.day
    return AccountView(
        account=request.account,
        mode=request.mode,
        state=account.state,
        epoch=account.epoch,
        halted_at=account.halted_at,
        halted_by=account.halted_by,
        halt_reason=account.halt_reason,
        day=day.date,
        reference=day.reference,
        committed=account.committed,
        trades_today=day.trades,
        trades_by_author=dict(day.by_author),
        notional_today=day.notional,
        realised_today=day.realised,
        orders_last_minute=account.orders_since(now - timedelta(minutes=1)),
        open_trades=tuple(
            OpenTradeView(
                trade=each.trade,
                author=each.author,
                contract=each.contract,
                entering=each.entering,
                quantity=each.quantity,
                bought=each.bought,
                position=each.position,
                reserved=each.committed(day.date),
                realised=each.realised,
                admitted_at=each.admitted_at,
            )
            for each in account.trades.values()
        ),
        limits=account.limits,
        differences=account.differences,
        foreign_orders=foreign,
        stuck=stuck,
        preflight=checks,
        preflight_at=day.preflight_at,
        stream_since=stream_since,
        clocks=clocks,
        events=tuple(account.events),
    )


def details(view: AccountView) -> str:
    """Write the account's page in Markdown: state, what is used of each limit, last events."""
    limits, committed, since = view.limits, _dollars(view.committed), view.stream_since
    stream = "lost" if since is None else f"connected since {eastern(since)}"
    rows = [
        f"**{view.state.upper()}** · account `{view.account}` · {view.mode} · epoch {view.epoch}",
        "",
        *(f"- **blocks entries**: {_plain(each)}" for each in view.blocking),
        *(f"- **stuck**: `{each.workflow_id}`: {_plain(each.what)}" for each in view.stuck),
        f"- buying power at the start of {view.day}: {_dollars(view.reference)}, {committed} of it committed",
        _today(view),
        f"- open: {len(view.open_trades)} of {limits.max_open_trades} trades",
        f"- order stream: {stream}",
        *(f"- difference: {_plain(str(each))}{_explained(each)}" for each in view.differences),
        "",
        *(
            f"- `{each.trade}` {each.contract}: {_trade_line(each.entering, each.bought, each.position)}"
            for each in view.open_trades[:50]
        ),
        "",
        *(
            f"{event.sequence}. {eastern(event.at, '%m-%d %H:%M:%S')} {_plain(event.text)}  "
            for event in view.events[-PAGE_EVENTS:]
        ),
    ]
    return "\n".join(rows)


def _today(view: AccountView) -> str:
    used, most = _dollars(view.notional_today), _dollars(view.limits.max_notional_per_day)
    trades = f"{view.trades_today} of {view.limits.max_trades_per_day} trades, {used} of {most}"
    return (
        f"- today: {trades}, realised {_dollars(view.realised_today)} (halts at "
        f"-{_dollars(view.limits.max_loss_per_day)})"
    )


def _explained(difference: Difference) -> str:
    return f" (explained by {difference.explained_by})" if difference.explained_by else ""


def ended_line(trade: OpenTrade) -> str:
    """Return a line on how an entry ended."""
    return f"{trade.trade}: entry in {trade.contract} ended, {trade.bought} of {trade.quantity} bought"


def remaining_line(trade: OpenTrade) -> str:
    """Return a line on what is left of a trade."""
    return f"{trade.trade}: {trade.contract}, {_trade_line(trade.entering, trade.bought, trade.position)}"


def remaining_text(state: AccountState, cancelled: Sequence[str], remaining: Sequence[OpenTrade]) -> str:
    """Return the text of a halt's receipt."""
    entering = sum(each.entering for each in remaining)
    held = sum(each.position for each in remaining)
    return (
        f"The account is {state}: no entry is sent any more. {len(cancelled)} entries were cancelled, "
        f"{entering} are being cancelled. "
        f"{held} contracts in {len(remaining)} open trades keep their exits"
    )


def _trade_line(entering: bool, bought: int, position: int) -> str:
    return f"{'buying, ' if entering else ''}{bought} bought, {position} held"


def _dollars(amount: Usd | object) -> str:
    return "not known" if amount is None else f"{plain(Usd(amount))} dollars"  # type: ignore[arg-type]


def _plain(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")[:300]
