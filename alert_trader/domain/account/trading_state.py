"""The trading state of an account, as a table: halts, flattening, and that only a person resumes trading.

Exits and cancels are sent in every state. What is not in the table raises `IllegalStateChangeError` and
changes nothing.
"""

from enum import StrEnum

from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.errors import AlertTraderError


class AccountState(StrEnum):
    """Whether entries are admitted."""

    ACTIVE = "active"
    """Entries are admitted within the limits."""
    REDUCING = "reducing"
    """Halted, and every open trade is being closed until the account is flat."""
    HALTED = "halted"
    """No entry is sent; positions keep their exits."""


class TradingStateCommand(StrEnum):
    """A command that changes the trading state."""

    HALT = "halt"
    """By a person, or when the daily loss limit is reached."""
    FLATTEN = "flatten"
    """By a person: close every trade."""
    FLAT = "flat"
    """By the account: every trade is closed."""
    RESUME = "resume"
    """By a person, with the reason."""


TABLE: dict[tuple[AccountState, TradingStateCommand], AccountState] = {
    (AccountState.ACTIVE, TradingStateCommand.HALT): AccountState.HALTED,
    (AccountState.ACTIVE, TradingStateCommand.FLATTEN): AccountState.REDUCING,
    (AccountState.HALTED, TradingStateCommand.HALT): AccountState.HALTED,
    (AccountState.HALTED, TradingStateCommand.FLATTEN): AccountState.REDUCING,
    (AccountState.HALTED, TradingStateCommand.RESUME): AccountState.ACTIVE,
    (AccountState.REDUCING, TradingStateCommand.HALT): AccountState.REDUCING,
    (AccountState.REDUCING, TradingStateCommand.FLATTEN): AccountState.REDUCING,
    (AccountState.REDUCING, TradingStateCommand.FLAT): AccountState.HALTED,
}
"""A halt does not stop flattening. Only a person's resume leads to ACTIVE."""


class IllegalStateChangeError(AlertTraderError):
    """The command is not allowed in the current state."""


def next_state(state: AccountState, command: TradingStateCommand) -> AccountState:
    """Return the next state; raises `IllegalStateChangeError` when the table has no such row."""
    following = TABLE.get((state, command))
    if following is None:
        raise IllegalStateChangeError(
            f"Command {command} is not possible while the account is {state}; see `trader account`"
        )
    return following


def change_event(
    command: TradingStateCommand, *, by: str, reason: str, open_trades: int
) -> tuple[EventKind, str]:
    """Return the kind and text of the audit event of a change."""
    match command:
        case TradingStateCommand.HALT:
            return EventKind.HALTED, f"Halted by {by}: {reason}. No entries until a person resumes trading"
        case TradingStateCommand.FLATTEN:
            return EventKind.FLATTENING, f"Flattened by {by}: {reason}. {open_trades} open trades close"
        case TradingStateCommand.FLAT:
            return EventKind.FLATTENED, "Flat: all trades closed. Halted until a person resumes trading"
        case TradingStateCommand.RESUME:
            return EventKind.RESUMED, f"Resumed by {by}: {reason}"
