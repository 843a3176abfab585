"""`make dates`: the date-sensitive tests at every hard date.

In other time zones, with a line for each.
"""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.instants import HARD

PLACES = ("tests/unit", "tests/contract/broker/test_account_kinds.py", "tests/contract/venue/test_days.py")
"""The pure parts, and what days do to orders and expirations. Workflows have their hard dates in
tests/workflows/test_calendar_dates.py."""

AT_ONCE = 2


def date_sensitive() -> list[str]:
    """Find the test files that read the clock; what a rule is given is the same on every day."""
    files = [
        path
        for place in map(Path, PLACES)
        for path in ([place] if place.is_file() else sorted(place.rglob("test_*.py")))
    ]
    return [
        str(path)
        for path in files
        if path.parent.name != "project"
        and re.search(r"\bclock\b|\bSTATED\b", path.read_text(encoding="utf-8"))
    ]


async def run(name: str, at: str, variables: Mapping[str, str], turn: asyncio.Semaphore) -> bool:
    """Run the tests at an instant; prints how it went, and what was wrong."""
    pytest = str(Path(sys.executable).with_name("pytest"))
    command = [pytest, "-p", "no:cacheprovider", "-p", "no:schemathesis", "--at", at, *date_sensitive()]
    async with turn:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, **variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        text = (await process.communicate())[0].decode()
    lines = [line for line in text.splitlines() if " in " in line and ("passed" in line or "failed" in line)]
    sys.stdout.write(
        f"{name:<20} {HARD[at]:%Y-%m-%d %H:%M} UTC  "
        f"{lines[-1] if lines else f'ended with {process.returncode}'}\n"
    )
    if process.returncode:
        sys.stdout.write(text)
    sys.stdout.flush()
    return process.returncode == 0


async def main() -> int:
    """Run all of them."""
    turn = asyncio.Semaphore(AT_ONCE)
    runs = [run(name, name, {}, turn) for name in HARD]
    runs.append(run("in Tokyo", "half-day-open", {"TZ": "Asia/Tokyo"}, turn))
    runs.append(run("in New York", "clocks-back", {"TZ": "America/New_York"}, turn))
    return 0 if all(await asyncio.gather(*runs)) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
