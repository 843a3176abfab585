"""Prices that are known of a contract, and what they prove of trades that ended, or never began.

A price is known because something traded at it, or was quoted at it while one of our trades or a report looked. So a high is
a lower bound of what the market did, and "not seen" never means "did not happen".
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.reports.trade_record import ReportedTrade, Sale


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """The prices of one contract that somebody could have sold at: fills of ours, bids of quotes that trades were sized at, the bid now."""

    moments: Sequence[datetime]
    """Oldest first."""
    best: Sequence[Decimal]
    """The highest price at each moment or after it, dollars a share."""


KnownPrices = Mapping[str, PriceHistory]
"""By OCC symbol."""


def known_prices(records: Iterable[ReportedTrade], now: Mapping[str, Quote]) -> KnownPrices:
    """Gather every price that the records and the quotes of now know of, by contract."""
    found: dict[str, list[Sale]] = defaultdict(list)
    for record in records:
        if record.symbol is None:
            continue
        if record.facts.quoted_at is not None and record.quote_bid is not None:
            found[record.symbol].append(Sale(at=record.facts.quoted_at, price=record.quote_bid))
        # what we sold at was bid; what we bought at was not
        found[record.symbol] += record.facts.sales
    for symbol, quote in now.items():
        found[symbol].append(Sale(at=quote.at, price=quote.bid))
    return {symbol: _history(prices) for symbol, prices in found.items()}


def best_price_after(prices: KnownPrices, symbol: str | None, moment: datetime) -> Decimal | None:
    """Return the highest price known of a contract after a moment; None where none is known."""
    known = None if symbol is None else prices.get(symbol)
    if known is None:
        return None
    after = bisect_right(known.moments, moment)
    return known.best[after] if after < len(known.best) else None


def best_known_gain(record: ReportedTrade, prices: KnownPrices) -> Decimal | None:
    """Return the highest gain over the entry that is known, as a fraction, after or through its exits; None when nothing is known."""
    if record.average_entry is None or record.average_entry <= 0 or record.facts.bought_at is None:
        return None
    best = best_price_after(prices, record.symbol, record.facts.bought_at)
    return None if best is None else best / record.average_entry - 1


def _history(prices: Iterable[Sale]) -> PriceHistory:
    ordered = sorted(prices, key=lambda each: each.at)
    highest = list(accumulate((each.price for each in reversed(ordered)), max))
    return PriceHistory([each.at for each in ordered], highest[::-1])
