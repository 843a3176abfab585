"""Messages in: what is tried again, and what is not."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from alert_trader.bot import intake
from alert_trader.bot.intake import MessageIntake
from alert_trader.control.errors import ControlError, NotPossibleError, NoWorkerError, UnreachableError
from alert_trader.control.intake.message import Intake, IntakeResult, Unmatched
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.execution.policy import Mode, Policy
from alert_trader.domain.ids import AccountNumber, message_id
from tests.support.instants import STATED

EXIT = AlertMessage(
    message_id=message_id("m1"),
    text="all out",
    author_id="11",
    channel_id="22",
    guild_id="33",
    posted_at=STATED,
)
TAKEN = Unmatched(parsed=parse(EXIT), why="no open trade")


async def taken(monkeypatch: pytest.MonkeyPatch, *failures: ControlError) -> tuple[IntakeResult | None, int]:
    """Take the exit in, failing these times; return what became of it, and the failures left."""
    left: list[ControlError] = list(failures)

    async def take(*_: object) -> IntakeResult:
        if left:
            raise left.pop(0)
        return TAKEN

    monkeypatch.setattr(intake, "take", take)
    monkeypatch.setattr(intake, "alert_of", lambda *_, **__: EXIT)
    monkeypatch.setattr(intake, "RETRY_EVERY", timedelta(0))
    listening = Allowlist(authors=("11",), channels=("22",), guilds=("33",))
    rules = Intake(policy=Policy(mode=Mode.DEMO, allowlist=listening), account=AccountNumber("5WT31673"))
    nobody: Any = None
    messages = MessageIntake(nobody, rules, listening, timedelta(hours=1))

    async def add_reaction(_: str) -> None: ...

    message: Any = SimpleNamespace(
        id=1,
        author=SimpleNamespace(id=11),
        channel=SimpleNamespace(id=22),
        guild=SimpleNamespace(id=33),
        add_reaction=add_reaction,
        message_snapshots=[],
        type=None,
        reference=None,
        edited_at=None,
    )
    return await messages.take(message, me=99), len(left)


@pytest.mark.parametrize(
    "away", [UnreachableError("Temporal cannot be reached"), NoWorkerError("no worker answers")]
)
async def test_an_exit_message_is_retried_until_it_is_delivered(
    monkeypatch: pytest.MonkeyPatch, away: ControlError
) -> None:
    """An exit posted while the worker restarts is sent again.

    Temporal may not have recorded it.
    """
    assert await taken(monkeypatch, away, away) == (TAKEN, 0)


async def test_a_refused_message_is_not_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A no is an answer."""
    no = NotPossibleError("the trade is over")
    assert await taken(monkeypatch, no, no) == (None, 1)
