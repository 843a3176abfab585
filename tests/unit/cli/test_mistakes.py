"""People's mistakes: each has an answer that says what is wrong, an exit code, and no traceback."""

import io
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_trader.bot.discord_text import discord_ids
from alert_trader.cli import main
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import application

AWAY = {"TRADER_TEMPORAL_ADDRESS": "127.0.0.1:1"}
DEMO = {"TRADER_MODE": "demo"}

USAGE, NOT_FOUND, UNREACHABLE = ExitCode.USAGE, ExitCode.NOT_FOUND, ExitCode.UNREACHABLE

MISTAKES: tuple[tuple[str, dict[str, str], ExitCode, str], ...] = (
    ("parse --jsonl nowhere.jsonl", {}, NOT_FOUND, "nowhere.jsonl cannot be read"),
    ("parse --jsonl folder", {}, NOT_FOUND, "folder cannot be read"),
    ("parse --jsonl bytes.jsonl", {}, NOT_FOUND, "bytes.jsonl cannot be read"),
    ("parse BTO --at someday", {}, USAGE, "expected --at as an ISO date or time"),
    ("send BTO", {}, USAGE, "No stack runs in var: `trader up` starts one"),
    ("send BTO --id bad!id", DEMO, USAGE, "expected a message id"),
    ("sell X 0", AWAY, USAGE, "found '0'"),
    ("sell X abc", AWAY, USAGE, "found 'abc'"),
    ("sell X 1/0", AWAY, USAGE, "found '1/0'"),
    ("sell X nan%", AWAY, USAGE, "found 'nan%'"),
    ("limits set foo --reason x", AWAY, USAGE, "expected NAME=VALUE"),
    ("limits set a=1", AWAY, USAGE, "--reason"),
    ("history export X", AWAY, USAGE, "trader history export ID DIR"),
    ("replay nowhere.json", AWAY, USAGE, "does not hold a history"),
    ("replay folder.json", AWAY, USAGE, "does not hold a history"),
    ("replay bad.json", AWAY, USAGE, "does not hold a history"),
    ("replay list.json", AWAY, USAGE, "does not hold a history"),
    ("timeline yesterday", AWAY, USAGE, "yesterday"),
    ("audit export /proc/none/x.csv", {}, USAGE, "does not exist: create it first"),
    ("audit export x.doc", {}, USAGE, "expected a file name ending in"),
    ("audit sql drop", {}, USAGE, "Parser Error"),
    ("audit export x.csv --table nope", {}, USAGE, "expected trades, orders or events"),
    ("audit recent --before zz", AWAY, USAGE, "expected a cursor"),
    ("profile test nowhere", DEMO, NOT_FOUND, "nowhere cannot be read"),
    ("profile learn folder", DEMO, NOT_FOUND, "folder cannot be read"),
    ("profile learn bad.json", DEMO, USAGE, "expected a JSON object"),
    ("shadow nowhere", DEMO, NOT_FOUND, "nowhere cannot be read"),
    ("--mode x list", {}, USAGE, "--mode"),
    ("nonsense", {}, USAGE, "nonsense"),
    ("list --limit 0", {}, USAGE, "--limit"),
    ("--stack nowhere.json list", {}, USAGE, "Start one with `trader up`"),
    ("--stack list.json list", {}, USAGE, "Start one with `trader up`"),
    ("list", {"TRADER_DISCORD_OPERATORS": "anna"}, USAGE, "expected Discord ids, which are numbers"),
    ("list", {"TRADER_TEMPORAL_ADDRESS": "a:b:c"}, UNREACHABLE, "expected an address such as 127.0.0.1:7233"),
    ("list", {"TRADER_TEMPORAL_ADDRESS": "host:99999"}, UNREACHABLE, "found 'host:99999'"),
    ("list", AWAY, UNREACHABLE, "Start the local stack with `trader up`"),
    ("up", {"TRADER_DATA_DIR": "/dev/null/x", **DEMO}, UNREACHABLE, "Set TRADER_DATA_DIR to a folder"),
    ("up", {"TRADER_DATA_DIR": "file", **DEMO}, UNREACHABLE, "Set TRADER_DATA_DIR to a folder"),
    ("demo --data file", {}, UNREACHABLE, "cannot be made"),
    ("config show", {"TRADER_SETTINGS": "folder"}, USAGE, "folder cannot be read"),
    ("config show", {"TRADER_PROFILES": "nowhere.toml"}, USAGE, "TRADER_PROFILES"),
    ("flatten", AWAY, USAGE, "add --yes"),
)


@pytest.mark.parametrize(("line", "environment", "code", "answer"), MISTAKES)
def test_a_mistake_has_an_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    environment: dict[str, str],
    code: ExitCode,
    answer: str,
) -> None:
    """It ends with the exit code of its kind."""
    for name in os.environ:
        if name.startswith(("TRADER_", "TASTYTRADE_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    for folder in ("folder", "folder.json"):
        (tmp_path / folder).mkdir()
    for file, content in (("file", b"x"), ("bad.json", b"{"), ("list.json", b"[]"), ("bytes.jsonl", b"\xff")):
        (tmp_path / file).write_bytes(content)
    found = CliRunner().invoke(application(), line.split(), env=environment)
    assert found.exception is None or isinstance(found.exception, SystemExit)
    assert found.exit_code == code, found.stderr
    assert answer in found.stderr
    assert "Traceback" not in found.stderr


def test_a_terminal_that_is_not_utf_8_shows_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it cannot show does not end the command."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    main.allow_any_text()
    stream.write("5 → 6 …\n")
    stream.flush()
    assert written.getvalue() == b"5 ? 6 ?\n"


def test_ids_that_are_not_discords_end_no_bot() -> None:
    """They are of alerts that come from elsewhere: the bot leaves them alone."""
    assert discord_ids(["123", "my-server", "²"]) == [123]
