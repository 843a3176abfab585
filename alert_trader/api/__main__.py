"""`trader api`: serve the admin API for the mode in the settings, until SIGTERM or SIGINT."""

import ipaddress
import logging
import socket
from datetime import timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from alert_trader.api.app import make_app
from alert_trader.domain.errors import AlertTraderError
from alert_trader.runtime import program
from alert_trader.runtime.desk_link import desk_address
from alert_trader.runtime.readiness import announce_ready
from alert_trader.settings.model import Settings

log = logging.getLogger("alert-trader.api")

MAX_CONCURRENT = 100
"""Requests in progress; further ones are answered with 503."""

STOP_WITHIN = timedelta(seconds=8)
HEADER_BYTES = 16_384


class CannotListenError(AlertTraderError):
    """The configured address cannot be listened on; the message says what to do."""


async def serve(settings: Settings, ready_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT. Raise CannotListenError when the address is not available."""
    listening = _listen(settings)
    app = make_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        # our own log line names the route; the path may contain the codec token
        access_log=False,
        server_header=False,
        # use the address of the connection: anybody can send a forwarding header
        proxy_headers=False,
        limit_concurrency=MAX_CONCURRENT,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(STOP_WITHIN.total_seconds()),
        ws="none",
        lifespan="off",
        http="h11",
    )
    await _Server(config, app, settings, ready_file).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Log and write the ready file once requests are accepted."""

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, settings: Settings, ready_file: Path | None
    ) -> None:
        super().__init__(config)
        self._app = app
        self._settings = settings
        self._ready_file = ready_file

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settings = self._settings
        keys = ", ".join(name for name, _ in settings.api_key_ring)
        log.info(
            "admin API listening at http://%s:%d, mode %s; keys: %s",
            settings.api_host,
            settings.api_port,
            settings.mode,
            keys or "none, so every request under /admin gets 401: set TRADER_API_KEYS",
        )
        log.info("desk page at %s/desk", desk_address(settings))
        announce_ready(self._ready_file)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # a stream of events never ends by itself
        self._app.state.desk.stop()
        await super().shutdown(sockets)


def _listen(settings: Settings) -> socket.socket:
    if not _loopback(settings.api_host):
        log.warning(
            "%s is not a loopback address and keys are sent in plain text: put TLS in front of the API",
            settings.api_host,
        )
    try:
        family = socket.getaddrinfo(settings.api_host, settings.api_port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.api_host, settings.api_port))
    except OSError as error:
        raise CannotListenError(
            f"cannot listen at {settings.api_host}:{settings.api_port}: {error.strerror or error}. "
            "Set TRADER_API_HOST to an address of this machine and TRADER_API_PORT to a free port"
        ) from None
    return listening


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> int:
    """Run the API and return the exit code."""
    options = program.arguments("api", __doc__, ready="serves").parse_args()
    # uvicorn logs every failed connection; the problem document that the caller gets names it already
    quiet = {"uvicorn.error": logging.WARNING}
    return program.work(
        lambda settings: serve(settings, options.ready_file), quiet=quiet, unusable=(CannotListenError,)
    )


if __name__ == "__main__":
    program.end(main())
