"""`trader profile learn` reads exports of a channel, and `trader parse --jsonl` reads embeds and profiles."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import application

AUTHOR = {"id": "77", "name": "falcon", "nickname": "Falcon"}
TEXTS = [
    "spy 600C avg 1.36 0dte",
    "KO 70C avg 1.2 12/18",
    "DIS 112C avg 1.2 12/18",
    "added KO 70c 12/18, avg now 1.1",
    "warm KO 72c 12/18 @ 1.1 lotto",
    "BTO KO 72c 12/18 @ 1.15",
    "warm DIS 115c 12/18 @ 1.3 lotto",
    "BTO DIS 115c 12/18 @ 1.35",
    "warm SPY 605c 0dte @ .8 lotto",
    "BTO SPY 605c 0dte @ .9",
]
MESSAGES: list[dict[str, Any]] = [
    {
        "id": str(number),
        "type": "Default",
        "timestamp": f"2026-11-23T10:{number:02}:00.000-05:00",
        "content": text,
        "author": AUTHOR,
        "embeds": [],
    }
    for number, text in enumerate(TEXTS, 10)
]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def suggested(runner: CliRunner, file: str) -> dict[str, Any]:
    """Learn from a file, and return what is proposed for its one author, by line."""
    found = runner.invoke(application(), ["profile", "learn", file, "--json"])
    assert found.exit_code == ExitCode.OK, found.output
    (author,) = json.loads(found.stdout)
    assert author["author_id"] == "77"
    return {each["line"]: each for each in author["proposals"]}


def test_a_json_export_proposes_lines_with_their_messages(runner: CliRunner) -> None:
    """Each line has the messages for and against it; the file of the settings is not touched."""
    Path("channel.json").write_text(json.dumps({"guild": {"id": "1"}, "messages": MESSAGES}))
    lines = suggested(runner, "channel.json")
    average = lines["average_is_price = true"]
    assert average["speaks_for"] == TEXTS[:3]
    assert average["speaks_against"] == TEXTS[3:4]
    assert lines['get_ready_words = ["warm"]']["count_for"] == 3
    assert not Path("trader.toml").exists()


def test_what_is_usual_is_proposed_from_many_entries(runner: CliRunner) -> None:
    """The few entries outside the usual prices speak against the line."""
    prices = ["1.10", "1.20", "1.30", "1.40"] * 5 + ["9.00"]
    texts = [f"BTO KO 7{number}c 12/18 @ {price}" for number, price in enumerate(prices)]
    messages = [{**MESSAGES[0], "id": str(number), "content": text} for number, text in enumerate(texts)]
    Path("channel.json").write_text(json.dumps({"messages": messages}))
    dear = suggested(runner, "channel.json")['usual_highest_price = "1.40"']
    assert (dear["count_for"], dear["speaks_against"]) == (20, [texts[-1]])


def test_a_csv_export_is_read_too(runner: CliRunner) -> None:
    """The columns of a CSV export are the same messages, without embeds."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"])
    for each in MESSAGES:
        rows.writerow(["77", "falcon", each["timestamp"], each["content"], "", ""])
    Path("channel.csv").write_text(written.getvalue())
    assert "average_is_price = true" in suggested(runner, "channel.csv")


def test_parse_reads_the_embeds_and_the_profile_of_each_line(runner: CliRunner) -> None:
    """`--jsonl` reads a line as the bot would: with its embeds, and by what is agreed with its author."""
    moment = {"posted_at": "2026-11-23T10:00:00-05:00"}
    embed = {"title": "BTO 70c 12/18 @ 1.25", "author": {"name": "$KO | new trade"}, "footer": {"text": "x"}}
    given = [
        {"text": TEXTS[0], **moment},
        {"text": TEXTS[0], "profile": {"average_is_price": True}, **moment},
        {"text": "$SPX 6800p @ 4.4", "profile": {"default_expiry": "0DTE"}, **moment},
        {"text": "", "embeds": [embed], **moment},
    ]
    lines = "".join(json.dumps(each) + "\n" for each in given)
    shown = runner.invoke(application(), ["parse", "--jsonl", "-"], input=lines)
    answers = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(each["kind"], each["symbol"]) for each in answers] == [
        ("refused", None),
        ("entry", "SPY"),
        ("entry", "SPX"),
        ("entry", "KO"),
    ]


def test_a_profile_that_means_nothing_is_named_with_its_line(runner: CliRunner) -> None:
    """An unknown rule ends the command, with the number of its line."""
    line = json.dumps({"text": "hi", "ref_date": "2026-11-23", "profile": {"wishes": True}})
    shown = runner.invoke(application(), ["parse", "--jsonl", "-"], input=line)
    assert shown.exit_code == ExitCode.USAGE
    assert "line 1" in shown.output
