"""The id and the time of a command, as every interface sends it."""

import uuid
from dataclasses import replace

from alert_trader import clock
from alert_trader.workflows.interface import Command


def stamped(command: Command) -> Command:
    """Return the command with an id and the time; one that is sent again keeps its id."""
    return replace(command, id=command.id or uuid.uuid4().hex, sent_at=clock.now())
