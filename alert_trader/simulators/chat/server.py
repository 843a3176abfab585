"""The chat as one HTTP server: gateway, REST, control and the page, on one port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from alert_trader.simulators.chat.config import ChatConfig
from alert_trader.simulators.chat.control import Control
from alert_trader.simulators.chat.gateway import Gateway
from alert_trader.simulators.chat.interactions import Interactions
from alert_trader.simulators.chat.limits import Limits
from alert_trader.simulators.chat.rest import PREFIX, Rest
from alert_trader.simulators.chat.transcript import Transcript
from alert_trader.simulators.chat.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningChat:
    """A running chat."""

    url: str
    config: ChatConfig
    world: World
    interactions: Interactions
    gateway: Gateway
    limits: Limits
    transcript: Transcript
    control: Control

    @property
    def api_url(self) -> str:
        """The address of the REST API; clients get the gateway's address from it."""
        return f"{self.url}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """The address of the gateway."""
        return self.gateway.url


@contextlib.asynccontextmanager
async def serve(
    config: ChatConfig | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningChat]:
    """Serve a chat on a port (0: any free port) inside the context; raises OSError when it is taken."""
    config = config or ChatConfig()
    transcript = Transcript()
    gateway, limits = Gateway(config, transcript), Limits(config)
    world = World(config, transcript, gateway.announce)
    gateway.attach(world)
    interactions = Interactions(world, transcript)
    rest = Rest(config, world, interactions, limits, transcript)
    control = Control(world, interactions, gateway, limits, transcript)
    app = web.Application()
    app.add_routes([web.get("/gateway/", gateway.serve), *rest.routes(), *control.routes()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound: int = runner.addresses[0][1]
        gateway.url = rest.gateway_url = f"ws://{host}:{bound}/gateway/"
        yield RunningChat(
            url=f"http://{host}:{bound}",
            config=config,
            world=world,
            interactions=interactions,
            gateway=gateway,
            limits=limits,
            transcript=transcript,
            control=control,
        )
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await gateway.drop(forget=True)
        await runner.cleanup()
