"""What the routes depend on: settings, admin keys, the Temporal client, and which rate limit applies."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from prometheus_client import CollectorRegistry
from temporalio.client import Client

from alert_trader.api.keys import HEADER, Keys, RateLimitBucket
from alert_trader.api.problems import Kind, ProblemError, responses
from alert_trader.api.temporal import TemporalConnection
from alert_trader.control.payload_codec import EncryptionCodec
from alert_trader.mirrors.both import Mirrors
from alert_trader.settings.model import Settings

SCHEME = APIKeyHeader(
    name=HEADER,
    auto_error=False,
    scheme_name="AdminKey",
    description="One of the named admin keys. Its name is written to the audit trail.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What this process shares between requests."""

    settings: Settings
    temporal: TemporalConnection
    dry_run_temporal: TemporalConnection
    """The dry-run namespace, which requests with `dry_run: true` use when the mode sends orders."""
    keys: Keys
    codec: EncryptionCodec | None
    mirrors: Mirrors
    registry: CollectorRegistry


def context_of(request: Request) -> Context:
    """Return the context of this process."""
    found: Context = request.app.state.context
    return found


async def client_of(request: Request) -> Client:
    """Return the Temporal client of the mode in force.

    Raise UnreachableError when Temporal does not answer.
    """
    return await context_of(request).temporal.client()


def _check_query(request: Request) -> None:
    """Refuse an unknown or repeated parameter: a misspelt filter must not be ignored silently."""
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    given = [name for name, _ in request.query_params.multi_items()]
    if any(name not in known or given.count(name) > 1 for name in given):
        allowed = ", ".join(sorted(known)) or "(none)"
        text = (
            f"expected only these query parameters, each at most once: {allowed}; found another, or one twice"
        )
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, text)


def require_key(bucket: RateLimitBucket) -> Callable[[Request, str | None], Awaitable[str]]:
    """Return a dependency that requires an admin key, counts it in `bucket` and returns its name."""

    async def admit(request: Request, _: Annotated[str | None, Security(SCHEME)] = None) -> str:
        name = context_of(request).keys.admit(request, bucket)
        _check_query(request)
        return name

    return admit


def check_key_before_body(request: Request) -> None:
    """Check the key of a request whose body is not valid JSON. Raise ProblemError when it is wrong.

    Only alerts and commands have a body.
    """
    route = request.scope["route"].path
    if route.startswith("/admin/"):
        buckets = {"alerts": RateLimitBucket.ALERTS, "trades": RateLimitBucket.COMMANDS}
        bucket = buckets.get(route.split("/")[2], RateLimitBucket.HALTS)
        context_of(request).keys.admit(request, bucket)


# routes list the key before the client, and dependencies run in that order: no valid key, no call to Temporal
ApiContext = Annotated[Context, Depends(context_of)]
TemporalClient = Annotated[Client, Depends(client_of)]
ReadKey = Annotated[str, Depends(require_key(RateLimitBucket.READS))]
HaltKey = Annotated[str, Depends(require_key(RateLimitBucket.HALTS))]

_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def problem_responses(*more: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Document the problems of a route that needs a key and Temporal, and those in `more`."""
    return responses(*sorted({*_ALWAYS, *more}))
