"""What the routes share: the settings in force, the keys, the way to Temporal; and how a route says whom it lets in."""

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
from alert_trader.control.mirrors.repair import Mirrors
from alert_trader.control.payload_codec import EncryptionCodec
from alert_trader.settings.model import Settings

SCHEME = APIKeyHeader(
    name=HEADER,
    auto_error=False,
    scheme_name="AdminKey",
    description="One of the named admin keys; its name signs the audit.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a process of this API holds."""

    settings: Settings
    temporal: TemporalConnection
    rehearsal: TemporalConnection
    """The namespace of dry-run, where a request that only rehearses goes in a mode that sends."""
    keys: Keys
    codec: EncryptionCodec | None
    mirrors: Mirrors
    registry: CollectorRegistry


def context_of(request: Request) -> Context:
    """Give the process's context."""
    found: Context = request.app.state.context
    return found


async def client_of(request: Request) -> Client:
    """Give the client of the mode in force; raises UnreachableError."""
    return await context_of(request).temporal.client()


def _check_query(request: Request) -> None:
    """Refuse a parameter that is unknown or given twice: what is misspelt must not look as if it held."""
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    asked = [name for name, _ in request.query_params.multi_items()]
    if any(name not in known or asked.count(name) > 1 for name in asked):
        text = f"expected each of the parameters {', '.join(sorted(known)) or '(none)'} once at most; found another, or one twice"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, Kind.INVALID, text)


def holder(bucket: RateLimitBucket) -> Callable[[Request, str | None], Awaitable[str]]:
    """Let in who holds a key, counted for `bucket`; gives the key's name."""

    async def admit(request: Request, _: Annotated[str | None, Security(SCHEME)] = None) -> str:
        name = context_of(request).keys.admit(request, bucket)
        _check_query(request)
        return name

    return admit


def check_key_before_body(request: Request) -> None:
    """Ask for the key of a request whose body is no JSON; raises ProblemError. Only alerts, and what stops or resumes, have a body."""
    route = request.scope["route"].path
    if route.startswith("/admin/"):
        context_of(request).keys.admit(
            request, RateLimitBucket.ALERTS if route.startswith("/admin/alerts") else RateLimitBucket.HALTS
        )


# a route names who is let in before it names a client: what comes first is asked first, and a stranger never reaches Temporal
ApiContext = Annotated[Context, Depends(context_of)]
TemporalClient = Annotated[Client, Depends(client_of)]
ReadKey = Annotated[str, Depends(holder(RateLimitBucket.READS))]
HaltKey = Annotated[str, Depends(holder(RateLimitBucket.HALTS))]

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
    """Document the problems of a route that asks for a key and for Temporal, and `more`."""
    return responses(*sorted({*_ALWAYS, *more}))
