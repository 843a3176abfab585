"""A report as a picture, for a chat on a phone and for the HTML page."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from alert_trader.control.reports.wording import HEADS, dollars, tiles
from alert_trader.domain.market.calendar import NEW_YORK
from alert_trader.domain.reports.figures import Report
from alert_trader.domain.reports.timeline import Bar, Timeline

# a `matplotlibrc` of the current folder could make matplotlib run other programs
mpl.rcdefaults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of a picture. Gains and losses also differ in lightness, and every bar has its number."""

    ground: str
    panel: str
    ink: str
    faint: str
    line: str
    gain: str
    loss: str
    main: str
    rest: str


DARK = Palette(
    ground="#1e1f22",
    panel="#2b2d31",
    ink="#f2f3f5",
    faint="#a6abb3",
    line="#43464d",
    gain="#57c98a",
    loss="#e5686c",
    main="#6d9eeb",
    rest="#4a4e57",
)
"""For Discord, which most people use in dark mode."""

LIGHT = Palette(
    ground="#ffffff",
    panel="#f6f7f9",
    ink="#1c1e21",
    faint="#5c636d",
    line="#d5d9df",
    gain="#1d8a4e",
    loss="#c03a3f",
    main="#2f6fd0",
    rest="#c9cfd8",
)

MOST_BARS = 8
"""Most rows of a panel."""

LONGEST = 22
"""Most characters of a label."""


def picture(
    report: Report, *, timeline: Timeline | None = None, palette: Palette = DARK, headed: bool = True
) -> bytes:
    """Draw a report as PNG, 1280 pixels wide, with the timeline below.

    Without `headed` for a page with a head.
    """
    bars = 0 if timeline is None else len(timeline.bars)
    below = 0.0 if bars == 0 else 1.0 + 0.26 * min(bars, 40)
    head, band = (0.8, 0.85) if headed else (0.01, 0.3)
    height = 6.4 + head + below
    figure = Figure(figsize=(12.8, height), dpi=100, facecolor=palette.ground)
    heights = [head, 2.0, 2.0, *([below] if bars else [])]
    # the gaps between rows, and the band above them, keep their size however many trades are drawn
    top, hspace = 1 - band / height, 0.62 * len(heights) / sum(heights)
    grid = figure.add_gridspec(
        len(heights),
        2,
        height_ratios=heights,
        left=0.185,
        right=0.97,
        top=top,
        bottom=0.5 / height,
        hspace=hspace,
        wspace=0.5,
    )
    if headed:
        words, at = " · ".join(report.modes) or "no trades", 1 - 0.4 / height
        title = f"alert-trader  {report.scope.title}"
        figure.text(
            0.03, at, title, color=palette.ink, fontsize=17, fontweight="bold", va="center", parse_math=False
        )
        figure.text(0.97, at, words, color=palette.faint, fontsize=13, va="center", ha="right")
        _tiles(figure.add_subplot(grid[0, :]), report, palette)
    _curve(_panel(figure, grid[1, 0], "Realised P&L, before fees ($)", palette), report, palette)
    _steps(_panel(figure, grid[1, 1], "Contracts filled by ladder step", palette), report, palette)
    _lines(
        _panel(figure, grid[2, 0], f"Realised P&L by {HEADS[report.scope.grouping]} ($)", palette),
        report,
        palette,
    )
    _not_bought(_panel(figure, grid[2, 1], "Why less was bought than alerted", palette), report, palette)
    if timeline is not None and bars:
        _timeline(
            _panel(figure, grid[3, :], f"Trades of {timeline.day:%a %Y-%m-%d} (New York time)", palette),
            timeline,
            palette,
        )
    out = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(out, format="png", facecolor=palette.ground)
    return out.getvalue()


def timeline_picture(timeline: Timeline, *, palette: Palette = DARK) -> bytes:
    """Draw a day's trades on a line of time as PNG."""
    rows = min(max(len(timeline.bars), 1), 40)
    figure = Figure(figsize=(12.8, 1.6 + 0.3 * rows), dpi=100, facecolor=palette.ground)
    height = 1.6 + 0.3 * rows
    grid = figure.add_gridspec(1, 1, left=0.19, right=0.965, top=1 - 0.75 / height, bottom=0.5 / height)
    _timeline(
        _panel(figure, grid[0, 0], f"Trades of {timeline.day:%a %Y-%m-%d} (New York time)", palette),
        timeline,
        palette,
    )
    out = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(out, format="png", facecolor=palette.ground)
    return out.getvalue()


def _panel(figure: Figure, place: object, title: str, palette: Palette) -> Axes:
    axes: Axes = figure.add_subplot(place)  # type: ignore[call-overload]  # a grid's cell
    axes.set_facecolor(palette.panel)
    axes.set_title(title, color=palette.ink, fontsize=12, loc="left", pad=10, fontweight="bold")
    axes.tick_params(colors=palette.faint, labelsize=10, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return axes


def _tiles(axes: Axes, report: Report, palette: Palette) -> None:
    axes.set_axis_off()
    found = tiles(report)
    for number, (name, value, more) in enumerate(found):
        left = -0.2 + number * 1.22 / len(found)
        colour = (
            {"+": palette.gain, "-": palette.loss}.get(value[:1], palette.ink)
            if name.startswith("P&L")
            else palette.ink
        )
        axes.text(left, 0.98, name, transform=axes.transAxes, color=palette.faint, fontsize=11, va="top")
        axes.text(
            left,
            0.66,
            value,
            transform=axes.transAxes,
            color=colour,
            fontsize=18,
            va="top",
            fontweight="bold",
        )
        axes.text(left, 0.12, more, transform=axes.transAxes, color=palette.faint, fontsize=10, va="top")


def _empty(axes: Axes, words: str, palette: Palette) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, words, transform=axes.transAxes, color=palette.faint, fontsize=11, ha="center", va="center"
    )


def _curve(axes: Axes, report: Report, palette: Palette) -> None:
    if not report.curve:
        _empty(axes, "nothing sold yet", palette)
        return
    times = [_at(each.at) for each in report.curve]
    totals = [float(each.total) for each in report.curve]
    colour = palette.gain if totals[-1] >= 0 else palette.loss
    axes.axhline(0, color=palette.line, linewidth=1)
    axes.step([times[0], *times], [0.0, *totals], where="post", color=colour, linewidth=2)
    axes.scatter(times, totals, color=colour, s=18, zorder=3)
    axes.annotate(
        dollars(report.curve[-1].total),
        (times[-1], totals[-1]),
        color=palette.ink,
        fontsize=11,
        fontweight="bold",
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
    )
    _hours(axes, times[0], times[-1], most=5)
    axes.xaxis.set_major_formatter(_clock("%H:%M" if report.scope.since == report.scope.until else "%m-%d"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+,.0f}" if value else "0"))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y", color=palette.line, linewidth=0.6)
    axes.set_xlim(
        times[0] - 0.03 * max(times[-1] - times[0], 60.0), times[-1] + 0.32 * max(times[-1] - times[0], 60.0)
    )
    axes.margins(y=0.2)


def _steps(axes: Axes, report: Report, palette: Palette) -> None:
    if not report.steps:
        _empty(axes, "no entry orders", palette)
        return
    names = [f"{each.step} ({each.trades} trades)" for each in report.steps]
    worked = [each.contracts.of for each in report.steps]
    filled = [each.contracts.count for each in report.steps]
    rows = range(len(names))
    axes.barh(rows, worked, color=palette.rest, height=0.62)
    axes.barh(rows, filled, color=palette.main, height=0.62)
    for row, each in enumerate(report.steps):
        text = f"{each.contracts.count} of {each.contracts.of}"
        axes.text(
            each.contracts.of + max(worked) * 0.015, row, text, color=palette.ink, fontsize=10, va="center"
        )
    _rows(axes, names, max(worked))


def _lines(axes: Axes, report: Report, palette: Palette) -> None:
    lines = report.lines[:MOST_BARS]
    if not lines:
        _empty(axes, "no alerts", palette)
        return
    values = [float(line.pnl) for line in lines]
    widest = max((abs(value) for value in values), default=0.0) or 1.0
    axes.axvline(0, color=palette.line, linewidth=1)
    axes.barh(
        range(len(lines)),
        values,
        color=[palette.gain if value >= 0 else palette.loss for value in values],
        height=0.62,
    )
    for row, line in enumerate(lines):
        text = f"{dollars(line.pnl)} · {line.bought} of {line.alerts} bought"
        at = max(values[row], 0.0) + widest * 0.03
        axes.text(at, row, text, color=palette.ink, fontsize=10, va="center")
    low = min(0.0, *values) * 1.1
    _rows(axes, [line.label for line in lines], max(*values, 0.0) + widest * 1.0)
    axes.set_xlim(low, max(*values, 0.0) + widest * 1.05)


def _not_bought(axes: Axes, report: Report, palette: Palette) -> None:
    found = report.not_bought[:MOST_BARS]
    if not found:
        _empty(axes, "every alert was bought", palette)
        return
    names = [each.code.replace("_", " ").capitalize() for each in found]
    counts = [each.count for each in found]
    axes.barh(range(len(found)), counts, color=palette.main, height=0.62)
    for row, count in enumerate(counts):
        axes.text(count + max(counts) * 0.02, row, str(count), color=palette.ink, fontsize=10, va="center")
    _rows(axes, names, max(counts))


def _rows(axes: Axes, names: Sequence[str], widest: float) -> None:
    """Label rows from the top, with room for the numbers beside the bars."""
    axes.set_yticks(range(len(names)), [_short(name) for name in names])
    axes.set_ylim(max(len(names), 3) - 0.4, -0.6)
    axes.set_xlim(0, widest * 1.22)
    axes.set_xticks([])


def _short(text: str) -> str:
    # a dollar sign would begin a formula, and a long name would shrink the picture
    line = " ".join(text.split()).replace("$", r"\$")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _timeline(axes: Axes, timeline: Timeline, palette: Palette) -> None:
    if not timeline.bars:
        _empty(axes, "no alerts on this day", palette)
        return
    shown = timeline.bars[-40:]
    begins, ends = _at(timeline.begins), _at(timeline.ends)
    span = max(ends - begins, 60.0)
    for row, bar in enumerate(shown):
        _bar(axes, row, bar, end=ends, palette=palette)
    axes.set_yticks(range(len(shown)), [_short(bar.label) for bar in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(begins - span * 0.01, ends + span * 0.12)
    axes.xaxis.set_major_formatter(_clock("%H:%M"))
    _hours(axes, begins, ends)
    axes.grid(axis="x", color=palette.line, linewidth=0.6)
    axes.set_axisbelow(True)


def _bar(axes: Axes, row: int, bar: Bar, *, end: float, palette: Palette) -> None:
    """Draw one trade: thin during the entry, thick while it holds; a mark for the alert and for each sale."""
    begun, over = _at(bar.received_at), end if bar.ended_at is None else min(_at(bar.ended_at), end)
    axes.plot([begun, over], [row, row], color=palette.rest, linewidth=2, solid_capstyle="butt")
    if bar.filled_at is not None:
        colour = palette.main if bar.pnl is None else palette.gain if bar.pnl >= 0 else palette.loss
        axes.plot([_at(bar.filled_at), over], [row, row], color=colour, linewidth=9, solid_capstyle="butt")
    axes.scatter([begun], [row], color=palette.ink, s=22, zorder=3, marker=">")
    for sale in bar.sold_at:
        axes.scatter([min(_at(sale), end)], [row], color=palette.ink, s=26, zorder=4, marker="|")
    words = dollars(bar.pnl) if bar.pnl is not None else bar.outcome.replace("_", " ")
    axes.annotate(
        words,
        (over, row),
        color=palette.ink,
        fontsize=9,
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
    )


def _at(moment: datetime) -> float:
    return moment.timestamp()


_EVERY = (60, 300, 900, 1800, 3600, 7200, 14400, 86400, 7 * 86400, 30 * 86400)
"""Possible seconds between two ticks of a time axis."""


def _hours(axes: Axes, begins: float, ends: float, most: int = 9) -> None:
    """Set the ticks of a time axis at a round interval for its length."""
    every = next((each for each in _EVERY if (ends - begins) / each < most), _EVERY[-1])
    axes.xaxis.set_major_locator(MultipleLocator(every))


def _clock(form: str) -> FuncFormatter:
    """Format an axis of seconds as New York time."""
    return FuncFormatter(lambda value, _: f"{datetime.fromtimestamp(value, NEW_YORK):{form}}")
