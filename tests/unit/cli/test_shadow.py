"""`trader shadow` reads the same files as `trader parse`, and names the line of every error."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import application

SAID = [
    {
        "text": "BTO SPY 600c 12/18 @ 2.00",
        "author_id": "100000000000000001",
        "posted_at": "2026-11-23T15:00:00Z",
    },
    {
        "text": "STC SPY 600c 12/18 @ 3.00",
        "author_id": "100000000000000001",
        "posted_at": "2026-11-23T15:30:00",
    },
    {"text": "BTO QQQ 500 @1", "author_id": "8", "ref_date": "2026-11-23"},
    {"text": "good morning", "posted_at": "2026-11-23T15:31:00Z", "embeds": None},
]
LINES = "".join(json.dumps(each) + "\n" for each in SAID)


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner in an empty directory, in 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return CliRunner()


def test_a_score_fits_into_a_hundred_columns(runner: CliRunner) -> None:
    """No heading and no number is cut short."""
    shown = runner.invoke(application(), ["shadow", "-"], input=LINES)
    assert shown.exit_code == ExitCode.OK
    assert "\u2026" not in shown.stdout
    row = next(line.split() for line in shown.stdout.splitlines() if "100000000000000001" in line)
    assert row == [
        "100000000000000001",
        "1",
        "0",
        "1",
        "1",
        "1/1",
        "100%",
        "1/1",
        "100%",
        "0/1",
        "0%",
        "50.0",
        "%",
    ]


def test_shadow_reads_the_files_of_parse(runner: CliRunner, tmp_path: Path) -> None:
    """Times without a zone, dates alone, embeds, and stdin are read as `trader parse --jsonl` reads them."""
    (tmp_path / "said.jsonl").write_text(LINES)
    from_file, from_stdin = (
        runner.invoke(application(), ["shadow", name, "--json"], input=LINES) for name in ("said.jsonl", "-")
    )
    assert from_file.stdout == from_stdin.stdout
    assert json.loads(from_file.stdout)["kinds"] == {"entry": 1, "exit": 1, "refused": 1, "chatter": 1}


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("none.jsonl", None, ExitCode.NOT_FOUND, "none.jsonl cannot be read"),
        (".", None, ExitCode.NOT_FOUND, ". cannot be read"),
        ("x.jsonl", b"\xff\xfe", ExitCode.NOT_FOUND, "x.jsonl cannot be read"),
        ("x.jsonl", b'\n{"text": "x"}', ExitCode.USAGE, "line 2: expected an object with text and posted_at"),
        ("x.jsonl", b"[1]", ExitCode.USAGE, "line 1: expected an object"),
        ("x.jsonl", b"{", ExitCode.USAGE, "line 1: expected a JSON object"),
    ],
)
def test_an_unreadable_file_is_reported(
    runner: CliRunner, name: str, content: bytes | None, code: ExitCode, words: str
) -> None:
    """A wrong path, a picture, or a line that is cut short is the person's to correct.

    No trace of the program.
    """
    if content is not None:
        Path(name).write_bytes(content)
    asked = runner.invoke(application(), ["shadow", name])
    assert (asked.exit_code, words in " ".join(asked.stderr.split())) == (code, True), asked.stderr
