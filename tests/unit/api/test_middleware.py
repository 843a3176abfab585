"""What a request meets before anything is done for it: keys, rates, sizes, and errors in words."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from alert_trader.api.app import make_app
from alert_trader.settings.load import load
from tests.unit.api.conftest import HOOK, OPS, Asked

MEDIA = "application/problem+json"
ALERT = {"message": "BTO SPY 600c 12/18 @ 1.20", "channel_id": "1", "user_id": "2", "dry_run": True}


def guarded_routes() -> list[tuple[str, str]]:
    """List every operation under /admin, as the application describes itself."""
    paths = make_app(load(environment={}).settings).openapi()["paths"]
    return [
        (method, path)
        for path, operations in paths.items()
        if path.startswith("/admin")
        for method in operations
    ]


@pytest.mark.parametrize(("method", "path"), guarded_routes())
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong-key-0123456789abcdef"}, {"x-api-key": ""}])
async def test_a_request_without_a_key_is_refused(
    asking: Asked, method: str, path: str, headers: dict[str, str]
) -> None:
    """401 comes before anything else.

    Before the body is checked, and before Temporal, which cannot be reached here, is asked.
    """
    async with asking() as client:
        answer = await client.request(method, path.replace("{trade}", "x"), headers=headers, json={})
    assert (answer.status_code, answer.headers["content-type"]) == (401, MEDIA)
    assert "x-api-key" in answer.headers["www-authenticate"]


def test_there_are_guarded_routes() -> None:
    """The list that the test above walks is not empty."""
    assert len(guarded_routes()) >= 6


async def test_a_key_in_the_body_is_accepted(asking: Asked) -> None:
    """TradingView sets no header: its key is taken from the body of an alert, and from nowhere else."""
    async with asking() as client:
        assert (
            await client.post("/admin/alerts/process", json={**ALERT, "api_key": HOOK})
        ).status_code == 200
        assert (
            await client.post("/admin/alerts/process", json={**ALERT, "api_key": "wrong"})
        ).status_code == 401
        assert (await client.post("/admin/halt", json={"api_key": HOOK})).status_code == 401


async def test_without_keys_in_the_settings_every_request_is_refused(asking: Asked) -> None:
    """No key set means no way in, and the answer says what to set."""
    async with asking(TRADER_API_KEYS="") as client:
        answer = await client.get("/admin/trades", headers={"x-api-key": ""})
    assert answer.status_code == 401
    assert "TRADER_API_KEYS" in answer.json()["detail"]


async def test_each_key_has_its_own_rate_limit_and_halts_another(asking: Asked) -> None:
    """A webhook that uses up its own rate limit blocks no other key, and no halt."""
    async with asking(TRADER_API_RATE="3") as client:
        answers = [
            await client.post("/admin/alerts/process", json=ALERT, headers={"x-api-key": HOOK})
            for _ in range(4)
        ]
        other = await client.post("/admin/alerts/process", json=ALERT, headers={"x-api-key": OPS})
        halt = await client.post("/admin/halt", headers={"x-api-key": HOOK})
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["content-type"] == MEDIA
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert other.status_code == 200
    assert halt.status_code == 503


async def test_guessing_keys_is_slowed_down_and_affects_no_holder(asking: Asked) -> None:
    """An address that tries keys must wait; a valid key works from the same address."""
    async with asking(TRADER_API_RATE="2") as client:
        tries = [
            await client.get("/admin/trades", headers={"x-api-key": f"guess-{number}"}) for number in range(4)
        ]
        known = await client.post("/admin/alerts/process", json=ALERT, headers={"x-api-key": OPS})
    assert [answer.status_code for answer in tries] == [401, 401, 429, 429]
    assert known.status_code == 200


async def test_a_body_that_is_too_large_is_not_read(asking: Asked) -> None:
    """413 by what the header claims, and by what arrives when it claims nothing."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 1024

    async with asking(TRADER_API_MAX_BODY="4096") as client:
        claimed = await client.post("/admin/halt", content=b"x" * 5000, headers={"x-api-key": OPS})
        streamed = await client.post("/admin/halt", content=endless(), headers={"x-api-key": OPS})
    assert [(each.status_code, each.headers["content-type"]) for each in (claimed, streamed)] == [
        (413, MEDIA)
    ] * 2
    assert sent < 10


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("DELETE", "/admin/trades", 405),
        ("GET", "/admin/trades/..%2f", 404),
        ("GET", "/admin/trades/", 404),
    ],
)
async def test_a_missing_resource_has_the_same_error_form(
    asking: Asked, method: str, path: str, status: int
) -> None:
    """404 and 405 are problems as well; 405 names what is allowed."""
    async with asking() as client:
        answer = await client.request(method, path, headers={"x-api-key": OPS})
    assert (answer.status_code, answer.headers["content-type"], answer.json()["status"]) == (
        status,
        MEDIA,
        status,
    )
    assert status != 405 or answer.headers["allow"] == "GET"


async def test_a_wrong_request_names_its_faults_and_repeats_nothing(asking: Asked) -> None:
    """422 says where and what was expected.

    The value, which may be a secret in the wrong place, is not in the answer.
    """
    body = {**ALERT, "channel_id": "hunter2 hunter2", "api_kee": "hunter2"}
    async with asking() as client:
        answer = await client.post("/admin/alerts/process", json=body, headers={"x-api-key": OPS})
        broken = await client.post(
            "/admin/alerts/process",
            content=b"{",
            headers={"x-api-key": OPS, "content-type": "application/json"},
        )
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA)
    assert {error["pointer"] for error in answer.json()["errors"]} == {"body/channel_id", "body/api_kee"}
    assert "hunter2" not in answer.text
    assert (broken.status_code, broken.headers["content-type"]) == (422, MEDIA)


@pytest.mark.parametrize("path", ["/admin/alerts/process", "/admin/halt", "/admin/resume"])
async def test_a_broken_body_without_a_key_is_refused_for_the_key(asking: Asked, path: str) -> None:
    """FastAPI parses JSON first: without a key the answer is still 401, and the request counts."""
    async with asking(TRADER_API_RATE="2") as client:
        broken, as_json = b'{"message": ', {"content-type": "application/json"}
        statuses = [(await client.post(path, content=broken, headers=as_json)).status_code for _ in range(3)]
        held = [
            (await client.post(path, content=broken, headers={**as_json, "x-api-key": OPS})).status_code
            for _ in range(3)
        ]
    assert (statuses, held) == ([401, 401, 429], [422, 422, 429])


@pytest.mark.parametrize(
    ("content", "kind", "detail"),
    [
        (
            b'{"message": "BTO',
            "application/json",
            "expected JSON, found at character 12: Unterminated string starting at",
        ),
        (b"[1]", "application/json", "expected a JSON object"),
        (
            b"{}",
            "text/plain",
            "expected a JSON object under the header content-type: application/json, found text/plain",
        ),
        (
            b"{}",
            "",
            "expected a JSON object under the header content-type: application/json, found no such header",
        ),
    ],
)
async def test_an_invalid_json_body_is_explained(
    asking: Asked, content: bytes, kind: str, detail: str
) -> None:
    """What a sender forgets first is the header that says JSON.

    What a template breaks first is a quotation mark.
    """
    async with asking() as client:
        answer = await client.post(
            "/admin/alerts/process", content=content, headers={"x-api-key": OPS, "content-type": kind}
        )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "body", "detail": detail}]


async def test_an_unreachable_temporal_is_explained(asking: Asked) -> None:
    """503 with retry-after; without a key only that Temporal does not answer."""
    async with asking() as client:
        listed = await client.get("/admin/trades", headers={"x-api-key": OPS})
        ready = await client.get("/health/ready")
        live = await client.get("/health/live")
    assert (listed.status_code, listed.headers["content-type"], listed.headers["retry-after"]) == (
        503,
        MEDIA,
        "5",
    )
    assert "127.0.0.1:1" in listed.json()["detail"]
    assert (ready.status_code, "127.0.0.1:1" in ready.text) == (503, False)
    assert live.json() == {"state": "alive", "mode": "demo"}


async def test_a_halt_without_temporal_names_the_stop_file(asking: Asked) -> None:
    """HLT-10: without Temporal the problem says how to stop entries; nothing is acknowledged."""
    async with asking(TRADER_STOP_FILE="/var/lib/trader/STOP") as client:
        answer = await client.post("/admin/halt", headers={"x-api-key": OPS})
    assert answer.status_code == 503
    assert "create the file /var/lib/trader/STOP where the worker runs" in answer.json()["detail"]


async def test_an_internal_error_shows_no_traceback(
    asking: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """500 carries a number that the log has beside the trace; the answer has neither trace nor message."""

    async def broken(*_: object) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("secret inside")

    monkeypatch.setattr("alert_trader.api.temporal.TemporalConnection.client", broken)
    async with asking() as client:
        answer = await client.get("/admin/trades", headers={"x-api-key": OPS})
    assert (answer.status_code, answer.headers["content-type"]) == (500, MEDIA)
    number = answer.json()["detail"].split()[-1]
    assert ("secret inside" not in answer.text, "Traceback" not in answer.text) == (True, True)
    assert any(number in record.getMessage() for record in caplog.records if record.levelno == logging.ERROR)


async def test_metrics_and_logs_name_routes_instead_of_paths(
    asking: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    """A key, a path and a query appear in no metric and no log line; the name of the key does in the log."""
    caplog.set_level(logging.INFO, logger="alert-trader")
    async with asking() as client:
        await client.get("/admin/trades/secret-trade", headers={"x-api-key": OPS})
        await client.get("/admin/trades?symbol=secret-query", headers={"x-api-key": OPS})
        await client.get("/secret-path", headers={"x-api-key": "secret-key"})
        metrics = await client.get("/metrics")
    said = metrics.text + caplog.text
    assert 'route="/admin/trades/{trade}",status="503"' in metrics.text
    assert "key ops" in caplog.text
    assert not [
        word for word in ("secret-trade", "secret-query", "secret-path", "secret-key", OPS) if word in said
    ]
