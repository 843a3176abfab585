"""`trader init`: the settings file has comments, loads unchanged, and has no secret."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import application
from alert_trader.domain.alerts.profile import Approval
from alert_trader.domain.execution.policy import Mode
from alert_trader.settings.load import load

ANSWERS = "300000000000000003\n200000000000000002\nnobody\n11111,22222\n33333\n5WT1\ny\n"


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """Answer every question, one of them wrong at first, and give the file written."""
    file = tmp_path / "trader.toml"
    result = CliRunner().invoke(application(), ["init", "--file", str(file)], input=ANSWERS)
    assert result.exit_code == 0, result.output
    assert "TRADER_DISCORD_TOKEN=" in result.output
    assert "Message Content Intent" in result.output
    return file


def test_the_settings_file_has_the_answers_and_trades_nothing(answered: Path) -> None:
    """Dry-run, the ids that were given, and every author watched: what was said and no more."""
    settings = load(environment={}, directory=answered.parent).settings
    assert (settings.mode, settings.tastytrade_account, settings.discord_operators) == (
        Mode.DRY_RUN,
        "5WT1",
        ("33333",),
    )
    assert settings.authors == ("11111", "22222")
    assert [each.approval for each in settings.author_profiles.values()] == [Approval.WATCH, Approval.WATCH]


def test_every_line_is_explained_and_none_is_a_secret(answered: Path) -> None:
    """DUR-50: each setting is below a comment; no secret is in the file."""
    lines = answered.read_text().splitlines()
    for place, line in enumerate(lines):
        if " = " in line and not line.startswith(("#", "approval")):
            assert lines[place - 1].startswith("# ")
    assert not [name for name in tomllib.loads(answered.read_text()) if "token" in name or "secret" in name]


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    """An existing file is not changed."""
    file = tmp_path / "trader.toml"
    file.write_text("mode = 'demo'\n")
    result = CliRunner().invoke(application(), ["init", "--defaults", "--file", str(file)])
    assert result.exit_code == ExitCode.USAGE
    assert file.read_text() == "mode = 'demo'\n"
