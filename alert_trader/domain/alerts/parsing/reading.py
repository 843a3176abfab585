"""Stage 6: the one reading of a candidate: the value of each field, not yet checked."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from alert_trader.domain.alerts.alert import AlertKind, Level, Share
from alert_trader.domain.alerts.parsing.candidates.candidate import Candidate, Shape
from alert_trader.domain.alerts.parsing.context import Context
from alert_trader.domain.alerts.parsing.fields.levels import NO_LEVELS, read_levels
from alert_trader.domain.alerts.parsing.fields.values import Fields
from alert_trader.domain.alerts.parsing.tokens import Token
from alert_trader.domain.alerts.parsing.vocabulary.action_words import FIRST_OF_REMARK, LABELS, SIZE_REMARKS
from alert_trader.domain.alerts.parsing.vocabulary.exit_words import ADDED
from alert_trader.domain.alerts.parsing.vocabulary.expirations import NoDay, expiration_of
from alert_trader.domain.alerts.parsing.vocabulary.header import header_date
from alert_trader.domain.alerts.parsing.vocabulary.portions import Closed, closed_portion
from alert_trader.domain.alerts.parsing.vocabulary.values import (
    count_of,
    price_of,
    right_of,
    strike_of,
    symbol_of,
)
from alert_trader.domain.market.contract import Right
from alert_trader.domain.money import Price

Tokens = tuple[Token, ...]

_HEADED = frozenset({Shape.ENTRY, Shape.SPOKEN_ENTRY})
_SHORTEST_LABEL = 2
"""Tokens: a word and its colon."""


class Source(NamedTuple):
    """The token that each value was read from; None where the message names none, or two different ones."""

    symbol: Token | None
    strike: Token | None
    right: Token | None
    expiry: Token | None
    price: Token | None
    quantity: Token | None = None
    average: Token | None = None
    label: Tokens = ()
    action: Tokens = ()
    stop: Tokens = ()
    targets: Tokens = ()


class Reading(NamedTuple):
    """The value of each field; None where the message names none, or two different ones."""

    kind: AlertKind
    source: Source
    symbol: str | None
    strike: Decimal | None
    right: Right | None
    expiry: date | None
    price: Price | None
    quantity: int | None = None
    label: str | None = None
    average: Price | None = None
    closed: Closed = Closed(None)
    """How much of the position an exit closes."""
    contract: Tokens = ()
    """The tokens of the contract and price that an exit or addition names."""
    today: date | NoDay | None = None
    """The day that expirations are counted from, the message's or its header's; None if impossible."""
    header: Token | None = None
    """The date in the message's header."""
    stop: Level | None = None
    """The author's stop; None where none, or two different ones, are named under the price."""
    targets: tuple[Level, ...] = ()
    expirations: tuple[tuple[Token, date | NoDay], ...] = ()
    """Every expiration of an entry, in the commentary too, with the day it means."""


def read_fields(candidate: Candidate, fields: Fields, context: Context) -> Reading:
    """Read the values of a candidate's fields."""
    match candidate.shape:
        case Shape.ENTRY | Shape.SPOKEN_ENTRY | Shape.FORM_ENTRY | Shape.BARE_ENTRY | Shape.UNREAD:
            return _entry(candidate, fields, context)
        case Shape.EXIT | Shape.SPOKEN_EXIT | Shape.CONDITIONAL_EXIT | Shape.ALL_BUT:
            return _exit(candidate, fields, context)
        case Shape.AVERAGE:
            return _average(candidate, fields, context)
        case Shape.ADDITION:
            return _position(AlertKind.ADD, candidate, fields, context)


def _entry(candidate: Candidate, fields: Fields, context: Context) -> Reading:
    """Read an entry; where it names no right or expiration, the room's defaults fill them in."""
    defaults = fields.defaults
    default_right = None if defaults is None else defaults.right
    symbol = fields.symbols[0] if fields.symbols else None
    strike = fields.strikes[0] if fields.strikes else _bare_strike(fields, default_right)
    right = fields.strikes[0] if fields.strikes else fields.rights[0] if fields.rights else None
    price = fields.prices[0] if fields.prices else None
    quantity = fields.quantities[0] if fields.quantities else None
    headed = candidate.shape in _HEADED and "TIME" in candidate.outline.kinds
    header = header_date(candidate.tokens) if headed else None
    today: date | NoDay | None = context.posted
    if header is not None and context.posted is not None:
        today = expiration_of(header, context.posted)
    name = None if symbol is None else symbol_of(symbol)
    expirations = _expirations(fields, today, name or "")
    default_expiry = None if defaults is None else defaults.expiry
    expiry = expirations[0][1] if expirations else default_expiry
    label, labelled = _label(candidate)
    strike_price = None if strike is None else strike_of(strike)
    levels = (
        read_levels(fields.levels, strike_price, None if price is None else price_of(price))
        if fields.levels and strike_price is not None
        else NO_LEVELS
    )
    return Reading(
        AlertKind.ENTRY,
        Source(
            symbol,
            strike,
            right,
            expirations[0][0] if expirations else fields.expiries[0] if fields.expiries else None,
            price,
            quantity,
            label=labelled,
            action=_action_tokens(candidate),
            stop=levels.stop_tokens,
            targets=levels.target_tokens,
        ),
        name,
        strike_price,
        default_right if right is None else right_of(right),
        None if isinstance(expiry, NoDay) else expiry,
        None if price is None else price_of(price),
        None if quantity is None else count_of(quantity),
        label,
        today=today,
        header=header,
        stop=levels.stop,
        targets=levels.targets,
        expirations=expirations,
    )


def _expirations(
    fields: Fields, today: date | NoDay | None, symbol: str
) -> tuple[tuple[Token, date | NoDay], ...]:
    """Return each expiration with the day it means, counted from today; none where today is not known."""
    if today is None or isinstance(today, NoDay):
        return ()
    written = fields.expiries + fields.other_expiries
    dates = [token for token in written if token.kind not in {"RELATIVE", "WORD"}]
    if dates and len(dates) < len(written):
        written = (*dates, *(token for token in written if token not in dates))
    return tuple([(token, expiration_of(token, today, symbol)) for token in written])


def _exit(candidate: Candidate, fields: Fields, context: Context) -> Reading:
    """Read an exit with how much it closes; a count of contracts counts where no words say more."""
    found = _position(AlertKind.EXIT, candidate, fields, context)
    contract = {token.start for token in found.contract}
    words = [token.lower for token in candidate.tokens if token.start not in contract]
    closed = closed_portion(" ".join(words))
    action = candidate.tokens[candidate.action.start]
    counted = action if action.kind == "SIGNED" else _only(fields.quantities)
    count = None if counted is None else count_of(counted)
    if closed.portion is None and closed.wrong is None and counted is not None and count is not None:
        closed = Closed(Share.COUNT, quantity=count) if count > 0 else Closed(None, wrong=counted.text)
    return found._replace(closed=closed, quantity=closed.quantity)


def _average(candidate: Candidate, fields: Fields, context: Context) -> Reading:
    """Read an addition with its average: "AVG KO 70c @ 1.40, added @ .98" paid .98."""
    found = _position(AlertKind.ADD, candidate, fields, context)
    paid = _paid(candidate.tokens, candidate.start)
    return found._replace(
        average=found.price,
        price=None if paid is None else price_of(paid),
        source=found.source._replace(average=found.source.price, price=paid),
    )


def _paid(tokens: Tokens, start: int) -> Token | None:
    """Find the number that follows a word of adding and a price mark."""
    for index in range(start, len(tokens)):
        if tokens[index].lower not in ADDED:
            continue
        behind = [
            token
            for token in tokens[index + 1 : index + 5]
            if token.kind in {"AT", "NUMBER"} or token.lower in {"at", "for"}
        ]
        if len(behind) > 1 and behind[0].kind != "NUMBER" and behind[1].kind == "NUMBER":
            return behind[1]
    return None


def _position(kind: AlertKind, candidate: Candidate, fields: Fields, context: Context) -> Reading:
    """Read the contract that an exit or an addition names, as far as it is named without contradiction."""
    symbol, price, expiry = _only(fields.symbols), _only(fields.prices), _only(fields.expiries)
    strikes = {strike_of(token) for token in (*fields.strikes, *fields.bare_strikes)}
    strike = None
    if len(strikes) == 1:
        strike = fields.strikes[0] if fields.strikes else _bare_strike(fields, None)
    right = _only(fields.strikes) if strike is not None else None
    right = right or (_only(fields.rights) if strike is not None or symbol is not None else None)
    name = None if symbol is None else symbol_of(symbol)
    day: date | NoDay | None = None
    if expiry is not None and context.posted is not None:
        day = expiration_of(expiry, context.posted, name or "")
    return Reading(
        kind,
        Source(symbol, strike, right, expiry, price, action=_action_tokens(candidate)),
        name,
        None if strike is None else strike_of(strike),
        None if right is None else right_of(right),
        None if isinstance(day, NoDay) else day,
        None if price is None else price_of(price),
        contract=tuple([token for token in (symbol, strike, right, expiry, price) if token is not None]),
    )


def _bare_strike(fields: Fields, default_right: Right | None) -> Token | None:
    """Return a number that is named a strike, with its right elsewhere or in the room's defaults."""
    righted = bool(fields.rights) or default_right is not None
    return fields.bare_strikes[0] if fields.bare_strikes and righted else None


def _action_tokens(candidate: Candidate) -> Tokens:
    return candidate.tokens[candidate.action.start : candidate.action.stop]


def _label(candidate: Candidate) -> tuple[str | None, Tokens]:
    """Return the label at the start ("Super Lotto:"), or a remark anywhere that names the size ("lotto")."""
    tokens = candidate.tokens
    front = candidate.action.start if candidate.action else len(tokens)
    found, source = _opening_label(tokens[:front]) if front >= _SHORTEST_LABEL else (None, ())
    if found is None or found == "Alert":
        return _size_remark(tokens) or (found, source)
    return found, source


def _opening_label(front: Tokens) -> tuple[str | None, Tokens]:
    opening = tuple([token for token in front if token.kind == "WORD" or token.text == ":"][:3])
    written = tuple([token.lower for token in opening])
    for phrase, label in LABELS.items():
        length = len(phrase)
        if written[:length] == phrase and written[length : length + 1] == (":",):
            return label, opening[:length]
    return None, ()


def _size_remark(tokens: Tokens) -> tuple[str, Tokens] | None:
    if FIRST_OF_REMARK.isdisjoint([token.lower for token in tokens]):
        return None
    places: dict[str, list[int]] = {}
    for index, token in enumerate(tokens):
        if token.lower in FIRST_OF_REMARK:
            places.setdefault(token.lower, []).append(index)
    for phrase, label in SIZE_REMARKS.items():
        for index in places.get(phrase[0], ()):
            meant = tokens[index : index + len(phrase)]
            if tuple([token.lower for token in meant]) == phrase:
                return label, meant
    return None


def _only(tokens: Tokens) -> Token | None:
    """Return the token when there is one, or when all are written alike."""
    return tokens[0] if tokens and len({token.lower for token in tokens}) == 1 else None
