"""Waiting for a condition, with a bound, instead of sleeping."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def eventually(holds: Callable[[], Any], what: str, within: float = 10.0, every: float = 0.01) -> Any:
    """Wait until `holds` returns, or resolves to, something true, and return that.

    Fails when it does not within the bound.

    Asks every `every` seconds at first, then less often: what takes long is requested ten times until it is
    there, so that waiting does not take the CPU from what is waited for.
    """
    began = asyncio.get_running_loop().time()
    deadline = began + within
    while True:
        found = holds()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        now = asyncio.get_running_loop().time()
        assert now < deadline, f"expected {what} within {within} s"
        await asyncio.sleep(max(every, min((now - began) / 10, 0.25)))
