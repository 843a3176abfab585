"""The fields of one contract as tokens: a draft while they are collected, then the frozen value."""

from dataclasses import dataclass
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.context import RoomDefaults
from alert_trader.domain.alerts.parsing.tokens import Token

Tokens = tuple[Token, ...]

_NEAR = 12
"""Characters."""


class Fields(NamedTuple):
    """The tokens of each field. Those of the commentary ("other") can only contradict the contract."""

    symbols: Tokens
    strikes: Tokens
    """Numbers with their right."""
    bare_strikes: Tokens
    """Numbers named as a strike, with the right elsewhere."""
    rights: Tokens
    expiries: Tokens
    prices: Tokens
    quantities: Tokens
    price_is_marked: bool
    """Whether @ or a word such as "at" or "paid" precedes the first price."""
    price_is_rough: bool
    """Whether the price is a whole number behind "at": it may as well be a level of the underlying."""
    other_symbols: Tokens
    other_strikes: Tokens
    other_expiries: Tokens
    other_prices: Tokens
    pairs: Tokens
    """Two numbers joined: a range of prices, or two strikes."""
    unexplained: Tokens
    """Numbers, and runs with digits in them, that belong to no field."""
    marks_without_price: Tokens
    repeated_labels: Tokens
    """A numbered target, or a stop, that is named twice."""
    other_units: Tokens
    """Prices that are named in cents, or for a whole contract."""
    labels_without_number: Tokens
    """Stops and targets without a number behind them: the one in front may be theirs."""
    contract_end: Token | None
    """The first word of the commentary."""
    commentary: Tokens
    """The words of the commentary outside brackets."""
    defaults: RoomDefaults | None
    """What the room means where the alert names no right or expiration."""
    levels: tuple[tuple[str, Token], ...]
    """The numbers of the stop and the targets, each with "stop" or "target"."""
    contract_complete: bool
    """Whether symbol, strike with right, and expiration are there."""
    entry_end: int | None
    """The offset in the text behind a complete contract and its price; None without both."""


@dataclass(slots=True)
class FieldsDraft:
    """The fields while they are collected."""

    defaults: RoomDefaults | None = None
    symbols: Tokens = ()
    strikes: Tokens = ()
    bare_strikes: Tokens = ()
    rights: Tokens = ()
    expiries: Tokens = ()
    prices: Tokens = ()
    quantities: Tokens = ()
    price_is_marked: bool = False
    price_is_rough: bool = False
    other_symbols: Tokens = ()
    other_strikes: Tokens = ()
    other_expiries: Tokens = ()
    other_prices: Tokens = ()
    pairs: Tokens = ()
    unexplained: Tokens = ()
    marks_without_price: Tokens = ()
    repeated_labels: Tokens = ()
    other_units: Tokens = ()
    labels_without_number: Tokens = ()
    contract_end: Token | None = None
    commentary: Tokens = ()
    levels: tuple[tuple[str, Token], ...] = ()

    @property
    def contract_complete(self) -> bool:
        """Whether symbol, strike with right, and expiration are there, by the room's defaults too."""
        defaults = self.defaults
        if not self.symbols or not (self.expiries or (defaults is not None and defaults.expiry is not None)):
            return False
        if self.strikes:
            return True
        right = self.rights or (defaults is not None and defaults.right is not None)
        return bool(self.bare_strikes and right)

    @property
    def complete(self) -> bool:
        """Whether the contract and its price are there: a number behind them may be commentary."""
        return bool(self.prices) and self.contract_complete

    def freeze(self) -> Fields:
        """Return the fields as they were collected."""
        complete = self.contract_complete
        entry_end = None
        if complete and self.prices:
            entry = self.strikes + self.expiries + self.prices + self.bare_strikes
            last = max([token.end for token in entry])
            # a ticker from an embed's footer is far behind the entry
            entry_end = max([last, *(token.end for token in self.symbols if token.start <= last + _NEAR)])
        return Fields(
            self.symbols,
            self.strikes,
            self.bare_strikes,
            self.rights,
            self.expiries,
            self.prices,
            self.quantities,
            self.price_is_marked,
            self.price_is_rough,
            self.other_symbols,
            self.other_strikes,
            self.other_expiries,
            self.other_prices,
            self.pairs,
            self.unexplained,
            self.marks_without_price,
            self.repeated_labels,
            self.other_units,
            self.labels_without_number,
            self.contract_end,
            self.commentary,
            self.defaults,
            self.levels,
            complete,
            entry_end,
        )
