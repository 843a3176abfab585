"""An order whose outcome becomes known after the window: the ladder continues by the clock."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alert_trader.domain.execution.policy import LadderPolicy
from alert_trader.domain.trade.lifecycle import Outcome
from tests.support.harness import Harness, policy

SHORT = replace(LadderPolicy(), step=timedelta(seconds=0.5), window=timedelta(seconds=1.9))
"""Over before a stalled call is given up by the adapter, which waits for 2 s."""


@pytest.mark.parametrize("kind", ["stall-after", "late"])
async def test_an_entry_known_only_after_the_window_is_converted(harness: Harness, kind: str) -> None:
    """The answer came too late for the next stage and in time for the conversion.

    The order is cancelled and converted (ENT-10).
    """
    await harness.quote("1.10", "1.30")
    await harness.fault(
        kind=kind, method="POST", path="*/orders", client_id="*-e1", seconds=1.95 if kind == "late" else 6
    )
    trade = await harness.alert(rules=policy(ladder=SHORT))
    await harness.until(trade, "converted", bought=4, exits_working=2)
    assert harness.entry_limits() == ["1.2", "1.32"]


async def test_an_entry_known_only_after_the_grace_is_cancelled(harness: Harness) -> None:
    """The answer came when nobody wants the entry any more: it is cancelled, not left working (DUR-40)."""
    await harness.quote("1.10", "1.30")
    await harness.fault(kind="stall-after", method="POST", path="*/orders", client_id="*-e1", seconds=6)
    trade = await harness.alert(rules=policy(ladder=replace(SHORT, grace=timedelta(0))))
    view = await trade.result()
    assert view.outcome is Outcome.UNFILLED
    assert "LADDER_LATE" in (view.reason or "")
    assert harness.entry_limits() == ["1.2"]
