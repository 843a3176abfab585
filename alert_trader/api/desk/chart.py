"""The charts of a report, as points of an SVG picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from alert_trader.domain.reports.figures import Line, Step

WIDTH, HEIGHT, FOOT = 640, 200, 22
"""Units of the picture; the lowest FOOT of them have the labels."""

_LABELLED = 12
"""Most bars that have a label each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarShape:
    """One bar: a rectangle, its label and what it says."""

    x: float
    y: float
    width: float
    height: float
    positive: bool
    label: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars above and below a zero line, or a curve."""

    zero: float
    bars: tuple[BarShape, ...] = ()
    points: str = ""
    """The corners of the curve, as SVG writes them."""
    highest: Decimal = Decimal(0)
    lowest: Decimal = Decimal(0)


def bars(lines: Sequence[Line]) -> Chart | None:
    """Return the realised P&L of each line as a bar; None where no line has a result."""
    if not any(line.pnl for line in lines):
        return None
    high, low = _range([line.pnl for line in lines])
    step = WIDTH / len(lines)
    every = -(-len(lines) // _LABELLED)
    zero = _y(Decimal(0), high, low)
    shapes = []
    for at, line in enumerate(lines):
        top = min(zero, _y(line.pnl, high, low))
        shapes.append(
            BarShape(
                x=round(at * step + step * 0.1, 1),
                y=top,
                width=round(min(step * 0.8, 60), 1),
                height=max(abs(_y(line.pnl, high, low) - zero), 1),
                positive=line.pnl >= 0,
                label=line.label[:10] if at % every == 0 else "",
                title=f"{line.label}: {line.pnl:+,.2f} dollars",
            )
        )
    return Chart(zero=zero, bars=tuple(shapes), highest=high, lowest=low)


def curve(steps: Sequence[Step]) -> Chart | None:
    """Return the realised P&L as it added up; None without two results."""
    if len(steps) < 2:
        return None
    high, low = _range([step.total for step in steps])
    zero = _y(Decimal(0), high, low)
    across = WIDTH / len(steps)
    points = [(0.0, zero)] + [
        (round((at + 1) * across, 1), _y(step.total, high, low)) for at, step in enumerate(steps)
    ]
    return Chart(zero=zero, points=" ".join(f"{x},{y}" for x, y in points), highest=high, lowest=low)


def _range(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    high, low = max(*values, Decimal(0)), min(*values, Decimal(0))
    return (Decimal(1), low) if high == low else (high, low)


def _y(value: Decimal, high: Decimal, low: Decimal) -> float:
    """Return how far from the top a value is drawn."""
    return round(float((high - value) / (high - low)) * (HEIGHT - FOOT - 10) + 5, 1)
