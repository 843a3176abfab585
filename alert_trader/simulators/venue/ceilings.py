"""The requests a second that the broker publishes, enforced when the venue is configured so.

A request above a ceiling is refused with a 429 and changes nothing; the answer has no headers that would say
when to try again.
"""

import re
from collections import deque
from time import monotonic

_SECOND = 1.0

_WRITES = r"POST {0}|(PUT|PATCH|DELETE) {0}/[^/]+".format(r"/accounts/[^/]+/(complex-)?orders")

_CEILINGS: tuple[tuple[str, int], ...] = (
    (_WRITES, 20),
    (r"GET /accounts/[^/]+/positions", 1),
    (r"GET /accounts/[^/]+/balances(/.*)?", 1),
    (r"GET /accounts/[^/]+/trading-status", 1),
    (r"GET /customers/me/accounts", 1),
    (r"GET /market-data/by-type", 2),
    (r"GET /option-chains/.*", 2),
    (r"GET /instruments/(equities|equity-options)/[^/]+", 3),
    (r"GET /instruments/.*", 2),
)
"""Method and path, and requests a second. A dry-run writes nothing."""

_ALL = 50


class RequestCeilings:
    """Counts the requests of the last second."""

    def __init__(self) -> None:
        """Begin without requests."""
        self._sent: dict[str, deque[float]] = {}

    def exceeded(self, method: str, path: str) -> bool:
        """Return whether a request is one too many; count it when it is not."""
        now, named = monotonic(), f"{method} {path}"
        limits = {"all": _ALL}
        for pattern, most in _CEILINGS:
            if re.fullmatch(pattern, named):
                limits[pattern] = most
                break
        windows = {kind: self._sent.setdefault(kind, deque()) for kind in limits}
        for window in windows.values():
            while window and window[0] <= now - _SECOND:
                window.popleft()
        if any(len(window) >= limits[kind] for kind, window in windows.items()):
            return True
        for window in windows.values():
            window.append(now)
        return False
