"""Admission through the real server: many questions together, and the confirmation of what became old."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.activities import account_client
from alert_trader.activities.account_client import AccountClient, AdmissionGrant
from alert_trader.control.commands import account_commands as control
from alert_trader.control.queries import account as account_queries
from alert_trader.domain.ids import account_workflow_id
from tests.support.account_days import LOOSE, ask
from tests.support.harness import Harness, open_harness

AT_ONCE = 100


@pytest.fixture
async def loose(env: WorkflowEnvironment) -> AsyncIterator[Harness]:
    """Open a harness whose account has money as its only limit."""
    async with open_harness(env.client, limits=LOOSE) as opened:
        yield opened


def until(grant: AdmissionGrant) -> float:
    """Return until when an admission may be used."""
    assert grant.window is not None
    return grant.window.until


async def test_questions_of_one_instant_go_together_and_never_over_commit(loose: Harness) -> None:
    """RSK-20: a hundred entries take a few signals, and what is admitted fits into the buying power."""
    account = AccountClient(loose.client, loose.account)
    questions = [ask(loose.expiry) for _ in range(AT_ONCE)]
    answers = await asyncio.gather(*(account.ask(each) for each in questions))
    admitted = [each.answer.admitted for each in answers if each.answer.admitted is not None]
    after = await account_queries.account_view(loose.client, loose.account)
    assert len(after.open_trades) == len(admitted) == questions[0].buying_power // questions[0].cost_each
    assert after.committed == len(admitted) * questions[0].cost_each
    history = await loose.client.get_workflow_handle(account_workflow_id(loose.account)).fetch_history()
    signals = [
        event
        for event in history.events
        if event.workflow_execution_signaled_event_attributes.signal_name == "admit"
    ]
    assert len(signals) <= AT_ONCE / 10
    again = await asyncio.gather(*(account.ask(each) for each in questions[:3]))
    assert [each.answer.admitted.first for each in again if each.answer.admitted] == [False] * 3


async def test_an_admission_is_confirmed_in_its_epoch_alone(
    loose: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HLT-10: once a halt is acknowledged, no admission from before it is confirmed, not after a resume.

    A confirmation records nothing.
    """
    monkeypatch.setattr(account_client, "SHARED_FOR", account_client.SHARED_FOR * 0)
    account = AccountClient(loose.client, loose.account)
    handle = loose.client.get_workflow_handle(account_workflow_id(loose.account))
    grant = await account.ask(ask(loose.expiry))
    length = (await handle.describe()).history_length
    confirmed = await account.confirmed(grant)
    assert until(confirmed) > until(grant)
    assert (await handle.describe()).history_length == length
    await control.halt(loose.client, loose.account, by="ann", reason="a test")
    assert await account.confirmed(grant) == grant
    await control.resume(loose.client, loose.account, by="ann", changed="over")
    assert await account.confirmed(grant) == grant
    after = await account.ask(ask(loose.expiry))
    assert until(await account.confirmed(after)) > until(after)
