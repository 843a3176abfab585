"""What `trader audit` shows of the archive in a terminal that is not wide."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_trader.cli.main import application
from alert_trader.mirrors.archive import Archive, Place
from tests.support.trail import record


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner over an archive with two trades, in 100 columns."""
    Archive(Place.at(str(tmp_path / "archive")), "demo").write([record("m1"), record("m2")])
    for name, value in (
        ("TRADER_MODE", "demo"),
        ("TRADER_ARCHIVE", str(tmp_path / "archive")),
        ("COLUMNS", "100"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_rows_that_do_not_fit_are_shown_one_below_the_other(runner: CliRunner) -> None:
    """`select *` has fifty columns: each value is beside its name, not cut."""
    shown = runner.invoke(application(), ["audit", "sql", "select * from trades"]).stdout.splitlines()
    assert [line.strip() for line in shown if line.startswith("row ")] == ["row 1", "row 2"]
    assert [line.split() for line in shown if line.startswith("workflow_id")] == [
        ["workflow_id", "trade-m1"],
        ["workflow_id", "trade-m2"],
    ]
    assert max(map(len, shown)) <= 100


def test_rows_that_fit_are_a_table_with_maps_as_json(runner: CliRunner) -> None:
    """A few columns stay side by side; what an event rests on reads as names and values."""
    shown = runner.invoke(
        application(),
        ["audit", "sql", "select kind, facts from events where workflow_id = 'trade-m1' and sequence = 1"],
    ).stdout
    assert '"quantity": "4"' in " ".join(shown.split())
    assert not shown.startswith("row ")


def test_an_empty_result_is_reported(runner: CliRunner) -> None:
    """An empty answer is not an empty box."""
    asked = runner.invoke(application(), ["audit", "sql", "select * from trades where false"])
    assert (asked.exit_code, asked.stdout, asked.stderr) == (0, "", "No rows.\n")


def test_a_narrow_terminal_leaves_room_for_the_texts_of_events(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a narrow terminal the kind precedes the text, instead of leaving it only a few characters."""
    narrow = runner.invoke(application(), ["audit", "search", "--kind", "exit_submitted"]).stdout
    assert "exit_submitted exit submitted 4 x" in narrow
    monkeypatch.setenv("COLUMNS", "140")
    wide = runner.invoke(application(), ["audit", "search", "--kind", "exit_submitted"]).stdout
    assert "exit_submitted   exit submitted 4 x SPY 600C at 1.20" in wide
