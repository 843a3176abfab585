"""Limit the rate of card edits in one channel: a few at once, then a fixed interval.

Discord allows five edits in five seconds per channel. The wait comes after an edit, not before it: events of
the meantime are then shown together in the next edit, in their newest state.
"""

import asyncio


class EditRateLimit:
    """A rate limit with a burst."""

    def __init__(self, *, burst: int, every: float, at_most: float) -> None:
        """Allow `burst` edits at once, then one every `every` seconds; wait at most `at_most` seconds."""
        self._burst = burst
        self._every = every
        self._at_most = at_most
        self._next_free = 0.0
        """When all edits so far would have been done at the steady rate."""

    async def wait(self) -> None:
        """Wait until the next edit is allowed."""
        now = asyncio.get_running_loop().time()
        self._next_free = max(self._next_free, now) + self._every
        wait = self._next_free - now - self._burst * self._every
        if wait > 0:
            await asyncio.sleep(min(wait, self._at_most))
