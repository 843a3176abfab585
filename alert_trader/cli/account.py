"""`trader account`, `halt`, `resume`, `flatten` and `limits`."""

import contextlib
import getpass
from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from alert_trader.cli.context import err, fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.render import show_events, signed
from alert_trader.control.commands import account_commands as control
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.account.limits import Limits, diff, written
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.trading_state import AccountState
from alert_trader.domain.account.view import AccountReceipt, AccountView, HaltReceipt
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.money import plain

JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
T = TypeVar("T")

account_app = typer.Typer(
    help="How the account stands, and what a person may say about it.", invoke_without_command=True
)
limits_app = typer.Typer(help="The limits in force, and their change.", invoke_without_command=True)

_STYLES = {AccountState.ACTIVE: "green", AccountState.REDUCING: "yellow", AccountState.HALTED: "bold red"}


@contextlib.contextmanager
def _way_without_temporal() -> Iterator[None]:
    """Where Temporal is away, tell what stops entries all the same."""
    try:
        yield
    except typer.Exit as ended:
        if ended.exit_code == ExitCode.UNREACHABLE:
            err().print(control.stop_file_advice(settings().settings.stop_path.absolute()), markup=False)
        raise


def _asked(ask: Callable[[Client, AccountNumber], Coroutine[Any, Any, T]]) -> T:
    loaded = settings()
    return with_client(lambda client: ask(client, loaded.settings.account), loaded)


def _me() -> str:
    return f"cli:{getpass.getuser()}"


@account_app.callback()
def account(context: typer.Context, *, as_json: JSON = False) -> None:
    """Show how the account stands: its state, what is used of its limits, open trades, and what keeps entries out."""
    if context.invoked_subcommand is not None:
        return
    view = _asked(account_queries.account_view)
    if as_json:
        print_json(view)
    else:
        show_account(out(), view)


@account_app.command("positions")
def positions(*, as_json: JSON = False) -> None:
    """Read the account's option positions at the broker."""
    found = _asked(account_queries.positions)
    if as_json:
        print_json(found)
        return
    table = Table(
        "contract", "quantity", "average open", box=SIMPLE_HEAD, pad_edge=False, header_style="bold"
    )
    for each in found:
        table.add_row(
            " ".join(each.symbol.split()),
            str(each.quantity),
            "-" if each.average_open is None else plain(each.average_open),
        )
    out().print(table if found else "no option positions")


@account_app.command("orders")
def orders(*, as_json: JSON = False) -> None:
    """Read the account's working orders at the broker, ours and others."""
    found = _asked(account_queries.orders)
    if as_json:
        print_json(found)
        return
    table = Table(
        "order",
        "ours",
        "what",
        "limit",
        "left",
        "status",
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
    )
    for each in found:
        what = f"{each.side} {each.quantity} {' '.join(each.symbol.split())}"
        limit = "market" if each.limit is None else plain(each.limit)
        table.add_row(
            each.order_id, each.client_order_id or "no", what, limit, str(each.remaining), each.venue_status
        )
    out().print(table if found else "no working orders")


@account_app.command("preflight")
def preflight(*, as_json: JSON = False) -> None:
    """Run every check that a first order needs, now."""
    checks = _asked(account_queries.preflight)
    if as_json:
        print_json(checks)
    else:
        out().print(checks_table(checks))
    if not all(each.ok for each in checks):
        raise typer.Exit(int(ExitCode.UNEXPECTED))


@account_app.command("explain")
def explain(
    reason: Annotated[str, typer.Argument(help="What explains it; it goes on the record.")],
    *,
    what: Annotated[
        str | None,
        typer.Option(help="The contract, order or trade it is about. Default: everything unexplained."),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Explain where account and trades do not agree, so that entries pass again."""
    _receipt(
        _asked(lambda client, number: control.explain(client, number, by=_me(), reason=reason, what=what)),
        as_json=as_json,
    )


@account_app.command("allow")
def allow(
    trade: Annotated[str, typer.Argument(help="The trade that was denied as a re-post.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes on the record.")] = "",
    as_json: JSON = False,
) -> None:
    """Let a re-post through, once, when it is sent again."""
    name = trade if trade.startswith("trade-") else f"trade-{trade}"
    _receipt(
        _asked(
            lambda client, number: control.allow_repost(client, number, by=_me(), reason=reason, trade=name)
        ),
        as_json=as_json,
    )


def halt(
    reason: Annotated[str, typer.Argument(help="Why; it goes on the record.")] = "",
    *,
    as_json: JSON = False,
) -> None:
    """Stop every entry, now and until `trader resume`. Entries that work are cancelled; positions keep their exits."""
    with _way_without_temporal():
        receipt = _asked(lambda client, number: control.halt(client, number, by=_me(), reason=reason))
    if as_json:
        print_json(receipt)
    else:
        show_halt(out(), receipt)


def resume(
    changed: Annotated[str, typer.Argument(help="What is different now; it goes on the record.")],
    *,
    as_json: JSON = False,
) -> None:
    """Let a halted account trade again."""
    _receipt(
        _asked(lambda client, number: control.resume(client, number, by=_me(), changed=changed)),
        as_json=as_json,
    )


def flatten(
    reason: Annotated[str, typer.Argument(help="Why; it goes on the record.")] = "",
    *,
    as_json: JSON = False,
) -> None:
    """Halt, cancel every entry and close every position; goes on until the account is flat."""
    with _way_without_temporal():
        receipt = _asked(lambda client, number: control.flatten(client, number, by=_me(), reason=reason))
    _receipt(receipt, as_json=as_json)
    if not receipt.done and not as_json:
        err().print("it goes on; see how far with: trader account", markup=False)


@limits_app.callback()
def limits(context: typer.Context, *, as_json: JSON = False) -> None:
    """Show the limits in force."""
    if context.invoked_subcommand is not None:
        return
    found = _asked(account_queries.limits)
    if as_json:
        print_json(found)
    else:
        out().print(limits_table(found))


@limits_app.command("set")
def set_limits(
    changes: Annotated[list[str], typer.Argument(help="What to change, as max_open_trades=10.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes on the record.", prompt=False)],
    as_json: JSON = False,
) -> None:
    """Change limits: prints what changed, and records it with the reason."""
    wanted = {}
    for each in changes:
        name, equals, value = each.partition("=")
        if not equals:
            fail(ExitCode.USAGE, f"expected a change as max_open_trades=10, found {each!r}")
        wanted[name.strip()] = value
    receipt = _asked(
        lambda client, number: control.change_limits(client, number, by=_me(), reason=reason, changes=wanted)
    )
    if as_json:
        print_json(receipt)
        return
    for change in receipt.changes:
        out().print(str(change), markup=False)
    if not receipt.changes:
        out().print("nothing changed")


def _receipt(receipt: AccountReceipt, *, as_json: bool) -> None:
    if as_json:
        print_json(receipt)
    else:
        out().print(receipt.text, markup=False)


def show_account(console: Console, view: AccountView) -> None:
    """Tell how an account stands: what blocks first, then the numbers, then what happened."""
    limits = view.limits
    style = _STYLES[view.state]
    console.print(
        f"[bold]Account {escape(view.account)}[/]  [{style}]{view.state.upper()}[/]  mode {view.mode}  epoch {view.epoch}"
    )
    for each in view.blocking:
        console.print(f"  [red]blocks entries:[/] {escape(each)}")
    if not view.blocking:
        console.print("  entries pass, within the limits")
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    reference = "not known yet" if view.reference is None else f"{plain(view.reference)} dollars"
    rows = [
        ("buying power", f"{reference} at the start of {view.day}, {plain(view.committed)} committed"),
        (
            "trades",
            f"{len(view.open_trades)} of {limits.max_open_trades} open · {view.trades_today} of {limits.max_trades_per_day} today",
        ),
        (
            "bought today",
            f"{plain(view.notional_today)} of {plain(limits.max_notional_per_day)} dollars at the ceilings",
        ),
        (
            "realised today",
            f"{signed(view.realised_today)} dollars (halts at -{plain(limits.max_loss_per_day)})",
        ),
        ("entry orders", f"{view.orders_last_minute} of {limits.max_orders_per_minute} in the last minute"),
        (
            "order stream",
            "[red]lost[/]"
            if view.stream_since is None
            else f"followed since {view.stream_since:%Y-%m-%d %H:%M:%S} UTC",
        ),
        *(
            ("difference", f"{escape(str(each))}{_explained(each.explained_by, each.explanation)}")
            for each in view.differences
        ),
        *(("not ours", escape(each.text)) for each in view.foreign_orders),
    ]
    for row in rows:
        table.add_row(*row)
    console.print(table)
    if view.open_trades:
        console.print(_trades_table(view))
    if view.events:
        console.print("[bold]What happened[/]")
        show_events(console, view.events[-10:], since=view.events[-10:][0].at)


def _explained(by: str | None, why: str | None) -> str:
    return "" if by is None else f" [dim](explained by {escape(by)}: {escape(why or '')})[/]"


def _trades_table(view: AccountView) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title="Open trades",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("trade", overflow="fold")
    table.add_column("contract", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in ("qty", "bought", "held", "takes $", "realised $"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in view.open_trades:
        table.add_row(
            escape(each.trade),
            escape(each.contract),
            "buying" if each.entering else "holding",
            *(str(number) for number in (each.quantity, each.bought, each.position)),
            plain(each.reserved),
            signed(each.realised),
        )
    return table


def show_halt(console: Console, receipt: HaltReceipt) -> None:
    """Tell what a halt led to."""
    console.print(receipt.text, markup=False)
    for title, lines in (("cancelled", receipt.cancelled), ("remains", receipt.remaining)):
        for line in lines:
            console.print(f"  {title}: {line}", markup=False)
    console.print("Resume with: trader resume 'what has changed'", style="dim", markup=False)


def checks_table(checks: list[Check]) -> Table:
    """Lay out a preflight, one check a line, each with what to do."""
    table = Table("", "what", "found", "what to do", box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for each in checks:
        table.add_row(
            "[green]ok[/]" if each.ok else "[red]WRONG[/]", each.name, escape(each.found), escape(each.fix)
        )
    return table


def limits_table(limits: Limits) -> Table:
    """Lay out the limits, with the product's own beside those that differ."""
    table = Table("limit", "in force", "default", box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    other = {each.name: each.old for each in diff(Limits(), limits)}
    for name in Limits.__dataclass_fields__:
        table.add_row(name, escape(written(getattr(limits, name))), other.get(name, ""))
    return table
