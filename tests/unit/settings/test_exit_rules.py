"""The exit plan as it is set: in settings, and in an author's profile."""

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alert_trader.control.intake.message import Intake
from alert_trader.domain.execution.policy import ExitPolicy
from alert_trader.domain.exits.plan import BreakEven, Single, StopLoss, TimeExit, Trail
from alert_trader.domain.ids import AccountNumber
from alert_trader.settings.load import Loaded, SettingsError, load


def loaded(directory: Path, toml: str) -> Loaded:
    """Load settings from a file with this text."""
    (directory / "trader.toml").write_text(toml)
    return load(flags={}, environment={}, directory=directory, stack={})


def test_nothing_is_set_by_default(tmp_path: Path) -> None:
    """Half at +100 %, and nothing else sells."""
    plan = loaded(tmp_path, "").settings.policy().exits.plan
    assert ([str(each) for each in plan.targets], plan.has_stop, plan.times) == (["50%@+100%"], False, ())


def test_every_part_is_written_as_the_command_reads_it(tmp_path: Path) -> None:
    """Settings of all trades; an author's own replace them part by part."""
    settings = loaded(
        tmp_path,
        """
        exit_stop = "-30%"
        exit_break_even = "1"
        exit_times = "15:45, 30m before close"
        exit_single = "stop"
        [profiles.11]
        exit_stop = "-50%"
        exit_trail = "20% from +50%"
        """,
    ).settings
    exits = settings.policy().exits
    assert exits == ExitPolicy(
        stop=StopLoss(loss=Decimal("0.3")),
        break_even=BreakEven(after_targets=1),
        times=(TimeExit(at=time(15, 45)), TimeExit(before_last_trade=timedelta(minutes=30))),
        single=Single.STOP,
    )
    profiles = {author: each.profile() for author, each in settings.profiles.items()}
    intake = Intake(policy=settings.policy(), account=AccountNumber("5WT00001"), profiles=profiles)
    of_author = intake.policy_for("11").exits
    assert of_author.stop == StopLoss(loss=Decimal("0.5"))
    assert of_author.trail == Trail(share=Decimal("0.2"), from_gain=Decimal("0.5"))
    assert (of_author.times, of_author.single) == (exits.times, exits.single)
    assert intake.policy_for("12").exits == exits


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('exit_stop = "30"', "expected a loss such as -30%, found the price 30"),
        ('exit_stop = "thirty"', "expected a loss such as -30% or a price such as 0.90, found 'thirty'"),
        ('exit_times = "25:00"', "expected a New York time such as 15:45"),
        ('exit_single = "stop"', "expected a stop for a single contract, found none"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, toml: str, expected: str) -> None:
    """It says what was expected and what was found."""
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, toml)
    assert expected in str(refused.value)
