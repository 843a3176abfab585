"""Tables fit the terminal: whole cells at 80 columns, the least important columns left out."""

import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from alert_trader.cli.context import out
from alert_trader.cli.fitting_table import Column, fitting_table
from alert_trader.cli.report import timeline_table
from alert_trader.cli.trade_display import trades_table
from alert_trader.control.queries.trade_names import NamedContract, read_contract, short_ids
from alert_trader.control.queries.trade_views import TradeRow
from alert_trader.domain.reports.timeline import Bar, Timeline

COLUMNS = (Column(name="id", rank=0), Column(name="state", rank=1), Column(name="reason", rank=2))


def drawn(width: int, rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table."""
    written = io.StringIO()
    Console(file=written, width=width).print(fitting_table(COLUMNS, rows, width=width))
    return [line.strip() for line in written.getvalue().splitlines() if line.strip()]


def test_the_least_important_column_is_left_out_first() -> None:
    """What is shown is whole."""
    rows = [("123456", "[green]holding[/]", "a reason of thirty characters.")]
    assert drawn(60, rows)[-1].split()[:2] == ["123456", "holding"]
    assert "thirty" in drawn(60, rows)[-1]
    assert drawn(30, rows)[-1].split() == ["123456", "holding"]
    assert drawn(12, rows)[-1] == "123456"


def test_a_list_of_trades_keeps_id_and_state_at_80_columns() -> None:
    """Ids are short, and tell the listed trades apart."""
    rows = [
        TradeRow(
            workflow_id=f"trade-20261127143628-37deb{number}b1",
            started_at=datetime(2026, 11, 27, 15, tzinfo=UTC),
            closed_at=None,
            status="running",
            phase="entering",
            symbol="SPY",
            author=None,
            mode="demo",
            account=None,
            pnl=Decimal("-1234.50"),
        )
        for number in range(3)
    ]
    written = io.StringIO()
    Console(file=written, width=80).print(trades_table(rows, width=80))
    lines = written.getvalue().splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines)
    for number in range(3):
        [line] = [line for line in lines if f"deb{number}b1" in line]
        assert "entering" in line
        assert "-1,234.50" in line
    assert "…" not in written.getvalue()


def test_short_ids_grow_until_they_differ() -> None:
    """Six characters, or as many as it takes."""
    assert short_ids(["trade-1300000000111111", "trade-1300000000222222"]) == {
        "trade-1300000000111111": "111111",
        "trade-1300000000222222": "222222",
    }
    assert set(short_ids(["trade-13000001111111", "trade-13000002111111"]).values()) == {
        "1111111",
        "2111111",
    }
    assert short_ids(["trade-a1"]) == {"trade-a1": "a1"}
    assert short_ids([]) == {}


@pytest.mark.parametrize(
    ("text", "contract"),
    [
        ("SPY600C", NamedContract(symbol="SPY", strike=Decimal(600), right="C")),
        ("spy 600.5p", NamedContract(symbol="SPY", strike=Decimal("600.5"), right="P")),
        ("QQQ", NamedContract(symbol="QQQ", strike=None, right=None)),
        ("20261127143628-37debfb1", None),
        ("trade-1", None),
    ],
)
def test_a_contract_is_read(text: str, contract: NamedContract | None) -> None:
    """A contract names a trade, as the list shows it or as people write it."""
    assert read_contract(text) == contract


def test_a_pipe_gets_whole_lines_without_padding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is wrapped, cut or filled up with spaces."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert not sys.stdout.isatty()
    out().print(fitting_table(COLUMNS, [("1", "holding", "x" * 300), ("2", "flat", "")], width=out().width))
    lines = capsys.readouterr().out.splitlines()
    assert "x" * 300 in "".join(lines[-3:])
    assert any(line.endswith("x" * 300) for line in lines)
    assert all(line == line.rstrip() for line in lines)


def test_a_time_line_is_there_at_80_columns() -> None:
    """The line is never left out."""
    begins = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    bar = Bar(
        workflow_id="trade-1",
        author="anna",
        ordered_at=None,
        code=None,
        label="SPY 600C 2026-12-18",
        received_at=begins,
        filled_at=None,
        ended_at=None,
        sold_at=(),
        outcome="holding",
        pnl=Decimal(5),
    )
    line = Timeline(day=begins.date(), begins=begins, ends=begins + timedelta(hours=7), bars=(bar,))
    written = io.StringIO()
    table = timeline_table(line, begins + timedelta(hours=7), width=80)
    Console(file=written, width=80).print(table)
    assert f">{'-' * 47}" in written.getvalue()
    assert "…" not in written.getvalue()
