"""`trader account`, `halt`, `resume`, `flatten` and `limits`."""

import contextlib
import dataclasses
import getpass
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from temporalio.client import Client

from alert_trader.cli.account_display import checks_table, limits_table, show_account, show_halt
from alert_trader.cli.context import err, fail, out, print_json, settings, with_client
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.commands import account_commands as control
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.trade_names import find_trade
from alert_trader.control.queries.trade_views import views_of
from alert_trader.control.queries.worth import Worths, read_worths
from alert_trader.domain.account.view import AccountReceipt, AccountView
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.money import plain
from alert_trader.runtime.kill_switch import kill_switch_of

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
REASON = Annotated[str, typer.Argument(help="Why. Written to the audit trail.")]
REASON_OPTION = Annotated[str, typer.Option("--reason", help="Why. Written to the audit trail.")]
T = TypeVar("T")

account_app = typer.Typer(
    help="Show the account; list positions and orders, run checks, explain differences.",
    invoke_without_command=True,
)
limits_app = typer.Typer(help="Show or change the limits.", invoke_without_command=True)


@contextlib.contextmanager
def _stop_file_hint() -> Iterator[None]:
    """When Temporal cannot be reached, print how to stop entries without it."""
    try:
        yield
    except typer.Exit as ended:
        if ended.exit_code == ExitCode.UNREACHABLE:
            err().print(control.stop_file_advice(settings().settings.stop_path.absolute()), markup=False)
        raise


def _ask_account(ask: Callable[[Client, AccountNumber], Coroutine[Any, Any, T]]) -> T:
    loaded = settings()
    return with_client(lambda client: ask(client, loaded.settings.account), loaded)


def _operator() -> str:
    return f"cli:{getpass.getuser()}"


@account_app.callback()
def account(context: typer.Context, *, as_json: JSON = False) -> None:
    """Show the account: state, limits used, open trades, and what blocks entries."""
    if context.invoked_subcommand is not None:
        return
    loaded = settings()
    switch = kill_switch_of(loaded.settings)

    async def ask(client: Client) -> tuple[AccountView, Worths]:
        view = await account_queries.account_view(client, loaded.settings.account, switch)
        held = [each.trade for each in view.open_trades if each.position]
        trades = await views_of(client, held)
        return view, await read_worths(client, list(trades.values()), of=held)

    view, worths = with_client(ask, loaded)
    if as_json:
        allowed = {"entries_allowed": view.may_trade, "entries_blocked_by": view.stops}
        print_json(
            {**dataclasses.asdict(view), **allowed, "unrealised": worths.total, "worth": worths.by_trade}
        )
    else:
        show_account(out(), view, worths)


@account_app.command("positions")
def positions(*, as_json: JSON = False) -> None:
    """List the account's option positions, as read from the broker."""
    found = _ask_account(account_queries.positions)
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
    """List the account's working orders at the broker, ours and others."""
    found = _ask_account(account_queries.orders)
    if as_json:
        print_json(found)
        return
    table = Table(
        "order id",
        "client order id",
        "order",
        "limit",
        "open qty",
        "status",
        box=SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
    )
    for each in found:
        what = f"{each.side} {each.quantity} {' '.join(each.symbol.split())}"
        limit = "market" if each.limit is None else plain(each.limit)
        table.add_row(
            each.order_id,
            each.client_order_id or "not ours",
            what,
            limit,
            str(each.remaining),
            each.broker_status,
        )
    out().print(table if found else "no working orders")


@account_app.command("preflight")
def preflight(*, as_json: JSON = False) -> None:
    """Run every check that a first order needs."""
    checks = _ask_account(account_queries.preflight)
    if as_json:
        print_json(checks)
    else:
        out().print(checks_table(checks))
    if not all(each.ok for each in checks):
        raise typer.Exit(int(ExitCode.UNEXPECTED))


@account_app.command("explain")
def explain(
    reason: Annotated[str, typer.Argument(help="The explanation. Written to the audit trail.")],
    *,
    what: Annotated[
        str | None,
        typer.Option(help="Contract, order or trade to explain. Default: all unexplained differences."),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Explain differences between account and trades, so that entries are allowed again."""
    _receipt(
        _ask_account(
            lambda client, number: control.explain(client, number, by=_operator(), reason=reason, what=what)
        ),
        as_json=as_json,
    )


@account_app.command("allow")
def allow(
    trade: Annotated[str, typer.Argument(help="The trade that was denied as a repeated alert.")],
    *,
    reason: REASON_OPTION = "",
    as_json: JSON = False,
) -> None:
    """Allow an alert that was denied as a repeat: it is traded once when it is sent again."""

    async def ask(client: Client, number: AccountNumber) -> AccountReceipt:
        named = await find_trade(client, trade)
        return await control.allow_repost(client, number, by=_operator(), reason=reason, trade=named)

    _receipt(_ask_account(ask), as_json=as_json)


def halt(
    reason: REASON = "",
    *,
    as_json: JSON = False,
) -> None:
    """Stop all entries until `trader resume`. Working entries are cancelled; positions keep their exits."""
    with _stop_file_hint():
        receipt = _ask_account(
            lambda client, number: control.halt(client, number, by=_operator(), reason=reason)
        )
    if as_json:
        print_json(receipt)
    else:
        show_halt(out(), receipt)


def resume(
    changed: Annotated[str, typer.Argument(help="What has changed. Written to the audit trail.")],
    *,
    as_json: JSON = False,
) -> None:
    """Allow entries again after a halt."""
    _receipt(
        _ask_account(lambda client, number: control.resume(client, number, by=_operator(), changed=changed)),
        as_json=as_json,
    )


def flatten(
    reason: REASON = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JSON = False,
) -> None:
    """Halt, cancel all entries and close all positions, until the account is flat. Asks first."""
    with _stop_file_hint():
        if not yes:
            _confirm_flatten()
        receipt = _ask_account(
            lambda client, number: control.flatten(client, number, by=_operator(), reason=reason)
        )
    _receipt(receipt, as_json=as_json)
    if not receipt.done and not as_json:
        err().print("Not flat yet. Follow it with: trader account", markup=False)


def _confirm_flatten() -> None:
    """Ask whether everything is to be sold; end the command when it is not."""
    if not sys.stdin.isatty():
        fail(
            ExitCode.USAGE,
            "flatten sells every position. To do it without a question: add --yes",
        )
    console = err()
    loaded = settings()
    try:
        view = with_client(
            lambda client: account_queries.account_view(client, loaded.settings.account), loaded
        )
    except typer.Exit as ended:
        # flattening is recorded without a worker, too
        if ended.exit_code != ExitCode.TIMEOUT:
            raise
        console.print("What is held is not known: no worker answered.")
    else:
        held = sum(each.position for each in view.open_trades)
        console.print(
            f"{view.mode.upper()}: halt account {view.account}, cancel all entries and sell {held} contracts "
            f"in {len(view.open_trades)} open trades, each at its bid or lower.",
            markup=False,
        )
    if not typer.confirm("Flatten?", default=False, err=True):
        console.print("Nothing was changed.")
        raise typer.Exit(int(ExitCode.INTERRUPTED))


@limits_app.callback()
def limits(context: typer.Context, *, as_json: JSON = False) -> None:
    """Show the limits in force."""
    if context.invoked_subcommand is not None:
        return
    found = _ask_account(account_queries.limits)
    if as_json:
        print_json(found)
    else:
        out().print(limits_table(found))


@limits_app.command("set")
def set_limits(
    changes: Annotated[list[str], typer.Argument(help="Changes, such as max_open_trades=10.")],
    *,
    reason: REASON_OPTION,
    as_json: JSON = False,
) -> None:
    """Change limits, and print what changed."""
    wanted = {}
    for each in changes:
        name, equals, value = each.partition("=")
        if not equals:
            fail(ExitCode.USAGE, f"expected NAME=VALUE such as max_open_trades=10, found {each!r}")
        wanted[name.strip()] = value
    receipt = _ask_account(
        lambda client, number: control.change_limits(
            client, number, by=_operator(), reason=reason, changes=wanted
        )
    )
    if as_json:
        print_json(receipt)
        return
    for change in receipt.changes:
        out().print(str(change), markup=False)
    if not receipt.changes:
        out().print("No change: the limits have these values already.")


def _receipt(receipt: AccountReceipt, *, as_json: bool) -> None:
    if as_json:
        print_json(receipt)
    else:
        out().print(receipt.text, markup=False)
