"""Commands about the stack of this machine, where none runs; a test notification; completion."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import application
from alert_trader.cli.stack import sample_alert


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner in an empty directory, with none of our variables set."""
    for name in os.environ:
        if name.startswith(("TRADER_", "TASTYTRADE_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return CliRunner()


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Serve a webhook; return its address and what it was sent."""
    posted: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook-secret", posted
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (["down"], ExitCode.NOT_FOUND, "no stack runs in"),
        (["logs"], ExitCode.NOT_FOUND, "no stack was started there"),
        (["backup"], ExitCode.USAGE, "has no temporal.db"),
        (["restore", "none.tar.gz", "--yes"], ExitCode.USAGE, "is not a whole backup"),
        (["notify", "test"], ExitCode.USAGE, "no service is configured"),
        (["completion", "tcsh"], ExitCode.USAGE, "expected bash, zsh, fish"),
    ],
)
def test_a_mistake_is_answered(runner: CliRunner, line: list[str], code: ExitCode, says: str) -> None:
    """Each names what is missing, and nothing is a traceback."""
    result = runner.invoke(application(line), line)
    assert result.exit_code == code
    assert says in result.stderr


def test_a_test_notification_is_sent_at_once(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, webhook: tuple[str, list[dict[str, object]]]
) -> None:
    """Whatever the level and the quiet hours; a service that does not take it fails the command."""
    address, posted = webhook
    monkeypatch.setenv("TRADER_OPERATOR_WEBHOOK_URL", address)
    monkeypatch.setenv("TRADER_NOTIFY_LEVEL", "page")
    result = runner.invoke(application(["notify"]), ["notify", "test"])
    assert (result.exit_code, result.stdout) == (0, "1. Webhook: accepted\n")
    assert "Test notification" in str(posted[0]["content"])
    monkeypatch.setenv("TRADER_OPERATOR_WEBHOOK_URL", "http://127.0.0.1:1/hook-secret")
    failed = runner.invoke(application(["notify"]), ["notify", "test"])
    assert failed.exit_code == ExitCode.UNEXPECTED
    assert "FAILED" in failed.stdout
    assert "hook-secret" not in failed.stdout + failed.stderr


@pytest.mark.parametrize(
    ("day", "says"),
    [("2026-11-25", "1DTE"), ("2026-11-26", "11/27/2026"), ("2026-11-28", "11/30/2026")],
    ids=["a session", "Thanksgiving", "Saturday"],
)
def test_the_suggested_alert_can_be_traded(day: str, says: str) -> None:
    """On a day without trading, days cannot be counted from it: the alert has a date."""
    assert sample_alert(datetime.fromisoformat(f"{day}T17:00:00+00:00")) == f"BTO SPY 600c {says}"


def test_help_has_a_short_option(runner: CliRunner) -> None:
    """`-h` is `--help`, for groups and commands too."""
    for line in (["-h"], ["list", "-h"], ["account", "positions", "-h"]):
        result = runner.invoke(application(line), line)
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
