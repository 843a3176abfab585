"""What may be requested of a trade is a table of commands and phases.

Nothing is left open, and each refusal says what is the case.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from temporalio import workflow

from alert_trader.domain.alerts.portion import Portion
from alert_trader.domain.trade.commands import (
    BUYING,
    CHECKS,
    TABLE,
    Condition,
    Situation,
    TradeCommand,
    refusal,
)
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.domain.trade.view import Offer, OfferKind
from alert_trader.workflows import interface
from alert_trader.workflows.trade.workflow import TradeWorkflow

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
OFFER = Offer(id="m1", kind=OfferKind.ENTRY, text="buy 4", quantity=4, until=NOW + timedelta(minutes=2))
READY = Situation(phase=Phase.ENTERING, held=4, entry_started=True, entry_request=None, offer=OFFER, now=NOW)
"""A trade in which every condition holds."""

FAILING: dict[Condition, dict[str, Any]] = {
    Condition.ENTRY_STARTED: {"entry_started": False},
    Condition.ENTRY_NOT_REQUESTED: {"entry_request": "cancel"},
    Condition.CONTRACTS_HELD: {"held": 0},
    Condition.WHOLE_CONTRACT: {"portion": Portion(fraction=Decimal("0.2"))},
    Condition.OFFER_OPEN: {"offer": None},
    Condition.OFFER_CURRENT: {"answers": "another"},
    Condition.OFFER_IN_TIME: {"now": NOW + timedelta(minutes=3)},
    Condition.HALF_POSSIBLE: {"half": True, "offer": replace(OFFER, quantity=1)},
    Condition.FROM_AUTHOR: {"from_author": False},
}
"""For each condition, what makes it fail."""


def test_every_command_and_phase_is_in_the_table() -> None:
    """A command that is added, or a phase, must be decided on."""
    assert set(TABLE) == set(product(TradeCommand, Phase))


def test_every_condition_is_checked_and_needed() -> None:
    """Each has a check, and a rule that rests on it."""
    assert set(CHECKS) == set(FAILING) == set(Condition)
    assert {each for rule in TABLE.values() for each in rule.conditions} == set(Condition)


def test_commands_are_the_signals_of_a_trade() -> None:
    """The table's names are those of the workflow's handlers, and the account sends by them."""
    signals = workflow._Definition.must_from_class(TradeWorkflow).signals
    reports = {interface.ORDER_REPORT_SIGNAL, interface.SHOW_CARD_SIGNAL}
    assert {each.value for each in TradeCommand} == {name for name in signals if name} - reports
    assert {interface.HALTED_SIGNAL, interface.CLOSE_SIGNAL} <= set(TradeCommand)


@pytest.mark.parametrize(("command", "phase"), TABLE)
def test_a_rule_refuses_or_has_conditions(command: TradeCommand, phase: Phase) -> None:
    """With every condition met a command is allowed, unless the phase refuses it; the text is complete."""
    rule, found = TABLE[command, phase], refusal(command, replace(READY, phase=phase))
    assert rule.refusal is None or not rule.conditions
    assert (found is None) is (rule.refusal is None)
    assert "{" not in (found or "")


@pytest.mark.parametrize(
    ("command", "phase", "condition"),
    [(*key, each) for key, rule in TABLE.items() for each in rule.conditions],
)
def test_a_condition_that_does_not_hold_refuses(
    command: TradeCommand, phase: Phase, condition: Condition
) -> None:
    """The first condition that does not hold is what the refusal says."""
    found = refusal(command, replace(READY, phase=phase, **FAILING[condition]))
    assert found is not None
    assert found.startswith(CHECKS[condition].refusal.partition("{")[0])


@pytest.mark.parametrize("phase", Phase)
def test_a_trade_can_be_closed_while_it_is_open(phase: Phase) -> None:
    """EXT-60: whatever it does, a person and the account can close it.

    Once it is over there is nothing to close.
    """
    found = [
        refusal(each, replace(READY, phase=phase)) for each in (TradeCommand.CLOSE, TradeCommand.CLOSE_NOW)
    ]
    assert [each is None for each in found] == [phase is not Phase.DONE] * 2


@pytest.mark.parametrize("phase", Phase)
def test_a_halt_stops_a_trade_that_buys(phase: Phase) -> None:
    """HLT-10: it reaches a trade in each phase that may buy, and changes nothing in the others."""
    found = refusal(TradeCommand.ACCOUNT_HALTED, replace(READY, phase=phase))
    assert (found is None) is (phase in BUYING)


def test_a_refusal_says_what_is_the_case() -> None:
    """First what is the case, with its numbers, then what to do."""
    assert refusal(TradeCommand.SELL, replace(READY, held=0)) == (
        "Nothing to sell: the trade is entering and holds 0 contracts."
    )
    assert refusal(TradeCommand.CANCEL, replace(READY, phase=Phase.HOLDING)) == (
        "Nothing to cancel: the trade is holding and buys nothing more. To sell what it holds, close it."
    )
    half = replace(READY, half=True, offer=replace(OFFER, quantity=1))
    assert refusal(TradeCommand.APPROVE, half) == (
        "Half of 1 contract is less than 1 contract. Approve all of it, or skip it."
    )
