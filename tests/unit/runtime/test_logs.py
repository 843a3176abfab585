"""The log of a process: repeated warnings are counted, expected errors take one line, JSON on request."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from temporalio.exceptions import ApplicationError

from alert_trader.runtime.logs import NOTICES, BriefErrors, JsonLines, RepeatFilter

log = logging.getLogger("tests.logs")


class Lines(logging.Handler):
    """Keeps what is written."""

    def __init__(self) -> None:
        """Write as the processes do, by a clock of its own."""
        super().__init__()
        self.at = 0.0
        self.written: list[str] = []
        self.addFilter(RepeatFilter(lambda: self.at))
        self.setFormatter(BriefErrors("%(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.written.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log to a list."""
    handler = Lines()
    loggers = (log, logging.getLogger(NOTICES))
    for each in loggers:
        each.addHandler(handler)
    yield handler
    for each in loggers:
        each.removeHandler(handler)


def activity_failed(error: Exception, activity: str = "read_order") -> None:
    """Log as the SDK logs a failed activity."""
    details = {"activity_type": activity, "attempt": 1}
    extra = {"__temporal_error_identifier": "ActivityFailure", "temporal_activity": details}
    log.warning("Completing activity as failed (%s)", details, exc_info=error, extra=extra)


def test_four_minutes_without_the_broker_are_few_lines(lines: Lines) -> None:
    """An activity that fails every second writes a line a minute, which says how many it represents."""
    for second in range(240):
        lines.at = float(second)
        activity_failed(ApplicationError("the broker cannot be reached"))
        activity_failed(ApplicationError("the broker cannot be reached"), "read_positions")
    text = "\n".join(lines.written)
    assert len(text.splitlines()) == 8
    assert text.count("(59 more of these since the last line)") == 6
    assert text.count("the broker cannot be reached") == 8


def test_an_unexpected_error_keeps_its_traceback(lines: Lines) -> None:
    """A bug is logged with where it happened."""
    nothing: dict[str, str] = {}
    with pytest.raises(KeyError) as bug:
        nothing["a bug"]
    activity_failed(bug.value)
    assert "Traceback" in lines.written[0]


def test_what_differs_is_written(lines: Lines) -> None:
    """Other errors, information, and notices to people are never withheld."""
    for text in ("one", "two", "one"):
        activity_failed(ApplicationError(text))
        log.info("same")
        logging.getLogger(NOTICES).warning("page: same")
    assert sum("Completing" in line for line in lines.written) == 2
    assert lines.written.count("WARNING page: same") == 3


def test_json_lines_are_objects() -> None:
    """Each record is one line of JSON, an error's traceback included."""
    record = logging.makeLogRecord(
        {"name": "n", "levelname": "ERROR", "msg": "two\nlines %s", "args": ("x",)}
    )
    written = JsonLines().format(record)
    assert "\n" not in written
    found = json.loads(written)
    assert (found["level"], found["logger"], found["message"]) == ("error", "n", "two\nlines x")
    nothing: dict[str, str] = {}
    with pytest.raises(KeyError) as bug:
        nothing["a bug"]
    record.exc_info = (KeyError, bug.value, bug.tb)
    assert "Traceback" in json.loads(JsonLines().format(record))["error"]


def test_a_process_logs_json_when_asked() -> None:
    """TRADER_LOG_FORMAT=json reaches every line of a process."""
    program = (
        "import logging\n"
        "from alert_trader.runtime import program\n"
        "async def todo(settings): logging.getLogger('x').info('said')\n"
        "raise SystemExit(program.work(todo))\n"
    )
    environment = {"TRADER_LOG_FORMAT": "json", "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [json.loads(line)["message"] for line in ran.stderr.splitlines()] == ["said"]
