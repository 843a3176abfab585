"""Whether it lives, whether it can do its work, and its metrics. No key is asked: nothing here tells of a trade."""

from enum import StrEnum
from http import HTTPStatus

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from alert_trader.api.context import InForce
from alert_trader.api.problems import RETRY_SOON, Kind, ProblemError, responses
from alert_trader.control.errors import UnreachableError
from alert_trader.domain.execution.policy import Mode

router = APIRouter(tags=["health"])

_PROBLEMS = responses(
    HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INTERNAL_SERVER_ERROR
)


class State(StrEnum):
    """How the process stands."""

    ALIVE = "alive"
    READY = "ready"
    NO_WORKER = "no-worker"
    """Temporal answers, and takes alerts and commands in; nothing carries them out until a worker is there."""


class Health(BaseModel):
    """How the process stands."""

    state: State
    mode: Mode


@router.get("/health/live", operation_id="live", summary="Whether the process lives", responses=_PROBLEMS)
async def live(context: InForce) -> Health:
    """Answer as long as the process does."""
    return Health(state=State.ALIVE, mode=context.settings.mode)


@router.get(
    "/health/ready",
    operation_id="ready",
    summary="Whether it can do its work",
    responses={**_PROBLEMS, **responses(HTTPStatus.SERVICE_UNAVAILABLE)},
)
async def ready(context: InForce) -> Health:
    """Ask Temporal; a problem of 503 says that it is away."""
    try:
        workers = await context.temporal.workers(context.settings.account)
    except UnreachableError:
        # anybody may ask this: where Temporal was looked for is told to those who hold a key
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, Kind.UNAVAILABLE, "Temporal does not answer", RETRY_SOON
        ) from None
    return Health(state=State.READY if workers else State.NO_WORKER, mode=context.settings.mode)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        **_PROBLEMS,
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text"},
    },
)
async def metrics(request: Request) -> Response:
    """Give this process's own counts; a worker serves those of its trades at TRADER_METRICS_BIND."""
    context: InForce = request.app.state.context
    return Response(generate_latest(context.registry), media_type=CONTENT_TYPE_LATEST)
