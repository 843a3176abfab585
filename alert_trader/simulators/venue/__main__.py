"""Run a venue: `python -P -m alert_trader.simulators.venue --port 8100 --state state.db`. SIGTERM ends it."""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from alert_trader.simulators.venue.config import VenueConfig, load
from alert_trader.simulators.venue.memory import StateFileError
from alert_trader.simulators.venue.replay import TranscriptError, serve
from alert_trader.simulators.venue.server import start


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -P -m alert_trader.simulators.venue",
        description="A Tastytrade-compatible exchange on this machine.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100, help="0 takes a free port")
    parser.add_argument(
        "--config", type=Path, help="a JSON file of alert_trader.simulators.venue.config.VenueConfig"
    )
    parser.add_argument("--tape", type=Path, help="where every event is written, one JSON object a line")
    parser.add_argument(
        "--state",
        type=Path,
        help="state file: a venue started with it again continues where it ended; belongs to one tape",
    )
    parser.add_argument(
        "--ready-file", type=Path, help="gets the port and the process id when the venue serves"
    )
    parser.add_argument(
        "--from",
        dest="transcript",
        type=Path,
        help="answer from a transcript of `trader certify`, and trade nothing",
    )
    parser.add_argument("--seed", type=int, help="of the market; overrides the config's")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    config = load(arguments.config) if arguments.config is not None else VenueConfig()
    if arguments.seed is not None:
        config = config.model_copy(update={"seed": arguments.seed})
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if arguments.transcript is not None:
        async with serve(arguments.transcript, host=arguments.host, port=arguments.port) as port:
            if arguments.ready_file is not None:
                _announce(arguments.ready_file, port)
            await stop.wait()
        return
    venue = await start(
        config, host=arguments.host, port=arguments.port, tape_path=arguments.tape, state_path=arguments.state
    )
    if arguments.ready_file is not None:
        _announce(arguments.ready_file, venue.port)
    await stop.wait()
    await venue.close()


def _announce(path: Path, port: int) -> None:
    """Write the ready file atomically."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps({"port": port, "pid": os.getpid()}), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    try:
        asyncio.run(_run(_arguments()))
    except (StateFileError, TranscriptError) as error:
        sys.exit(f"venue: {error}")
