"""TLS and keys before Temporal, by real connections of the real client."""

import ssl
import time
from datetime import timedelta
from pathlib import Path

import pytest

from alert_trader.control.errors import UnreachableError
from alert_trader.control.temporal import Target, connect
from tests.support.certificates import Authority
from tests.support.grpc_server import grpc_server


@pytest.mark.parametrize("status", [7, 16])
async def test_a_wrong_key_is_one_sentence_at_once(status: int) -> None:
    """DUR-50: no header of the server is shown, nothing is tried for ten seconds, and the key is named."""
    began = time.monotonic()
    async with grpc_server(status) as address:
        with pytest.raises(UnreachableError) as refused:
            await connect(Target(address=address, namespace="live"))
    text = str(refused.value)
    assert text.startswith(f"Temporal at {address} refused the credentials: Request unauthorized (")
    assert "TEMPORAL_API_KEY" in text
    assert "metadata" not in text
    assert "hunter2" not in text
    assert time.monotonic() - began < 5


def mutual(authority: Authority) -> ssl.SSLContext:
    """Return what a server needs that accepts only clients with a certificate of the authority."""
    own = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    return context


async def test_a_cluster_with_client_certificates_and_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's variables, which the compose file passes on, are all that such a cluster needs."""
    authority = Authority(tmp_path)
    client = authority.issue("client")
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(authority.file))
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(client.certificate))
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(client.key))
    monkeypatch.setenv("TEMPORAL_API_KEY", "hunter2")
    async with grpc_server(0, tls=mutual(authority)) as address:
        connected = await connect(Target(address=address, namespace="live"))
        assert connected.namespace == "live"
        assert connected.service_client.config.api_key == "hunter2"


@pytest.mark.parametrize("missing", ["TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_PATH"])
async def test_without_a_certificate_nothing_is_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Neither to a server of another authority, nor without an own certificate; the address is named."""
    authority = Authority(tmp_path)
    client = authority.issue("client")
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    if missing != "TEMPORAL_TLS_SERVER_CA_CERT_PATH":
        monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(authority.file))
    if missing != "TEMPORAL_TLS_CLIENT_CERT_PATH":
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(client.certificate))
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(client.key))
    async with grpc_server(0, tls=mutual(authority)) as address:
        with pytest.raises(UnreachableError, match=f"no Temporal server at {address}") as refused:
            await connect(Target(address=address, namespace="live"), within=timedelta(seconds=1))
    names_the_authority = missing in str(refused.value)
    assert names_the_authority is (missing == "TEMPORAL_TLS_SERVER_CA_CERT_PATH")
