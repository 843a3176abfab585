"""Liveness, readiness and metrics. They need no key: nothing here shows a trade."""

from enum import StrEnum
from http import HTTPStatus

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from alert_trader.api.dependencies import ApiContext
from alert_trader.api.problems import RETRY_SOON, Kind, ProblemError, responses
from alert_trader.control.errors import UnreachableError
from alert_trader.domain.execution.policy import Mode

router = APIRouter(tags=["health"])

_PROBLEMS = responses(
    HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INTERNAL_SERVER_ERROR
)


class State(StrEnum):
    """Health of the process."""

    ALIVE = "alive"
    READY = "ready"
    NO_WORKER = "no-worker"
    """Temporal answers and accepts alerts and commands, but they wait until a worker runs."""


class Health(BaseModel):
    """Health of the process."""

    state: State
    mode: Mode


@router.get("/health/live", operation_id="live", summary="Liveness", responses=_PROBLEMS)
async def live(context: ApiContext) -> Health:
    """Answer as long as the process runs."""
    return Health(state=State.ALIVE, mode=context.settings.mode)


@router.get(
    "/health/ready",
    operation_id="ready",
    summary="Readiness",
    responses={**_PROBLEMS, **responses(HTTPStatus.SERVICE_UNAVAILABLE)},
)
async def ready(context: ApiContext) -> Health:
    """Ask Temporal whether a worker runs. 503 means that Temporal does not answer."""
    try:
        workers = await context.temporal.workers(context.settings.account)
    except UnreachableError:
        # this route needs no key, so the answer does not name the address of Temporal
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
    """Return the metrics of this process. A worker serves those of its trades at TRADER_METRICS_BIND."""
    context: ApiContext = request.app.state.context
    return Response(generate_latest(context.registry), media_type=CONTENT_TYPE_LATEST)
