"""Judges collected fields: one contract with at most one price, or the first reason why not."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from alert_trader.domain.alerts.parsing.ambiguity import Doubt, shown
from alert_trader.domain.alerts.parsing.expiry import NoDay, resolve
from alert_trader.domain.alerts.parsing.fields import Fields
from alert_trader.domain.alerts.parsing.tokens import Token, number_in, right_in
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import is_trading_day
from alert_trader.domain.market.contract import Right
from alert_trader.domain.money import Price

HIGHEST_STRIKE = Decimal(100_000)
MOST_CONTRACTS = 9_999
COUNT_LIKE = Decimal(20)
"""Up to this, "5 calls" may be five contracts as well as a strike of 5."""


class Entry(NamedTuple):
    """The fields of an entry, judged."""

    symbol: str
    strike: Decimal
    right: Right
    expiry: date
    price: Price | None
    quantity: int | None


def symbol_of(token: Token) -> str:
    """Give the ticker as the broker writes it: BRK/B and $brk.b are BRK.B."""
    return _ticker(token.text)


@lru_cache(maxsize=4096)
def _ticker(text: str) -> str:
    return text.lstrip("$").upper().replace("/", ".")


def strike_of(token: Token) -> Decimal:
    """Give the strike in dollars, exactly as written."""
    return _decimal(number_in(token))


@lru_cache(maxsize=4096)
def _decimal(digits: str) -> Decimal:
    return Decimal(digits)


def right_of(token: Token) -> Right:
    """Give the right of a strike token or of a word."""
    return Right(right_in(token))


def price_of(token: Token) -> Price:
    """Give a price in dollars a share, exactly as written."""
    return Price(_decimal(number_in(token)))


def judge(fields: Fields, posted: date) -> Entry | Doubt:
    """Give the one entry that the fields make, or the first doubt."""
    for _, check in CHECKS:
        doubt = check(fields, posted)
        if doubt is not None:
            return doubt
    return entry_of(fields)


def entry_of(fields: Fields) -> Entry:
    """Give the entry that fields make which stood every check."""
    strike = strike_in(fields)
    assert strike is not None
    assert fields.expiry is not None
    return Entry(
        symbol=symbol_of(fields.symbols[0]),
        strike=strike_of(strike),
        right=right_in_force(fields),
        expiry=fields.expiry,
        price=price_of(fields.prices[0]) if fields.prices else None,
        quantity=int(number_in(fields.quantities[0])) if fields.quantities else None,
    )


def strike_in(fields: Fields) -> Token | None:
    """Give the token of the strike: a number with its right, or else one that is named a strike while the right stands elsewhere."""
    if fields.strikes:
        return fields.strikes[0]
    unsaid = None if fields.unsaid is None else fields.unsaid.right
    return fields.bare_strikes[0] if fields.bare_strikes and (fields.rights or unsaid is not None) else None


def right_token(fields: Fields) -> Token | None:
    """Give the token that says the right; None where the room's rule does."""
    if fields.strikes:
        return fields.strikes[0]
    return fields.rights[0] if fields.rights else None


def right_in_force(fields: Fields) -> Right:
    """Give the right: what is said, else what the room means."""
    token = right_token(fields)
    if token is not None:
        return right_of(token)
    assert fields.unsaid is not None
    assert fields.unsaid.right is not None
    return fields.unsaid.right


def _several(fields: Fields, _posted: date) -> Doubt | None:
    """Doubt more than one contract."""
    strikes = [*fields.strikes, *fields.other_strikes]
    return (
        _differ("strikes or rights", strikes, lambda token: (strike_of(token), right_of(token)))
        or _differ("strikes", [*strikes[:1], *fields.bare_strikes], strike_of)
        or _differ("rights", [*strikes[:1], *fields.rights], right_of)
        or _differ("symbols", [*fields.symbols, *fields.other_symbols], symbol_of)
        or _joined(fields)
    )


def _differ(what: str, tokens: list[Token], value: Callable[[Token], object]) -> Doubt | None:
    """Doubt tokens that say different things."""
    if len(tokens) < 2 or len({value(token) for token in tokens}) == 1:
        return None
    return _two(what, tokens[0], tokens[-1])


def _joined(fields: Fields) -> Doubt | None:
    """Doubt two numbers joined: a range of prices, or two strikes."""
    if fields.pairs:
        pair = fields.pairs[0]
        if strike_in(fields) is not None and fields.symbols:
            return Doubt(
                Code.PARSE_TWO_PRICES,
                f"expected one price, found the range {shown(pair.text)}: write one",
                pair,
            )
        return Doubt(
            Code.PARSE_SPREAD,
            f"expected one strike, found {shown(pair.text)}: spreads are traded by hand",
            pair,
        )
    return None


def _two(what: str, one: Token, other: Token) -> Doubt:
    reason = f"expected one contract, found two {what}, {shown(one.text)} and {shown(other.text)}: send one message for each"
    return Doubt(Code.PARSE_TWO_CONTRACTS, reason, other)


def _contract(fields: Fields, _posted: date) -> Doubt | None:
    """Doubt a contract with a part missing."""
    if (
        not fields.contract_complete
        and fields.ended_by is not None
        and (fields.other_strikes or fields.other_expiries)
    ):
        token = fields.ended_by
        reason = f"expected ticker, strike and expiration together, found {shown(token.text)} between: write it after the contract"
        return Doubt(Code.PARSE_UNCLEAR, reason, token)
    strike = strike_in(fields)
    if strike is None:
        return _no_strike(fields)
    if not fields.symbols:
        reason = "expected a ticker, found none: write it, with a $ where it is also a word"
        return Doubt(Code.PARSE_NO_SYMBOL, reason)
    if not fields.contract_complete:
        return Doubt(
            Code.PARSE_NO_EXPIRY,
            "expected an expiration next to the contract, found none: write it as 12/18 or 0DTE",
        )
    return _strike(strike)


def _strike(token: Token) -> Doubt | None:
    """Doubt a strike that no contract can have, and one that may be a count of contracts."""
    strike = strike_of(token)
    if not 0 < strike < HIGHEST_STRIKE or (strike * 1000) % 1 != 0:
        return Doubt(
            Code.PARSE_BAD_STRIKE,
            f"expected a strike above 0 and below {HIGHEST_STRIKE}, found {shown(token.text)}: write it as 450c",
            token,
        )
    spelled = token.lower[-1] in "lts"
    if spelled and "$" not in token.text and strike <= COUNT_LIKE and strike == int(strike):
        reason = f"expected a strike, found {shown(token.text)}, which may be a count: write {int(strike)}{right_of(token).lower()} or ${strike}"
        return Doubt(Code.PARSE_BAD_STRIKE, reason, token)
    return None


def _no_strike(fields: Fields) -> Doubt:
    bare = next(iter([*fields.bare_strikes, *fields.unexplained]), None)
    if bare is not None and not fields.rights:
        reason = f"expected a strike with c or p, found {shown(bare.text)} without: write which it is, it is never guessed"
        return Doubt(Code.PARSE_NO_RIGHT, reason, bare)
    return Doubt(
        Code.PARSE_NO_STRIKE, "expected a strike with c or p next to the ticker, found none: write it as 450c"
    )


def _marks(fields: Fields, _posted: date) -> Doubt | None:
    """Doubt a price mark without a price behind it; told before the expiration, as a date may stand there by a slip."""
    if not fields.dangling:
        return None
    return Doubt(
        Code.PARSE_BAD_PRICE, "expected a price after @, found none: write it as @ 1.25", fields.dangling[0]
    )


def _price(fields: Fields, _posted: date) -> Doubt | None:
    """Doubt two prices, a price in the commentary, and a price that cannot be an option's."""
    prices = [*fields.prices, *fields.other_prices] if fields.other_prices else fields.prices
    if len(prices) > 1 and len({price_of(token) for token in prices}) > 1:
        reason = f"expected one price, found {shown(prices[0].text)} and {shown(prices[-1].text)}: write one, and name stops and targets"
        return Doubt(Code.PARSE_TWO_PRICES, reason, prices[-1])
    if not fields.prices:
        if prices:
            reason = f"expected the price next to the contract, found {shown(prices[0].text)} later on: write it there"
            return Doubt(Code.PARSE_BAD_PRICE, reason, prices[0])
        return None
    if fields.empty_labels and not fields.price_is_marked:
        name = fields.empty_labels[0]
        reason = f"expected a number after {shown(name.text)}, found none, so {shown(prices[0].text)} may be its own: write the price after @"
        return Doubt(Code.PARSE_BAD_PRICE, reason, name)
    named = strike_in(fields)
    assert named is not None
    token, strike = fields.prices[0], strike_of(named)
    price = price_of(token)
    # a number without a mark that is that close to the strike is more likely the underlying's price or a target
    most = strike if fields.price_is_marked else strike / 2
    if fields.price_is_rough:
        most = strike / 5
    if not 0 < price < most:
        reason = f"expected an option's price above 0 and below {most}, found {shown(token.text)}: write the price a share after @"
        return Doubt(Code.PARSE_BAD_PRICE, reason, token)
    return None


def _rest(fields: Fields, _posted: date) -> Doubt | None:
    """Doubt quantities that are none, and numbers that nothing explains."""
    counts = {int(number_in(token)) for token in fields.quantities} if fields.quantities else set()
    if len(counts) > 1 or any(not 0 < count <= MOST_CONTRACTS for count in counts):
        token = fields.quantities[-1]
        return Doubt(
            Code.PARSE_BAD_QUANTITY,
            f"expected one quantity of at least 1, found {shown(token.text)}: write x2, or none",
            token,
        )
    if fields.unexplained:
        token = fields.unexplained[0]
        reason = (
            f"expected every number to be named, found {shown(token.text)}: name it (SL, PT) or leave it out"
        )
        return Doubt(Code.PARSE_UNEXPLAINED_NUMBER, reason, token)
    if fields.repeated:
        token = fields.repeated[0]
        return Doubt(
            Code.PARSE_UNCLEAR,
            f"expected each stop or target once, found {shown(token.text)} again: write it once",
            token,
        )
    return None


def _expiry(fields: Fields, posted: date) -> Doubt | None:
    """Resolve every date found: all must be possible and the same day.

    A day without trading is read as written only in an alert that is complete with its price; without one it may be a slip.
    """
    symbol = symbol_of(fields.symbols[0])
    for token in (*fields.expiries, *fields.other_expiries):
        found = resolve(token, posted, symbol)
        if isinstance(found, NoDay):
            reason = f"expected an expiration seen from {posted.isoformat()}, found {shown(token.text)}, which {found.why}"
            return Doubt(Code.PARSE_BAD_EXPIRY, f"{reason}: write the date of a listed one", token)
        if not fields.prices and not is_trading_day(found):
            reason = f"expected a price, or an expiration on a trading day, found {shown(token.text)} without a price: check the date"
            return Doubt(Code.PARSE_BAD_EXPIRY, reason, token)
        if fields.expiry is not None and found != fields.expiry:
            return _two("expirations", fields.expiries[0], token)
        fields.expiry = found
    if fields.expiry is None and fields.unsaid is not None:
        fields.expiry = fields.unsaid.expiry
    return None


CHECKS: tuple[tuple[str, Callable[[Fields, date], Doubt | None]], ...] = (
    ("one contract", _several),
    ("the contract is complete", _contract),
    ("each price mark has its price", _marks),
    ("one possible expiration", _expiry),
    ("one possible price", _price),
    ("every number is explained", _rest),
)
"""What the fields of an entry must stand, in this order; each gives its doubt."""
