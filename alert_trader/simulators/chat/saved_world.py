"""Keep the chat's messages in a file, so that a restart does not lose them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from alert_trader.simulators.chat.world import World

_SAVE_EVERY = 1.0


@contextlib.asynccontextmanager
async def kept(world: World, path: Path | None) -> AsyncIterator[None]:
    """Load a world from a file, and save it every second and at the end; None keeps nothing."""
    if path is None:
        yield
        return
    load(world, path)
    saving = asyncio.create_task(_save_often(world, path))
    try:
        yield
    finally:
        saving.cancel()
        save(world, path)


async def _save_often(world: World, path: Path) -> None:
    while True:
        await asyncio.sleep(_SAVE_EVERY)
        save(world, path)


def save(world: World, path: Path) -> None:
    """Write channels, threads and messages, where they have changed."""
    text = json.dumps({"channels": world.channels, "messages": world.messages})
    with contextlib.suppress(FileNotFoundError):
        if path.read_text() == text:
            return
    draft = path.with_name(path.name + ".part")
    draft.write_text(text)
    draft.replace(path)


def load(world: World, path: Path) -> None:
    """Read what was saved; channels that the configuration no longer has stay, with their messages."""
    try:
        saved = json.loads(path.read_text())
    except FileNotFoundError:
        return
    world.channels = {**saved["channels"], **world.channels}
    world.messages = {**world.messages, **saved["messages"]}
    for messages in world.messages.values():
        for each in messages.values():
            if each.get("thread") is not None:
                # one value, in the message and among the channels
                each["thread"] = world.channels[each["thread"]["id"]]
