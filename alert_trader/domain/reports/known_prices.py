"""Known prices of contracts, and what they prove about trades that ended or were missed.

A price is known from our fills and from quotes that a trade or a report read. So the highest known price is a
lower bound of the market's, and an unknown price may still have traded.
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
    """Prices at which one contract could be sold: our sales, bids at sizing, and the current bid."""

    moments: Sequence[datetime]
    """Oldest first."""
    best: Sequence[Decimal]
    """The highest price at each moment or after it, dollars a share."""


KnownPrices = Mapping[str, PriceHistory]
"""By OCC symbol."""


def known_prices(records: Iterable[ReportedTrade], now: Mapping[str, Quote]) -> KnownPrices:
    """Return every price known from the records and the current quotes, by contract."""
    found: dict[str, list[Sale]] = defaultdict(list)
    for record in records:
        if record.symbol is None:
            continue
        if record.facts.quoted_at is not None and record.quote_bid is not None:
            found[record.symbol].append(Sale(at=record.facts.quoted_at, price=record.quote_bid))
        # only sales show a price at which the contract could be sold
        found[record.symbol] += record.facts.sales
    for symbol, quote in now.items():
        found[symbol].append(Sale(at=quote.at, price=quote.bid))
    return {symbol: _history(prices) for symbol, prices in found.items()}


def best_price_after(prices: KnownPrices, symbol: str | None, moment: datetime) -> Decimal | None:
    """Return the highest known price of a contract after a moment; None without one."""
    known = None if symbol is None else prices.get(symbol)
    if known is None:
        return None
    after = bisect_right(known.moments, moment)
    return known.best[after] if after < len(known.best) else None


def best_known_gain(record: ReportedTrade, prices: KnownPrices) -> Decimal | None:
    """Return the highest known gain over the entry as a fraction, by exits or later; None without one."""
    if record.average_entry is None or record.average_entry <= 0 or record.facts.bought_at is None:
        return None
    best = best_price_after(prices, record.symbol, record.facts.bought_at)
    return None if best is None else best / record.average_entry - 1


def _history(prices: Iterable[Sale]) -> PriceHistory:
    ordered = sorted(prices, key=lambda each: each.at)
    highest = list(accumulate((each.price for each in reversed(ordered)), max))
    return PriceHistory([each.at for each in ordered], highest[::-1])
