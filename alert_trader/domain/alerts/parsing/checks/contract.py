"""Checks of the contract: it is one, it is complete, and each number has one meaning."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from alert_trader.domain.alerts.parsing.checks.refusal import Refusal, quote
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.reading import Reading
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.expirations import NoDay
from alert_trader.domain.alerts.parsing.vocabulary.values import (
    count_of,
    price_of,
    right_of,
    strike_of,
    symbol_of,
)
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import is_trading_day, monthly_expiry

HIGHEST_STRIKE = Decimal(100_000)
MOST_CONTRACTS = 9_999
COUNT_LIKE = Decimal(20)
"""Up to this, "5 calls" may be five contracts as well as a strike of 5."""

_A_CONTRACTS_PRICE = 20
"""From this on, a price without cents may be dollars for a whole contract: "for $115"."""

ContractCheck = Callable[[Fields, Reading], Refusal | None]


def check_contract(fields: Fields, reading: Reading) -> Refusal | None:
    """Return the first failure of the checks of the contract."""
    for _, check in CONTRACT_CHECKS:
        refusal = check(fields, reading)
        if refusal is not None:
            return refusal
    return None


def _one_contract(fields: Fields, reading: Reading) -> Refusal | None:
    """Refuse more than one contract."""
    strikes = fields.strikes + fields.other_strikes
    refusal = (
        _differ("strikes or rights", strikes, lambda token: (strike_of(token), right_of(token)))
        or _differ("strikes", strikes[:1] + fields.bare_strikes, strike_of)
        or _differ("rights", strikes[:1] + fields.rights, right_of)
        or _differ("symbols", fields.symbols + fields.other_symbols, symbol_of)
    )
    if refusal is not None or not fields.pairs:
        return refusal
    pair = fields.pairs[0]
    if reading.strike is not None and reading.symbol is not None:
        reason = f"expected one price, found the range {quote(pair.text)}: write one"
        return Refusal(Code.PARSE_TWO_PRICES, reason, pair)
    reason = f"expected one strike, found {quote(pair.text)}: spreads are traded by hand"
    return Refusal(Code.PARSE_SPREAD, reason, pair)


def _differ(what: str, tokens: tuple[Token, ...], value: Callable[[Token], object]) -> Refusal | None:
    """Refuse tokens with different values."""
    if len(tokens) < 2 or len({value(token) for token in tokens}) == 1:
        return None
    return _two(what, tokens[0], tokens[-1])


def _two(what: str, one: Token, other: Token) -> Refusal:
    pair = f"{quote(one.text)} and {quote(other.text)}"
    reason = f"expected one contract, found two {what}, {pair}: send one message for each"
    return Refusal(Code.PARSE_TWO_CONTRACTS, reason, other)


def _complete(fields: Fields, reading: Reading) -> Refusal | None:
    """Refuse a contract with a part missing."""
    between = fields.contract_end
    if (
        not fields.contract_complete
        and between is not None
        and (fields.other_strikes or fields.other_expiries)
    ):
        found = quote(between.text)
        wanted = "expected ticker, strike and expiration together"
        reason = f"{wanted}, found {found} between: write it after the contract"
        return Refusal(Code.PARSE_UNCLEAR, reason, between)
    if reading.source.strike is None:
        return _no_strike(fields)
    if reading.symbol is None:
        reason = "expected a ticker, found none: write it, with a $ where it is also a word"
        return Refusal(Code.PARSE_NO_SYMBOL, reason)
    if not fields.contract_complete:
        reason = "expected an expiration next to the contract, found none: write it as 12/18 or 0DTE"
        return Refusal(Code.PARSE_NO_EXPIRY, reason)
    return _possible_strike(reading.source.strike)


def _no_strike(fields: Fields) -> Refusal:
    bare = next(iter(fields.bare_strikes + fields.unexplained), None)
    if bare is not None and not fields.rights:
        found = quote(bare.text)
        reason = (
            f"expected a strike with c or p, found {found} without: write which it is, it is never guessed"
        )
        return Refusal(Code.PARSE_NO_RIGHT, reason, bare)
    reason = "expected a strike with c or p next to the ticker, found none: write it as 450c"
    return Refusal(Code.PARSE_NO_STRIKE, reason)


def _possible_strike(token: Token) -> Refusal | None:
    """Refuse a strike that no contract can have, and one that may be a count of contracts."""
    strike = strike_of(token)
    if not 0 < strike < HIGHEST_STRIKE or (strike * 1000) % 1 != 0:
        found = quote(token.text)
        reason = f"expected a strike above 0 and below {HIGHEST_STRIKE}, found {found}: write it as 450c"
        return Refusal(Code.PARSE_BAD_STRIKE, reason, token)
    spelled = token.lower[-1] in "lts"
    if spelled and "$" not in token.text and strike <= COUNT_LIKE and strike == int(strike):
        advice = f"write {int(strike)}{right_of(token).lower()} or ${strike}"
        reason = f"expected a strike, found {quote(token.text)}, which may be a count: {advice}"
        return Refusal(Code.PARSE_BAD_STRIKE, reason, token)
    return None


def _marked_price(fields: Fields, _reading: Reading) -> Refusal | None:
    """Refuse a price mark without a price; before the expiration, as a typo may have put a date there."""
    if not fields.marks_without_price:
        return None
    reason = "expected a price after @, found none: write it as @ 1.25"
    return Refusal(Code.PARSE_BAD_PRICE, reason, fields.marks_without_price[0])


def _expiration(fields: Fields, reading: Reading) -> Refusal | None:
    """Refuse an impossible date, and two different ones.

    A day without trading is accepted as written only with a price; without one it may be a typo.
    """
    first: tuple[Token, date] | None = None
    for token, day in reading.expirations:
        if first is not None and _describes(token, first[1], reading.today):
            continue
        if isinstance(day, NoDay):
            found = f"found {quote(token.text)}, which {day.reason}"
            reason = (
                f"expected an expiration from {reading.today} on, {found}: write the date of a listed one"
            )
            return Refusal(Code.PARSE_BAD_EXPIRY, reason, token)
        if not fields.prices and not is_trading_day(day):
            found = f"found {quote(token.text)} without a price"
            reason = f"expected a price, or an expiration on a trading day, {found}: check the date"
            return Refusal(Code.PARSE_BAD_EXPIRY, reason, token)
        if first is not None and day != first[1]:
            return _two("expirations", first[0], token)
        first = first or (token, day)
    return None


def _describes(token: Token, day: date, today: date | NoDay | None) -> bool:
    """Whether words only describe a written date: "weekly 12/18", "Friday 12/18", "12/18, 25 DTE"."""
    if token.kind == "DTE" and isinstance(today, date):
        return token.lower.rstrip("dte -\t") == str((day - today).days)
    if token.kind not in {"RELATIVE", "WORD"}:
        return False
    if "weekl" in token.lower:
        return True
    if "opex" in token.lower:
        return day == monthly_expiry(day.year, day.month)
    return token.lower.startswith("fri") and day.weekday() == _FRIDAY


_FRIDAY = 4


def _price(fields: Fields, reading: Reading) -> Refusal | None:
    """Refuse two prices, a price in the commentary, and a price that no option can have."""
    prices = fields.prices + fields.other_prices
    if len(prices) > 1 and len({price_of(token) for token in prices}) > 1:
        found = f"found {quote(prices[0].text)} and {quote(prices[-1].text)}"
        reason = f"expected one price, {found}: write one, and name stops and targets"
        return Refusal(Code.PARSE_TWO_PRICES, reason, prices[-1])
    if not prices:
        return None
    token, found = prices[0], quote(prices[0].text)
    if not fields.prices:
        reason = f"expected the price next to the contract, found {found} later on: write it there"
        return Refusal(Code.PARSE_BAD_PRICE, reason, token)
    if fields.labels_without_number and not fields.price_is_marked:
        name = fields.labels_without_number[0]
        missing = f"expected a number after {quote(name.text)}, found none"
        reason = f"{missing}, so {found} may be its own: write the price after @"
        return Refusal(Code.PARSE_BAD_PRICE, reason, name)
    highest = _highest_price(fields, reading)
    if not 0 < price_of(token) < highest:
        wanted = f"expected an option's price above 0 and below {highest}"
        return Refusal(
            Code.PARSE_BAD_PRICE, f"{wanted}, found {found}: write the price a share after @", token
        )
    return None


def _highest_price(fields: Fields, reading: Reading) -> Decimal:
    """Return the bound of the price: close to the strike it may be a level of the underlying, or a target."""
    strike = reading.strike
    assert strike is not None
    written = fields.prices[0].text
    whole = "." not in written and price_of(fields.prices[0]) >= _A_CONTRACTS_PRICE
    if fields.price_is_rough or whole:
        return strike / 5
    return strike if fields.price_is_marked else strike / 2


def _unit(fields: Fields, _reading: Reading) -> Refusal | None:
    """Refuse a price in cents or for a whole contract: read as written, it is a hundred times too much."""
    if not fields.other_units:
        return None
    token = fields.other_units[0]
    found = quote(token.text)
    reason = f"expected the price in dollars a share, found {found} in another unit: write it as 1.25"
    return Refusal(Code.PARSE_BAD_PRICE, reason, token)


def _every_number(fields: Fields, _reading: Reading) -> Refusal | None:
    """Refuse impossible quantities, numbers that belong to no field, and a stop or target named twice."""
    counts = {count_of(token) for token in fields.quantities} if fields.quantities else set()
    if len(counts) > 1 or any(count is None or not 0 < count <= MOST_CONTRACTS for count in counts):
        token = fields.quantities[-1]
        reason = f"expected one quantity of at least 1, found {quote(token.text)}: write x2, or none"
        return Refusal(Code.PARSE_BAD_QUANTITY, reason, token)
    if fields.unexplained:
        token = fields.unexplained[0]
        found = quote(token.text)
        reason = f"expected every number to be named, found {found}: name it (SL, PT) or leave it out"
        return Refusal(Code.PARSE_UNEXPLAINED_NUMBER, reason, token)
    if fields.repeated_labels:
        token = fields.repeated_labels[0]
        reason = f"expected each stop or target once, found {quote(token.text)} again: write it once"
        return Refusal(Code.PARSE_UNCLEAR, reason, token)
    return None


CONTRACT_CHECKS: tuple[tuple[str, ContractCheck], ...] = (
    ("one contract", _one_contract),
    ("the contract is complete", _complete),
    ("each price mark has a price", _marked_price),
    ("one valid expiration", _expiration),
    ("a price in dollars a share", _unit),
    ("one valid price", _price),
    ("every number is explained", _every_number),
)
"""The checks of the contract, in their order; each may assume that the ones before it have passed."""
