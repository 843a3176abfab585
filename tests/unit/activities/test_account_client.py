"""The line to the account: every question is bounded, however many there are."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from alert_trader.activities import account_client
from alert_trader.activities.account_client import AccountClient, AccountUnreachableError
from alert_trader.domain.ids import AccountNumber


async def test_concurrent_requests_to_a_silent_account_time_out_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """UNK-10: a question that outlived its own activity would be answered in the middle of a submission.

    Each is cut off by its own time, however many wait.
    """
    monkeypatch.setattr(account_client, "ASK_WITHIN", timedelta(seconds=0.2))

    async def silent(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    handle = SimpleNamespace(describe=silent, signal=silent)
    client: Any = SimpleNamespace(get_workflow_handle=lambda _: handle)
    account, request = AccountClient(client, AccountNumber("5WT31673")), SimpleNamespace(order="m1-e1")
    asked: list[Any] = [account.ask(request) for _ in range(20)]  # type: ignore[arg-type]
    async with asyncio.timeout(0.5):
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, AccountUnreachableError) for answer in answers)
