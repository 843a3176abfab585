"""The parts of the desk page, from a snapshot: each is replaced in the browser when it changes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from alert_trader.api.desk.session import Session
from alert_trader.api.desk.snapshot import Snapshot
from alert_trader.api.pages import templates
from alert_trader.bot.card_layout import buttons, state_text
from alert_trader.control.queries.trade_names import short_ids
from alert_trader.control.queries.trade_views import TradeRow
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.domain.trade.view import TradeView, contract_of
from alert_trader.domain.trade.worth import protection

PARTS = ("asof", "state", "needs", "money", "open", "closed")
"""The parts, in the order of the page."""


def parts(snapshot: Snapshot, session: Session) -> dict[str, str]:
    """Return the HTML of every part for a session."""
    status = snapshot.status
    halted = status.view is not None and status.view.state is not AccountState.ACTIVE
    values = {
        "status": status,
        "halted": halted,
        "session": session,
        "open_trades": [trade_values(row, snapshot) for row in status.trades],
        "closed_trades": [trade_values(row, snapshot) for row in snapshot.closed],
    }
    return {part: _render(part, values) for part in PARTS}


def _render(part: str, values: Mapping[str, object]) -> str:
    return templates().get_template(f"part_{part}.html.jinja").render(**values).strip()


def trade_values(row: TradeRow, snapshot: Snapshot | None = None) -> dict[str, object]:
    """Return what the template of a trade shows."""
    view = row.view
    everything = [row.workflow_id] if snapshot is None else [each.workflow_id for each in snapshot.rows]
    short = short_ids(everything)[row.workflow_id]
    return {
        "id": row.workflow_id,
        "short": short,
        "title": title(row),
        "state": state(row),
        "tone": tone(row),
        "row": row,
        "view": view,
        "worth": row.worth,
        "protection": "" if view is None else protection(view),
        "buttons": () if view is None else buttons(view),
    }


def title(row: TradeRow) -> str:
    """Return the contract of a trade; as alerted until it is confirmed."""
    if row.view is None:
        return row.symbol or "Alert"
    return contract_of(row.view) or "Alert"


def state(row: TradeRow) -> str:
    """Return the state of a trade, as on its card."""
    if row.stuck is not None:
        return "🛑 stuck"
    return (row.phase or row.status).replace("_", " ") if row.view is None else state_text(row.view)


def tone(row: TradeRow) -> str:
    """Return the colour's name for a trade: alarm, waiting, gain, loss, refused, open or over."""
    view = row.view
    if row.stuck is not None or (view is not None and _unsafe(view)):
        return "alarm"
    if view is None:
        return "open" if row.closed_at is None else "over"
    if view.outcome is None:
        return "open" if view.offer is None else "waiting"
    if view.outcome in {Outcome.DENIED, Outcome.REJECTED}:
        return "refused"
    if view.pnl is not None and view.pnl != 0:
        return "gain" if view.pnl > 0 else "loss"
    return "over"


def _unsafe(view: TradeView) -> bool:
    return view.outcome is None and bool(view.unprotected or view.unknown_orders)


# Filters of the templates


def dollars(value: Decimal | None) -> str:
    """Return an amount of dollars; "unknown" without one."""
    if value is None:
        return "unknown"
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def gain(value: Decimal | None) -> str:
    """Return a profit or loss in dollars with its sign."""
    if value is None:
        return "unknown"
    return f"{'-' if value < 0 else '+'}${abs(value):,.2f}"


def price(value: Decimal | None) -> str:
    """Return a price in dollars a share."""
    return "unknown" if value is None else plain(round(value, 4))


def clock_time(at: datetime | None) -> str:
    """Return a time of day in New York."""
    return "unknown" if at is None else eastern(at)


def moment(at: datetime | None) -> str:
    """Return a day and time in New York."""
    return "unknown" if at is None else eastern(at, "%a %Y-%m-%d %H:%M:%S")


def sign(value: Decimal | None) -> str:
    """Return the class of a profit or loss."""
    return "" if value is None or value == 0 else "up" if value > 0 else "down"


templates().filters.update(
    dollars=dollars, gain=gain, price=price, clock_time=clock_time, moment=moment, sign=sign
)
