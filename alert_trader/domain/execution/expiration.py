"""What is known about contracts that a trade held until they stopped trading.

A long option that is in the money at expiration is exercised by its clearing firm unless the holder says
otherwise. It then becomes a position in shares, or cash, whose value none of our orders shows. So only
contracts without a bid at their last close count as worthless, and a cash-settled one never does: its
settlement value is worked out from the index, after or before the last quote.
"""

from enum import StrEnum

from alert_trader.domain.market.quotes import Quote


class ExpirationOutcome(StrEnum):
    """What contracts held to expiration are worth, as far as is known."""

    WORTHLESS = "worthless"
    """There was no bid at the last close."""
    HAD_BID = "had a bid"
    """There was a bid: the contracts may be in the money, and exercised."""
    NOT_KNOWN = "not known"
    """There was no usable quote."""
    SETTLES_IN_CASH = "settles in cash"
    """Its settlement value decides, which no quote shows."""


MEANINGS = {
    ExpirationOutcome.WORTHLESS: "there was no bid at the last close, so they count as worthless",
    ExpirationOutcome.HAD_BID: (
        "there was a bid at the last close, so they are subject to exercise; "
        "their value is not known and not in the P&L"
    ),
    ExpirationOutcome.NOT_KNOWN: (
        "there is no quote from the last close, so they may be worthless or subject to exercise; "
        "they are not in the P&L"
    ),
    ExpirationOutcome.SETTLES_IN_CASH: (
        "they settle in cash, at a value that no quote shows; it is not in the P&L"
    ),
}


def expiration_outcome(last: Quote | None, *, cash_settled: bool) -> ExpirationOutcome:
    """Judge by the contract's last quote, unless it settles in cash; a missing or halted one is NOT_KNOWN."""
    if cash_settled:
        return ExpirationOutcome.SETTLES_IN_CASH
    if last is None or last.halted:
        return ExpirationOutcome.NOT_KNOWN
    return ExpirationOutcome.HAD_BID if last.bid > 0 else ExpirationOutcome.WORTHLESS
