"""How trades look in a terminal: a list as a table, one trade as a story. Meaning is never in colour alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alert_trader.control.queries.trade_views import TradeDetails, TradeRow
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OrderView, TradeView

_STYLES = {
    Outcome.FLAT: "green",
    Outcome.DENIED: "yellow",
    Outcome.REFUSED: "red",
    Outcome.UNFILLED: "yellow",
    Outcome.EXPIRED: "magenta",
    Phase.HOLDING: "cyan",
    Phase.ENTERING: "blue",
}
_EVENT_STYLES = {
    EventKind.DENIED: "yellow",
    EventKind.REFUSED: "red",
    EventKind.UNKNOWN: "red",
    EventKind.WARNING: "red",
    EventKind.FILLED: "green",
    EventKind.EXIT_FILLED: "green",
    EventKind.GIVEN_UP: "yellow",
}
NONE = "-"


def price(value: Decimal | None) -> str:
    """Write dollars a share."""
    return NONE if value is None else plain(value.quantize(Decimal("0.0001")))


def signed(value: Decimal | None) -> str:
    """Write a profit or loss with its sign: the colour only repeats it."""
    if value is None:
        return NONE
    style = "green" if value > 0 else "red" if value < 0 else "white"
    return f"[{style}]{value:+,.2f}[/]"


def state(text: str | None) -> str:
    """Write a phase or an outcome."""
    style = next((style for key, style in _STYLES.items() if key.value == text), "white")
    return f"[{style}]{escape(text or NONE)}[/]"


def trades_table(rows: Sequence[TradeRow]) -> Table:
    """Lay out a list of trades, one a line."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("trade", overflow="fold", min_width=20)
    for name in ("started (UTC)", "contract", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("qty", "alert", "bought", "P&L $"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reason", overflow="ellipsis", no_wrap=True)
    for row in rows:
        view = row.view
        broken = "" if row.status in {"running", "completed"} else f" [red]({row.status})[/]"
        cells = [escape(row.workflow_id), f"{row.started_at:%m-%d %H:%M:%S}"]
        if view is None:
            cells += [escape(row.symbol or NONE), state(row.phase) + broken, *[NONE] * 3, signed(row.pnl), ""]
        else:
            cells += [
                escape(contract(view)),
                state(row.phase) + broken,
                str(view.quantity) if view.quantity else NONE,
                price(view.alert_price),
                filled(view.bought, view.average_entry),
                signed(view.pnl),
                # the code says enough here; `show` has the sentence
                escape((view.reason or "").partition(":")[0]),
            ]
        table.add_row(*cells)
    return table


def contract(view: TradeView) -> str:
    """Name the contract, as confirmed or else as alerted."""
    if view.contract is not None:
        return view.contract
    parsed = view.parsed
    if parsed is None or parsed.symbol is None:
        return NONE
    strike = "" if parsed.strike is None else format(parsed.strike.normalize(), "f")
    return f"{parsed.symbol} {strike}{parsed.right or ''} {parsed.expiry or ''}".strip()


def filled(quantity: int, average: Decimal | None) -> str:
    """Write contracts at their average price."""
    return f"{quantity} @ {price(average)}" if quantity else NONE


def show_trade(console: Console, picture: TradeDetails) -> None:
    """Tell one trade as a story."""
    view, row, request = picture.view, picture.row, picture.request
    name = contract(view) if view is not None else row.symbol or ""
    console.print(
        f"[bold]{escape(row.workflow_id)}[/]  {escape(name)}  {state(row.phase)}  [dim]{row.mode} · {row.account}[/]"
    )
    facts = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    alert = request.alert
    facts.add_row("alert", escape(alert.text))
    who = alert.author_name or alert.author_id
    facts.add_row(
        "from", escape(f"{who} in channel {alert.channel_id}, posted {alert.posted_at:%Y-%m-%d %H:%M:%S} UTC")
    )
    if view is not None:
        for label, text in _facts(view):
            facts.add_row(label, text)
    console.print(facts)
    if picture.note:
        console.print(f"\n[yellow]note:[/] {escape(picture.note)}")
    if picture.events:
        console.print("\n[bold]What happened[/]")
        show_events(console, picture.events, since=picture.events[0].at)
    if view is not None and view.orders:
        console.print(_orders_table(view.orders))


def _facts(view: TradeView) -> list[tuple[str, str]]:
    rows = []
    if view.offer is not None:
        answers = f"trader approve {view.workflow_id}, or trader skip {view.workflow_id}"
        rows.append(
            (
                "[yellow]asks[/]",
                escape(f"{view.offer.text}? Until {view.offer.until:%H:%M:%S} UTC: {answers}"),
            )
        )
    if view.quote_bid is not None:
        quote = f"{price(view.quote_bid)}/{price(view.quote_ask)}"
        limits = f"first limit {price(view.first_limit)} · ceiling {price(view.ceiling)}"
        rows.append(("prices", f"alert {price(view.alert_price)} · quote {quote} · {limits}"))
    if view.quantity:
        rows.append(
            (
                "bought",
                f"{view.bought} of {view.quantity} at {price(view.average_entry)}, step: {view.step or NONE}",
            )
        )
    if view.bought:
        rows.append(
            (
                "sold",
                f"{view.sold} at {price(view.average_exit)} · held {view.position} · in working exits {view.exits_working}",
            )
        )
        fees = NONE if view.fees is None else plain(view.fees)
        rows.append(("P&L", f"{signed(view.pnl)} dollars before fees (estimated {fees})"))
    if view.unvalued:
        rows.append(
            (
                "[yellow]expired[/]",
                f"{view.unvalued} contract(s) held to the end: subject to exercise, worth unknown, not in the P&L",
            )
        )
    if view.unprotected:
        rows.append(("unprotected", f"[red]{view.unprotected} contract(s) without their exit yet[/]"))
    if view.unknown_orders:
        rows.append(
            ("unknown", f"[red]{view.unknown_orders} order(s) of unknown outcome, counted as live[/]")
        )
    if view.reason:
        rows.append(("why", escape(view.reason)))
    return rows


def show_events(console: Console, events: Sequence[TradeEvent], *, since: datetime) -> None:
    """Print events, each with the seconds since `since`."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for event in events:
        table.add_row(elapsed(event.at - since), _event(event.kind), escape(event.text))
    console.print(table)


def elapsed(time: timedelta) -> str:
    """Write a time since the start, coarser the longer it is."""
    seconds = time.total_seconds()
    if seconds < 120:
        return f"+{seconds:.2f} s"
    return f"+{seconds / 60:.1f} min" if seconds < 7200 else f"+{seconds / 3600:.1f} h"


def _event(kind: EventKind) -> str:
    words = kind.value.replace("_", " ")
    style = _EVENT_STYLES.get(kind)
    return words if style is None else f"[{style}]{words}[/]"


def _orders_table(orders: Sequence[OrderView]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title="Orders",
        title_justify="left",
        title_style="bold",
    )
    for name in ("client order id", "venue id", "leg", "kind", "status"):
        table.add_column(name, no_wrap=True)
    for name in ("qty", "limit", "filled"):
        table.add_column(name, justify="right", no_wrap=True)
    for order in orders:
        table.add_row(
            escape(order.client_order_id),
            escape(order.order_id or NONE),
            order.leg,
            order.kind,
            order.status,
            str(order.quantity),
            price(order.limit),
            filled(order.filled, order.average_price),
        )
    return table
