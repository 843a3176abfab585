"""Build the FastAPI application: routes, middleware, error documents and the OpenAPI description."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry

from alert_trader.api import account, alerts, audit, codec, commands, docs_page, health, problems, trades
from alert_trader.api.dependencies import Context, check_key_before_body
from alert_trader.api.desk.routes import add_desk
from alert_trader.api.keys import Keys
from alert_trader.api.middleware import RequestMetrics, RequestMiddleware
from alert_trader.api.problems import Problem
from alert_trader.api.temporal import CONNECT_WITHIN, TemporalConnection
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.mirrors import mirrors
from alert_trader.runtime.target import codec_of, target_of, tracing_of
from alert_trader.settings.model import Settings

VERSION = "0.2.0"
DESCRIPTION = """Send alerts, look at trades and the account, command trades, halt, resume and flatten.

Every request under `/admin` needs one of the named admin keys in the header `x-api-key`.
Keys are sent in plain text: expose this API outside its own machine only behind TLS.

Errors are documents of type `application/problem+json` (RFC 9457).
"""
ROUTERS = (
    alerts.router,
    trades.router,
    commands.router,
    audit.router,
    account.router,
    health.router,
    codec.router,
)


def make_app(settings: Settings, *, connect_within: timedelta = CONNECT_WITHIN) -> FastAPI:
    """Return the application.

    It connects to Temporal on the first request, which may take `connect_within`.
    """
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
        dry_run_temporal=TemporalConnection(target_of(settings, mode=Mode.DRY_RUN), within=connect_within),
        keys=Keys(settings.api_key_ring, rate=settings.api_rate, metrics=metrics),
        codec=codec_of(settings),
        mirrors=mirrors(settings),
        registry=registry,
    )
    problems.install_error_handlers(app, admit=check_key_before_body)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(docs_page.router)
    add_desk(app)
    metrics.begin(app.routes)
    app.add_middleware(RequestMiddleware, max_body=settings.api_max_body, metrics=metrics)
    app.openapi = lambda: description(app)  # type: ignore[method-assign]  # as FastAPI documents it
    return app


def description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, which is also checked in under `specs/`."""
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
