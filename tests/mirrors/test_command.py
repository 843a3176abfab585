"""`trader audit` as a person runs it."""

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from alert_trader.cli.main import application
from alert_trader.settings.load import as_environment
from tests.mirrors.conftest import Mirrored

pytestmark = pytest.mark.timeout(180)

HOSTILE = "=HYPERLINK(1) BTO SPY 600 @ 1"


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


Trader = Callable[..., Awaitable[Answer]]


@pytest.fixture
def trader(
    mirrored: Mirrored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Trader:
    """Return the command, under the settings of the worker slot.

    In a thread of this process, as loading takes longer than answering.
    """
    for name, value in as_environment(mirrored.slot.settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    async def run(*arguments: str) -> Answer:
        def call() -> int:
            try:
                result = application(arguments)(list(arguments), standalone_mode=False)
            except typer.Exit as ended:
                return ended.exit_code
            return result if isinstance(result, int) else 0

        capsys.readouterr()
        code = await asyncio.to_thread(call)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


async def test_the_audit_command_has_every_query(mirrored: Mirrored, trader: Trader, tmp_path: Path) -> None:
    """DUR-60: recent, trade, search, sql, export and verify answer on stdout, in JSON where asked.

    What is wrong is shown with its code.
    """
    trade = await mirrored.slot.alert(text=HOSTILE)
    await trade.result()
    await mirrored.round()
    name = f"trade-{trade.id}"
    recent = (await trader("audit", "recent", "--limit", "100", "--json")).json
    assert recent["source"] == "redis"
    # what other tests traded in this stack may have been recorded later
    assert [event["kind"] for event in recent["events"] if event["workflow_id"] == name] == [
        "closed",
        "denied",
        "received",
    ]
    one = (await trader("audit", "trade", trade.id, "--json")).json
    assert (one["trade"]["workflow_id"], one["fault"], one["source"]) == (name, None, "redis")
    found = (await trader("audit", "search", "hyperlink", "--kind", "denied", "--json")).json
    assert name in [event["workflow_id"] for event in found]
    query = f"select outcome, events, pnl from trades where workflow_id = '{name}'"
    assert (await trader("audit", "sql", query, "--json")).json == [
        {"outcome": "denied", "events": 3, "pnl": None}
    ]
    refused = await trader("audit", "sql", "select * from read_text('/etc/hostname')")
    assert refused.code == 2
    assert "disabled by configuration" in " ".join(refused.stderr.split())
    assert (
        await trader(
            "audit", "export", "some.csv", "--sql", f"select text from trades where workflow_id = '{name}'"
        )
    ).code == 0
    assert list(csv.reader((tmp_path / "some.csv").read_text().splitlines())) == [["text"], ["'" + HOSTILE]]
    for file, lines in (("all.jsonl", 3), ("all.parquet", 1)):
        assert (await trader("audit", "export", file, "--table", "events")).code == 0
        assert len((tmp_path / file).read_bytes().splitlines()) >= lines
    assert (await trader("audit", "export", "some.xls")).code == 2
    assert (await trader("audit", "trade", "nobody1")).code == 3


async def test_the_audit_trail_is_shown_as_a_table(mirrored: Mirrored, trader: Trader) -> None:
    """Without JSON the same is tables and sentences, and an alert's text is shown as it was written."""
    trade = await mirrored.slot.alert(text="[red]BTO[/] SPY 600 @ 1")
    await trade.result()
    await mirrored.round()
    assert "[red]BTO[/] SPY" in (await trader("audit", "recent")).stdout
    assert "hash chain intact: 3 events" in (await trader("audit", "trade", trade.id)).stdout
    assert "received" in (await trader("audit", "search", "[red]")).stdout
    assert "denied" in (await trader("audit", "sql", "select outcome from trades")).stdout


async def test_rebuild_and_verify_report_their_result(mirrored: Mirrored, trader: Trader) -> None:
    """DUR-20: a rebuild counts what it wrote.

    A proof is equal or ends with a code of its own and the first difference.
    """
    trade = await mirrored.slot.alert(text="BTO SPY 600 @ 1")
    await trade.result()
    assert (await trader("audit", "rebuild")).code == 0
    proof = await trader("audit", "verify", "--json")
    assert (proof.code, proof.json["equal"], proof.json["differences"]) == (0, True, [])
    assert mirrored.mirrors.hot is not None
    await mirrored.mirrors.hot.forget([f"trade-{trade.id}"])
    proof = await trader("audit", "verify")
    assert proof.code == 1
    assert f"trade-{trade.id} in Redis: it is missing" in " ".join(proof.stdout.split())
    assert (await trader("audit", "rebuild", "--json")).json["in_redis"] > 0


async def test_doctor_checks_the_mirrors(mirrored: Mirrored, trader: Trader) -> None:
    """Redis, the archive and the schedule are each found well, and none of them is needed by a trade."""
    await mirrored.round()
    checks = {each["name"]: each for each in (await trader("doctor", "--no-broker", "--json")).json}
    for name in ("Redis", "archive", "housekeeping", "redis program"):
        assert checks[name]["ok"], checks[name]
