"""The codec server decrypts payloads for the Web UI's page only."""

import base64
import os
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload, Payloads

from alert_trader.control.payload_codec import EncryptionCodec
from tests.unit.api.conftest import ORIGIN, TOKEN, Asked

KEY = os.urandom(32)
SETTINGS = {"TRADER_ENCRYPTION_KEYS": f"k1:{base64.b64encode(KEY).decode()}", "TRADER_CODEC_TOKEN": TOKEN}
FROM_UI = {"origin": ORIGIN, "x-namespace": "demo"}


async def wire(data: bytes) -> dict[str, Any]:
    """Return an encrypted payload as the Web UI sends it."""
    sealed = await EncryptionCodec([("k1", KEY)]).encode(
        [Payload(metadata={"encoding": b"json/plain"}, data=data)]
    )
    return MessageToDict(Payloads(payloads=sealed))


async def test_the_web_ui_encodes_and_decodes(asking: Asked) -> None:
    """Decrypting returns what was encrypted, and the CORS headers allow the browser to read it."""
    async with asking(**SETTINGS) as client:
        asked = await client.options(
            f"/codec/{TOKEN}/decode",
            headers={**FROM_UI, "access-control-request-headers": "content-type,x-namespace,x-evil"},
        )
        opened = await client.post(f"/codec/{TOKEN}/decode", json=await wire(b'"BTO SPY"'), headers=FROM_UI)
        sealed = await client.post(f"/codec/{TOKEN}/encode", json=opened.json(), headers=FROM_UI)
        again = await client.post(f"/codec/{TOKEN}/decode", json=sealed.json(), headers=FROM_UI)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert asked.headers["access-control-allow-headers"] == "content-type, x-namespace"
    assert opened.headers["access-control-allow-origin"] == ORIGIN
    assert base64.b64decode(opened.json()["payloads"][0]["data"]) == b'"BTO SPY"'
    assert "BTO" not in base64.b64decode(sealed.json()["payloads"][0]["data"]).decode(errors="replace")
    assert again.json() == opened.json()


@pytest.mark.parametrize(
    ("token", "headers", "settings", "status"),
    [
        ("wrong-token-0123456789", FROM_UI, {}, 404),
        (TOKEN, {}, {}, 403),
        (TOKEN, {"origin": "http://evil.example"}, {}, 403),
        (TOKEN, FROM_UI, {"TRADER_CODEC_TOKEN": ""}, 404),
        (TOKEN, FROM_UI, {"TRADER_ENCRYPTION_KEYS": ""}, 404),
    ],
)
async def test_every_other_caller_is_refused(
    asking: Asked, token: str, headers: dict[str, str], settings: dict[str, str], status: int
) -> None:
    """Without the token there is nothing here.

    With it, another page, or a program that names none, is refused.
    """
    async with asking(**{**SETTINGS, **settings}) as client:
        for action in ("decode", "encode"):
            answer = await client.post(f"/codec/{token}/{action}", json=await wire(b"1"), headers=headers)
            assert answer.status_code == status
            assert "access-control-allow-origin" not in answer.headers


async def test_an_unreadable_payload_is_reported(asking: Asked) -> None:
    """A payload of another key, and one that is no base64, are faults in words; the page may read them."""
    other = [Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"k0"}, data=b"x")]
    bodies = [
        MessageToDict(Payloads(payloads=other)),
        {"payloads": [{"metadata": {"encoding": "!"}, "data": "?"}]},
    ]
    async with asking(**SETTINGS) as client:
        answers = [await client.post(f"/codec/{TOKEN}/decode", json=body, headers=FROM_UI) for body in bodies]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert "k0" in answers[0].json()["detail"]
    assert answers[0].headers["access-control-allow-origin"] == ORIGIN
