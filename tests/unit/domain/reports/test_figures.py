"""The figures of a report, from trades written by their events."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Usd, price
from alert_trader.domain.reports.calculation import make_report, spread
from alert_trader.domain.reports.figures import Grouping, Report, Scope, Share
from alert_trader.domain.reports.known_prices import best_known_gain, known_prices
from alert_trader.domain.reports.timeline import timeline_of
from alert_trader.domain.reports.trade_record import ReportedTrade
from tests.support.reported_trades import DAY, DENIED, OPEN, SYMBOL, Trades

SCOPE = Scope(grouping=Grouping.DAY, title="a day", since=DAY, until=DAY)
NOW = OPEN + timedelta(hours=8)


def quoted(bid: str, ask: str) -> Quote:
    """Quote a contract now."""
    return Quote(bid=price(bid), ask=price(ask), at=NOW, bid_size=9, ask_size=9)


def made(
    *trades: ReportedTrade, grouping: Grouping = Grouping.DAY, quotes: dict[str, Quote] | None = None
) -> Report:
    """Work out a report."""
    scope = Scope(grouping=grouping, title="a day", since=DAY, until=DAY)
    return make_report(trades, scope, made_at=NOW, quotes=quotes)


def test_fills_are_counted_at_the_step_they_came_at(bought: ReportedTrade) -> None:
    """What worked at a step and what filled there.

    The first limit, each bump, and the conversion, in this order.
    """
    report = made(bought)
    assert [(each.step, each.trades, each.contracts) for each in report.steps] == [
        ("limit", 1, Share(count=0, of=4)),
        ("bump 1", 1, Share(count=1, of=4)),
        ("conversion", 1, Share(count=3, of=3)),
    ]
    assert (report.filled, report.time_to_fill.median) == (Share(count=4, of=4), timedelta(seconds=25))


def test_slippage_is_weighted_by_contracts(bought: ReportedTrade, trade: Trades) -> None:
    """Against the alert's price and against the middle of the quote at sizing.

    A trade without a reference is in neither.
    """
    bare = trade("m2", (), bought=9, average_entry=Decimal(5))
    report = made(bought, bare)
    assert (report.against_alert.contracts, report.against_alert.a_share, report.against_alert.dollars) == (
        4,
        Decimal("0.0400"),
        Decimal("16.00"),
    )
    assert report.against_mid.fraction == Decimal("0.0333")


def test_a_gain_counts_where_a_price_proves_it(bought: ReportedTrade, trade: Trades) -> None:
    """A sale at the double proves both marks.

    A trade of which no later price is known is in the denominator and proves nothing.
    """
    silent = trade("m3", (), symbol="QQQ   261218C00500000", bought=1, average_entry=Decimal(1))
    report = made(bought, silent)
    assert (report.reached_half, report.reached_double, report.with_later_price) == (
        Share(count=1, of=2),
        Share(count=1, of=2),
        1,
    )


def test_missed_gains_follow_from_later_prices(bought: ReportedTrade, trade: Trades) -> None:
    """A denied alert in a contract that another trade sold later has a bound.

    One in a contract nobody saw again is not known.
    """
    early = trade(
        "m4",
        DENIED,
        outcome="denied",
        closed_at=OPEN + timedelta(seconds=1),
        quantity=2,
        quote_ask=price("1.30"),
    )
    other = trade(
        "m5",
        DENIED,
        outcome="denied",
        closed_at=OPEN,
        symbol="QQQ   261218C00500000",
        alert_price=price("2.00"),
    )
    found = {each.workflow_id: each for each in made(bought, early, other).missed}
    assert (found["trade-m4"].best_later, found["trade-m4"].would_have_made) == (
        Decimal("2.48"),
        Decimal("236.00"),
    )
    assert (found["trade-m5"].would_pay, found["trade-m5"].would_have_made) == (Decimal("2.00"), None)
    assert set(found) == {"trade-m4", "trade-m5"}
    dear = trade(
        "m8",
        ((0.1, EventKind.DENIED, {"code": "PRICE_FAR_FROM_MARKET", "ask": "2.90"}),),
        outcome="denied",
        alert_price=price("1.00"),
    )
    assert made(dear).missed[0].would_pay == Decimal("2.90")
    now = {"QQQ   261218C00500000": quoted("3.00", "3.20")}
    assert made(bought, other, quotes=now).missed[0].would_have_made == Decimal("100.00")


def test_a_price_before_the_entry_proves_nothing(bought: ReportedTrade, trade: Trades) -> None:
    """Only what was known after the first fill counts."""
    late = trade("m6", bought_steps(), after=timedelta(hours=2), bought=1, average_entry=Decimal(1))
    assert best_known_gain(late, known_prices([bought, late], {})) is None


def bought_steps() -> tuple[tuple[float, EventKind, dict[str, str]], ...]:
    """Return the events of a trade that bought one at 1.00 and sold nothing."""
    return (
        (0.0, EventKind.RECEIVED, {}),
        (1.0, EventKind.FILLED, {"order": "m6-e1", "quantity": "1", "price": "1.00"}),
    )


def test_denials_have_their_meaning(trade: Trades) -> None:
    """Counted by code, the commonest first; a venue's own code has a text too."""
    refused = [trade(f"d{number}", DENIED, outcome="denied") for number in range(3)]
    venue = trade("v1", ((0.0, EventKind.REJECTED, {"code": "margin_check_failed"}),), outcome="rejected")
    report = made(venue, *refused)
    assert [(each.code, each.count) for each in report.not_bought] == [
        ("QUOTE_STALE", 3),
        ("margin_check_failed", 1),
    ]
    assert all(each.meaning for each in report.not_bought)
    assert report.lines[0].denied_or_rejected == 4


def test_an_order_that_no_worker_took_is_reported_as_our_own_reason(trade: Trades) -> None:
    """The report names the missing worker and does not say that the venue refused the order."""
    gave_up = (
        (0.2, EventKind.ENTRY_INTENDED, {"order": "m9-e1"}),
        (75.0, EventKind.GIVEN_UP, {"code": "NO_WORKER"}),
    )
    [refusal] = made(trade("m9", gave_up, outcome="unfilled")).not_bought
    assert (refusal.code, refusal.count) == ("NO_WORKER", 1)
    assert "No worker" in refusal.meaning
    assert "venue" not in refusal.meaning


def test_open_positions_have_a_paper_result_only_with_a_price(bought: ReportedTrade) -> None:
    """Without a mark the P&L on paper is not known, rather than zero."""
    assert (made(bought).open.contracts, made(bought).open.cost, made(bought).open.pnl) == (
        2,
        Decimal("248.00"),
        None,
    )
    assert made(bought, quotes={SYMBOL: quoted("1.40", "1.60")}).open.pnl == Decimal("52.00")


def test_money_adds_up(bought: ReportedTrade, trade: Trades) -> None:
    """Realised, fees and net; the curve ends at the sum, in the order in which it was earned."""
    loss = trade(
        "m7",
        (),
        closed_at=OPEN + timedelta(minutes=5),
        outcome="flat",
        pnl=Usd(Decimal("-100.00")),
        fees=Usd(Decimal("2.00")),
    )
    report = made(bought, loss)
    assert (report.pnl, report.fees, report.net, report.wins) == (
        Decimal("148.00"),
        Decimal("7.20"),
        Decimal("140.80"),
        Share(count=1, of=2),
    )
    assert [each.total for each in report.curve] == [Decimal("-100.00"), Decimal("148.00")]
    assert sum(line.pnl for line in report.lines) == report.pnl


@pytest.mark.parametrize("grouping", list(Grouping))
def test_lines_have_every_alert_once(bought: ReportedTrade, trade: Trades, grouping: Grouping) -> None:
    """Whatever the lines stand for, together they are the report."""
    report = made(
        bought, trade("m8", DENIED, author_id="8", channel_id="3", after=timedelta(days=1)), grouping=grouping
    )
    assert sum(line.alerts for line in report.lines) == report.alerts == 2
    assert sum(line.bought for line in report.lines) == 1


def test_an_empty_report_is_unknown_throughout() -> None:
    """No trades: no share of anything, no times, and nothing fails."""
    report = made()
    assert (report.alerts, report.filled.fraction, report.time_to_fill.median, report.net) == (
        0,
        None,
        None,
        Decimal(0),
    )


@given(
    times=st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=1)), min_size=1, max_size=60)
)
def test_a_spread_is_computed_from_the_measurements(times: list[timedelta]) -> None:
    """Each figure is one of the times, in order, and nine of ten are really no longer than it says."""
    found = spread(times)
    assert found.median is not None
    assert found.ninety is not None
    assert found.longest == max(times)
    assert {found.median, found.ninety} <= set(times)
    assert found.median <= found.ninety <= found.longest
    assert sum(time <= found.ninety for time in times) * 10 >= len(times) * 9


def test_a_timeline_of_a_day(bought: ReportedTrade, trade: Trades) -> None:
    """Every trade of the day and no other, by the moment it came in; the line spans at least the session."""
    tomorrow = trade("m9", DENIED, after=timedelta(days=1))
    first = trade("m0", DENIED, after=-timedelta(hours=1), closed_at=OPEN, outcome="denied")
    line = timeline_of([bought, tomorrow, first], DAY, NOW)
    assert [bar.workflow_id for bar in line.bars] == ["trade-m0", "trade-m1"]
    assert line.begins == OPEN - timedelta(hours=1)
    assert line.ends - OPEN == timedelta(hours=6.5)
    assert line.bars[1].filled_at == OPEN + timedelta(seconds=25)
