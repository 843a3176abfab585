"""What is known of the contracts that a trade held until they stopped trading.

A long option in the money at its expiration is exercised by its clearing house unless its holder says otherwise, and then it is a position
in shares, or cash: worth something that no order of ours tells. Only what nobody bids for at its last close may be called worthless.
"""

from enum import StrEnum

from alert_trader.domain.market.quotes import Quote


class ExpirationOutcome(StrEnum):
    """What contracts held to expiration are worth, as far as is known."""

    WORTHLESS = "worthless"
    """Nobody bid for the contract at its last close."""
    HAD_BID = "bid for"
    """Somebody did: it may be in the money, and exercised."""
    NOT_KNOWN = "not known"
    """Nobody could look."""


MEANS = {
    ExpirationOutcome.WORTHLESS: "nobody bid for them at the last close, so they count as worthless",
    ExpirationOutcome.HAD_BID: "they were bid for at the last close: subject to exercise, of unknown worth, and not in the P&L",
    ExpirationOutcome.NOT_KNOWN: "no quote of the last close tells whether they are worthless or subject to exercise; they are not in the P&L",
}


def expiration_outcome(last: Quote | None) -> ExpirationOutcome:
    """Judge by the contract's last quote; a missing or halted one says nothing."""
    if last is None or last.halted:
        return ExpirationOutcome.NOT_KNOWN
    return ExpirationOutcome.HAD_BID if last.bid > 0 else ExpirationOutcome.WORTHLESS
