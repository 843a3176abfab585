"""The stop of an alert, which is used only where its author's profile says so."""

from decimal import Decimal

import pytest

from alert_trader.domain.alerts.alert import AlertKind, Level, ParsedAlert
from alert_trader.domain.alerts.profile import LevelSource, Profile
from alert_trader.domain.execution.policy import ExitPolicy, Mode, Policy
from alert_trader.domain.exits.plan import StopLoss
from alert_trader.domain.money import Price

PLAN = ExitPolicy(stop=StopLoss(loss=Decimal("0.5")))
PRICE = Price(Decimal("0.90"))


@pytest.mark.parametrize(
    ("source", "level", "stop"),
    [
        (LevelSource.PLAN, Level(price=PRICE), PLAN.stop),
        (LevelSource.ALERT, Level(price=PRICE), StopLoss(price=PRICE)),
        (LevelSource.ALERT, Level(change=Decimal("0.3")), StopLoss(loss=Decimal("0.3"))),
        (LevelSource.ALERT, Level(underlying=Decimal(598)), PLAN.stop),
        (LevelSource.ALERT, None, PLAN.stop),
    ],
)
def test_the_stop_of_the_alert(source: LevelSource, level: Level | None, stop: StopLoss) -> None:
    """A price or a loss of the option replaces the plan's stop; a price of the underlying does not."""
    rules = Policy(mode=Mode.DEMO, exits=PLAN, profile=Profile(stops=source))
    assert rules.exits_of(ParsedAlert(kind=AlertKind.ENTRY, stop=level)).stop == stop
