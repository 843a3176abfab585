"""Words what a message tells of a position that stands: its contract as far as it is said, and where it was read."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from alert_trader.domain.alerts.alert import AlertKind, ParsedAlert, Span
from alert_trader.domain.alerts.parsing.ambiguity import ARROWS
from alert_trader.domain.alerts.parsing.expiry import NoDay, resolve
from alert_trader.domain.alerts.parsing.field_collector import collect
from alert_trader.domain.alerts.parsing.fields import Fields, names_symbol
from alert_trader.domain.alerts.parsing.portions import Closed
from alert_trader.domain.alerts.parsing.tokens import Token, number_in
from alert_trader.domain.alerts.parsing.validate import price_of, right_of, strike_in, strike_of, symbol_of


class Told(NamedTuple):
    """A reading, and the places of the tokens that its contract was read from."""

    alert: ParsedAlert
    used: frozenset[int]
    quantity: int | None

    def closing(self, closed: Closed) -> "Told":
        """Give the same reading with how much it closes."""
        alert = replace(
            self.alert, portion=closed.portion, fraction=closed.fraction, quantity=closed.quantity
        )
        return Told(alert, self.used, self.quantity)


def span(name: str, token: Token) -> Span:
    """Give the span of a token as the reading of a field."""
    return Span(name, token.start, token.end, token.text)


def told(
    kind: AlertKind, tokens: list[Token], action: range, form: Fields | None, posted: date | None
) -> Told:
    """Read the contract that an exit or an addition names, as far as it says it."""
    fields = form or collect(tokens, action.stop)
    if form is None and not (fields.strikes and fields.symbols):
        fields = _elsewhere(tokens, fields)
    if any(token.text in ARROWS for token in tokens):
        # "1.59 -> 1.75" tells a course, not a price
        fields.prices = []
    symbol, price, expiry = _only(fields.symbols), _only(fields.prices), _only(fields.expiries)
    strike = (
        strike_in(fields)
        if len({strike_of(token) for token in (*fields.strikes, *fields.bare_strikes)}) == 1
        else None
    )
    right = None if strike is None else _only(fields.strikes) or _only(fields.rights)
    day = (
        resolve(expiry, posted, "" if symbol is None else symbol_of(symbol))
        if expiry is not None and posted is not None
        else None
    )
    count = tokens[action.start] if tokens[action.start].kind == "SIGNED" else _only(fields.quantities)
    named = [("symbol", symbol), ("strike", strike), ("right", right), ("expiry", expiry), ("price", price)]
    acted = [("action", token) for token in tokens[action.start : action.stop] if token.kind == "WORD"]
    spans = tuple(span(name, token) for name, token in [*acted, *named] if token is not None)
    alert = ParsedAlert(
        kind=kind,
        symbol=None if symbol is None else symbol_of(symbol),
        strike=None if strike is None else strike_of(strike),
        right=None if right is None else right_of(right),
        expiry=None if isinstance(day, NoDay) else day,
        price=None if price is None else price_of(price),
        spans=tuple(sorted(spans, key=lambda found: (found.start, found.end))),
    )
    used = frozenset(token.start for name, token in named if token is not None)
    return Told(alert, used, None if count is None else int(number_in(count)))


def _elsewhere(tokens: list[Token], fields: Fields) -> Fields:
    """Take the contract from the line that its strike stands in, where none stands behind the act."""
    strike = next((place for place, token in enumerate(tokens) if token.kind == "STRIKE"), None)
    if strike is None:
        return fields
    start = strike
    while start > 0 and tokens[start - 1].kind != "NEWLINE":
        start -= 1
    while (
        start < strike
        and tokens[start].kind not in {"CASHTAG", "DATE", "DTE"}
        and not names_symbol(tokens[start])
    ):
        start += 1
    found = collect(tokens, start)
    found.prices = fields.prices or found.prices
    return found


def _only(tokens: list[Token]) -> Token | None:
    """Give the token when there is one, or when all say the same."""
    return tokens[0] if tokens and len({token.lower for token in tokens}) == 1 else None
