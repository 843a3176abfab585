"""`trader api`: serve the admin API of the mode in the settings, until it is told to stop."""

import ipaddress
import json
import logging
import os
import socket
from datetime import timedelta
from pathlib import Path

import uvicorn
from typing_extensions import override

from alert_trader.api.app import make_app
from alert_trader.runtime import program
from alert_trader.settings.model import Settings

log = logging.getLogger("alert-trader.api")

AT_ONCE = 100
"""Requests in work at once; more are told to come back."""

STOP_WITHIN = timedelta(seconds=8)
HEADER_BYTES = 16_384


class UnservableError(Exception):
    """It cannot listen where it should; the message says what to do."""


async def serve(settings: Settings, ready_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT; raises UnservableError."""
    listening = _listen(settings)
    config = uvicorn.Config(
        make_app(settings),
        log_config=None,
        # our own line names the route; a path may hold the codec's token
        access_log=False,
        server_header=False,
        # the address is that of the connection: a header that claims another is anybody's
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(STOP_WITHIN.total_seconds()),
        ws="none",
        lifespan="off",
        http="h11",
    )
    await _Server(config, settings, ready_file).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, settings: Settings, ready_file: Path | None) -> None:
        super().__init__(config)
        self._settings = settings
        self._ready_file = ready_file

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        given = self._settings
        keys = (
            ", ".join(name for name, _ in given.api_key_ring) or "none, so every call under /admin is refused"
        )
        log.info(
            "serving the admin API at http://%s:%d in mode %s; keys: %s",
            given.api_host,
            given.api_port,
            given.mode,
            keys,
        )
        if self._ready_file is not None:
            self._ready_file.write_text(json.dumps({"pid": os.getpid()}))


def _listen(settings: Settings) -> socket.socket:
    if not _loopback(settings.api_host):
        log.warning(
            "%s is no loopback address: keys travel as they are, so put TLS in front of it", settings.api_host
        )
    try:
        family = socket.getaddrinfo(settings.api_host, settings.api_port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.api_host, settings.api_port))
    except OSError as error:
        raise UnservableError(
            f"expected to listen at {settings.api_host}:{settings.api_port}, found: {error.strerror or error}. "
            "Set TRADER_API_HOST and TRADER_API_PORT to an address of this machine and a free port"
        ) from None
    return listening


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> int:
    """Run, and give the exit code."""
    options = program.arguments("api", __doc__, ready="serves").parse_args()
    # it names every address that could not be reached, again and again; the problem that the caller gets says it
    quiet = {"uvicorn.error": logging.WARNING}
    return program.work(
        lambda settings: serve(settings, options.ready_file), quiet=quiet, unusable=(UnservableError,)
    )


if __name__ == "__main__":
    program.end(main())
