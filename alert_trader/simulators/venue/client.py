"""A typed client of the control API, for demos and tests.

async with VenueControl("http://127.0.0.1:8100") as venue:
    await venue.set_quote("SPY   261218C00600000", bid="2.00", ask="2.05")
"""

from collections.abc import Iterable
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession
from pydantic import BaseModel

from alert_trader.simulators.venue.commands import (
    Adjust,
    AppOrder,
    CancelOrder,
    ClearFaults,
    FillOrder,
    MuteStreams,
    Nothing,
    ReleaseQuote,
    SetAccount,
    SetPath,
    SetQuote,
    SetSession,
    Step,
    VenueState,
)
from alert_trader.simulators.venue.faults import FaultRule
from alert_trader.simulators.venue.orders import Action, TimeInForce
from alert_trader.simulators.venue.tape import TapeLine, read_line

_OK = 200


class ControlRefusedError(Exception):
    """The venue rejected a control command; the message says why."""


class VenueControl:
    """The control commands of a running venue, which the broker's API does not have."""

    def __init__(self, base_url: str) -> None:
        """Set the venue's address; the connection is opened on entering."""
        self._base = base_url.rstrip("/")
        self._http: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection."""
        self._http = ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _post(self, name: str, command: BaseModel) -> dict[str, Any]:
        if self._http is None:
            raise ControlRefusedError("expected an open VenueControl: enter it with 'async with'")
        data = command.model_dump_json(exclude_unset=True)
        async with self._http.post(
            f"{self._base}/venue/{name}", data=data, headers={"Content-Type": "application/json"}
        ) as response:
            body: dict[str, Any] = await response.json()
        if response.status != _OK:
            raise ControlRefusedError(
                f"{name}: {body['error']['code']}: {body['error'].get('errors') or body['error']['message']}"
            )
        return body

    async def _get(self, path: str) -> bytes:
        if self._http is None:
            raise ControlRefusedError("expected an open VenueControl: enter it with 'async with'")
        async with self._http.get(f"{self._base}/venue/{path}") as response:
            text = await response.read()
        if response.status != _OK:
            raise ControlRefusedError(f"{path}: {text.decode()}")
        return text

    async def state(self) -> VenueState:
        """Read accounts, orders, positions and armed faults."""
        return VenueState.model_validate_json(await self._get("state"))

    async def tape(self, after: int = 0) -> list[TapeLine]:
        """Read the tape's lines with a number above `after`."""
        return [read_line(line) for line in (await self._get(f"tape?after={after}")).splitlines()]

    async def set_quote(
        self,
        symbol: str,
        *,
        bid: Decimal | str,
        ask: Decimal | str,
        bid_size: int = 50,
        ask_size: int = 50,
        age: float = 0.0,
        halted: bool = False,
    ) -> None:
        """Quote a symbol by hand, in dollars a share; a symbol not yet listed is."""
        quote = SetQuote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=bid_size,
            ask_size=ask_size,
            age=age,
            halted=halted,
        )
        await self._post("quote", quote)

    async def remove_quote(self, symbol: str) -> None:
        """Leave a symbol listed and without a quote."""
        await self._post("quote", SetQuote(symbol=symbol, missing=True))

    async def set_path(self, symbol: str, steps: Iterable[Step]) -> None:
        """Quote a symbol along a path."""
        await self._post("path", SetPath(symbol=symbol, steps=tuple(steps)))

    async def release_quote(self, symbol: str) -> None:
        """Return a symbol to the seeded market."""
        await self._post("release", ReleaseQuote(symbol=symbol))

    async def arm(self, rule: FaultRule) -> int:
        """Arm a fault; returns its id."""
        return int((await self._post("fault", rule))["fault_id"])

    async def clear_faults(self, fault_id: int | None = None) -> None:
        """Disarm one fault, or all."""
        await self._post("clear-faults", ClearFaults(fault_id=fault_id))

    async def app_order(
        self,
        account: str,
        symbol: str,
        action: Action,
        quantity: int,
        *,
        limit: Decimal | str | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        source: str = "WBT",
    ) -> int:
        """Place an order as the broker's own app would; returns its id."""
        order = AppOrder(
            account=account,
            symbol=symbol,
            action=action,
            quantity=quantity,
            limit=Decimal(limit) if limit is not None else None,
            time_in_force=time_in_force,
            source=source,
        )
        return int((await self._post("app-order", order))["order_id"])

    async def cancel(self, order_id: int) -> None:
        """Cancel an order as the broker's own app would."""
        await self._post("cancel", CancelOrder(order_id=order_id))

    async def fill(self, order_id: int, quantity: int, price: Decimal | str | None = None) -> int:
        """Fill contracts of an order now; returns how many remain."""
        command = FillOrder(
            order_id=order_id, quantity=quantity, price=Decimal(price) if price is not None else None
        )
        return int((await self._post("fill", command))["remaining"])

    async def set_session(self, *, is_open: bool | None) -> None:
        """Force the market open or closed; None restores its hours."""
        await self._post("session", SetSession(open=is_open))

    async def set_account(self, change: SetAccount) -> None:
        """Change an account's flags or cash."""
        await self._post("account", change)

    async def adjust(self, change: Adjust) -> None:
        """Change the venue's behaviour; a `timing` given replaces the whole table."""
        await self._post("adjust", change)

    async def mute_streams(self, *, muted: bool = True) -> None:
        """Silence the account streams with their sockets open, or let them send again."""
        await self._post("mute-streams", MuteStreams(muted=muted))

    async def drop_streams(self) -> None:
        """Cut every account stream."""
        await self._post("drop-streams", Nothing())

    async def end_day(self) -> None:
        """End the trading day: day orders expire, proceeds settle, expiring series leave."""
        await self._post("end-day", Nothing())

    async def expire_tokens(self) -> None:
        """Expire every access token."""
        await self._post("expire-tokens", Nothing())

    async def restart_count(self) -> None:
        """Restart the numbering of broker calls at 1, for faults by call number."""
        await self._post("restart-count", Nothing())
