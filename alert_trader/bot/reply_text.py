"""What commands answer, as text for Discord: tables stand in blocks, in which nothing is markup. Pure."""

from collections.abc import Iterable, Sequence

from alert_trader.bot.discord_text import parsed_summary, quoted, safe
from alert_trader.control.queries.trade_views import TradeRow
from alert_trader.control.queries.why import Verdict, Why
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.limits import written as limit_written
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.view import AccountView, HaltReceipt
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.parser import explain_reading
from alert_trader.domain.money import plain
from alert_trader.domain.orders.order import OrderReport, Position

LONGEST_CELL = 70


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows as a block of columns."""
    lines = [list(headings), *(list(map(_flat, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return quoted(text, 1800)


def _flat(cell: str) -> str:
    return " ".join(cell.split())[:LONGEST_CELL]


def trades(rows: Sequence[TradeRow]) -> str:
    """List trades, the newest first."""
    if not rows:
        return "No trades."
    told = (
        (
            row.workflow_id.removeprefix("trade-"),
            (row.view.contract if row.view is not None else None) or row.symbol or "unknown",
            row.phase or row.status,
            "unknown" if row.view is None else f"{row.view.position} of {row.view.bought}",
            "-" if row.pnl is None else f"{row.pnl:+,.2f}",
            row.mode or "unknown",
        )
        for row in rows
    )
    return table(("id", "contract", "stands", "held", "P&L $", "mode"), told)


def account(view: AccountView) -> str:
    """Tell how an account stands."""
    blocking = "\n".join(f"⛔ {safe(each)}" for each in view.blocking) or "✅ entries are allowed"
    rows = {
        "state": str(view.state),
        "mode": view.mode,
        "buying power at the session's start": "unknown"
        if view.reference is None
        else f"${view.reference:,.2f}",
        "committed to open trades": f"${view.committed:,.2f}",
        "trades today": f"{view.trades_today} for ${view.notional_today:,.2f}",
        "realised today": f"${view.realised_today:+,.2f}",
        "orders in the last minute": str(view.orders_last_minute),
        "open trades": str(len(view.open_trades)),
        "orders that are not ours": str(len(view.foreign_orders)),
        "order stream": "lost" if view.stream_since is None else f"since {view.stream_since:%H:%M:%S} UTC",
    }
    return f"**Account {view.account}**\n{blocking}\n{table(('what', 'now'), rows.items())}"


def positions(held: Sequence[Position]) -> str:
    """List what the account holds."""
    if not held:
        return "The account holds no option."
    return table(("contract", "held"), ((each.symbol, str(each.quantity)) for each in held))


def orders(working: Sequence[OrderReport]) -> str:
    """List the orders that work at the broker."""
    if not working:
        return "No order works at the broker."
    rows = (
        (
            each.order_id,
            each.client_order_id or "not ours",
            f"{each.side} {each.quantity} {each.symbol}",
            "market" if each.limit is None else plain(each.limit),
            f"{each.status}, {each.filled} filled",
        )
        for each in working
    )
    return table(("order", "ours", "what", "limit", "stands"), rows)


def checks(done: Sequence[Check]) -> str:
    """Tell what a first order needs, and what is wrong with it."""
    lines = (
        f"{'✅' if each.ok else '⛔'} **{safe(each.name)}**: {safe(each.found)}"
        + (f" → {safe(each.fix)}" if each.fix else "")
        for each in done
    )
    return "\n".join(lines)


def halted(receipt: HaltReceipt) -> str:
    """Tell what a halt led to."""
    sure = (
        "✅ No risk-increasing order leaves any more."
        if receipt.acknowledged
        else "⚠️ It is not certain yet that nothing leaves."
    )
    lines = [sure, safe(receipt.text, 900)]
    lines += [f"cancelled: {safe(each, 300)}" for each in receipt.cancelled]
    lines += [f"remains: {safe(each, 300)}" for each in receipt.remaining]
    return "\n".join(lines)


def limits(now: Limits) -> str:
    """List the limits in force."""
    return table(
        ("limit", "now"), ((name, limit_written(getattr(now, name))) for name in now.__dataclass_fields__)
    )


def why(told: Why) -> str:
    """Tell every check, with its code, its numbers, and what to do for another outcome."""
    signs = {Verdict.PASSED: "✅", Verdict.FAILED: "⛔", Verdict.AHEAD: "▫️"}
    lines = [f"**{safe(told.about, 300)}**", safe(told.outcome, 800)]
    for check in told.checks:
        numbers = ", ".join(f"{name}={value}" for name, value in check.numbers.items())
        parts = [
            f"**{safe(check.name, 120)}**",
            safe(check.says, 500),
            safe(f"({numbers})", 300) if numbers else "",
        ]
        if check.change and check.verdict is Verdict.FAILED:
            parts.append(f"→ {safe(check.change, 300)}")
        lines.append(f"{signs[check.verdict]} " + " ".join(each for each in parts if each))
    return "\n".join(lines + ([safe(told.note, 400)] if told.note else []))


def parsed_alert(message: AlertMessage, parsed: ParsedAlert) -> str:
    """Tell how a text is read: what it is, what each part was read from, and each check."""
    told = explain_reading(message)
    rows = [(span.field, span.text) for span in parsed.spans]
    what = f"**{safe(parsed_summary(parsed), 300)}**" + (f"\n⛔ {safe(parsed.reason, 900)}" if parsed.reason else "")
    checks = "\n".join(
        f"{'✅' if each.passed else '⛔'} {safe(each.name, 200)} {safe(each.says, 300)}"
        for each in told.checks
    )
    return "\n".join(
        each for each in (what, table(("field", "read from"), rows) if rows else "", checks) if each
    )
