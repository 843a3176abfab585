"""Changing limits, and the table of trading states."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alert_trader.domain.account.limits import Limits, changed, diff, merged
from alert_trader.domain.account.trading_state import (
    TABLE,
    AccountState,
    IllegalStateChangeError,
    TradingStateCommand,
    next_state,
)


def test_limits_are_read_from_text() -> None:
    """Each kind of limit is read from text, and the diff shows old and new."""
    new = changed(
        Limits(),
        {
            "max_open_trades": "7",
            "max_loss_per_day": "250.50",
            "no_entry_before_close": "90 s",
            "halted_symbols": "spy, tsla",
            "deny_reposts": "no",
        },
    )
    assert (new.max_open_trades, new.max_loss_per_day, new.no_entry_before_close) == (
        7,
        Decimal("250.50"),
        timedelta(seconds=90),
    )
    assert (new.halted_symbols, new.deny_reposts) == (("SPY", "TSLA"), False)
    assert [str(each) for each in diff(Limits(), new)] == [
        "max_open_trades: 50 -> 7",
        "max_loss_per_day: 1000.00 -> 250.50",
        "no_entry_before_close: 0 s -> 90 s",
        "halted_symbols: none -> SPY, TSLA",
        "deny_reposts: yes -> no",
    ]
    back = changed(new, {each.name: each.old for each in diff(Limits(), new)})
    assert back == Limits()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("max_open_trades", "many", "a whole number"),
        ("max_open_trades", "-1", "zero or more"),
        ("max_loss_per_day", "NaN", "dollars"),
        ("no_entry_after_open", "-5", "zero or more"),
        ("no_entry_after_open", "soon", "seconds"),
        ("deny_reposts", "perhaps", "yes or no"),
        ("max_everything", "1", "one of max_contracts"),
    ],
)
def test_an_invalid_limit_is_refused(name: str, text: str, expected: str) -> None:
    """The message names the limit, what was expected and what was found."""
    with pytest.raises(ValueError, match=expected):
        changed(Limits(), {name: text})


def test_settings_change_only_the_limits_they_changed() -> None:
    """A limit that a person changed stays when a worker starts with other limits changed in its settings."""
    by_hand = replace(Limits(), max_open_trades=3)
    settings = replace(Limits(), max_trades_per_day=9)
    assert merged(by_hand, Limits(), settings) == replace(by_hand, max_trades_per_day=9)
    assert merged(by_hand, Limits(), Limits()) == by_hand


def test_every_state_can_be_halted_and_flattened() -> None:
    """HLT-10, HLT-20: every state allows halt and flatten, and neither leads to ACTIVE."""
    for state in AccountState:
        for order in (TradingStateCommand.HALT, TradingStateCommand.FLATTEN):
            assert next_state(state, order) is not AccountState.ACTIVE
    assert {key for key, to in TABLE.items() if to is AccountState.ACTIVE} == {
        (AccountState.HALTED, TradingStateCommand.RESUME)
    }


@pytest.mark.parametrize(
    ("state", "order"),
    [
        (state, order)
        for state in AccountState
        for order in TradingStateCommand
        if (state, order) not in TABLE
    ],
)
def test_a_command_that_is_not_in_the_table_is_refused(
    state: AccountState, order: TradingStateCommand
) -> None:
    """It raises, and the message names the state."""
    with pytest.raises(IllegalStateChangeError, match=str(state)):
        next_state(state, order)
