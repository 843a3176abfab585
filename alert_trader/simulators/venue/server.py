"""The venue as one HTTP server: REST, account streamer, DXLink and control on one port."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

from aiohttp import web

from alert_trader import clock
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.simulators.venue.control import Control
from alert_trader.simulators.venue.dxlink import DxLink
from alert_trader.simulators.venue.endpoints import Endpoints
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.faults import FaultBoard
from alert_trader.simulators.venue.memory import Memory, StateFileError
from alert_trader.simulators.venue.rest import Rest, Tokens
from alert_trader.simulators.venue.streamer import AccountStreamer
from alert_trader.simulators.venue.tape import Tape

_LOG = logging.getLogger(__name__)
_BEAT = 0.1
"""Seconds between two beats of the venue's own timer."""

_GRACE = 0.5
"""Seconds a call may take to end when the venue closes; stalled ones are ended before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningVenue:
    """A running venue. `close` ends it."""

    host: str
    port: int
    exchange: Exchange
    tape: Tape
    control: Control
    _memory: Memory
    _runner: web.AppRunner
    _rest: Rest
    _streamer: AccountStreamer
    _dxlink: DxLink
    _ticker: asyncio.Task[None]
    _beat: asyncio.Task[None]

    @property
    def base_url(self) -> str:
        """The address of its REST API."""
        return f"http://{self.host}:{self.port}"

    async def close(self) -> None:
        """End every connection, stop, and close the memory and the tape."""
        self._ticker.cancel()
        self._beat.cancel()
        self._rest.closing.set()
        await self._streamer.close_all()
        await self._dxlink.close_all()
        await self._runner.cleanup()
        self._memory.close()
        self.tape.close()


async def start(
    config: VenueConfig | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tape_path: Path | None = None,
    state_path: Path | None = None,
) -> RunningVenue:
    """Start a venue on a port (0: any free port), with the state that an earlier one stored at `state_path`.

    Raises OSError when the port is taken, `StateFileError` when the memory cannot be used.
    """
    config = config if config is not None else VenueConfig()
    loop = asyncio.get_running_loop()
    memory = Memory(state_path)
    tape = Tape(clock.now, tape_path, kept_to=memory.tape_seq)

    def later(seconds: float, act: Callable[[], None]) -> None:
        loop.call_later(seconds, lambda: _act(act, memory))

    exchange = Exchange(config, tape, clock=clock.now, later=later)
    try:
        memory.attach(exchange)
    except StateFileError:
        memory.close()
        tape.close()
        raise
    faults, tokens, quote_token = FaultBoard(), Tokens(config, clock.now), secrets.token_urlsafe(16)
    streamer, dxlink = AccountStreamer(exchange, faults, tokens), DxLink(exchange, quote_token)
    address: list[str] = []
    endpoints = Endpoints(exchange, dxlink_url=lambda: f"ws://{address[0]}/dxlink", quote_token=quote_token)
    rest = Rest(exchange, endpoints, faults, tokens, memory.keep)
    control = Control(exchange, rest, faults, streamer, tokens, memory.keep)

    async def dated(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(exchange.clock(), usegmt=True)

    app = web.Application()
    app.on_response_prepare.append(dated)
    sockets = [web.get("/dxlink", dxlink.serve), web.get(config.streamer_path, streamer.serve)]
    app.add_routes([*rest.routes(), *control.routes(), *sockets, rest.unknown_route()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        memory.close()
        tape.close()
        raise
    bound: int = runner.addresses[0][1]
    address.append(f"{host}:{bound}")
    ticker = asyncio.create_task(_tick(exchange, dxlink, memory))
    beat = asyncio.create_task(_beat(tape))
    return RunningVenue(
        host=host,
        port=bound,
        exchange=exchange,
        tape=tape,
        control=control,
        _memory=memory,
        _runner=runner,
        _rest=rest,
        _streamer=streamer,
        _dxlink=dxlink,
        _ticker=ticker,
        _beat=beat,
    )


def _act(act: Callable[[], None], memory: Memory) -> None:
    try:
        act()
    finally:
        memory.keep()


async def _beat(tape: Tape) -> None:
    while True:
        await asyncio.sleep(_BEAT)
        tape.ran += _BEAT


async def _tick(exchange: Exchange, dxlink: DxLink, memory: Memory) -> None:
    while True:
        await asyncio.sleep(exchange.config.timing.quote_interval)
        try:
            _act(exchange.tick, memory)
            dxlink.tick()
        except Exception:  # noqa: BLE001 - see below
            # one bad quote must not stop the market for every other order
            _LOG.exception("the market could not move this time")
