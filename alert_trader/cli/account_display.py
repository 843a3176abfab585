"""Show an account in a terminal: its state, limits, checks and the receipt of a halt."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alert_trader.cli.fitting_table import Column, facts_table, fitting_table
from alert_trader.cli.trade_display import NONE, price, show_events, signed
from alert_trader.control.queries.trade_names import short_ids
from alert_trader.control.queries.worth import Worths
from alert_trader.domain.account.limits import Limits, diff, written
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountView, HaltReceipt
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import plain
from alert_trader.domain.trade.worth import Worth

_STYLES = {AccountState.ACTIVE: "green", AccountState.REDUCING: "yellow", AccountState.HALTED: "bold red"}


def show_account(console: Console, view: AccountView, worths: Worths) -> None:
    """Print an account: first what blocks entries, then the numbers, then the last events."""
    limits = view.limits
    style = _STYLES[view.state]
    console.print(
        f"[bold]Account {escape(view.account)}[/]  [{style}]{view.state.upper()}[/]  "
        f"mode {view.mode}  halts so far {view.epoch}"
    )
    for each in view.stops:
        console.print(f"  [red]entries blocked:[/] {escape(each)}")
    if view.may_trade:
        console.print("  entries allowed, within the limits")
    reference = "not known yet" if view.reference is None else f"{plain(view.reference)} dollars"
    rows = [
        (
            "buying power",
            f"{reference} at the open of {view.day}, {plain(view.committed)} reserved for open trades",
        ),
        (
            "trades",
            (
                f"{len(view.open_trades)} of {limits.max_open_trades} open · "
                f"{view.trades_today} of {limits.max_trades_per_day} today"
            ),
        ),
        (
            "bought today",
            f"{plain(view.notional_today)} of {plain(limits.max_notional_per_day)} dollars at ceiling prices",
        ),
        (
            "realised today",
            f"{signed(view.realised_today)} dollars (halt at -{plain(limits.max_loss_per_day)})",
        ),
        ("unrealised", _unrealised(worths)),
        ("entry orders", f"{view.orders_last_minute} of {limits.max_orders_per_minute} in the last minute"),
        (
            "order stream",
            "[red]not connected[/]"
            if view.stream_since is None
            else f"connected since {eastern(view.stream_since, '%Y-%m-%d %H:%M:%S')}",
        ),
        *_clock_rows(view),
        *(
            ("difference", f"{escape(str(each))}{_explained(each.explained_by, each.explanation)}")
            for each in view.differences
        ),
        *(("other order", escape(each.text)) for each in view.foreign_orders),
    ]
    console.print(facts_table(rows))
    if view.open_trades:
        console.print(_trades_table(view, worths, width=console.width))
    if view.events:
        console.print("[bold]Last events[/]")
        show_events(console, view.events[-10:], since=view.events[-10:][0].at)


def _unrealised(worths: Worths) -> str:
    """Return the unrealised P&L of all positions, or why it is not known."""
    if worths.total is None:
        return f"[yellow]not known[/]: {escape(worths.missing or '')}"
    return f"{signed(worths.total)} dollars at the bids"


def _worth_cells(worth: Worth | None) -> tuple[str, str, str]:
    if worth is None:
        return NONE, NONE, NONE
    return price(worth.mark), eastern(worth.at).removesuffix(" ET"), signed(worth.unrealised)


def _clock_rows(view: AccountView) -> list[tuple[str, str]]:
    """Return a row for each worker whose clock is 0.25 s off, or not compared."""
    if not view.clocks:
        return [("clocks", "[yellow]not known[/]: no worker has reported")]
    return [
        ("clocks", f"[{'red' if each.wrong else 'yellow'}]{escape(str(each))}[/] ({escape(each.worker)})")
        for each in view.clocks
        if each.noted
    ]


def _explained(by: str | None, why: str | None) -> str:
    return "" if by is None else f" [dim](explained by {escape(by)}: {escape(why or '')})[/]"


_TRADE_COLUMNS = (
    Column(name="trade", rank=0),
    Column(name="contract", rank=0),
    Column(name="state", rank=1),
    Column(name="qty", rank=7, justify="right"),
    Column(name="bought", rank=5, justify="right"),
    Column(name="held", rank=0, justify="right"),
    Column(name="reserved $", rank=4, justify="right"),
    Column(name="realised $", rank=3, justify="right"),
    Column(name="bid", rank=2, justify="right"),
    Column(name="quoted (ET)", rank=6, justify="right"),
    Column(name="unrealised $", rank=0, justify="right"),
)


def _trades_table(view: AccountView, worths: Worths, *, width: int) -> Table:
    short = short_ids([each.trade for each in view.open_trades])
    rows = [
        (
            escape(short[each.trade]),
            escape(each.contract),
            "buying" if each.entering else "holding",
            *(str(number) for number in (each.quantity, each.bought, each.position)),
            plain(each.reserved),
            signed(each.realised),
            *_worth_cells(worths.by_trade.get(each.trade)),
        )
        for each in view.open_trades
    ]
    table = fitting_table(_TRADE_COLUMNS, rows, width=width)
    table.title, table.title_justify, table.title_style = "Open trades", "left", "bold"
    return table


def show_halt(console: Console, receipt: HaltReceipt) -> None:
    """Print the result of a halt."""
    console.print(receipt.text, markup=False)
    for title, lines in (("cancelled", receipt.cancelled), ("remaining", receipt.remaining)):
        for line in lines:
            console.print(f"  {title}: {line}", markup=False)
    console.print("To trade again: trader resume 'what has changed'", style="dim", markup=False)


def checks_table(checks: list[Check]) -> Table:
    """Return the checks as a table, each with what to do."""
    table = Table("", "check", "found", "what to do", box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for each in checks:
        table.add_row(
            "[green]ok[/]" if each.ok else "[red]FAILED[/]", each.name, escape(each.found), escape(each.fix)
        )
    return table


def limits_table(limits: Limits) -> Table:
    """Return the limits as a table, with the default of those that differ from it."""
    table = Table("limit", "in force", "default", box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    defaults = {each.name: each.old for each in diff(Limits(), limits)}
    for name in Limits.__dataclass_fields__:
        table.add_row(name, escape(written(getattr(limits, name))), defaults.get(name, ""))
    return table
