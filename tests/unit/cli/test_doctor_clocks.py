"""What doctor reports about the clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alert_trader.cli.doctor_clocks import clock_finding
from alert_trader.domain.account.account import new_account
from alert_trader.domain.account.clocks import ClockReport, Offset
from alert_trader.domain.account.limits import Limits
from alert_trader.domain.account.view import AccountView
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber
from alert_trader.workflows.account.view import build_view
from alert_trader.workflows.interface import AccountRequest

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)


def view(*ahead: float | None) -> AccountView:
    """Return an account with a worker for each offset; None is not known."""
    clocks = tuple(
        ClockReport(worker=f"worker {number}", temporal=found, broker=found, at=NOW)
        for number, found in enumerate(map(_offset, ahead))
    )
    return build_view(
        request=AccountRequest(account=AccountNumber("5WT00001"), mode=Mode.DEMO, limits=Limits()),
        account=new_account(Limits(), NOW),
        checks=(),
        stream_since=None,
        foreign=(),
        now=NOW,
        clocks=clocks,
        stuck=(),
    )


def _offset(seconds: float | None) -> Offset | None:
    if seconds is None:
        return None
    return Offset(lowest=timedelta(seconds=seconds), highest=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("ahead", "ok", "needed", "words"),
    [
        ((), False, False, "no worker has reported"),
        ((0.0,), True, False, "0.00 s"),
        ((0.4,), False, False, "0.40 s (±0.00 s) ahead of Temporal"),
        ((None,), False, False, "not known"),
        ((0.0, -1.5), False, True, "worker 1: 1.50 s (±0.00 s) behind Temporal"),
    ],
)
def test_each_state_has_its_finding(ahead: Any, words: str, *, ok: bool, needed: bool) -> None:
    """A note from 0.25 s on or while not known, a failure from 1 s on, each with what to do."""
    found = clock_finding(view(*ahead))
    assert (found.ok, found.needed or found.ok, bool(found.fix)) == (ok, needed or ok, not ok)
    assert words in found.found
