"""Prices that are known of a contract, and what they prove of trades that ended, or never began.

Nothing here asks a market: a price is known because something traded at it or was quoted at it while one of our trades looked. So a high is
a lower bound of what the market did, and "not seen" never means "did not happen".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.ids import Leg
from domain.reported import ReportedTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A price somebody could have sold at, dollars a share: a fill of ours, or the bid of a quote a trade was sized at."""

    at: datetime
    price: Decimal


Sightings = Mapping[str, Sequence[Sighting]]
"""By OCC symbol, oldest first."""


def sightings_of(records: Iterable[ReportedTrade]) -> Sightings:
    """Gather every price that the records know of, by contract."""
    found: dict[str, list[Sighting]] = defaultdict(list)
    for record in records:
        if record.symbol is None:
            continue
        if record.quoted_at is not None and record.quote_bid is not None:
            found[record.symbol].append(Sighting(at=record.quoted_at, price=record.quote_bid))
        # what we sold at was bid; what we bought at was not
        found[record.symbol] += [Sighting(at=fill.at, price=fill.price) for fill in record.of(Leg.EXIT)]
    return {symbol: sorted(seen, key=lambda each: each.at) for symbol, seen in found.items()}


def best_after(seen: Sightings, symbol: str | None, moment: datetime) -> Decimal | None:
    """Give the highest price known of a contract after a moment; None where none is known."""
    if symbol is None:
        return None
    return max((each.price for each in seen.get(symbol, ()) if each.at > moment), default=None)


def best_gain(record: ReportedTrade, seen: Sightings) -> Decimal | None:
    """Give the highest gain over the entry that is known, as a fraction, after or through its exits; None when nothing is known."""
    entries = record.of(Leg.ENTRY)
    if record.average_entry is None or record.average_entry <= 0 or not entries:
        return None
    best = best_after(seen, record.symbol, entries[0].at)
    return None if best is None else best / record.average_entry - 1
