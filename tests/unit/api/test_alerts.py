"""Alerts in, as far as that is decided before Temporal is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_trader import clock
from alert_trader.api.alerts import derived_id
from alert_trader.domain.ids import Leg, client_order_id
from tests.unit.api.conftest import HOOK, OPS, Asked

ALERT = {"message": "BTO SPY 600c 12/18 @ 1.20", "channel_id": "1", "user_id": "2"}


async def identity(asking: Asked, body: dict[str, object], key: str = OPS, **headers: str) -> str:
    """Return the message id of a request; a dry run, because no Temporal runs."""
    async with asking() as client:
        answer = await client.post(
            "/admin/alerts/process",
            json={**ALERT, "dry_run": True, **body},
            headers={"x-api-key": key, **headers},
        )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["message_id"])


async def test_the_same_alert_is_the_same_message(asking: Asked) -> None:
    """WHO-20: the same idempotency key, in header or body.

    Without one, the same text, author, channel and day.
    """
    by_key = await identity(asking, {"idempotency_key": "tv-17"})
    assert await identity(asking, {"message": "BTO QQQ 500c 12/18", "idempotency_key": "tv-17"}) == by_key
    assert await identity(asking, {}, **{"Idempotency-Key": "tv-17"}) == by_key
    by_words = await identity(asking, {})
    assert await identity(asking, {"posted_at": clock.now().isoformat()}) == by_words
    assert (
        len(
            {
                by_key,
                by_words,
                await identity(asking, {"user_id": "3"}),
                await identity(asking, {"idempotency_key": "tv-18"}),
            }
        )
        == 4
    )


async def test_two_holders_may_use_the_same_idempotency_key(asking: Asked) -> None:
    """WHO-20: what two webhooks number alike are two alerts."""
    assert await identity(asking, {"idempotency_key": "1"}) != await identity(
        asking, {"idempotency_key": "1"}, key=HOOK
    )


async def test_two_keys_for_one_alert_are_refused(asking: Asked) -> None:
    """Which of them is meant is never guessed."""
    async with asking() as client:
        headers = {"x-api-key": OPS, "idempotency-key": "a"}
        answer = await client.post(
            "/admin/alerts/process", json={**ALERT, "idempotency_key": "b"}, headers=headers
        )
    assert answer.status_code == 409


@given(parts=st.lists(st.text(max_size=30), max_size=5), other=st.lists(st.text(max_size=30), max_size=5))
def test_a_derived_id_is_a_message_id(parts: list[str], other: list[str]) -> None:
    """ENT-30: it is a pure function, fits every name that derives from it, and differs where a part does."""
    name = derived_id(*parts)
    assert name == derived_id(*parts)
    assert len(client_order_id(name, Leg.EXIT, 9999)) <= 36
    assert (name == derived_id(*other)) is (parts == other)


async def test_a_dry_run_without_a_dry_run_worker_only_parses(asking: Asked) -> None:
    """DRY-10, DRY-30: without a dry-run worker an alert is parsed and nothing is started anywhere."""
    async with asking() as client:
        answer = await client.post(
            "/admin/alerts/process", json={**ALERT, "dry_run": True}, headers={"x-api-key": OPS}
        )
    found = answer.json()
    assert (found["result"], found["mode"], found["workflow_id"]) == ("parsed-only", "dry-run", None)
    assert (found["parsed"]["symbol"], found["parsed"]["strike"]) == ("SPY", "600")
    assert "dry-run" in found["detail"]


async def test_a_request_cannot_widen_the_mode(asking: Asked) -> None:
    """DRY-20: where the mode sends nothing, a request for a real trade is refused."""
    async with asking(TRADER_MODE="dry-run") as client:
        answer = await client.post(
            "/admin/alerts/process", json={**ALERT, "dry_run": False}, headers={"x-api-key": OPS}
        )
    assert (answer.status_code, "dry-run" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    "body",
    [
        {"message": ""},
        {"message": "x" * 4001},
        {"user_id": "2; drop"},
        {"posted_at": "2026-11-24T10:00:00"},
        {"posted_at": "today"},
        {"dry_run": "maybe"},
        {"extra": 1},
        {"idempotency_key": "new\nline"},
    ],
)
async def test_an_invalid_alert_request_is_refused(asking: Asked, body: dict[str, object]) -> None:
    """A field too long, of another shape, without a zone, or unknown is a fault of the request."""
    async with asking() as client:
        answer = await client.post(
            "/admin/alerts/process", json={**ALERT, **body}, headers={"x-api-key": OPS}
        )
    assert answer.status_code == 422
