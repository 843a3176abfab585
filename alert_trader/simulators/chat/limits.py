"""Rate limits as Discord has them (headers on every answer, 429 above the limit), and armed faults."""

import fnmatch
import time
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from alert_trader import clock
from alert_trader.simulators.chat.config import ChatConfig, RateLimit


class Trouble(StrEnum):
    """The kind of a fault."""

    REFUSED = "refused"
    """503, and nothing happens."""
    LOST = "lost"
    """It is carried out, and the connection is dropped before the answer."""
    LIMITED = "limited"
    """429."""
    STALLED = "stalled"
    """It is carried out, and the answer comes after `seconds`."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """An armed fault for the next `times` calls of a method and path pattern."""

    trouble: Trouble
    method: str = "POST"
    path: str = "*"
    times: int = 1
    seconds: float = 0.2


class Limits:
    """The buckets of every channel."""

    def __init__(self, config: ChatConfig) -> None:
        """Count calls by the limits of `config`."""
        self._config = config
        self._windows: defaultdict[str, tuple[float, int]] = defaultdict(lambda: (float("-inf"), 0))
        self.faults: list[Fault] = []

    def strike(self, method: str, path: str) -> Fault | None:
        """Use up the fault that is armed for a call, if any."""
        for fault in self.faults:
            if fault.times > 0 and fault.method == method and fnmatch.fnmatch(path, fault.path):
                fault.times -= 1
                return fault
        return None

    def _rule(self, method: str, path: str) -> tuple[str, RateLimit] | None:
        parts = path.strip("/").split("/")
        if parts[0] != "channels" or len(parts) < 3 or parts[2] != "messages":
            return None
        if len(parts) > 4 and parts[4] == "reactions":
            return f"reactions:{parts[1]}", self._config.reactions
        if method == "PATCH":
            return f"edits:{parts[1]}", self._config.edits
        return (f"posts:{parts[1]}", self._config.posts) if method == "POST" and len(parts) == 3 else None

    def take(self, method: str, path: str) -> tuple[dict[str, str], float | None]:
        """Count a call; return the rate limit headers, and the seconds to wait when it is above the limit."""
        rule = self._rule(method, path)
        if rule is None:
            return {}, None
        bucket, limit = rule
        now, (began, used) = time.monotonic(), self._windows[bucket]
        if now >= began + limit.seconds:
            # a window starts with its first call, and ends after its time
            began, used = now, 0
        over = used >= limit.calls
        self._windows[bucket] = (began, used if over else used + 1)
        after = began + limit.seconds - now
        headers = {
            "X-RateLimit-Limit": str(limit.calls),
            "X-RateLimit-Remaining": str(max(0, limit.calls - used - 1)),
            "X-RateLimit-Reset": f"{clock.now().timestamp() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": bucket.partition(":")[0],
        }
        return headers, after if over else None
