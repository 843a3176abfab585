"""Who may ask: named admin keys, compared in constant time, and how often each may."""

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
    """What a rate is counted for: each has its own, so that nothing uses up another's."""

    ALERTS = "alerts"
    READS = "reads"
    HALTS = "halts"
    """Stopping must work while a webhook gone wild uses up everything else."""
    UNAUTHENTICATED = "unauthenticated"
    """Requests without a known key, by address."""


class Keys:
    """The keys in force and the rates of those who hold them. A key is kept as a digest only."""

    def __init__(self, ring: Iterable[tuple[str, str]], *, rate: int, metrics: RequestMetrics) -> None:
        """Know the keys of `ring` as (name, key); each holder, and each address without a key, may ask `rate` times a minute."""
        self._digests = [(name, _digest(key)) for name, key in ring]
        self._rate = RateLimitItemPerMinute(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._metrics = metrics

    def admit(self, request: Request, bucket: RateLimitBucket, *, key: str | None = None) -> str:
        """Give the name of the key that a request holds, in its header or as `key`; raises a problem of 401 or 429."""
        presented = request.headers.get(HEADER) or key
        name = None if presented is None else self._name_of(presented)
        if name is None:
            address = request.client.host if request.client is not None else "unknown"
            # a known key is never kept out by others who try from the same address, which may be a proxy's
            self._count(RateLimitBucket.UNAUTHENTICATED, address)
            self._metrics.rejected.labels("no known key").inc()
            found = "none" if presented is None else "one that is not known"
            none_set = "" if self._digests else ". No key is set yet: set TRADER_API_KEYS=name:key"
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                Kind.UNAUTHORIZED,
                f"expected an admin key in the header {HEADER}, found {found}{none_set}",
                CHALLENGE,
            )
        self._count(bucket, name)
        request.state.key_name = name
        return name

    def _name_of(self, presented: str) -> str | None:
        """Find the key's name; every key is compared, whichever fits, so that the time tells nothing."""
        digest = _digest(presented)
        found = None
        for name, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def _count(self, bucket: RateLimitBucket, who: str) -> None:
        if self._limiter.hit(self._rate, bucket, who):
            return
        self._metrics.rejected.labels("over its rate").inc()
        again = max(
            math.ceil(self._limiter.get_window_stats(self._rate, bucket, who).reset_time - time.time()), 1
        )
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            Kind.TOO_MANY,
            f"expected at most {self._rate.amount} requests a minute ({bucket}); try again in {again} s",
            {"retry-after": str(again)},
        )


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
