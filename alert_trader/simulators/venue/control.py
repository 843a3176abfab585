"""The control API under /venue, for tests and demos: market, accounts and sockets. Loopback only."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from alert_trader.simulators.venue.account import Account
from alert_trader.simulators.venue.chains import today
from alert_trader.simulators.venue.commands import (
    AccountState,
    Adjust,
    AppOrder,
    CancelOrder,
    ClearFaults,
    FaultState,
    FillOrder,
    MuteStreams,
    Nothing,
    PositionState,
    ReleaseQuote,
    SetAccount,
    SetPath,
    SetQuote,
    SetSession,
    VenueState,
)
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.faults import FaultBoard, FaultRule
from alert_trader.simulators.venue.instruments import parse
from alert_trader.simulators.venue.market import Quote
from alert_trader.simulators.venue.orders import Effect, OrderType
from alert_trader.simulators.venue.preflight import LegRequest, OrderRequest
from alert_trader.simulators.venue.refusal import VenueRefusalError, not_found
from alert_trader.simulators.venue.rest import Rest, Tokens
from alert_trader.simulators.venue.streamer import AccountStreamer
from alert_trader.simulators.venue.tape import ControlLine, state_of

C = TypeVar("C", bound=BaseModel)
Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


class Control:
    """Every control command."""

    def __init__(
        self,
        exchange: Exchange,
        rest: Rest,
        faults: FaultBoard,
        streamer: AccountStreamer,
        tokens: Tokens,
        keep: Callable[[], None],
    ) -> None:
        """Store what commands act on; `keep` writes what a command has changed to the state file."""
        self._keep = keep
        self._exchange = exchange
        self._rest = rest
        self._faults = faults
        self._streamer = streamer
        self._tokens = tokens
        self._paths: dict[str, int] = {}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return every route."""
        return [
            web.get("/venue/state", self._get_state),
            web.get("/venue/tape", self._get_tape),
            self._post("quote", SetQuote, self.set_quote),
            self._post("path", SetPath, self.set_path),
            self._post("release", ReleaseQuote, self.release),
            self._post("fault", FaultRule, self.arm),
            self._post("clear-faults", ClearFaults, self.clear_faults),
            self._post("app-order", AppOrder, self.app_order),
            self._post("cancel", CancelOrder, self.cancel),
            self._post("fill", FillOrder, self.fill),
            self._post("session", SetSession, self.set_session),
            self._post("account", SetAccount, self.set_account),
            self._post("adjust", Adjust, self.adjust),
            self._post("mute-streams", MuteStreams, self.mute_streams),
            self._post("drop-streams", Nothing, self.drop_streams),
            self._post("end-day", Nothing, self.end_day),
            self._post("expire-tokens", Nothing, self.expire_tokens),
            self._post("restart-count", Nothing, self.restart_count),
        ]

    def _post(self, name: str, model: type[C], act: Callable[[C], dict[str, Any]]) -> web.RouteDef:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not _loopback(request):
                return _problem(403, "control_is_local", "expected a call from this machine")
            try:
                command = model.model_validate_json(await request.read() or b"{}")
            except ValidationError as error:
                return _problem(422, "invalid_command", str(error))
            self._exchange.tape.write(
                ControlLine(command=name, body=command.model_dump(mode="json", exclude_none=True))
            )
            try:
                return web.json_response(act(command))
            except VenueRefusalError as refusal:
                return web.json_response(refusal.body(), status=refusal.status)
            except ValueError as error:
                return _problem(422, "invalid_command", str(error))
            finally:
                self._keep()

        return web.post(f"/venue/{name}", handle)

    async def _get_state(self, request: web.Request) -> web.StreamResponse:
        if not _loopback(request):
            return _problem(403, "control_is_local", "expected a call from this machine")
        return web.Response(text=self.state().model_dump_json(), content_type="application/json")

    async def _get_tape(self, request: web.Request) -> web.StreamResponse:
        if not _loopback(request):
            return _problem(403, "control_is_local", "expected a call from this machine")
        after = int(request.query.get("after", "0"))
        text = "".join(
            line.model_dump_json() + "\n" for line in self._exchange.tape.lines if line.seq > after
        )
        return web.Response(text=text, content_type="application/jsonl")

    def state(self) -> VenueState:
        """Return the venue's state now."""
        exchange = self._exchange
        accounts = exchange.accounts.values()
        return VenueState(
            calls=self._rest.calls,
            streams=self._streamer.connected,
            open=exchange.session.open,
            accounts=tuple(
                AccountState(number=each.number, cash=each.cash, buying_power=exchange.buying_power(each))
                for each in accounts
            ),
            orders=tuple(state_of(order) for order in exchange.orders.values()),
            positions=tuple(
                PositionState(
                    account=each.number,
                    symbol=position.symbol,
                    quantity=position.quantity,
                    ledger=each.ledger.get(position.symbol, 0),
                )
                for each in accounts
                for position in each.positions.values()
            ),
            faults=tuple(
                FaultState(fault_id=each.fault_id, kind=each.rule.kind, matched=each.matched, hits=each.hits)
                for each in self._faults.armed
            ),
        )

    def set_quote(self, command: SetQuote) -> dict[str, Any]:
        """Quote a symbol by hand."""
        symbol = self._name(command.symbol)
        self._paths[symbol] = self._paths.get(symbol, 0) + 1
        self._quote(symbol, command)
        return {"symbol": symbol}

    def set_path(self, command: SetPath) -> dict[str, Any]:
        """Quote a symbol along a path."""
        symbol = self._name(command.symbol)
        turn = self._paths[symbol] = self._paths.get(symbol, 0) + 1
        for step in command.steps:
            quote = SetQuote(
                symbol=symbol, bid=step.bid, ask=step.ask, bid_size=step.bid_size, ask_size=step.ask_size
            )
            if step.seconds == 0:
                self._quote(symbol, quote)
            else:
                self._exchange.later(
                    step.seconds,
                    lambda quote=quote: self._quote_if(symbol, turn, quote),  # type: ignore[misc]
                )
        return {"symbol": symbol}

    def _quote_if(self, symbol: str, turn: int, command: SetQuote) -> None:
        if self._paths[symbol] == turn:
            self._quote(symbol, command)

    def _quote(self, symbol: str, command: SetQuote) -> None:
        quote = Quote(
            symbol=symbol,
            bid=command.bid,
            ask=command.ask,
            bid_size=command.bid_size,
            ask_size=command.ask_size,
            at=self._exchange.clock(),
            halted=command.halted,
            missing=command.missing,
        )
        self._exchange.set_quote(quote, timedelta(seconds=command.age))

    def _name(self, symbol: str) -> str:
        """Return the OCC symbol (or the underlying) of what a command names, and list it."""
        if symbol in self._exchange.listings.underlyings:
            return symbol
        series = parse(symbol)
        if series is None:
            raise ValueError(
                f"expected an OCC symbol such as 'SPY   261218C00450000' or a configured underlying, "
                f"found {symbol!r}"
            )
        self._exchange.listings.add(series, today(self._exchange))
        return series.symbol

    def release(self, command: ReleaseQuote) -> dict[str, Any]:
        """Return a symbol to the seeded market."""
        symbol = self._name(command.symbol)
        self._paths[symbol] = self._paths.get(symbol, 0) + 1
        self._exchange.market.release(symbol)
        return {"symbol": symbol}

    def arm(self, rule: FaultRule) -> dict[str, Any]:
        """Arm a fault."""
        return {"fault_id": self._faults.arm(rule)}

    def clear_faults(self, command: ClearFaults) -> dict[str, Any]:
        """Disarm one fault, or all."""
        self._faults.clear(command.fault_id)
        return {}

    def app_order(self, command: AppOrder) -> dict[str, Any]:
        """Place a foreign order."""
        request = OrderRequest(
            order_type=OrderType.MARKET if command.limit is None else OrderType.LIMIT,
            time_in_force=command.time_in_force,
            price=command.limit,
            price_effect=None
            if command.limit is None
            else Effect.DEBIT
            if command.action.buying
            else Effect.CREDIT,
            source=command.source,
            legs=(LegRequest(symbol=command.symbol, action=command.action, quantity=command.quantity),),
        )
        return {"order_id": self._exchange.submit(command.account, request).order.order_id}

    def cancel(self, command: CancelOrder) -> dict[str, Any]:
        """Cancel an order from outside."""
        order = self._exchange.orders.get(command.order_id)
        if order is None:
            raise not_found("Order")
        return {"status": self._exchange.cancel(order.account, order.order_id).status}

    def fill(self, command: FillOrder) -> dict[str, Any]:
        """Fill an order by hand."""
        order = self._exchange.fill(command.order_id, command.quantity, command.price)
        return {"remaining": order.remaining}

    def set_session(self, command: SetSession) -> dict[str, Any]:
        """Force the market's state."""
        self._exchange.sessions.forced = command.open
        self._exchange.follow_session()
        return {"open": self._exchange.session.open}

    def set_account(self, command: SetAccount) -> dict[str, Any]:
        """Change an account's flags or cash."""
        account: Account = self._exchange.account(command.number)
        changes = command.model_dump(exclude_none=True, exclude={"number", "cash"})
        account.config = account.config.model_copy(update=changes)
        if command.cash is not None:
            account.cash = Decimal(command.cash)
        self._exchange.announcer.accounts.add(account.number)
        return {}

    def adjust(self, command: Adjust) -> dict[str, Any]:
        """Change the venue's behaviour."""
        changes = {
            name: value for name in command.model_fields_set if (value := getattr(command, name)) is not None
        }
        self._exchange.config = self._exchange.config.model_copy(update=changes)
        return {}

    def mute_streams(self, command: MuteStreams) -> dict[str, Any]:
        """Silence the account streams."""
        self._streamer.mute(muted=command.muted)
        return {}

    def drop_streams(self, _: Nothing) -> dict[str, Any]:
        """Cut every account stream."""
        self._streamer.cut_all()
        return {}

    def end_day(self, _: Nothing) -> dict[str, Any]:
        """End the trading day."""
        self._exchange.end_day()
        return {}

    def expire_tokens(self, _: Nothing) -> dict[str, Any]:
        """Expire every access token."""
        self._tokens.expire_all()
        return {}

    def restart_count(self, _: Nothing) -> dict[str, Any]:
        """Restart the numbering of broker calls at 1."""
        self._rest.restart_count()
        return {}


def _loopback(request: web.Request) -> bool:
    return request.remote is not None and ip_address(request.remote).is_loopback


def _problem(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
