"""Traces by OTLP to a receiver over HTTP, by the exporter that the settings make."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROGRAM = """
from pathlib import Path
from opentelemetry import trace
from alert_trader.runtime.target import tracing_of
from alert_trader.settings.load import load
assert len(tracing_of(load(directory=Path("/nonexistent")).settings, "worker")) == 1
with trace.get_tracer("alert-trader").start_as_current_span("submit_entry"):
    pass
trace.get_tracer_provider().shutdown()
"""


class Receiver(ThreadingHTTPServer):
    """Keeps what an exporter sends: path, headers and message."""

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, str | None, ExportTraceServiceRequest]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take a batch of spans."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(
            (self.path, self.headers["Authorization"], ExportTraceServiceRequest.FromString(body))
        )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Serve a receiver."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_spans_reach_the_receiver(receiver: Receiver) -> None:
    """With the variables that the compose file passes on, a span arrives with the process and the mode."""
    environment = {
        "TRADER_TRACING": "true",
        "TRADER_MODE": "demo",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20key",
        "PYTHONPATH": ":".join(sys.path),
    }
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, timeout=60)
    [(path, authorization, batch)] = receiver.received
    [resource] = batch.resource_spans
    attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert (path, authorization) == ("/v1/traces", "Bearer key")
    assert (attributes["service.name"], attributes["trader.mode"]) == ("alert-trader-worker", "demo")
    assert [span.name for each in resource.scope_spans for span in each.spans] == ["submit_entry"]
