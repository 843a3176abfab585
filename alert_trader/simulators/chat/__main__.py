"""Run a chat: `python -P -m alert_trader.simulators.chat --port 8300`. SIGTERM and Ctrl-C close it."""

import argparse
import asyncio
import json
import os
import signal
from pathlib import Path

from pydantic import TypeAdapter

from alert_trader.simulators.chat.config import ChatConfig
from alert_trader.simulators.chat.saved_world import kept
from alert_trader.simulators.chat.server import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -P -m alert_trader.simulators.chat",
        description="A Discord-compatible chat on this machine.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8300, help="0 takes a free port")
    parser.add_argument(
        "--config",
        type=Path,
        help='JSON: {"people": [{"user_id", "name"}], "rooms": [{"channel_id", "name"}], ...}',
    )
    parser.add_argument(
        "--ready-file", type=Path, help="gets the port and the process id when the chat serves"
    )
    parser.add_argument("--state", type=Path, help="keeps the messages across restarts")
    return parser.parse_args()


def _config(path: Path | None) -> ChatConfig:
    return ChatConfig() if path is None else TypeAdapter(ChatConfig).validate_json(path.read_text())


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    serving = serve(_config(arguments.config), host=arguments.host, port=arguments.port)
    async with serving as chat, kept(chat.world, arguments.state):
        if arguments.ready_file is not None:
            part = arguments.ready_file.with_name(arguments.ready_file.name + ".part")
            part.write_text(json.dumps({"port": int(chat.url.rpartition(":")[2]), "pid": os.getpid()}))
            part.replace(arguments.ready_file)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
