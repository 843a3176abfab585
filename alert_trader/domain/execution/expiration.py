"""What is known about contracts that a trade held until they stopped trading.

A long option that is in the money at expiration is exercised by its clearing firm unless the holder says
otherwise. It then becomes a position in shares, or cash, whose value none of our orders shows. So only
contracts without a bid at their last close count as worthless, and a cash-settled one never does: its
settlement value is worked out from the index, after or before the last quote.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Usd, plain


class RemovalKind(StrEnum):
    """How the broker removed contracts at expiration, by its transactions."""

    EXPIRED = "expired"
    """Worthless."""
    EXERCISED = "exercised"
    """They became shares."""
    CASH = "settled in cash"
    UNRECOGNISED = "unrecognised"
    """By a sub-type that is not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One removal of contracts from the account at expiration, whichever trade held them."""

    kind: RemovalKind
    quantity: int
    value: Usd
    """Dollars that the account received for all of them."""
    sub_type: str = ""
    """The sub-type of the broker's transaction, where it is not recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the contracts of one trade came to at expiration."""

    kind: RemovalKind
    value: Usd
    """Dollars; 0 for contracts that became shares, whose value is not known."""


def settled(removals: Iterable[Removal], held: int, *, cash_settled: bool) -> Settled | None:
    """Work out what the `held` contracts of one trade came to, by everything removed of its contract.

    Trades share a position, so each contract counts the same. None while fewer are posted than are held,
    where contracts of one series were removed in different ways, where a sub-type is not recognised, and
    where a cash settlement is posted without its amount: then a person must look. A `cash_settled` contract
    never becomes shares: its exercise is a settlement in cash, or the removal beside that.
    """
    in_cash = {RemovalKind.EXERCISED: RemovalKind.CASH} if cash_settled else {}
    posted = [
        replace(each, kind=in_cash.get(each.kind, each.kind))
        for each in removals
        if each.quantity > 0 or each.kind is RemovalKind.UNRECOGNISED
    ]
    kinds = {each.kind for each in posted}
    if len(kinds) != 1 or RemovalKind.UNRECOGNISED in kinds:
        return None
    (kind,) = kinds
    if kind is RemovalKind.CASH:
        posted = [each for each in posted if each.value > 0]
    quantity = sum(each.quantity for each in posted)
    if quantity < max(held, 1):
        return None
    value = sum((each.value for each in posted), Decimal(0)) if kind is RemovalKind.CASH else Decimal(0)
    return Settled(kind=kind, value=Usd((value * held / quantity).quantize(Decimal("0.01"))))


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


def is_valued(outcome: ExpirationOutcome, settled: Settled | None) -> bool:
    """Whether it is known what contracts held to expiration came to, in dollars."""
    if settled is not None:
        return settled.kind is not RemovalKind.EXERCISED
    return outcome is ExpirationOutcome.WORTHLESS


def in_words(outcome: ExpirationOutcome, settled: Settled | None) -> str:
    """Say what contracts held to expiration came to, as far as it is known."""
    if settled is None:
        return MEANINGS[outcome]
    match settled.kind:
        case RemovalKind.EXPIRED:
            return "the broker removed them as worthless"
        case RemovalKind.CASH:
            return f"the broker settled them for {plain(settled.value)} dollars in cash"
        case RemovalKind.EXERCISED:
            return "they were exercised and became shares, whose value is not known and not in the P&L"
        case RemovalKind.UNRECOGNISED:
            raise AssertionError("what is not recognised settles nothing")
        case _:
            assert_never(settled.kind)


def expiration_outcome(last: Quote | None, *, cash_settled: bool) -> ExpirationOutcome:
    """Judge by the contract's last quote, unless it settles in cash; a missing or halted one is NOT_KNOWN."""
    if cash_settled:
        return ExpirationOutcome.SETTLES_IN_CASH
    if last is None or last.halted:
        return ExpirationOutcome.NOT_KNOWN
    return ExpirationOutcome.HAD_BID if last.bid > 0 else ExpirationOutcome.WORTHLESS
