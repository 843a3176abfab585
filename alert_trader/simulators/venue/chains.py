"""The broker's JSON about instruments and market hours: chains, options, equities, sessions, holidays."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from alert_trader.simulators.venue.bodies import Body, plain, stamp, ticks_body
from alert_trader.simulators.venue.config import UnderlyingConfig
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.holidays import NEW_YORK, Hours, half_days, holidays, hours, step_day
from alert_trader.simulators.venue.instruments import (
    SHARES_PER_CONTRACT,
    Expiry,
    Series,
    Settlement,
    stops_trading_at,
)

_PRE_MARKET = timedelta(minutes=75)
_AFTER_HOURS = timedelta(hours=3)


def today(exchange: Exchange) -> date:
    """Return the New York date now."""
    return exchange.clock().astimezone(NEW_YORK).date()


def last_trade(exchange: Exchange, row: UnderlyingConfig, expiry: Expiry) -> datetime:
    """Return when a series stops trading; today's series trade while the market is held open."""
    real = stops_trading_at(expiry, row)
    session = exchange.session
    if expiry.day == today(exchange) and session.open:
        return max(real, session.close_at)
    return real


def nested_body(exchange: Exchange, row: UnderlyingConfig) -> list[Body]:
    """Write a nested chain: one item for each root."""
    day = today(exchange)
    roots: dict[str, list[Expiry]] = {}
    for expiry in exchange.listings.expiries(row, day):
        roots.setdefault(expiry.root, []).append(expiry)
    return [
        {
            "underlying-symbol": row.symbol,
            "root-symbol": root,
            "option-chain-type": "Standard",
            "shares-per-contract": SHARES_PER_CONTRACT,
            "tick-sizes": ticks_body(row),
            "deliverables": [_deliverable(row, root)],
            "expirations": [_expiration(exchange, row, expiry, day) for expiry in expiries],
        }
        for root, expiries in roots.items()
    ]


def _deliverable(row: UnderlyingConfig, root: str) -> Body:
    return {
        "id": 1,
        "root-symbol": root,
        "deliverable-type": "Shares",
        "description": f"{SHARES_PER_CONTRACT} shares of {row.symbol}",
        "amount": f"{SHARES_PER_CONTRACT}.0",
        "symbol": row.symbol,
        "instrument-type": "Equity",
        "percent": "100",
    }


@lru_cache(maxsize=50_000)
def _strike(root: str, day: date, strike: Decimal) -> Body:
    """Write a strike, once: a chain has thousands, and the text of one never changes."""
    call, put = Series(root, day, "C", strike), Series(root, day, "P", strike)
    return {
        "strike-price": plain(strike),
        "call": call.symbol,
        "call-streamer-symbol": call.streamer_symbol,
        "put": put.symbol,
        "put-streamer-symbol": put.streamer_symbol,
    }


def _expiration(exchange: Exchange, row: UnderlyingConfig, expiry: Expiry, day: date) -> Body:
    return {
        "expiration-type": expiry.kind,
        "expiration-date": expiry.day.isoformat(),
        "days-to-expiration": (expiry.day - day).days,
        "settlement-type": expiry.settlement,
        "strikes": [
            _strike(expiry.root, expiry.day, strike) for strike in exchange.listings.strikes(row, expiry)
        ],
    }


def flat_body(exchange: Exchange, row: UnderlyingConfig) -> list[Body]:
    """Write a flat chain: every option of an underlying."""
    return [
        option_body(exchange, row, Series(expiry.root, expiry.day, right, strike), expiry)
        for expiry in exchange.listings.expiries(row, today(exchange))
        for strike in exchange.listings.strikes(row, expiry)
        for right in ("C", "P")
    ]


def option_body(exchange: Exchange, row: UnderlyingConfig, series: Series, expiry: Expiry) -> Body:
    """Write one option."""
    stops = stamp(last_trade(exchange, row, expiry))
    return {
        "symbol": series.symbol,
        "instrument-type": "Equity Option",
        "active": True,
        "strike-price": plain(series.strike),
        "root-symbol": series.root,
        "underlying-symbol": row.symbol,
        "expiration-date": expiry.day.isoformat(),
        "exercise-style": "European" if row.is_index else "American",
        "shares-per-contract": SHARES_PER_CONTRACT,
        "option-type": series.right,
        "option-chain-type": "Standard",
        "expiration-type": expiry.kind,
        "settlement-type": expiry.settlement,
        "stops-trading-at": stops,
        "market-time-instrument-collection": "Cash Settled Equity Option"
        if expiry.settlement is Settlement.AM
        else "Equity Option",
        "days-to-expiration": (expiry.day - today(exchange)).days,
        "expires-at": stops,
        "is-closing-only": False,
        "streamer-symbol": series.streamer_symbol,
    }


def equity_body(exchange: Exchange, row: UnderlyingConfig) -> Body:
    """Write an underlying."""
    return {
        "id": list(exchange.listings.underlyings).index(row.symbol) + 1,
        "symbol": row.symbol,
        "instrument-type": "Index" if row.is_index else "Equity",
        "short-description": row.description,
        "is-index": row.is_index,
        "listed-market": "OTC" if row.is_index else "XNAS",
        "description": row.description,
        "lendability": "Easy To Borrow",
        "borrow-rate": "0.0",
        "market-time-instrument-collection": "Equity",
        "is-closing-only": False,
        "is-options-closing-only": False,
        "active": True,
        "is-fractional-quantity-eligible": not row.is_index,
        "is-illiquid": False,
        "is-etf": row.is_etf,
        "streamer-symbol": row.symbol,
        "tick-sizes": [{"value": "0.0001", "threshold": "1.0"}, {"value": "0.01"}],
        "option-tick-sizes": ticks_body(row),
    }


def session_body(exchange: Exchange, collection: str) -> Body:
    """Write the session now, the next and the previous."""
    session = exchange.session
    day = session.open_at.astimezone(NEW_YORK).date()
    return {
        "instrument-collection": collection,
        "state": "Open" if session.open else "Closed",
        "start-at": stamp(session.open_at - _PRE_MARKET),
        "open-at": stamp(session.open_at),
        "close-at": stamp(session.close_at),
        "close-at-ext": stamp(session.close_at + _AFTER_HOURS),
        "next-session": _snapshot(hours(step_day(day, 1)), collection),
        "previous-session": _snapshot(hours(step_day(day, -1)), collection),
    }


def _snapshot(session: Hours, collection: str) -> Body:
    return {
        "instrument-collection": collection,
        "session-date": session.day.isoformat(),
        "start-at": stamp(session.open_at - _PRE_MARKET),
        "open-at": stamp(session.open_at),
        "close-at": stamp(session.close_at),
        "close-at-ext": stamp(session.close_at + _AFTER_HOURS),
    }


def holidays_body(day: date) -> Body:
    """Write the holidays and half days of this year and the next."""
    years = (day.year, day.year + 1)
    return {
        "market-half-days": sorted(each.isoformat() for year in years for each in half_days(year)),
        "market-holidays": sorted(each.isoformat() for year in years for each in holidays(year)),
    }
