"""The log of every process: text for a person or JSON for a collector, and repeated lines counted."""

import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from typing_extensions import override

from alert_trader.settings.services import LogFormat

REPEATS_WITHIN = 60.0
"""Seconds for which the same warning is counted and not written. While the broker cannot be reached each
trade, read and stream repeats its own every second or two."""

_REMEMBERED = 500
"""Different warnings that are counted at once."""


NOTICES = "alert-trader.notices"
"""The logger of what people are notified of: each notice is written."""


@dataclass(slots=True)
class _Seen:
    written_at: float
    withheld: int = 0


class RepeatFilter(logging.Filter):
    """Withhold a warning that was written less than a minute ago; the next says how many were withheld."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure by `clock`, in seconds."""
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int, str], _Seen] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write a record."""
        if record.levelno < logging.WARNING or record.name == NOTICES:
            return True
        now, key = self._clock(), (record.name, record.levelno, _kind(record))
        seen = self._seen.get(key)
        if seen is not None and now - seen.written_at < REPEATS_WITHIN:
            seen.withheld += 1
            return False
        if seen is not None and seen.withheld:
            record.msg = f"{record.getMessage()} ({seen.withheld} more of these since the last line)"
            record.args = ()
        if len(self._seen) >= _REMEMBERED:
            self._seen = {each: of for each, of in self._seen.items() if now - of.written_at < REPEATS_WITHIN}
        if len(self._seen) < _REMEMBERED:
            self._seen[key] = _Seen(now)
        return True


def _kind(record: logging.LogRecord) -> str:
    """Return what a record has in common with its repetitions: its words, its error, its activity."""
    error = record.exc_info[1] if record.exc_info else None
    activity = getattr(record, "temporal_activity", None)
    named = activity.get("activity_type", "") if isinstance(activity, dict) else ""
    text = str(record.msg).partition(" ({")[0] if named else record.getMessage()
    return f"{named} {text} {type(error).__name__}: {error}"


class BriefErrors(logging.Formatter):
    """Write the traceback of an error that nobody expects; an expected one in one line.

    An activity that failed is expected where its error is Temporal's ApplicationError: raised by us, with a
    message that says what happened.
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Write a record as text."""
        error = expected(record)
        if error is None:
            return super().format(record)
        brief = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None})
        return f"{super().format(brief)}: {error}"


class JsonLines(logging.Formatter):
    """Write a record as one JSON object."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Write a record in JSON."""
        written = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (error := expected(record)) is not None:
            written["error"] = error
        elif record.exc_info:
            written["error"] = self.formatException(record.exc_info)
        return json.dumps(written, ensure_ascii=False)


def expected(record: logging.LogRecord) -> str | None:
    """Return the one line of an expected error; None for every other record."""
    error = record.exc_info[1] if record.exc_info else None
    if getattr(record, "__temporal_error_identifier", "") != "ActivityFailure" or error is None:
        return None
    # imported by every process that has activities; a process without need not load the SDK for its log
    kind = sys.modules.get("temporalio.exceptions")
    if kind is None or not isinstance(error, kind.ApplicationError):
        return None
    return str(error)


def set_up(level: str, form: LogFormat) -> None:
    """Log everything of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RepeatFilter())
    text = BriefErrors("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form is LogFormat.JSON else text)
    logging.basicConfig(level=level.upper(), handlers=[handler])
