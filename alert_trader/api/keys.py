"""Named admin keys, compared in constant time, and a rate limit for each."""

import hashlib
import hmac
import math
import time
from collections.abc import Iterable
from enum import StrEnum
from http import HTTPStatus

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from alert_trader.api.middleware import RequestMetrics
from alert_trader.api.problems import Kind, ProblemError

HEADER = "x-api-key"
CHALLENGE = {"www-authenticate": f'ApiKey realm="alert-trader", header="{HEADER}"'}


class RateLimitBucket(StrEnum):
    """Requests that share a rate limit. Each bucket is counted separately."""

    ALERTS = "alerts"
    READS = "reads"
    COMMANDS = "commands"
    """Commands to trades."""
    HALTS = "halts"
    """Halt, resume and flatten: they must work while a misconfigured webhook uses up the other buckets."""
    UNAUTHENTICATED = "unauthenticated"
    """Requests without a valid key, counted by address."""


class Keys:
    """The admin keys and their rate limits. Only digests of the keys are kept."""

    def __init__(self, ring: Iterable[tuple[str, str]], *, rate: int, metrics: RequestMetrics) -> None:
        """Accept the (name, key) pairs of `ring`; allow `rate` requests a minute per key and bucket."""
        self._digests = [(name, _digest(key)) for name, key in ring]
        self._rate = RateLimitItemPerMinute(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._metrics = metrics

    def admit(self, request: Request, bucket: RateLimitBucket, *, key: str | None = None) -> str:
        """Return the name of the request's key, from its header or `key`.

        Raise ProblemError with 401 or 429.
        """
        presented = request.headers.get(HEADER) or key
        name = None if presented is None else self._name_of(presented)
        if name is None:
            address = request.client.host if request.client is not None else "unknown"
            # only wrong keys count against an address: a valid key must work behind the same proxy
            self._count(RateLimitBucket.UNAUTHENTICATED, address)
            self._metrics.rejected.labels("no valid key").inc()
            found = "none" if presented is None else "an unknown key"
            none_set = "" if self._digests else ". No key is configured: set TRADER_API_KEYS=name:key"
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                Kind.UNAUTHORIZED,
                f"expected an admin key in the header {HEADER}, found {found}{none_set}",
                CHALLENGE,
            )
        self._count(bucket, name)
        request.state.key_name = name
        return name

    def count(self, request: Request, bucket: RateLimitBucket, name: str) -> None:
        """Count a request of a signed-in person; raise ProblemError with 429."""
        self._count(bucket, name)
        request.state.key_name = name

    def _name_of(self, presented: str) -> str | None:
        """Return the key's name. All keys are compared, so that the time taken reveals nothing."""
        digest = _digest(presented)
        found = None
        for name, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def _count(self, bucket: RateLimitBucket, who: str) -> None:
        if self._limiter.hit(self._rate, bucket, who):
            return
        self._metrics.rejected.labels("rate limit").inc()
        again = max(
            math.ceil(self._limiter.get_window_stats(self._rate, bucket, who).reset_time - time.time()), 1
        )
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            Kind.TOO_MANY,
            f"rate limit reached: {self._rate.amount} requests a minute ({bucket}). Try again in {again} s",
            {"retry-after": str(again)},
        )


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
