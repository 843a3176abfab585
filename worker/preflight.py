"""Ask the broker everything that must be true before an order could be sent; changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broker.port import BrokerFailure, OrderReader
from domain.calendar import new_york_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    fix: str
    """What to do when it is not ok."""


async def preflight(reader: OrderReader) -> list[Check]:
    """Run every check, each on its own, so that one failure does not hide the next."""
    return [
        await _check("account", _account, reader, "clear the restriction with the broker, or choose another TASTYTRADE_ACCOUNT"),
        await _check("balances", _balances, reader, "check the credentials' scopes: reading balances is needed to size a trade"),
        await _check("session", _session, reader, "entries wait for the regular session; nothing needs to be done"),
        await _check("orders", _orders, reader, "check the credentials' scopes: reading orders is needed to look for lost ones"),
        await _check("positions", _positions, reader, "check the credentials' scopes: reading positions is needed to send an exit again"),
    ]


async def _check(name: str, ask: Callable[[OrderReader], Awaitable[tuple[bool, str]]], reader: OrderReader, fix: str) -> Check:
    try:
        ok, found = await ask(reader)
    except BrokerFailure as failed:
        return Check(name=name, ok=False, found=str(failed), fix="check the address, the credentials and the account number")
    return Check(name=name, ok=ok, found=found, fix="" if ok else fix)


async def _account(reader: OrderReader) -> tuple[bool, str]:
    status = await reader.status()
    kind = "margin" if status.margin else "cash"
    flags = [
        word for word, is_set in (("closed", status.closed), ("frozen", status.frozen), ("closing only", status.closing_only)) if is_set
    ]
    return status.may_open, f"{status.account}: {kind}, options level {status.options_level}" + (f"; {', '.join(flags)}" if flags else "")


async def _balances(reader: OrderReader) -> tuple[bool, str]:
    balances = await reader.balances()
    return balances.derivative_buying_power > 0, f"{balances.derivative_buying_power} dollars of option buying power"


async def _session(reader: OrderReader) -> tuple[bool, str]:
    session = await reader.session()
    return True, "open" if session.open_now else f"closed, opens {session.opens_at or 'at a time not known'}"


async def _orders(reader: OrderReader) -> tuple[bool, str]:
    orders = await reader.orders_since(new_york_date(datetime.now(UTC)) - timedelta(days=1))
    return True, f"{len(orders)} since yesterday"


async def _positions(reader: OrderReader) -> tuple[bool, str]:
    return True, f"{len(await reader.positions())} in options"
