"""Show trades in a terminal: a list as a table, one trade in full. No meaning is in a colour alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alert_trader.cli.fitting_table import Column, facts_table, fitting_table
from alert_trader.control.queries.trade_names import short_ids
from alert_trader.control.queries.trade_views import TradeDetails, TradeRow
from alert_trader.domain.account.stuck import StuckWorkflow
from alert_trader.domain.audit.event import EventKind, TradeEvent
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import plain
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import OrderView, TradeView, contract_of
from alert_trader.domain.trade.worth import Worth, has_position

_STYLES = {
    Outcome.FLAT: "green",
    Outcome.DENIED: "yellow",
    Outcome.REJECTED: "red",
    Outcome.UNFILLED: "yellow",
    Outcome.EXPIRED: "magenta",
    Phase.HOLDING: "cyan",
    Phase.ENTERING: "blue",
}
_EVENT_STYLES = {
    EventKind.DENIED: "yellow",
    EventKind.REJECTED: "red",
    EventKind.UNKNOWN: "red",
    EventKind.WARNING: "red",
    EventKind.FILLED: "green",
    EventKind.EXIT_FILLED: "green",
    EventKind.GIVEN_UP: "yellow",
}
NONE = "-"


def price(value: Decimal | None) -> str:
    """Return a price in dollars a share."""
    return NONE if value is None else plain(value.quantize(Decimal("0.0001")))


def signed(value: Decimal | None) -> str:
    """Return a profit or loss with its sign, which the colour only repeats."""
    if value is None:
        return NONE
    style = "green" if value > 0 else "red" if value < 0 else "white"
    return f"[{style}]{value:+,.2f}[/]"


def state(text: str | None) -> str:
    """Return a phase or an outcome in its colour."""
    style = next((style for key, style in _STYLES.items() if key.value == text), "white")
    return f"[{style}]{escape(text or NONE)}[/]"


TRADE_COLUMNS = (
    Column(name="trade", rank=0),
    Column(name="started (ET)", rank=7),
    Column(name="contract", rank=1),
    Column(name="state", rank=0),
    Column(name="qty", rank=9, justify="right"),
    Column(name="alert", rank=8, justify="right"),
    Column(name="bought", rank=3, justify="right"),
    Column(name="P&L $", rank=2, justify="right"),
    Column(name="bid", rank=5, justify="right"),
    Column(name="unrealised $", rank=4, justify="right"),
    Column(name="reason", rank=6),
)


def trades_table(rows: Sequence[TradeRow], *, width: int) -> Table:
    """Return trades as a table, one per line, with short ids, that fits `width` characters."""
    short = short_ids([row.workflow_id for row in rows])
    return fitting_table(TRADE_COLUMNS, [_trade_cells(row, short) for row in rows], width=width)


def _trade_cells(row: TradeRow, short: Mapping[str, str]) -> list[str]:
    view = row.view
    failed = "" if row.status in {"running", "completed"} else f" [red]({row.status})[/]"
    if row.stuck is not None:
        failed = " [bold red]STUCK[/]"
    cells = [
        escape(short[row.workflow_id]),
        eastern(row.started_at, "%m-%d %H:%M:%S").removesuffix(" ET"),
    ]
    if view is None:
        return [
            *cells,
            escape(row.symbol or NONE),
            state(row.phase) + failed,
            *[NONE] * 3,
            signed(row.pnl),
            NONE,
            NONE,
            "",
        ]
    return [
        *cells,
        escape(contract(view)),
        state(row.phase) + failed,
        str(view.quantity) if view.quantity else NONE,
        price(view.alert_price),
        filled(view.bought, view.average_entry),
        signed(view.pnl),
        price(None if row.worth is None else row.worth.mark),
        signed(None if row.worth is None else row.worth.unrealised),
        # only the code; `show` has the whole text
        escape((view.reason or "").partition(":")[0]),
    ]


def show_stuck(console: Console, stuck: Sequence[StuckWorkflow]) -> None:
    """Print each stuck workflow: what happened, what protects the position, what to do."""
    for each in stuck:
        first, *more = each.text.splitlines()
        console.print(f"[bold red]STUCK[/] {escape(each.workflow_id)}: {escape(first)}")
        for line in more:
            console.print(f"      {line}", markup=False)


def contract(view: TradeView) -> str:
    """Return the contract as confirmed, or else as alerted."""
    return contract_of(view) or NONE


def filled(quantity: int, average: Decimal | None) -> str:
    """Return a number of contracts with their average price."""
    return f"{quantity} @ {price(average)}" if quantity else NONE


def show_trade(console: Console, details: TradeDetails) -> None:
    """Print one trade: facts, events, orders."""
    view, row, request = details.view, details.row, details.request
    name = contract(view) if view is not None else row.symbol or ""
    account = f"[dim]{row.mode} · {row.account}[/]"
    console.print(f"[bold]{escape(row.workflow_id)}[/]  {escape(name)}  {state(row.phase)}  {account}")
    alert = request.alert
    who = alert.author_name or alert.author_id
    posted = eastern(alert.posted_at, "%Y-%m-%d %H:%M:%S")
    facts = [
        ("alert", escape(alert.text)),
        ("from", escape(f"{who} in channel {alert.channel_id}, posted {posted}")),
        *(() if view is None else _facts(view, row.worth)),
    ]
    console.print(facts_table(facts))
    if details.note:
        console.print(f"\n[yellow]note:[/] {escape(details.note)}")
    if details.events:
        console.print("\n[bold]Events[/]")
        show_events(console, details.events, since=details.events[0].at)
    if view is not None and view.orders:
        console.print(_orders_table(view.orders, width=console.width))


def _facts(view: TradeView, worth: Worth | None) -> list[tuple[str, str]]:
    rows = []
    if view.offer is not None:
        answers = f"trader approve {view.workflow_id}, or trader skip {view.workflow_id}"
        rows.append(
            (
                "[yellow]approval[/]",
                escape(f"{view.offer.text}? Until {eastern(view.offer.until)}: {answers}"),
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
                (
                    f"{view.sold} at {price(view.average_exit)} · held {view.position} · "
                    f"in working exits {view.exits_working}"
                ),
            )
        )
        rows += _worth(view, worth)
        fees = NONE if view.fees is None else plain(view.fees)
        rows.append(("P&L", f"realised {signed(view.pnl)} dollars before fees (estimated {fees})"))
    if view.unvalued:
        rows.append(
            (
                "[yellow]expired[/]",
                f"{view.unvalued} contract(s) held to expiration: may be exercised, not in the P&L",
            )
        )
    rows += _exits(view)
    if view.unknown_orders:
        rows.append(
            ("unknown", f"[red]{view.unknown_orders} order(s) with unknown outcome, counted as working[/]")
        )
    if view.reason:
        rows.append(("why", escape(view.reason)))
    return rows


def _worth(view: TradeView, worth: Worth | None) -> list[tuple[str, str]]:
    """Return what the position is worth at the bid; nothing without a position."""
    if not has_position(view):
        return []
    if worth is None:
        text = "not known: no quote could be read"
    else:
        text = (
            f"bid {price(worth.mark)} at {eastern(worth.at)} · {worth.value:,.2f} dollars · "
            f"unrealised {signed(worth.unrealised)} dollars"
        )
    return [("worth now", text)]


def _exits(view: TradeView) -> list[tuple[str, str]]:
    """Return what sells what is held, and what is not covered."""
    rows = []
    if view.protection and not view.without_exit:
        rows.append(("sold by", escape(view.protection)))
    if view.unprotected:
        rows.append(("no exit", f"[red]{view.unprotected} contract(s) without a working exit yet[/]"))
    if view.without_exit:
        text = f"nothing will sell {view.without_exit} contract(s): close the trade, or held until expiration"
        rows.append(("no exit", f"[yellow]{text}[/]"))
    return rows


def show_events(console: Console, events: Sequence[TradeEvent], *, since: datetime) -> None:
    """Print events, each with the time since `since`."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for event in events:
        table.add_row(elapsed(event.at - since), _event(event.kind), escape(event.text))
    console.print(table)


def elapsed(time: timedelta) -> str:
    """Return a duration in seconds, minutes or hours."""
    seconds = time.total_seconds()
    if seconds < 120:
        return f"+{seconds:.2f} s"
    return f"+{seconds / 60:.1f} min" if seconds < 7200 else f"+{seconds / 3600:.1f} h"


def _event(kind: EventKind) -> str:
    name = kind.value.replace("_", " ")
    style = _EVENT_STYLES.get(kind)
    return name if style is None else f"[{style}]{name}[/]"


_ORDER_COLUMNS = (
    Column(name="client order id", rank=4),
    Column(name="order id", rank=2),
    Column(name="leg", rank=0),
    Column(name="kind", rank=3),
    Column(name="status", rank=0),
    Column(name="qty", rank=0, justify="right"),
    Column(name="limit", rank=1, justify="right"),
    Column(name="filled", rank=0, justify="right"),
)


def _orders_table(orders: Sequence[OrderView], *, width: int) -> Table:
    rows = [
        (
            escape(order.client_order_id),
            escape(order.order_id or NONE),
            order.leg,
            order.kind,
            order.status,
            str(order.quantity),
            price(order.limit),
            filled(order.filled, order.average_price),
        )
        for order in orders
    ]
    table = fitting_table(_ORDER_COLUMNS, rows, width=width)
    table.title, table.title_justify, table.title_style = "Orders", "left", "bold"
    return table
