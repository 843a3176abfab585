"""The price of every sale that is not a target: from the bid down to a floor, never a bare market order.

Prices are dollars a share. A sale is offered at the bid. Each time its order has worked for a step without
filling, it is offered lower: by a tick at least, and by so much that the floor is reached in a given number
of steps. A limit under the bid fills at the bid, so a lower offer costs nothing while somebody bids.

The floor is a share of what the contract was worth when the sale began. There the order stays: an offer below
it would sell into a market that is not one, such as a single bid at an opening. The next session, and a
further request of a person, begin again from the bid of that moment.

Invariants (STP-60): every price is on a valid tick; the price of one sale never rises, and is never below its
floor.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from alert_trader.domain.execution.policy import SalePolicy
from alert_trader.domain.market.quotes import Quote, TickTable
from alert_trader.domain.money import Price

WIDE_TICKS = 5
"""A spread up to so many ticks is never too wide: cheap contracts are quoted 0.01 to 0.05."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectiveLadder:
    """How far one sale is."""

    began_on: date
    """The New York day on which it began: another session begins another ladder."""
    reference: Decimal
    """What the contract was worth when the sale began: the bid, or the mid where the spread was too wide."""
    floor: Price
    """The lowest price it may be offered at."""
    decrement: Decimal
    """By how much a step lowers it, at least."""
    limit: Price
    """The price it is offered at."""

    @property
    def at_floor(self) -> bool:
        """Whether it is not offered any lower."""
        return self.limit <= self.floor


def begin_sale(
    quote: Quote | None, *, day: date, policy: SalePolicy, ticks: TickTable
) -> ProtectiveLadder | None:
    """Return the ladder of a sale that begins with this quote; None when the quote shows no price.

    A quote that is missing, halted, crossed or empty shows none: the sale waits for one that does.
    """
    if quote is None or quote.halted or (quote.bid <= 0 and quote.ask <= 0):
        return None
    if 0 < quote.ask < quote.bid:
        return None
    bid = bid_to_sell_at(quote, ticks)
    reference = quote.mid if bid is None else bid
    limit = _at_least_a_tick(reference, ticks)
    floor = min(ticks.sell(reference * policy.floor), limit)
    return ProtectiveLadder(
        began_on=day,
        reference=reference,
        floor=floor,
        decrement=(limit - floor) / policy.steps,
        limit=limit,
    )


def continue_sale(
    ladder: ProtectiveLadder, quote: Quote | None, *, lower: bool, ticks: TickTable
) -> ProtectiveLadder:
    """Return the ladder with the price of the next order: lower by a step, if the last one did not fill.

    Never above the bid, where the quote shows one; a quote that shows none changes nothing.
    """
    wanted: Decimal = ladder.limit
    if lower:
        wanted -= max(ladder.decrement, ticks.step(ladder.limit))
    bid = None if quote is None else bid_to_sell_at(quote, ticks)
    if bid is not None:
        wanted = min(wanted, bid)
    return replace(ladder, limit=max(ticks.buy(wanted), ladder.floor))


def bid_to_sell_at(quote: Quote, ticks: TickTable) -> Price | None:
    """Return the bid; None where it says nothing of what the contract is worth.

    That is a halted or crossed quote, one without a bid, and a spread that is wider than the mid and than a
    few ticks.
    """
    if quote.halted or quote.bid <= 0:
        return None
    if quote.ask <= 0:
        return quote.bid
    spread = quote.ask - quote.bid
    if spread < 0 or spread > max(quote.mid, WIDE_TICKS * ticks.step(quote.bid)):
        return None
    return quote.bid


def _at_least_a_tick(at: Decimal, ticks: TickTable) -> Price:
    """Round down to a tick, so that it is not above the bid; up where that leaves nothing."""
    return ticks.buy(at) or ticks.sell(at)
