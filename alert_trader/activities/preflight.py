"""Check everything at the broker that must hold before an order can be sent. Changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from alert_trader import clock
from alert_trader.broker.port import BrokerError, OrderReader
from alert_trader.domain.account.clocks import CHECK, WRONG
from alert_trader.domain.account.preflight import Check, day_trading, restrictions
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.market.calendar import new_york_date

_Judged = tuple[bool, str]


async def preflight(reader: OrderReader, whitelist: tuple[AccountNumber, ...] | None) -> tuple[Check, ...]:
    """Run every check on its own, so that one failure does not hide another.

    `whitelist` is None in demo and dry-run: not needed.
    """
    # the first fetches the token that the others use
    token = await _check(
        "token", _token, reader, "check TASTYTRADE_CLIENT_SECRET and TASTYTRADE_REFRESH_TOKEN"
    )
    scopes, *others = await asyncio.gather(
        _check("scopes", _scopes, reader, "grant the credentials the scopes read and trade for this account"),
        _check(
            "account",
            _account,
            reader,
            "clear the restriction with the broker, or choose another TASTYTRADE_ACCOUNT",
        ),
        _day_trading(reader),
        _check("balances", _balances, reader, "deposit money, or wait until sales have settled"),
        _check(CHECK, _clock, reader, "set this machine's clock (NTP)"),
        _check("session", _session, reader, "nothing to do: entries are sent in the regular session"),
        _check(
            "orders",
            _orders,
            reader,
            "check the credentials' scopes: orders must be readable to search for lost ones",
        ),
        _check(
            "positions",
            _positions,
            reader,
            "check the credentials' scopes: positions must be readable to send an exit again",
        ),
    )
    return (token, scopes, _whitelisted(reader.account, whitelist), *others)


async def _check(
    name: str, ask: Callable[[OrderReader], Awaitable[_Judged]], reader: OrderReader, fix: str
) -> Check:
    try:
        ok, found = await ask(reader)
    except BrokerError as failed:
        return Check(
            name=name,
            ok=False,
            found=str(failed),
            fix="check the address, the credentials and the account number",
        )
    return Check(name=name, ok=ok, found=found, fix="" if ok else fix)


def _whitelisted(account: AccountNumber, whitelist: tuple[AccountNumber, ...] | None) -> Check:
    if whitelist is None:
        return Check(name="whitelist", ok=True, found="not needed in this mode")
    ok = account in whitelist
    fix = "" if ok else "add it to TASTYTRADE_ACCOUNT_WHITELIST"
    return Check(name="whitelist", ok=ok, found=f"{account} is {'' if ok else 'not '}on it", fix=fix)


async def _token(reader: OrderReader) -> _Judged:
    await reader.clock()
    return True, "accepted"


async def _scopes(reader: OrderReader) -> _Judged:
    authority = await reader.authority()
    return authority in {"owner", "trade-only"}, f"authority {authority or 'none'} over {reader.account}"


async def _account(reader: OrderReader) -> _Judged:
    status = await reader.status()
    named = restrictions(
        closed=status.closed,
        frozen=status.frozen,
        closing_only=status.closing_only,
        options_level=status.options_level,
    )
    kind = "margin" if status.margin else "cash"
    return not named, f"{status.account}: {kind}, options level {status.options_level}" + (
        f"; {', '.join(named)}" if named else ""
    )


async def _day_trading(reader: OrderReader) -> Check:
    try:
        status, balances = await reader.status(), await reader.balances()
    except BrokerError as failed:
        return Check(
            name="day trading",
            ok=False,
            found=str(failed),
            fix="check the address, the credentials and the account number",
        )
    return day_trading(
        margin=status.margin,
        flagged=status.pattern_day_trader,
        equity=balances.net_liquidating,
        count=status.day_trade_count,
    )


async def _balances(reader: OrderReader) -> _Judged:
    balances = await reader.balances()
    return (
        balances.derivative_buying_power > 0,
        f"{balances.derivative_buying_power} dollars of option buying power",
    )


async def _clock(reader: OrderReader) -> _Judged:
    """Compare this machine's clock with the broker's; the account knows more, from every answer."""
    await reader.clock()
    offset = reader.clock_offset
    if offset is None:
        return True, "the broker does not send its own"
    return offset.certain < WRONG, f"{offset} the broker"


async def _session(reader: OrderReader) -> _Judged:
    session = await reader.session()
    return True, "open" if session.open_now else f"closed, opens {session.opens_at or 'at a time not known'}"


async def _orders(reader: OrderReader) -> _Judged:
    orders = await reader.orders_since(new_york_date(clock.now()) - timedelta(days=1))
    return True, f"{len(orders)} since yesterday"


async def _positions(reader: OrderReader) -> _Judged:
    return True, f"{len(await reader.positions())} in options"
