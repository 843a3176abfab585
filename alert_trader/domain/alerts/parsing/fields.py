"""The fields of one contract as tokens, before anything is judged."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from alert_trader.domain.alerts.parsing import vocabulary
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.market.contract import Right


class Unsaid(NamedTuple):
    """What the author's room means where an alert does not say it."""

    right: Right | None = None
    expiry: date | None = None


@dataclass(slots=True)
class Fields:
    """What was found, as tokens: those of the body fill fields, those of the commentary only contradict."""

    symbols: list[Token] = field(default_factory=list)
    strikes: list[Token] = field(default_factory=list)
    rights: list[Token] = field(default_factory=list)
    expiries: list[Token] = field(default_factory=list)
    prices: list[Token] = field(default_factory=list)
    quantities: list[Token] = field(default_factory=list)
    bare_strikes: list[Token] = field(default_factory=list)
    """Numbers named as a strike, whose right is said elsewhere."""
    price_is_marked: bool = False
    """Whether @ or a word such as "at" or "paid" stood before the first price."""
    price_is_rough: bool = False
    """Whether the price is a whole number behind "at": it may as well be a level of the underlying."""
    other_symbols: list[Token] = field(default_factory=list)
    other_strikes: list[Token] = field(default_factory=list)
    other_expiries: list[Token] = field(default_factory=list)
    other_prices: list[Token] = field(default_factory=list)
    pairs: list[Token] = field(default_factory=list)
    unexplained: list[Token] = field(default_factory=list)
    """Numbers, and runs with digits in them, that nothing accounts for."""
    dangling: list[Token] = field(default_factory=list)
    """Price marks with no price behind them."""
    repeated: list[Token] = field(default_factory=list)
    """A numbered target or a stop named twice."""
    empty_labels: list[Token] = field(default_factory=list)
    """Stops and targets without a number behind them: the one in front may be theirs."""
    expiry: date | None = None
    """The day that the expirations mean, once they are judged."""
    ended_by: Token | None = None
    """The word that ended the body."""
    commentary: list[Token] = field(default_factory=list)
    """The words outside brackets after the body."""
    unsaid: Unsaid | None = None

    @property
    def contract_complete(self) -> bool:
        """Whether symbol, strike with right, and expiration are there."""
        if self.unsaid is None:
            return bool(
                self.symbols and self.expiries and (self.strikes or (self.bare_strikes and self.rights))
            )
        right = self.rights or self.unsaid.right is not None
        return bool(
            self.symbols
            and (self.expiries or self.unsaid.expiry)
            and (self.strikes or (self.bare_strikes and right))
        )

    @property
    def complete(self) -> bool:
        """Whether the contract and its price are there: a number behind them may be talk."""
        return bool(self.prices) and self.contract_complete

    @property
    def settled(self) -> int | None:
        """The place in the text behind which nothing more belongs to a complete contract with its price; None without both."""
        if not self.complete:
            return None
        return max(
            token.end
            for token in (*self.symbols, *self.strikes, *self.expiries, *self.prices, *self.bare_strikes)
        )


def names_symbol(token: Token | None) -> bool:
    """Whether a token can be a ticker where one is expected."""
    if token is None or not token.text.isascii():
        return False
    if token.kind in {"CASHTAG", "SHARE_CLASS"} or token.text in vocabulary.ALSO_TICKERS:
        return True
    if token.kind != "WORD" or not token.text.isalpha() or len(token.text) > 5:
        return False
    lower = token.lower
    return lower not in vocabulary.NEVER_A_TICKER and (
        token.text.isupper() or lower not in vocabulary.LOWER_CASE_ONLY
    )
