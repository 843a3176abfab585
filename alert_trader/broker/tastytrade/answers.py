"""Parse the broker's answers other than orders: account, balances, session, quotes, fees, positions, pages.

Every function raises `UnreadableError` when a required field is missing: a missing number is not a zero.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from alert_trader.broker.port import AccountStatus, Balances, MarketSession
from alert_trader.broker.tastytrade.bodies import Amount, Body, IfReadable, Moment, UnreadableBodyError
from alert_trader.broker.tastytrade.session import Answer
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import Price
from alert_trader.domain.orders.order import FeeEstimate, Position


class _Account(Body):
    margin_or_cash: str
    is_closed: bool


class _TradingStatus(Body):
    account_number: str
    options_level: str
    is_closed: bool
    is_frozen: bool
    is_closing_only: bool
    is_risk_reducing_only: bool | None = None
    is_pattern_day_trader: bool
    day_trade_count: int | None = None


class _Balances(Body):
    cash_balance: Decimal
    net_liquidating_value: Decimal
    derivative_buying_power: Decimal


class _NextSession(Body):
    open_at: Moment | None = None
    close_at: Moment | None = None


class _Session(Body):
    state: str
    open_at: Moment | None = None
    close_at: Moment | None = None
    next_session: _NextSession | None = None


def _absent(value: object) -> object:
    # JSON's own NaN is a float, and differs from itself
    return None if value in ("NaN", "") or value != value else value  # noqa: PLR0124


_Sided = Annotated[Decimal | None, BeforeValidator(_absent)]
"""A number of one side of a quote; the broker writes NaN where the side is empty."""


class _Quote(Body):
    symbol: str
    updated_at: Moment | None = None
    bid: _Sided = None
    ask: _Sided = None
    bid_size: _Sided = None
    ask_size: _Sided = None
    is_trading_halted: bool | None = None
    trading_halted: bool | None = None


class _Position(Body):
    instrument_type: str
    symbol: str
    quantity: Amount
    quantity_direction: str
    average_open_price: Annotated[Amount | None, IfReadable] = None


_RENAMED = {"tif_next_valid_sesssion": "tif.next_valid_session"}
"""Codes of warnings that the broker has written in two ways, with the later one."""


class _DryRun(Body):
    fee_calculation: dict[str, Any]
    buying_power_effect: dict[str, Any]
    warnings: tuple[Any, ...] | None = None


class _Page(Body):
    page_offset: int
    total_items: int = Field(ge=0)
    total_pages: int = Field(ge=0)
    current_item_count: int | None = None


def account_status(account: dict[str, Any], trading: dict[str, Any]) -> AccountStatus:
    """Combine the account and its trading status: closed in either is closed."""
    try:
        owner, may = _Account.model_validate(account), _TradingStatus.model_validate(trading)
    except ValidationError as error:
        raise _unreadable("an account's status", error) from None
    return AccountStatus(
        account=AccountNumber(may.account_number),
        margin=owner.margin_or_cash == "Margin",
        options_level=may.options_level,
        closed=owner.is_closed or may.is_closed,
        frozen=may.is_frozen,
        closing_only=may.is_closing_only or may.is_risk_reducing_only is True,
        pattern_day_trader=may.is_pattern_day_trader,
        day_trade_count=_count(may.day_trade_count),
    )


def authority(items: Sequence[Any], account: AccountNumber) -> str:
    """Return the credentials' authority level in an account (owner, trade-only, read-only), or empty."""
    for item in items:
        if (
            isinstance(item, dict)
            and isinstance(item.get("account"), dict)
            and item["account"].get("account-number") == account
        ):
            return str(item.get("authority-level") or "")
    return ""


def balances(data: dict[str, Any]) -> Balances:
    """Parse balances."""
    try:
        found = _Balances.model_validate(data)
    except ValidationError as error:
        raise _unreadable("balances", error) from None
    return Balances(
        cash=found.cash_balance,
        net_liquidating=found.net_liquidating_value,
        derivative_buying_power=found.derivative_buying_power,
    )


def market_session(items: Sequence[Any], now: datetime) -> MarketSession:
    """Parse today's session, or the next one when there is none today or it is over."""
    try:
        found = _Session.model_validate(items[0] if items else {})
    except ValidationError as error:
        raise _unreadable("a market session", error) from None
    over = found.open_at is None or (found.close_at is not None and found.close_at <= now)
    times = found.next_session if over and found.next_session is not None else found
    return MarketSession(open_now=found.state == "Open", opens_at=times.open_at, closes_at=times.close_at)


def quote(items: Sequence[Any], symbol: str) -> Quote | None:
    """Return a symbol's quote; None when the broker has none, or one side only."""
    mine = [item for item in items if isinstance(item, dict) and item.get("symbol") == symbol]
    if not mine:
        return None
    try:
        found = _Quote.model_validate(mine[0])
    except ValidationError as error:
        raise _unreadable("a quote", error) from None
    if found.bid is None or found.ask is None or found.bid < 0 or found.ask < 0:
        return None
    if found.updated_at is None:
        raise UnreadableBodyError(f"expected a quote with its time, found none for {symbol}")
    return Quote(
        bid=Price(found.bid),
        ask=Price(found.ask),
        at=found.updated_at,
        bid_size=_count(found.bid_size),
        ask_size=_count(found.ask_size),
        halted=found.is_trading_halted is True or found.trading_halted is True,
    )


def quotes(items: Sequence[Any], symbols: Sequence[str]) -> dict[str, Quote]:
    """Return the quotes of a list by symbol; symbols without one are left out.

    A quote that cannot be read is left out; raises `UnreadableBodyError` when no other is left.
    """
    found: dict[str, Quote] = {}
    failed: UnreadableBodyError | None = None
    for symbol in symbols:
        try:
            each = quote(items, symbol)
        except UnreadableBodyError as error:
            failed = error
            continue
        if each is not None:
            found[symbol] = each
    if failed is not None and not found:
        raise failed
    return found


def fee_estimate(data: dict[str, Any]) -> FeeEstimate:
    """Parse the costs of a dry-run; a rebate or released buying power is negative."""
    try:
        found = _DryRun.model_validate(data)
    except ValidationError as error:
        raise _unreadable("a dry-run with fees and buying power", error) from None
    return FeeEstimate(
        total=_cost(found.fee_calculation, "total-fees"),
        commission=_cost(found.fee_calculation, "commission"),
        buying_power_effect=_cost(found.buying_power_effect, "change-in-buying-power"),
        warnings=tuple(_warning(each) for each in found.warnings or ()),
    )


def option_positions(answer: Answer) -> list[Position]:
    """Parse the option positions of a complete answer, without closed ones; a short position is negative."""
    items = answer.items
    page = _page(answer) if answer.json and answer.json.get("pagination") else None
    if items is None or (page is not None and page.total_items != len(items)):
        raise UnreadableBodyError(f"expected a complete list of positions, found {answer}")
    found = []
    for item in items:
        if not isinstance(item, dict) or item.get("instrument-type") != "Equity Option":
            continue
        try:
            position = _Position.model_validate(item)
        except ValidationError as error:
            raise _unreadable("a position", error) from None
        sign = {"Long": 1, "Short": -1, "Zero": 0}.get(position.quantity_direction)
        if sign is None:
            raise UnreadableBodyError(
                f"expected a direction of Long, Short or Zero, found {position.quantity_direction!r}"
            )
        average = None if position.average_open_price is None else Price(position.average_open_price)
        if sign * position.quantity != 0:
            found.append(
                Position(symbol=position.symbol, quantity=sign * int(position.quantity), average_open=average)
            )
    return found


def page_of(answer: Answer, offset: int) -> tuple[list[Any], int, int]:
    """Parse one page of a list: its items, the number of items in all, and the number of pages.

    Raises `UnreadableError` for a list without its length: it may be cut at the server's default length.
    """
    items, page = answer.items, _page(answer)
    if items is None or page.page_offset != offset or page.current_item_count not in {None, len(items)}:
        raise UnreadableBodyError(f"expected page {offset} with all its items, found {answer}")
    return items, page.total_items, page.total_pages


def _page(answer: Answer) -> _Page:
    try:
        return _Page.model_validate((answer.json or {}).get("pagination"))
    except ValidationError as error:
        raise _unreadable("a list with its length", error) from None


def _warning(body: object) -> str:
    if not isinstance(body, dict):
        return str(body)
    code, message = str(body.get("code") or ""), str(body.get("message") or "")
    return ": ".join(each for each in (_RENAMED.get(code, code), message) if each)


def _count(value: Decimal | int | None) -> int:
    return 0 if value is None else int(value)


def _cost(fields: dict[str, Any], key: str) -> Decimal:
    """Parse an amount and its effect: a debit is a cost."""
    try:
        amount = abs(Decimal(str(fields[key])))
    except (KeyError, ArithmeticError):
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise UnreadableBodyError(f"expected an amount as {key!r}, found {fields.get(key)!r}")
    return -amount if fields.get(f"{key}-effect") == "Credit" else amount


def _unreadable(expected: str, error: ValidationError) -> UnreadableBodyError:
    problem = error.errors(include_input=False, include_url=False)[0]
    return UnreadableBodyError(
        f"expected {expected}, found {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
    )
