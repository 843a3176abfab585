"""The options before the command, such as --mode."""

from dataclasses import dataclass
from pathlib import Path

from alert_trader.domain.execution.policy import Mode


@dataclass(slots=True)
class Options:
    """Options that all commands share."""

    stack: Path | None = None
    mode: Mode | None = None


chosen = Options()
"""Set before the command runs."""
