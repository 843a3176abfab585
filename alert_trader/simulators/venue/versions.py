"""The versions of the order API: which one a request gets, and what a version asks for.

A request gets the newest version that is not newer than its header `Accept-Version`; without the header, the
oldest that is served. A header older than every version is answered 406. No other calls have versions here.
"""

import re
from collections.abc import Mapping, Sequence

from alert_trader.simulators.venue.refusal import VenueRefusalError

_ORDERS = re.compile(r"/accounts/[^/]+/(complex-)?orders(/.*)?")
_HISTORY = re.compile(r"/accounts/[^/]+/orders")
_DATED_FROM = "20261012"
"""From this version on a list of orders needs `start-date` or `start-at`."""


def check_version(
    method: str, path: str, query: Mapping[str, object], header: str | None, served: Sequence[str]
) -> None:
    """Raise `VenueRefusalError` when a request names a version that is not served, or breaks its rule."""
    if not _ORDERS.fullmatch(path):
        return
    version = min(served) if header is None else max((each for each in served if each <= header), default="")
    if not version:
        raise VenueRefusalError(406, "406", "The requested version is not supported.")
    dated = {"start-date", "start-at"} & set(query)
    if version >= _DATED_FROM and method == "GET" and _HISTORY.fullmatch(path) and not dated:
        error = {"domain": "start-date", "reason": "is missing"}
        raise VenueRefusalError(400, "validation_error", "Request validation failed", [error])
