"""Waiting for a condition, with a bound, instead of sleeping."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def eventually(holds: Callable[[], Any], what: str, within: float = 10.0, every: float = 0.01) -> Any:
    """Wait until `holds` gives, or resolves to, something true, and give that; fails when it does not within the bound."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        found = holds()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, f"expected {what} within {within} s"
        await asyncio.sleep(every)
