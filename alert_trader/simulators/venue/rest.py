"""The REST API: reads a call, writes it on the tape, applies faults to the real socket, and answers.

The steps of one call: numbered and taped; faults that come before acceptance; the token; the endpoint;
what it changed kept; the decision taped; faults that come after; the answer. A client that disconnects does
not stop a call in progress.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import web

from alert_trader.simulators.venue.complex_endpoints import ComplexEndpoints
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.simulators.venue.endpoints import Answer, Call, Endpoints, refused
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.faults import Armed, FaultBoard, FaultKind, FaultRule, Target
from alert_trader.simulators.venue.orders import Order
from alert_trader.simulators.venue.refusal import VenueRefusalError
from alert_trader.simulators.venue.tape import AnswerLine, FaultLine, RequestLine, Tape

_USER_AGENT = re.compile(r"[^/\s]+/\S+")
_NGINX = (
    "<html>\n<head><title>{0}</title></head>\n"
    "<body><center><h1>{0}</h1></center><hr><center>nginx</center></body>\n</html>\n"
)
_TITLES = {
    401: "401 Authorization Required",
    429: "429 Too Many Requests",
    502: "502 Bad Gateway",
    503: "503 Service Unavailable",
}
_BEFORE = {FaultKind.LOST_BEFORE, FaultKind.STALL_BEFORE}

Endpoint = Callable[[Call], Answer]


class Tokens:
    """Issued access tokens, and their expiry."""

    def __init__(self, config: VenueConfig, clock: Callable[[], datetime]) -> None:
        """Begin without tokens."""
        self._config = config
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def grant(self, body: dict[str, Any]) -> Answer:
        """Answer the token call: no envelope."""
        asked = (body.get("client_secret"), body.get("refresh_token"))
        wanted = (self._config.client_secret, self._config.refresh_token)
        if body.get("grant_type") != "refresh_token" or any(
            want is not None and not secrets.compare_digest(str(got).encode(), want.encode())
            for got, want in zip(asked, wanted, strict=True)
        ):
            return Answer(
                status=400,
                body={"error_code": "invalid_grant", "error_description": "Grant revoked"},
                error="invalid_grant",
            )
        token = secrets.token_urlsafe(32)
        lifetime = self._config.token_lifetime
        self._until[token] = self._clock() + timedelta(seconds=lifetime)
        return Answer(
            body={"access_token": token, "token_type": "Bearer", "expires_in": lifetime}, accepted=True
        )

    def holds(self, header: str) -> bool:
        """Return whether an authorization header has a valid token."""
        until = self._until.get(header.removeprefix("Bearer "))
        return until is not None and self._clock() < until

    def expire_all(self) -> None:
        """Expire every token now."""
        self._until.clear()


class Rest:
    """The broker's REST API over one exchange."""

    def __init__(
        self,
        exchange: Exchange,
        endpoints: Endpoints,
        faults: FaultBoard,
        tokens: Tokens,
        keep: Callable[[], None],
    ) -> None:
        """Store what calls act on; `keep` writes what a call has changed to the state file."""
        self._keep = keep
        self._exchange = exchange
        self._endpoints = endpoints
        self._complex = ComplexEndpoints(exchange)
        self._faults = faults
        self._tokens = tokens
        self._tape: Tape = exchange.tape
        self._numbers = count(1)
        self.calls = 0
        self.closing = asyncio.Event()

    def restart_count(self) -> None:
        """Restart the numbering of calls at 1."""
        self._numbers = count(1)
        self.calls = 0

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return every route."""
        of, pairs = self._endpoints, self._complex
        orders, complexes = "/accounts/{account}/orders", "/accounts/{account}/complex-orders"
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/customers/me", of.customer),
            ("GET", "/customers/me/accounts", of.accounts),
            ("GET", "/customers/me/accounts/{account}", of.account),
            ("GET", "/accounts/{account}/trading-status", of.trading_status),
            ("GET", "/accounts/{account}/balances", of.balances),
            ("GET", "/accounts/{account}/balances/{currency}", of.balance),
            ("GET", "/accounts/{account}/positions", of.positions),
            ("GET", "/accounts/{account}/transactions", of.transactions),
            ("POST", f"{orders}/dry-run", of.dry_run),
            ("POST", orders, of.place),
            ("GET", orders, of.order_history),
            ("GET", f"{orders}/live", of.live_orders),
            ("GET", orders + "/{order}", of.order),
            ("DELETE", orders + "/{order}", of.cancel),
            ("PUT", orders + "/{order}", of.replace),
            ("PATCH", orders + "/{order}", of.replace),
            ("POST", f"{complexes}/dry-run", pairs.dry_run),
            ("POST", complexes, pairs.place),
            ("GET", complexes, pairs.history),
            ("GET", f"{complexes}/live", pairs.live),
            ("GET", complexes + "/{complex}", pairs.pair),
            ("DELETE", complexes + "/{complex}", pairs.cancel),
            ("GET", "/option-chains/{symbol}/nested", of.nested_chain),
            ("GET", "/option-chains/{symbol}", of.flat_chain),
            ("GET", "/instruments/equities/{symbol}", of.equity),
            ("GET", "/instruments/equity-options/{symbol}", of.option),
            ("GET", "/instruments/equity-options", of.options),
            ("GET", "/market-data/by-type", of.market_data),
            ("GET", "/market-time/sessions/current", of.sessions),
            ("GET", "/market-time/equities/holidays", of.holidays),
            ("GET", "/api-quote-tokens", of.quote_token),
        ]
        routes: list[web.AbstractRouteDef] = [
            web.route(method, path, self._handler(endpoint)) for method, path, endpoint in table
        ]
        return [*routes, web.post("/oauth/token", self._handler(None))]

    def unknown_route(self) -> web.RouteDef:
        """Return the route of every call the venue does not have: taped, and a 404. It must be added last."""
        return web.route("*", "/{rest:.*}", self._handler(self._endpoints.unknown))

    def _handler(
        self, endpoint: Endpoint | None
    ) -> Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]:
        """Make the handler of an endpoint; None is the token's."""

        async def handle(request: web.Request) -> web.StreamResponse:
            call = await self._read(request)
            # what comes to the token's call, or to one the venue does not know, may be a secret
            secret = endpoint in {None, self._endpoints.unknown}
            self._tape.write(
                RequestLine(
                    call=call.number,
                    method=call.method,
                    path=call.path,
                    query={} if secret else call.query,
                    body=call.body if isinstance(call.body, dict) and not secret else None,
                    client_id=_client_id(call),
                )
            )
            armed = self._faults.hit(self._target(call))
            if armed is None:
                answer = self._decide(request, call, endpoint)
                self._tape_answer(call, answer, answer.status, None)
                if (
                    answer.accepted
                    and call.method == "POST"
                    and not secret
                    and self._exchange.config.timing.reply_delay > 0
                ):
                    await self._wait(self._exchange.config.timing.reply_delay)
                return _response(answer)
            self._tape.write(
                FaultLine(
                    fault_id=armed.fault_id,
                    fault=armed.rule.kind,
                    call=call.number,
                    target=f"{call.method} {call.path}",
                )
            )
            return await self._with_fault(request, call, endpoint, armed)

        return handle

    async def _read(self, request: web.Request) -> Call:
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode(errors="replace")
        query: dict[str, list[str]] = {}
        for key, value in request.query.items():
            query.setdefault(key, []).append(value)
        self.calls = next(self._numbers)
        return Call(
            number=self.calls,
            method=request.method,
            path=request.path,
            names=dict(request.match_info),
            query=query,
            body=body,
        )

    def _target(self, call: Call) -> Target:
        order = self._order_of(call)
        named = [leg for part in _parts(call.body) for leg in part.get("legs") or () if isinstance(leg, dict)]
        symbols = [str(leg.get("symbol")) for leg in named]
        sides = [str(leg.get("action")) for leg in named]
        if order is not None:
            symbols += [leg.symbol for leg in order.legs]
            sides += [leg.action for leg in order.legs]
        symbols += [each for key in ("equity-option", "equity", "index", "symbol") for each in call.many(key)]
        client_id = _client_id(call) or (order.external_identifier if order is not None else None)
        return Target(
            stream=False,
            method=call.method,
            path=call.path,
            call=call.number,
            symbols=tuple(symbols),
            sides=tuple(sides),
            client_id=client_id,
        )

    def _order_of(self, call: Call) -> Order | None:
        name, pair = call.names.get("order", ""), call.names.get("complex", "")
        if pair.isdecimal():
            return next(iter(self._exchange.oco.sides(int(pair))), None)
        return self._exchange.orders.get(int(name)) if name.isdecimal() else None

    def _decide(self, request: web.Request, call: Call, endpoint: Endpoint | None) -> Answer:
        if not _USER_AGENT.match(request.headers.get("User-Agent", "")):
            return _html(401)
        if endpoint is None:
            return self._tokens.grant(call.body if isinstance(call.body, dict) else {})
        if not self._tokens.holds(request.headers.get("Authorization", "")):
            return refused(VenueRefusalError(401, "token_invalid", "This token is invalid or has expired"))
        try:
            return endpoint(call)
        except VenueRefusalError as refusal:
            return refused(refusal)

    def _tape_answer(self, call: Call, answer: Answer, status: int | None, fault: str | None) -> None:
        # nothing has left this process yet, neither the answer nor the stream's messages
        self._keep()
        order = answer.order or self._order_of(call)
        self._tape.write(
            AnswerLine(
                call=call.number,
                method=call.method,
                path=call.path,
                status=status,
                accepted=answer.accepted,
                client_id=_client_id(call) or (order.external_identifier if order is not None else None),
                order_id=order.order_id if order is not None else None,
                error=answer.error,
                fault=fault,
            )
        )

    async def _with_fault(
        self, request: web.Request, call: Call, endpoint: Endpoint | None, armed: Armed
    ) -> web.StreamResponse:
        rule, kind = armed.rule, armed.rule.kind
        if kind in _BEFORE or (kind is FaultKind.STATUS and not rule.accept):
            answer = _failure(rule) if kind is FaultKind.STATUS else Answer()
            self._tape_answer(call, answer, answer.status if kind is FaultKind.STATUS else None, kind)
            return await self._answer_fault(request, rule, answer)
        if kind is FaultKind.LATE_ACCEPT:
            await self._wait(rule.seconds)
        if kind is FaultKind.TOKENS_EXPIRE:
            self._tokens.expire_all()
        answer = self._decide(request, call, endpoint)
        if kind is FaultKind.HIDDEN and answer.order is not None:
            for order in self._exchange.oco.with_other(answer.order):
                order.visible_from = self._exchange.clock() + timedelta(seconds=rule.seconds)
                self._exchange.announcer.orders.add(order.order_id)
        unanswered = kind in {FaultKind.LOST_AFTER, FaultKind.STALL_AFTER}
        if kind is FaultKind.STATUS:
            failed = _failure(rule)
            answer = Answer(
                status=failed.status,
                body=failed.body,
                raw=failed.raw,
                accepted=answer.accepted,
                order=answer.order,
            )
        self._tape_answer(call, answer, None if unanswered else answer.status, kind)
        return await self._answer_fault(request, rule, answer)

    async def _answer_fault(
        self, request: web.Request, rule: FaultRule, answer: Answer
    ) -> web.StreamResponse:
        match rule.kind:
            case FaultKind.LOST_BEFORE | FaultKind.LOST_AFTER:
                return _abort(request)
            case FaultKind.STALL_BEFORE | FaultKind.STALL_AFTER:
                await self._wait(rule.seconds)
                return _abort(request)
            case FaultKind.CUT:
                return await _cut(request, answer)
            case FaultKind.LATE:
                await self._wait(rule.seconds)
                return _response(answer)
            case _:
                return _response(_bent(rule, answer))

    async def _wait(self, seconds: float) -> None:
        """Wait, at most until the venue closes."""
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            return


def _client_id(call: Call) -> str | None:
    """Return the client's id of the order in a call; of a pair that of its first side."""
    found = next(
        (part["external-identifier"] for part in _parts(call.body) if "external-identifier" in part), None
    )
    return str(found) if found is not None else None


def _parts(body: Any) -> list[dict[str, Any]]:
    """Return the orders in a call's body: the body itself, and those of a pair."""
    if not isinstance(body, dict):
        return []
    orders = body.get("orders")
    return (
        [body, *(each for each in orders if isinstance(each, dict))] if isinstance(orders, list) else [body]
    )


def _html(status: int) -> Answer:
    return Answer(
        status=status, raw=_NGINX.format(_TITLES.get(status, f"{status} Error")).encode(), error="html"
    )


def _failure(rule: FaultRule) -> Answer:
    return (
        _html(rule.status) if rule.html else refused(VenueRefusalError(rule.status, rule.code, rule.message))
    )


def _bytes(answer: Answer) -> bytes:
    return answer.raw if answer.raw is not None else json.dumps(answer.body).encode()


def _response(answer: Answer) -> web.Response:
    html = answer.raw is not None and answer.raw.startswith(b"<html>")
    return web.Response(
        status=answer.status, body=_bytes(answer), content_type="text/html" if html else "application/json"
    )


def _bent(rule: FaultRule, answer: Answer) -> Answer:
    """Damage the body of an answer."""
    match rule.kind:
        case FaultKind.TRUNCATED:
            text = _bytes(answer)
            return Answer(status=answer.status, raw=text[: len(text) // 2])
        case FaultKind.EMPTY_DATA:
            return Answer(status=answer.status, body={"data": {}})
        case FaultKind.UNKNOWN_STATUS:
            return Answer(status=answer.status, body=with_status(answer.body, rule.word))
        case FaultKind.SHORT_LIST:
            return Answer(status=answer.status, body=_shortened(answer.body, rule.keep))
        case _:
            return answer


def _abort(request: web.Request) -> web.StreamResponse:
    """Cut the connection: the client sees a reset or an end without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Announce the length of the whole body, send half, and cut the connection."""
    text = _bytes(answer)
    response = web.StreamResponse(
        status=answer.status, headers={"Content-Type": "application/json", "Content-Length": str(len(text))}
    )
    await response.prepare(request)
    await response.write(text[: len(text) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def with_status(body: Any, word: str) -> Any:
    """Put a status into every order of a body."""
    if isinstance(body, list):
        return [with_status(each, word) for each in body]
    if isinstance(body, dict):
        changed = {key: with_status(value, word) for key, value in body.items()}
        return changed | {"status": word} if "status" in body and "legs" in body else changed
    return body


def _shortened(body: Any, keep: int) -> Any:
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict) or "items" not in body["data"]:
        return body
    items = body["data"]["items"][:keep]
    pagination = body.get("pagination")
    if isinstance(pagination, dict):
        pagination = pagination | {
            "total-pages": 1,
            "total-items": len(items),
            "current-item-count": len(items),
        }
    return body | {"data": body["data"] | {"items": items}, "pagination": pagination}
