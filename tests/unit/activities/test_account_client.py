"""The line to the account: every question is bounded, however many there are."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from alert_trader.activities import account_client
from alert_trader.activities.account_client import MAX_CONCURRENT, AccountClient, AccountUnreachableError
from alert_trader.domain.ids import AccountNumber


async def test_concurrent_requests_to_a_silent_account_time_out_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """UNK-10: whoever waited for a place among silent ones would be cut off in the middle of a sending.

    Which is unknown then.
    """
    monkeypatch.setattr(account_client, "ASK_WITHIN", timedelta(seconds=0.2))

    async def silent(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    client: Any = SimpleNamespace(get_workflow_handle=lambda _: SimpleNamespace(execute_update=silent))
    line, request = AccountClient(client, AccountNumber("5WT31673")), SimpleNamespace(order="m1-e1")
    asked: list[Any] = [line.ask(request) for _ in range(4 * MAX_CONCURRENT)]  # type: ignore[arg-type]
    async with asyncio.timeout(0.5):
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, AccountUnreachableError) for answer in answers)
