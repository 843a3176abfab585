"""Whether an account may open positions, as a table: what halts it, what reduces it, and that only a person lets it trade again.

Exits and cancels pass in every state. What is not in the table raises `IllegalHalting` and changes nothing.
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


class Order(StrEnum):
    """What moves an account from one state to another."""

    HALT = "halt"
    """A person, or a limit that was broken."""
    FLATTEN = "flatten"
    """A person wants everything closed."""
    FLAT = "flat"
    """Everything is closed."""
    RESUME = "resume"
    """A person says what has changed."""


TABLE: dict[tuple[AccountState, Order], AccountState] = {
    (AccountState.ACTIVE, Order.HALT): AccountState.HALTED,
    (AccountState.ACTIVE, Order.FLATTEN): AccountState.REDUCING,
    (AccountState.HALTED, Order.HALT): AccountState.HALTED,
    (AccountState.HALTED, Order.FLATTEN): AccountState.REDUCING,
    (AccountState.HALTED, Order.RESUME): AccountState.ACTIVE,
    (AccountState.REDUCING, Order.HALT): AccountState.REDUCING,
    (AccountState.REDUCING, Order.FLATTEN): AccountState.REDUCING,
    (AccountState.REDUCING, Order.FLAT): AccountState.HALTED,
}
"""A halt does not stop a flattening under way: it goes on until flat. Nothing leads to ACTIVE but a person's word."""


class IllegalHalting(Exception):
    """An order came in a state that has no place for it; the message says what to do."""


def after(state: AccountState, order: Order) -> AccountState:
    """Give the state that follows; raises IllegalHalting, and changes nothing, when the table has no such row."""
    following = TABLE.get((state, order))
    if following is None:
        raise IllegalHalting(
            f"expected an account that can {order}, found it {state}: `trader account` shows how it stands"
        )
    return following
