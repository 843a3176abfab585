"""A month as a calendar."""

from datetime import date

from alert_trader.domain.reports.calculation import make_report
from alert_trader.domain.reports.figures import Grouping, Scope
from alert_trader.domain.reports.month import weeks
from alert_trader.domain.reports.trade_record import ReportedTrade
from tests.support.reported_trades import OPEN


def test_a_day_has_the_results_of_its_alerts(bought: ReportedTrade) -> None:
    """The weeks begin on Sunday, days of other months are empty, and a day without alerts has no result."""
    since, until = date(2026, 11, 1), date(2026, 11, 30)
    scope = Scope(grouping=Grouping.MONTH, title="November", since=since, until=until)
    found = weeks(make_report([bought], scope, made_at=OPEN))
    assert len(found) == 5
    assert found[0][0] is not None
    assert found[0][0].day == since
    assert found[-1][2:] == (None,) * 5
    days = {each.day: each.line for week in found for each in week if each is not None}
    assert len(days) == 30
    with_result = [day for day, line in days.items() if line is not None]
    assert with_result == [date(2026, 11, 24)]
