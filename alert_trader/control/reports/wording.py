"""The figures of a report as text: the same in the terminal, the picture and the page."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from alert_trader.domain.money import plain
from alert_trader.domain.reports.figures import Grouping, Report, Share, Slippage, Spread

NONE = "-"

HEADS = {
    Grouping.DAY: "author",
    Grouping.WEEK: "day",
    Grouping.MONTH: "day",
    Grouping.AUTHOR: "author",
    Grouping.CHANNEL: "channel",
}
"""The heading of the first column."""


def dollars(value: Decimal | None) -> str:
    """Return an amount with its sign."""
    return NONE if value is None else f"{value:+,.2f}"


def percent(value: Decimal | None) -> str:
    """Return a fraction as a percentage."""
    return NONE if value is None else f"{value * 100:.1f} %"


def share(value: Share) -> str:
    """Return a share as count, total and percentage."""
    return NONE if value.of == 0 else f"{value.count} of {value.of} ({percent(value.fraction)})"


def span(value: timedelta | None) -> str:
    """Return a duration, with a larger unit the longer it is."""
    if value is None:
        return NONE
    seconds = value.total_seconds()
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def price(value: Decimal | None) -> str:
    """Return dollars a share."""
    return NONE if value is None else plain(value.quantize(Decimal("0.0001")))


def slippage(value: Slippage) -> str:
    """Return what was paid over a reference."""
    if value.contracts == 0 or value.a_share is None or value.fraction is None:
        return NONE
    return (
        f"{value.a_share:+.4f} a share ({value.fraction * 100:+.2f} %), {value.dollars:+,.2f} dollars over "
        f"{value.contracts} contracts"
    )


def times(value: Spread) -> str:
    """Return how times are distributed."""
    if value.count == 0:
        return NONE
    spread = (
        f"median {span(value.median)}, nine of ten within {span(value.ninety)}, longest {span(value.longest)}"
    )
    return f"{spread}, over {value.count} trades"


def figures(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the single figures of a report, each with its name."""
    ended = ", ".join(f"{count} {name.replace('-', ' ')}" for name, count in report.outcomes.items())
    yield "alerts", f"{report.alerts}" + (f": {ended}" if ended else "")
    yield "contracts filled", share(report.filled)
    yield "alert to first fill", times(report.time_to_fill)
    yield "paid over the alert", slippage(report.against_alert)
    yield "paid over the mid", slippage(report.against_mid)
    yield "reached +50 %", reached(report, report.reached_half)
    yield "reached +100 %", reached(report, report.reached_double)
    yield "P&L realised", f"{dollars(report.pnl)} before fees, won {share(report.wins)}"
    yield "fees", f"{report.fees:,.2f}, estimated by the broker's dry-run"
    yield "P&L after fees", dollars(report.net)
    held = report.open
    if held.trades:
        paper = (
            f"unrealised {dollars(held.pnl)} over {share(held.marked)}"
            if held.pnl is not None
            else "no current price, so no unrealised P&L"
        )
        yield (
            "still open",
            f"{held.contracts} contracts in {held.trades} trades, bought for {held.cost:,.2f}; {paper}",
        )
    if report.unreadable:
        yield "not readable", f"{report.unreadable} trades, not in any other figure"


def reached(report: Report, value: Share) -> str:
    """Return how many trades are known to have reached a gain."""
    if value.of == 0:
        return NONE
    return f"at least {share(value)}; a later price is known for {report.with_later_price}"


def notes(report: Report) -> list[str]:
    """Return notes on what the figures are based on."""
    reached_by = (
        "A gain counts as reached when a known price proves it: a sale, a bid when another trade in the "
        "contract was "
        "sized, or the current bid. Contracts are not watched after their trade, so both shares are lower "
        "bounds."
    )
    missed_by = (
        "The result of a missed trade is computed from the highest price known afterwards and the ask at "
        "sizing or "
        "denial, else the alert's price: a lower bound. Without a later price it is not known."
    )
    return [reached_by, missed_by] if report.missed else [reached_by]


def tiles(report: Report) -> list[tuple[str, str, str]]:
    """Return the main figures: name, value and detail."""
    return [
        ("Alerts", str(report.alerts), f"{sum(line.bought for line in report.lines)} bought"),
        ("P&L after fees", dollars(report.net), f"{dollars(report.pnl)} before"),
        (
            "Won",
            NONE if report.wins.of == 0 else percent(report.wins.fraction),
            share(report.wins).partition(" (")[0],
        ),
        ("Contracts filled", percent(report.filled.fraction), share(report.filled).partition(" (")[0]),
        ("To first fill", span(report.time_to_fill.median), f"9 of 10 in {span(report.time_to_fill.ninety)}"),
        (
            "Over the alert",
            NONE
            if report.against_alert.fraction is None
            else f"{report.against_alert.fraction * 100:+.2f} %",
            "a share",
        ),
    ]
