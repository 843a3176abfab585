"""The options given before the command."""

from dataclasses import dataclass
from pathlib import Path

from alert_trader.domain.execution.policy import Mode


@dataclass(slots=True)
class Options:
    """What every command shares."""

    stack: Path | None = None
    mode: Mode | None = None


chosen = Options()
"""Set by the root command before any other runs."""
