"""The dry-run broker cannot send, and a redirected one cannot reach the real broker."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tastytrade import Account
from tastytrade.order import InstrumentType, Leg, LimitOrder, OrderAction

from alert_trader.broker.dry_run import DryRunBroker, MutationForbiddenError, ReadOnlyTransport
from alert_trader.broker.oco import OcoGateway, OcoReader
from alert_trader.broker.port import UnavailableError
from alert_trader.broker.tastytrade.client import TastytradeReader
from alert_trader.broker.tastytrade.oco import TastytradeOcoGateway, TastytradeOcoReader
from alert_trader.broker.tastytrade.transport import HostRefusedError, RedirectTransport, SharedTransport
from alert_trader.domain.orders.order import OrderIntent
from alert_trader.settings.load import SettingsError, load

CHANGES = [
    ("POST", "/accounts/5WT00042/orders"),
    ("PUT", "/accounts/5WT00042/orders/1"),
    ("PATCH", "/accounts/5WT00042/orders/1"),
    ("DELETE", "/accounts/5WT00042/orders/1"),
    ("POST", "/accounts/5WT00042/complex-orders"),
    ("POST", "/accounts/5WT00042/complex-orders/dry-run/1"),
    ("DELETE", "/accounts/5WT00042/complex-orders/1"),
    ("PATCH", "/accounts/5WT00042/complex-orders/1"),
    ("PUT", "/accounts/5WT00042/complex-orders/dry-run"),
    ("POST", "/accounts/5WT00042/orders/dry-run/../"),
    ("POST", "/accounts/5WT00042/orders/dry-run/1"),
    ("POST", "/accounts/5WT00042/orders?x=/orders/dry-run"),
    ("POST", "/accounts/a%2Forders/orders/dry-run"),
    ("DELETE", "/oauth/token"),
    ("PUT", "/accounts/5WT00042/orders/dry-run"),
    ("OPTIONS", "/accounts/5WT00042/orders"),
]


class Listener:
    """A server that counts the bytes that reach it and answers nothing."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self.received = b""
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take everything in."""
        while chunk := await reader.read(4096):
            self.received += chunk
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Return a listening server."""
    found = Listener()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    server.close()


@pytest.fixture
async def dry(listener: Listener) -> AsyncIterator[DryRunBroker]:
    """Return a dry-run broker over the listening server."""
    broker = DryRunBroker(
        client_secret="client-secret-value",
        refresh_token="refresh-token-value",
        account="5WT00042",
        is_test=False,
        venue_url=listener.url,
        call_timeout=timedelta(seconds=0.3),
    )
    yield broker
    await broker.aclose()


def test_the_adapter_fits_the_port() -> None:
    """The types of the port hold for both adapters, and making one dials nothing."""
    given: dict[str, Any] = {
        "client_secret": "a",
        "refresh_token": "b",
        "account": "5WT00042",
        "is_test": True,
    }
    gateway: OcoGateway = TastytradeOcoGateway(**given)
    reader: OcoReader = DryRunBroker(**given)
    assert gateway.account == reader.account
    assert gateway.call_timeout < timedelta(seconds=5)


def test_a_dry_run_broker_has_no_method_that_sends() -> None:
    """DRY-10: the calls that change something are not there, on it or on what it is made of."""
    desk_only = {"place", "cancel", "place_oco", "cancel_oco", "replace"}
    assert desk_only <= {name for name, _ in inspect.getmembers(OcoGateway)}
    for kind in (DryRunBroker, TastytradeReader, TastytradeOcoReader):
        assert desk_only.isdisjoint(name for name, _ in inspect.getmembers(kind))


async def test_an_order_of_the_sdk_itself_is_refused(dry: DryRunBroker, listener: Listener) -> None:
    """DRY-10: not even the SDK, used past our own types, can place an order through a dry-run's session."""
    line = dry._session()
    line.session_expiration = 1e12
    account = Account.model_construct(account_number="5WT00042")  # type: ignore[call-arg]
    leg = Leg(
        instrument_type=InstrumentType.EQUITY_OPTION,
        symbol="AAPL  261218C00200000",
        action=OrderAction.BUY_TO_OPEN,
        quantity=1,
    )
    with pytest.warns(DeprecationWarning, match="content="), pytest.raises(MutationForbiddenError):
        await account.place_order(line, LimitOrder(legs=[leg], price=Decimal(-1)), dry_run=False)
    with pytest.raises(MutationForbiddenError):
        await account.delete_order(line, 1)
    assert listener.received == b""


async def test_a_client_with_the_sessions_arguments_cannot_send(
    dry: DryRunBroker, listener: Listener
) -> None:
    """DRY-10: what the SDK builds for its streams has the same guard."""
    async with httpx2.AsyncClient(**dry._session().client_kwargs) as client:
        with pytest.raises(MutationForbiddenError):
            await client.post("https://api.tastyworks.com/accounts/5WT00042/orders", content=b"{}")
    assert listener.received == b""


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_requests_that_change_something_are_refused(method: str, path: str) -> None:
    """DRY-10: only reads, the token and the broker's dry-run pass, by exact path."""
    transport = ReadOnlyTransport(httpx2.MockTransport(lambda _: httpx2.Response(200)))
    with pytest.raises(MutationForbiddenError):
        await transport.handle_async_request(httpx2.Request(method, f"https://api.tastyworks.com{path}"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/x"),
        ("POST", "/oauth/token"),
        ("POST", "/accounts/5WT00042/orders/dry-run?y=1"),
        ("POST", "/accounts/5WT00042/complex-orders/dry-run"),
    ],
)
async def test_reads_are_sent(method: str, path: str) -> None:
    """DRY-10: a dry-run still has every question and the broker's own check."""
    transport = ReadOnlyTransport(httpx2.MockTransport(lambda _: httpx2.Response(200)))
    answer = await transport.handle_async_request(httpx2.Request(method, f"https://api.tastyworks.com{path}"))
    assert answer.status_code == 200


async def test_a_dry_run_uses_the_brokers_own_check(
    dry: DryRunBroker, listener: Listener, buy: OrderIntent
) -> None:
    """DRY-10: the check is admitted; here it meets a broker that never answers."""
    dry._session().session_expiration = 1e12
    with pytest.raises(UnavailableError, match="within"):
        await dry.check(buy)
    assert listener.received.startswith(b"POST /accounts/5WT00042/orders/dry-run HTTP/1.1")


async def test_the_unmodified_sdk_reaches_the_local_venue() -> None:
    """Broker hosts, REST and stream alike, are the venue's to answer, by its own name.

    The caller's request is left as it was.
    """
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200)

    transport = RedirectTransport("http://127.0.0.1:8080", httpx2.MockTransport(answer))
    for url in (
        "https://api.tastyworks.com/a?b=c",
        "wss://streamer.cert.tastyworks.com/x",
        "ws://127.0.0.1:8080/dxlink",
    ):
        request = httpx2.Request("GET", url)
        await transport.handle_async_request(request)
        assert str(request.url) == url
    assert [str(request.url) for request in seen] == [
        "http://127.0.0.1:8080/a?b=c",
        "http://127.0.0.1:8080/x",
        "http://127.0.0.1:8080/dxlink",
    ]
    assert {request.headers["Host"] for request in seen} == {"127.0.0.1:8080"}


@pytest.mark.parametrize(
    "host", ["example.com", "tastyworks.com", "api.tastyworks.com.example.com", "tasty-openapi-ws.dxfeed.com"]
)
async def test_a_redirected_process_reaches_no_other_host(host: str) -> None:
    """Nothing but the venue can be reached."""
    transport = RedirectTransport(
        "http://127.0.0.1:8080", httpx2.MockTransport(lambda _: httpx2.Response(200))
    )
    with pytest.raises(HostRefusedError, match="only the venue"):
        await transport.handle_async_request(httpx2.Request("GET", f"https://{host}/"))


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", ""])
def test_a_venue_needs_a_url(url: str) -> None:
    """A venue that could not be dialled is refused when it is set."""
    with pytest.raises(ValueError, match="http://host:port"):
        RedirectTransport(url, SharedTransport(httpx2.MockTransport(lambda _: httpx2.Response(200))))


@pytest.mark.parametrize(
    "host", ["api.tastyworks.com", "API.TASTYTRADE.COM", "api.cert.tastyworks.com", "tastyworks.com."]
)
def test_the_broker_is_no_venue(host: str, tmp_path: Path) -> None:
    """Mode demo with credentials of a real account: an address of the broker would send real orders there."""
    with pytest.raises(ValueError, match="is the broker's and no simulated venue: nothing was sent"):
        RedirectTransport(f"https://{host}", httpx2.MockTransport(lambda _: httpx2.Response(200)))
    environment = {
        "TRADER_MODE": "demo",
        "TASTYTRADE_CLIENT_SECRET": "real",
        "TASTYTRADE_REFRESH_TOKEN": "real",
        "TRADER_VENUE_URL": f"https://{host}",
    }
    with pytest.raises(SettingsError, match="mode demo would send real orders there"):
        load(environment=environment, directory=tmp_path)


@pytest.mark.parametrize("empty", ["client_secret", "refresh_token", "account"])
def test_empty_credentials_are_refused(empty: str) -> None:
    """An empty secret would make the SDK take one from the environment: perhaps that of a live account."""
    given: dict[str, Any] = {"client_secret": "a", "refresh_token": "b", "account": "c", empty: ""}
    with pytest.raises(ValueError, match="empty"):
        TastytradeReader(**given, is_test=True)


async def test_closing_a_client_keeps_the_connections_of_others() -> None:
    """A stream's end must not kill a REST call in flight: clients do not own the transport."""
    closed: list[Any] = []

    class Inner(httpx2.MockTransport):
        async def aclose(self) -> None:
            closed.append(self)

    transport = SharedTransport(Inner(lambda _: httpx2.Response(200)))
    async with httpx2.AsyncClient(transport=transport):
        pass
    await httpx2.AsyncClient(transport=transport).aclose()
    assert closed == []
    await ReadOnlyTransport(transport).shutdown()
    assert len(closed) == 1
