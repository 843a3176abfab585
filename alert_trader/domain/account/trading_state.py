"""Whether an account may open positions, as a table: what halts it, what reduces it, and that only a person lets it trade again.

Exits and cancels pass in every state. What is not in the table raises `IllegalStateChangeError` and changes nothing.
"""

from enum import StrEnum


class AccountState(StrEnum):
    """Whether entries may be sent."""

    ACTIVE = "active"
    """Entries are admitted within the limits."""
    REDUCING = "reducing"
    """Halted, and every open trade is being closed until the account is flat."""
    HALTED = "halted"
    """No entry is sent; positions are held with their exits."""


class TradingStateCommand(StrEnum):
    """What moves an account from one state to another."""

    HALT = "halt"
    """A person, or a limit that was broken."""
    FLATTEN = "flatten"
    """A person wants everything closed."""
    FLAT = "flat"
    """Everything is closed."""
    RESUME = "resume"
    """A person says what has changed."""


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
"""A halt does not stop a flattening under way: it goes on until flat. Nothing leads to ACTIVE but a person's word."""


class IllegalStateChangeError(Exception):
    """An order came in a state that has no place for it; the message says what to do."""


def next_state(state: AccountState, order: TradingStateCommand) -> AccountState:
    """Give the state that follows; raises IllegalHalting, and changes nothing, when the table has no such row."""
    following = TABLE.get((state, order))
    if following is None:
        raise IllegalStateChangeError(
            f"expected an account that can {order}, found it {state}: `trader account` shows how it stands"
        )
    return following
