"""The replies of slash commands as Discord text, with tables in code blocks. Pure."""

from collections.abc import Iterable, Sequence

from alert_trader.bot.discord_text import parsed_summary, quoted, safe
from alert_trader.control.queries.trade_views import TradeRow
from alert_trader.control.queries.why import Verdict, Why
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.limits import written as limit_written
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.view import AccountView, HaltReceipt
from alert_trader.domain.alerts.alert import AlertMessage, ParsedAlert
from alert_trader.domain.alerts.alert_text import levels_text
from alert_trader.domain.alerts.parser import explain_reading
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.money import plain
from alert_trader.domain.orders.order import OrderReport, Position

LONGEST_CELL = 70
ENTRIES_ALLOWED = "✅ entries allowed, within the limits"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a code block with aligned columns."""
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
    """Return a list of trades, newest first."""
    if not rows:
        return "No trades."
    lines = (
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
    return table(("trade", "contract", "state", "held", "P&L $", "mode"), lines)


def may_trade(view: AccountView) -> str:
    """Return what stops entries, one line each, or that they are allowed."""
    return "\n".join(f"⛔ entries blocked: {safe(each)}" for each in view.stops) or ENTRIES_ALLOWED


def account(view: AccountView) -> str:
    """Return the account's status."""
    rows = {
        "state": str(view.state),
        "mode": view.mode,
        "buying power at the open": "unknown" if view.reference is None else f"${view.reference:,.2f}",
        "reserved for open trades": f"${view.committed:,.2f}",
        "trades today": f"{view.trades_today} for ${view.notional_today:,.2f}",
        "realised today": f"${view.realised_today:+,.2f}",
        "entry orders, last minute": str(view.orders_last_minute),
        "open trades": str(len(view.open_trades)),
        "orders of others": str(len(view.foreign_orders)),
        "order stream": "not connected"
        if view.stream_since is None
        else f"connected since {eastern(view.stream_since)}",
    }
    return f"**Account {view.account}**\n{may_trade(view)}\n{table(('figure', 'now'), rows.items())}"


def positions(held: Sequence[Position]) -> str:
    """Return the account's positions."""
    if not held:
        return "No option positions."
    return table(("contract", "quantity"), ((each.symbol, str(each.quantity)) for each in held))


def orders(working: Sequence[OrderReport]) -> str:
    """Return the working orders at the broker."""
    if not working:
        return "No working orders."
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
    return table(("order id", "client order id", "order", "limit", "status"), rows)


def checks(done: Sequence[Check]) -> str:
    """Return the checks for a first order, each with what to do."""
    lines = (
        f"{'✅' if each.ok else '⛔'} **{safe(each.name)}**: {safe(each.found)}"
        + (f" → {safe(each.fix)}" if each.fix else "")
        for each in done
    )
    return "\n".join(lines)


def halted(receipt: HaltReceipt) -> str:
    """Return the result of a halt."""
    result = (
        "✅ No new entry order can be sent."
        if receipt.acknowledged
        else "⚠️ Not confirmed yet: an entry order may still be sent."
    )
    lines = [result, safe(receipt.text, 900)]
    lines += [f"cancelled: {safe(each, 300)}" for each in receipt.cancelled]
    lines += [f"remaining: {safe(each, 300)}" for each in receipt.remaining]
    return "\n".join(lines)


def limits(now: Limits) -> str:
    """Return the limits in force."""
    return table(
        ("limit", "in force"),
        ((name, limit_written(getattr(now, name))) for name in now.__dataclass_fields__),
    )


def why(found: Why) -> str:
    """Return every check, with its code, its numbers, and how to change the outcome."""
    signs = {Verdict.PASSED: "✅", Verdict.FAILED: "⛔", Verdict.AHEAD: "▫️"}
    lines = [f"**{safe(found.about, 300)}**", safe(found.outcome, 800)]
    for check in found.checks:
        numbers = ", ".join(f"{name}={value}" for name, value in check.numbers.items())
        parts = [
            f"**{safe(check.name, 120)}**",
            safe(check.says, 500),
            safe(f"({numbers})", 300) if numbers else "",
        ]
        if check.change and check.verdict is Verdict.FAILED:
            parts.append(f"→ {safe(check.change, 300)}")
        lines.append(f"{signs[check.verdict]} " + " ".join(each for each in parts if each))
    return "\n".join(lines + ([safe(found.note, 400)] if found.note else []))


def parsed_alert(message: AlertMessage, parsed: ParsedAlert) -> str:
    """Return how a text is parsed: the result, where each part was found, and each check."""
    explanation = explain_reading(message)
    rows = [(span.field, span.text) for span in parsed.spans]
    summary = f"**{safe(parsed_summary(parsed), 300)}**" + (
        f"\n⛔ {safe(parsed.reason, 900)}" if parsed.reason else ""
    )
    checks = "\n".join(
        f"{'✅' if each.passed else '⛔'} {safe(each.name, 200)} {safe(each.says, 300)}"
        for each in explanation.checks
    )
    levels = f"The alert names: {safe(levels_text(parsed), 300)}" if levels_text(parsed) else ""
    nearest = f"Would be read: {safe(explanation.nearest, 200)}" if explanation.nearest else ""
    shown = table(("field", "found in"), rows) if rows else ""
    return "\n".join(each for each in (summary, shown, levels, checks, nearest) if each)
