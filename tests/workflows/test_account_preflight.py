"""The account's preflight: a failure stops entries and is retried, over new runs too."""

from datetime import timedelta

import pytest

from alert_trader.domain.account.preflight import Check
from alert_trader.domain.audit.event import EventKind
from alert_trader.domain.denial import Code
from alert_trader.domain.market.calendar import session_opens_at
from alert_trader.workflows.interface import (
    PREFLIGHT_SIGNAL,
    Command,
)
from tests.support.account_days import Clocked, ask, following
from tests.support.commands import account_command


async def test_a_failed_preflight_is_retried_and_stops_entries(clocked: Clocked) -> None:
    """RSK-20: paged once, with what was found; right again it admits entries, and that is said too."""
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    await clocked.until(opens - timedelta(minutes=5))
    clocked.broker.checks = (Check(name="token", ok=False, found="expired", fix="renew it"),)
    await clocked.open(day)
    answer = await clocked.ask(ask(day))
    assert answer.denied is not None
    assert answer.denied.code is Code.PREFLIGHT_FAILED
    assert "renew it" in answer.denied.reason
    readings = clocked.broker.readings
    clocked.broker.checks = ()
    await clocked.until(opens + timedelta(hours=1))
    assert clocked.broker.readings > readings
    assert (await clocked.ask(ask(day))).admitted is not None
    texts = [event.text for event in (await clocked.view()).events if event.kind is EventKind.PREFLIGHT]
    assert [text.startswith("Preflight failed") for text in texts] == [True, False]


WRONG = (Check(name="token", ok=False, found="expired", fix="renew it"),)


@pytest.mark.parametrize(
    "begun", [timedelta(hours=-9), timedelta(minutes=-2), timedelta(minutes=15), timedelta(minutes=45)]
)
async def test_a_preflight_is_repeated_after_continue_as_new(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch, begun: timedelta
) -> None:
    """RSK-20: the daily continue-as-new, before, at or after the failure at the open, does not end the tries.

    With a passing preflight it admits entries.
    """
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    if begun > timedelta(0):
        await clocked.until(opens - timedelta(minutes=5))
        clocked.broker.checks = WRONG
    await clocked.start_new_run_at(opens + begun, monkeypatch)
    clocked.broker.checks = WRONG
    await clocked.until(opens + timedelta(hours=1))
    answer = await clocked.ask(ask(day))
    assert answer.denied is not None
    assert answer.denied.code is Code.PREFLIGHT_FAILED
    clocked.broker.checks = ()
    await clocked.until(opens + timedelta(hours=1, minutes=10))
    assert (await clocked.ask(ask(day))).admitted is not None


async def test_a_run_that_starts_with_a_failed_preflight_repeats_it(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RSK-20: the continue-as-new fell between a failure and its next try.

    It is due again, and not at the next midnight.
    """
    day = await following(clocked)
    opens = session_opens_at(day)
    assert opens is not None
    await clocked.until(opens - timedelta(minutes=5))
    clocked.broker.checks = WRONG
    await clocked.until(opens + timedelta(minutes=10))
    clocked.broker.checks = ()
    readings = clocked.broker.readings
    await clocked.start_new_run_at(opens + timedelta(minutes=11), monkeypatch)
    await clocked.until(opens + timedelta(minutes=17))
    assert clocked.broker.readings > readings
    assert (await clocked.ask(ask(day))).admitted is not None


async def test_a_failed_manual_preflight_is_retried(clocked: Clocked) -> None:
    """RSK-20: `trader account preflight` found something wrong in the middle of the day.

    It is read again within minutes.
    """
    day = await following(clocked)
    await clocked.open(day)
    opens = session_opens_at(day)
    assert opens is not None
    clocked.broker.checks = WRONG
    found = await account_command(clocked.handle, PREFLIGHT_SIGNAL, Command(by="ann"), list[Check])
    assert [each.ok for each in found if each.name == "token"] == [False]
    clocked.broker.checks = ()
    await clocked.until(opens + timedelta(minutes=40))
    assert (await clocked.ask(ask(day))).admitted is not None
