"""The charts of the report on the desk page."""

from datetime import timedelta
from decimal import Decimal

import pytest

from alert_trader.api.desk.chart import FOOT, HEIGHT, WIDTH, bars, curve
from alert_trader.domain.money import Usd
from alert_trader.domain.reports.figures import Line, Share, Step
from tests.support.reported_trades import OPEN


def line(pnl: str) -> Line:
    """Return the results of a day."""
    none = Share(count=0, of=0)
    money = Usd(Decimal(pnl))
    return Line(
        key=pnl, label=f"day {pnl}", alerts=1, bought=1, denied_or_rejected=0, contracts=none, wins=none,
        pnl=money, fees=Usd(Decimal(0)),
    )  # fmt: skip


@pytest.mark.parametrize("results", [("100", "-50", "25"), ("-3", "-1"), ("5",), ("0", "2")])
def test_bars_are_proportional_and_inside(results: tuple[str, ...]) -> None:
    """A gain is above the zero line and a loss below it; nothing is drawn outside the picture."""
    chart = bars([line(each) for each in results])
    assert chart is not None
    assert len(chart.bars) == len(results)
    for bar, result in zip(chart.bars, results, strict=True):
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT - FOOT + 1
        assert (bar.y >= chart.zero) == (Decimal(result) <= 0)


def test_nothing_is_drawn_of_no_result() -> None:
    """Without a result there is no chart; one result has no curve."""
    assert bars([]) is None
    assert bars([line("0")]) is None
    step = Step(at=OPEN, total=Usd(Decimal(5)), workflow_id="trade-m1")
    assert curve([step]) is None
    later = Step(at=OPEN + timedelta(hours=1), total=Usd(Decimal(-5)), workflow_id="trade-m2")
    made = curve([step, later])
    assert made is not None
    assert made.points.count(" ") == 2
