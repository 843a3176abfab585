"""The application: its routes, what stands around them, and its own description."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry

from alert_trader.api import account, alerts, audit, codec, health, problems, trades
from alert_trader.api.dependencies import Context, check_key_before_body
from alert_trader.api.keys import Keys
from alert_trader.api.middleware import RequestMetrics, RequestMiddleware
from alert_trader.api.problems import Problem
from alert_trader.api.temporal import CONNECT_WITHIN, TemporalConnection
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.mirrors import mirrors
from alert_trader.runtime.target import codec_of, target_of, tracing_of
from alert_trader.settings.model import Settings

VERSION = "1"
DESCRIPTION = """Alerts in, trades and the account out.

Every call under `/admin` needs one of the named admin keys in the header `x-api-key`. Keys travel as they are: beyond the machine it runs
on, this API is safe to expose only behind TLS. Errors are documents of type `application/problem+json` (RFC 9457).
"""
ROUTERS = (alerts.router, trades.router, audit.router, account.router, health.router, codec.router)


def make_app(settings: Settings, *, connect_within: timedelta = CONNECT_WITHIN) -> FastAPI:
    """Put the application together; nothing is connected before the first request, which may take `connect_within`."""
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    interceptors = tracing_of(settings, "api")
    app = FastAPI(
        title="alert-trader",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        debug=False,
    )
    app.state.context = Context(
        settings=settings,
        temporal=TemporalConnection(target_of(settings), interceptors=interceptors, within=connect_within),
        rehearsal=TemporalConnection(target_of(settings, mode=Mode.DRY_RUN), within=connect_within),
        keys=Keys(settings.api_key_ring, rate=settings.api_rate, metrics=metrics),
        codec=codec_of(settings),
        mirrors=mirrors(settings),
        registry=registry,
    )
    problems.install_error_handlers(app, admit=check_key_before_body)
    for router in ROUTERS:
        app.include_router(router)
    metrics.begin(app.routes)
    app.add_middleware(RequestMiddleware, max_body=settings.api_max_body, metrics=metrics)
    app.openapi = lambda: description(app)  # type: ignore[method-assign]  # the framework's own way to add to its document
    return app


def description(app: FastAPI) -> dict[str, Any]:
    """Describe the API; the document that is checked in under specs is this one."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = found["components"]["schemas"]
        written = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(written.pop("$defs", {}))
        schemas["Problem"] = written
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        found["components"]["schemas"] = dict(sorted(schemas.items()))
        app.openapi_schema = found
    return app.openapi_schema
