"""Commands of `trader` that need no server: their answers and exit codes."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from rich.table import Table
from typer.testing import CliRunner

from alert_trader.cli.context import err, out
from alert_trader.cli.demo_cases import CASES, demo_expiry
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import application
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.ids import MessageId
from alert_trader.domain.market.calendar import is_trading_day


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner in an empty directory, with none of our variables set, and room for wide lines."""
    for name in os.environ:
        if name.startswith(("TRADER_", "TASTYTRADE_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return CliRunner()


def test_parse_writes_json(runner: CliRunner) -> None:
    """`parse --json` gives the plain fields, prices and strikes as decimal text."""
    result = runner.invoke(
        application(), ["parse", "BTO SPY 600c 12/18/2026 @ 1.20", "--at", "2026-12-01", "--json"]
    )
    assert result.exit_code == ExitCode.OK
    answer = json.loads(result.stdout)
    assert {key: answer[key] for key in ("kind", "symbol", "strike", "right", "expiry", "price", "code")} == {
        "kind": "entry",
        "symbol": "SPY",
        "strike": "600",
        "right": "C",
        "expiry": "2026-12-18",
        "price": "1.20",
        "code": None,
    }


def test_parse_has_an_exit_code_for_a_refusal(runner: CliRunner) -> None:
    """A text that looks like an alert and cannot be traded gives its code and exit code 4."""
    result = runner.invoke(application(), ["parse", "BTO SPY 600 12/18/2026 @ 1.20", "--at", "2026-12-01"])
    assert result.exit_code == ExitCode.REFUSED
    assert "PARSE_NO_RIGHT" in result.stdout


def test_parse_explains_what_it_read(runner: CliRunner) -> None:
    """`parse --explain` underlines what was read, and names each rule and check."""
    result = runner.invoke(
        application(), ["parse", "BTO SPY 600c 12/19/2026 @ 1.20", "--at", "2026-12-01", "--explain"]
    )
    assert result.exit_code == ExitCode.OK
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    text = lines.index("BTO SPY 600c 12/19/2026 @ 1.20")
    assert lines[text + 1] == "^^^ ^^^ ^^^^ ^^^^^^^^^^   ^^^^"
    assert "strike and right" in result.stdout
    assert "EXPIRY_NOT_TRADING_DAY" in result.stdout


def test_parse_explains_in_json(runner: CliRunner) -> None:
    """`parse --explain --json` gives the rules and the checks as objects."""
    result = runner.invoke(
        application(),
        ["parse", "BTO SPY 600c 12/18/2026 @ 1.20", "--at", "2026-12-01", "--explain", "--json"],
    )
    explanation = json.loads(result.stdout)["explanation"]
    assert {rule["shape"] for rule in explanation["rules"]} >= {"STRIKE", "DATE", "NUMBER"}
    assert all(check["passed"] for check in explanation["checks"])


def test_parse_jsonl_reads_embeds(runner: CliRunner) -> None:
    """A line may carry embeds as Discord writes them."""
    line = {
        "text": "",
        "ref_date": "2026-12-01",
        "embeds": [{"title": "BTO SPY 600c 12/18 @ 1.20", "description": None, "fields": None}],
    }
    result = runner.invoke(application(), ["parse", "--jsonl", "-"], input=json.dumps(line))
    assert json.loads(result.stdout)["kind"] == "entry"


def test_parse_jsonl_answers_line_by_line(runner: CliRunner) -> None:
    """`parse --jsonl -` prints one object a line, in order, from `posted_at` or `ref_date`."""
    lines = [
        {"text": "BTO SPY 600c 0DTE @ 1.20", "posted_at": "2026-12-01T15:00:00Z"},
        {"text": "good morning", "ref_date": "2026-12-01"},
    ]
    result = runner.invoke(application(), ["parse", "--jsonl", "-"], input="\n".join(map(json.dumps, lines)))
    assert result.exit_code == ExitCode.OK
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(answer["kind"], answer["expiry"]) for answer in answers] == [
        ("entry", "2026-12-01"),
        ("chatter", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["parse"], ExitCode.USAGE),
        (["parse", "x", "--at", "tomorrow"], ExitCode.USAGE),
        (["parse", "--jsonl", "nowhere.jsonl"], ExitCode.NOT_FOUND),
        (["send", "BTO SPY 600c 12/18 @ 1.20"], ExitCode.USAGE),
        (["--mode", "demo", "send", "BTO SPY 600c 12/18 @ 1.20", "--id", "not an id"], ExitCode.USAGE),
        (["--mode", "live", "list"], ExitCode.USAGE),
        (["--stack", "nowhere.json", "list"], ExitCode.USAGE),
        (["history", "export", "one"], ExitCode.USAGE),
        (["replay", "nowhere.json"], ExitCode.USAGE),
        (["nonsense"], ExitCode.USAGE),
    ],
)
def test_wrong_usage_is_reported_on_stderr(runner: CliRunner, arguments: list[str], code: ExitCode) -> None:
    """A wrong command line ends with its code, with words on stderr and nothing on stdout."""
    result = runner.invoke(application(), arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.strip()


def test_no_server_is_exit_code_5(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing Temporal server is reported within the timeout, with what to do."""
    monkeypatch.setattr("alert_trader.cli.context.CONNECT_WITHIN", timedelta(seconds=0.3))
    monkeypatch.setenv("TRADER_TEMPORAL_ADDRESS", "127.0.0.1:1")
    result = runner.invoke(application(), ["list"])
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "trader up" in " ".join(result.stderr.split())


def test_config_show_hides_secrets(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """DUR-50: `config show` prints every setting with its source, and no secret."""
    monkeypatch.setenv("TASTYTRADE_REFRESH_TOKEN", "hunter2")
    plain = runner.invoke(application(), ["config", "show"])
    rows = json.loads(runner.invoke(application(), ["config", "show", "--json"]).stdout)
    assert plain.exit_code == ExitCode.OK
    assert "hunter2" not in plain.stdout + json.dumps(rows)
    assert {row["name"]: row["source"] for row in rows}["TASTYTRADE_REFRESH_TOKEN"] == "env"


def test_a_running_stack_is_found_and_a_stopped_one_is_not(runner: CliRunner) -> None:
    """Commands take mode and addresses from var/stack.json only while its process lives."""
    state = Path("var/stack.json")
    state.parent.mkdir()
    fields = {
        "mode": "demo",
        "temporal_address": "127.0.0.1:4",
        "temporal_namespace": "{mode}",
        "tastytrade_account": "5WT00077",
        "venue_url": None,
    }

    def account() -> str:
        rows = json.loads(runner.invoke(application(), ["config", "show", "--json"]).stdout)
        return str({row["name"]: row["value"] for row in rows}["TASTYTRADE_ACCOUNT"])

    state.write_text(json.dumps({"pid": os.getpid(), **fields}))
    assert account() == "5WT00077"
    state.write_text(json.dumps({"pid": 2**22 + 1, **fields}))
    assert account() == "5WT31673"


@pytest.mark.parametrize(
    "today", [date(2026, 11, 23), date(2026, 12, 31), date(2027, 2, 26), date(2025, 3, 28)]
)
def test_demo_alerts_fit_any_day(today: date) -> None:
    """The demo's contracts expire on a trading day at least three weeks ahead, and its alerts are parsed."""
    expiry = demo_expiry(today)
    assert is_trading_day(expiry)
    assert 21 <= (expiry - today).days <= 60
    posted = datetime(today.year, today.month, today.day, 17, tzinfo=UTC)
    for case in CASES:
        message = AlertMessage(
            message_id=MessageId("m"),
            text=case.alert(expiry),
            author_id="",
            channel_id="",
            guild_id="",
            posted_at=posted,
        )
        parsed = parse(message)
        refused = "missing" in case.name
        assert parsed.kind is (AlertKind.REFUSED if refused else AlertKind.ENTRY), case.name
        if not refused:
            assert (parsed.symbol, parsed.strike, parsed.expiry) == ("SPY", Decimal(case.strike), expiry), (
                case.name
            )


def test_terminal_control_codes_are_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """WHO-60: what an alert holds neither clears the screen nor renames the window nor turns the text round.

    Our own colours stay.
    """
    monkeypatch.setenv("COLUMNS", "100")
    table = Table("what")
    table.add_row("BTO \x1b[2J\x1b]0;pwned\x07 \x9b31m SPY\u202e \x00 déjà 🚀")
    for console in (out(), err()):
        console.print(table)
    for said in capsys.readouterr():
        assert "BTO [2J]0;pwned 31m SPY  déjà 🚀" in said
        assert not set(said) & {"\x1b", "\x07", "\x9b", "\u202e", "\x00"}
    monkeypatch.setenv("FORCE_COLOR", "1")
    out().print("[red]halted[/]")
    assert "\x1b[31m" in capsys.readouterr().out


def test_flatten_sells_nothing_without_an_answer(runner: CliRunner) -> None:
    """Where nobody can be asked, `flatten` needs --yes."""
    asked = runner.invoke(application(), ["flatten"], env={"TRADER_MODE": "demo"})
    assert asked.exit_code == ExitCode.USAGE
    assert "add --yes" in asked.stderr


@pytest.mark.parametrize("command", [["halt"], ["flatten", "--yes"]])
def test_a_halt_without_temporal_names_the_stop_file(
    runner: CliRunner, tmp_path: Path, command: list[str]
) -> None:
    """HLT-10: without Temporal the output says how to stop entries, and acknowledges nothing."""
    asked = runner.invoke(
        application(), command, env={"TRADER_TEMPORAL_ADDRESS": "127.0.0.1:1", "TRADER_MODE": "demo"}
    )
    assert asked.exit_code == ExitCode.UNREACHABLE
    assert f"create the file {tmp_path / 'var' / 'STOP'} where the worker runs" in asked.stderr.replace(
        "\n", ""
    )
