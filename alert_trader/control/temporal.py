"""The one way to a Temporal server: the SDK's own environment configuration, bounded retries, our data converter, quiet logs."""

import asyncio
import dataclasses
import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, Interceptor
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from temporalio.envconfig import ClientConfigProfile
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError

from alert_trader.control.errors import UnreachableError
from alert_trader.control.payload_codec import KEYLESS
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.rpc_errors import FailureKind, kind_of

DEFAULT_ADDRESS = "127.0.0.1:7233"
CONNECT_WITHIN = timedelta(seconds=10)
"""A server that starts answers "not healthy yet" for a few seconds; one that is away should be told of soon."""

_RETRY_PAUSE = timedelta(milliseconds=200)
_FINAL = {FailureKind.FORBIDDEN, FailureKind.NO_NAMESPACE, FailureKind.NOT_FOUND}
"""Answers that waiting does not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect: the address (None leaves it to TEMPORAL_ADDRESS, then this machine), the namespace, and what encrypts payloads."""

    address: str | None
    namespace: str
    codec: PayloadCodec | None = None


LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0, 3600.0)
"""Upper bounds of our histograms' buckets, in seconds: from a step of a trade to a position held for an hour."""


@functools.cache
def runtime(metrics: str | None = None) -> Runtime:
    """Return the process's runtime, whose core logs go to Python's logging: on stdout they would break JSON output.

    With `metrics` (host:port) it serves the SDK's and our own metrics there for Prometheus; raises ValueError when it cannot listen.
    """
    forward = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    level = TelemetryFilter(core_level="WARN", other_level="ERROR")
    serve = None
    if metrics is not None:
        serve = PrometheusConfig(
            bind_address=metrics,
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
            histogram_bucket_overrides={"trader_*": LATENCIES},
        )
    try:
        return Runtime(
            telemetry=TelemetryConfig(logging=LoggingConfig(filter=level, forwarding=forward), metrics=serve)
        )
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"expected to serve metrics at {metrics}, found: {error}. Set TRADER_METRICS_BIND to a free host:port, or unset it"
        ) from None


def converter(codec: PayloadCodec | None = None) -> DataConverter:
    """Return the one data converter of client, worker and replayer. With a codec, failures are encrypted like every other payload."""
    if codec is None:
        return dataclasses.replace(DATA_CONVERTER, payload_codec=KEYLESS)
    return dataclasses.replace(
        DATA_CONVERTER,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def address_of(target: Target) -> str:
    """Return the address that `target` leads to, with the environment's configuration taken in."""
    return target.address or ClientConfigProfile.load().address or DEFAULT_ADDRESS


async def connect(
    target: Target,
    *,
    within: timedelta = CONNECT_WITHIN,
    metrics: str | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect, trying again until `within` has passed; raises UnreachableError then, or at once where trying again is no use."""
    config = ClientConfigProfile.load().to_client_connect_config()
    config["target_host"] = address_of(target)
    config["namespace"] = target.namespace
    if config.get("api_key") == "":
        # an empty TEMPORAL_API_KEY would switch TLS on
        del config["api_key"]
        if config.get("tls") is True:
            del config["tls"]
    serving, encoding = runtime(metrics), converter(target.codec)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    while True:
        left = deadline - loop.time()
        try:
            async with asyncio.timeout(max(left, 0.1)):
                return await Client.connect(
                    **config, data_converter=encoding, runtime=serving, interceptors=interceptors
                )
        except (RuntimeError, RPCError, TimeoutError) as error:
            final = isinstance(error, RPCError) and kind_of(error) in _FINAL
            if final or loop.time() + _RETRY_PAUSE.total_seconds() >= deadline:
                raise UnreachableError(_no_connection(config["target_host"], error)) from error
        await asyncio.sleep(_RETRY_PAUSE.total_seconds())


def _no_connection(address: str, error: Exception) -> str:
    words = str(error).strip()
    if "refused" in words.lower():
        found = "nothing that listens there"
    else:
        found = words.splitlines()[0].rstrip(".") if words else "no answer in time"
    return (
        f"expected a Temporal server at {address}, found {found}. "
        "Start the local stack with `trader up`, or set TRADER_TEMPORAL_ADDRESS to a server that runs"
    )
