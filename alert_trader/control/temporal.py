"""Connect to Temporal, with the SDK's environment configuration, bounded retries and our data converter."""

import asyncio
import dataclasses
import functools
import logging
import re
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

from alert_trader.activities.rpc_failure import FailureKind, kind_of
from alert_trader.activities.stuck_workflows import read_paused_as_running
from alert_trader.control.errors import UnreachableError
from alert_trader.control.payload_codec import KEYLESS
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.query_retries import QueryRetries

DEFAULT_ADDRESS = "127.0.0.1:7233"
CONNECT_WITHIN = timedelta(seconds=10)
"""A starting server is "not healthy yet" for a few seconds; a missing one should be reported soon."""

_RETRY_PAUSE = timedelta(milliseconds=200)
_FINAL = {FailureKind.FORBIDDEN, FailureKind.NO_NAMESPACE, FailureKind.NOT_FOUND}
"""Answers that waiting does not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect: address (None: TEMPORAL_ADDRESS, then this machine), namespace, and payload codec."""

    address: str | None
    namespace: str
    codec: PayloadCodec | None = None


LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0, 3600.0)
"""Upper bounds of histogram buckets in seconds: from a step of a trade to a position held for an hour."""


@functools.cache
def runtime(metrics: str | None = None) -> Runtime:
    """Return the process's runtime; its core logs go to Python's logging, as stdout may carry JSON.

    With `metrics` (host:port) it serves metrics for Prometheus; raises ValueError when it cannot listen
    there.
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
            histogram_bucket_overrides={"trader_": LATENCIES},
        )
    try:
        return Runtime(
            telemetry=TelemetryConfig(logging=LoggingConfig(filter=level, forwarding=forward), metrics=serve)
        )
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"metrics cannot be served at {metrics}: {error}. Set TRADER_METRICS_BIND to a free host:port, "
            "or unset it"
        ) from None


def converter(codec: PayloadCodec | None = None) -> DataConverter:
    """Return the data converter of client, worker and replayer; with a codec, failures are encrypted too."""
    if codec is None:
        return dataclasses.replace(DATA_CONVERTER, payload_codec=KEYLESS)
    return dataclasses.replace(
        DATA_CONVERTER,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def address_of(target: Target) -> str:
    """Return the address of `target`, with the environment's configuration."""
    return target.address or ClientConfigProfile.load().address or DEFAULT_ADDRESS


async def connect(
    target: Target,
    *,
    within: timedelta = CONNECT_WITHIN,
    metrics: str | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect, with retries until `within` has passed; raises UnreachableError then, or at once if final."""
    read_paused_as_running()
    config = ClientConfigProfile.load().to_client_connect_config()
    config["target_host"] = address_of(target)
    config["namespace"] = target.namespace
    if config.get("api_key") == "":
        # an empty TEMPORAL_API_KEY would enable TLS
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
                    **config,
                    data_converter=encoding,
                    runtime=serving,
                    interceptors=[QueryRetries(), *interceptors],
                )
        except ValueError as error:
            raise UnreachableError(
                f"expected an address such as 127.0.0.1:7233, found {config['target_host']!r} ({error}): "
                "correct TRADER_TEMPORAL_ADDRESS"
            ) from None
        except (RuntimeError, RPCError, TimeoutError) as error:
            final = _is_refused(error) or (isinstance(error, RPCError) and kind_of(error) in _FINAL)
            if final or loop.time() + _RETRY_PAUSE.total_seconds() >= deadline:
                raise UnreachableError(_no_connection(config["target_host"], error)) from error
        await asyncio.sleep(_RETRY_PAUSE.total_seconds())


_STATUS = re.compile(r'code: (?P<code>\w+), message: "(?P<message>(?:[^"\\]|\\.)*)"')
"""How the SDK's core writes a gRPC status; the server's headers follow, which may carry secrets."""


_CERTIFICATE = re.compile(r"InvalidCertificate\((?P<reason>\w+)")


def _is_refused(error: Exception) -> bool:
    """Return whether the server refused the credentials of a first call, which is no RPCError yet."""
    status = _STATUS.search(str(error))
    return status is not None and status["code"] in {"Unauthenticated", "PermissionDenied"}


def _no_connection(address: str, error: Exception) -> str:
    words = str(error).strip()
    status = _STATUS.search(words)
    if status is not None:
        found = f"{status['message'].rstrip('.')} ({status['code']})"
    else:
        found = words.splitlines()[0].rstrip(".") if words else "no answer in time"
    if _is_refused(error):
        return (
            f"Temporal at {address} refused the credentials: {found}. "
            "Correct TEMPORAL_API_KEY, or the client certificate that TEMPORAL_TLS_CLIENT_CERT_PATH names"
        )
    if (certificate := _CERTIFICATE.search(words)) is not None:
        return (
            f"no Temporal server at {address} that is trusted: its certificate is refused "
            f"({certificate['reason']}). Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the file of its authority, "
            "or TEMPORAL_TLS_SERVER_NAME to the name in the certificate"
        )
    if "refused" in words.lower():
        found = "nothing listens there"
    return (
        f"no Temporal server at {address}: {found}. "
        "Start the local stack with `trader up`, or set TRADER_TEMPORAL_ADDRESS to a server that runs"
    )
