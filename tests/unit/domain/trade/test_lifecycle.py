"""The life of a trade is a table: what is in it happens, what is not raises and changes nothing."""

from itertools import product

import pytest

from alert_trader.domain.trade.lifecycle import (
    TABLE,
    IllegalTransitionError,
    Outcome,
    Phase,
    Step,
    TradeLifecycle,
    Trigger,
    diagram,
)

ILLEGAL = [pair for pair in product(Phase, Trigger) if pair not in TABLE]


def reached(start: Phase) -> set[Phase]:
    """Every phase that triggers can lead to from a phase."""
    seen, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        further = {row.phase for (phase, _), row in TABLE.items() if phase is here} - seen
        seen |= further
        ahead += further
    return seen


@pytest.mark.parametrize(("phase", "trigger"), TABLE)
def test_each_row_of_the_table_is_a_transition(phase: Phase, trigger: Trigger) -> None:
    """A trigger of the table moves the trade to its row's phase, and gives its step and outcome."""
    life = TradeLifecycle(phase=phase)
    row = TABLE[phase, trigger]
    assert (life.on(trigger), life.phase, life.outcome) == (row.step, row.phase, row.outcome)


@pytest.mark.parametrize(("phase", "trigger"), ILLEGAL)
def test_other_transitions_raise_and_change_nothing(phase: Phase, trigger: Trigger) -> None:
    """DUR-40: an illegal trigger is a bug: it stops, and leaves the trade as it was."""
    life = TradeLifecycle(phase=phase)
    with pytest.raises(IllegalTransitionError, match=f"phase {phase}, found {trigger}"):
        life.on(trigger)
    assert (life.phase, life.outcome) == (phase, None)


def test_every_row_can_be_reached_from_the_start() -> None:
    """No row is dead: each phase of the table follows from an alert."""
    assert reached(Phase.RECEIVED) == set(Phase)
    assert {trigger for _, trigger in TABLE} == set(Trigger)
    assert {row.step for row in TABLE.values()} == set(Step)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.DONE])
def test_every_phase_leads_to_closed(phase: Phase) -> None:
    """DUR-40: from every phase a trade can be over."""
    assert Phase.DONE in reached(phase)


def test_there_is_no_transition_from_closed() -> None:
    """A trade that is done stays done, and only then has an outcome: each of them in some row."""
    assert not [pair for pair in TABLE if pair[0] is Phase.DONE]
    for row in TABLE.values():
        assert (row.phase is Phase.DONE) == (row.outcome is not None) == (row.step is Step.FINISH)
    assert {row.outcome for row in TABLE.values()} - {None} == set(Outcome)


def test_held_contracts_have_no_outcome_that_ignores_them() -> None:
    """EXT-60: once something was bought, only a flat position or the contract's expiration ends the trade."""
    held = {
        row.phase for (_, trigger), row in TABLE.items() if trigger in {Trigger.BOUGHT, Trigger.LATE_FILL}
    }
    ends = {
        row.outcome
        for (phase, _), row in TABLE.items()
        if phase in set().union(*map(reached, held)) and row.outcome
    }
    assert ends == {Outcome.FLAT, Outcome.EXPIRED}


def test_the_diagram_draws_each_row_once() -> None:
    """The picture in the specs is the table: one arrow a row, from the start to the end."""
    lines = [line.strip() for line in diagram().splitlines()]
    assert lines[0] == "stateDiagram-v2"
    arrows = {f"{phase.name} --> {row.phase.name}: {trigger}" for (phase, trigger), row in TABLE.items()}
    assert sorted(lines[1:]) == sorted([*arrows, "[*] --> RECEIVED", "DONE --> [*]"])
