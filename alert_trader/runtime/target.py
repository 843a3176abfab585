"""The Temporal connection of the settings: address, namespace, encryption and tracing."""

from collections.abc import Sequence

from temporalio.client import Interceptor

from alert_trader.control.payload_codec import EncryptionCodec
from alert_trader.control.temporal import Target
from alert_trader.domain.execution.policy import Mode
from alert_trader.settings.model import Settings

TRACER = "alert-trader"


def target_of(settings: Settings, *, mode: Mode | None = None) -> Target:
    """Return where the trades of the mode in force are, or of another `mode`, which has its own namespace."""
    namespace = (
        settings.namespace if mode is None else settings.temporal_namespace.replace("{mode}", mode.value)
    )
    return Target(address=settings.temporal_address, namespace=namespace, codec=codec_of(settings))


def codec_of(settings: Settings) -> EncryptionCodec | None:
    """Return the codec that encrypts payloads; None where no key is set."""
    return EncryptionCodec(settings.encryption_ring) if settings.encryption_ring else None


def tracing_of(settings: Settings, process: str) -> Sequence[Interceptor]:
    """Return the interceptors that trace `process`, to where OTEL_EXPORTER_OTLP_* says; none where it is off.

    Raises ValueError when it is on and the extra `tracing` is not installed.
    """
    if not settings.tracing:
        return ()
    try:
        from opentelemetry import trace  # noqa: PLC0415 - an extra that most installs lack
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from temporalio.contrib.opentelemetry import TracingInterceptor  # noqa: PLC0415
    except ImportError as missing:
        raise ValueError(
            f"TRADER_TRACING needs the extra `tracing`, which is not installed ({missing.name} is missing). "
            "Install it with `pip install 'alert-trader[tracing]'`, or unset TRADER_TRACING"
        ) from None
    attributes = {"service.name": f"{TRACER}-{process}", "trader.mode": settings.mode.value}
    provider = TracerProvider(resource=Resource.create(attributes))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return (TracingInterceptor(tracer=provider.get_tracer(TRACER)),)
