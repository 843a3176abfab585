"""A pace for changes in one channel: a few at once, then so many seconds between two.

Discord takes five edits in five seconds of a channel. Whoever has shown a change waits here before it is ready for the next, so that what
happens meanwhile is shown together, as it stands then; waiting before would show what is old by then.
"""

import asyncio


class EditRateLimit:
    """Lets a few through at once, and the rest by and by."""

    def __init__(self, *, burst: int, every: float, at_most: float) -> None:
        """Allow `burst` at once, and one more each `every` seconds; nobody waits longer than `at_most` seconds."""
        self._burst = burst
        self._every = every
        self._at_most = at_most
        self._next_free = 0.0
        """When those let through so far would all have had their time, one after another."""

    async def wait(self) -> None:
        """Wait until the next change may follow."""
        now = asyncio.get_running_loop().time()
        self._next_free = max(self._next_free, now) + self._every
        wait = self._next_free - now - self._burst * self._every
        if wait > 0:
            await asyncio.sleep(min(wait, self._at_most))
