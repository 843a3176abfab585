"""The pages of the Web UI: what Temporal's own query answers for a trade and for an account."""

from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle

from alert_trader.domain.ids import account_workflow_id
from alert_trader.domain.market.calendar import eastern
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.worker.current_details import METADATA_QUERY
from tests.support.harness import Harness


async def page(handle: WorkflowHandle[Any, Any]) -> str:
    """Read a page as the Web UI does."""
    answer: WorkflowMetadata = await handle.query(METADATA_QUERY, result_type=WorkflowMetadata)
    return answer.current_details


async def test_a_page_shows_a_workflow_as_it_is_now(harness: Harness) -> None:
    """It is written on request: nothing of it can be out of date."""
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "held", phase=Phase.HOLDING, exits_working=2)
    events = await harness.events(trade)
    shown = await page(trade)
    assert "bought 4 at 1.20, sold 0, held 4, in working exits 2" in shown
    assert shown.rstrip().endswith(f"{len(events)}. {eastern(events[-1].at)} {events[-1].text}")
    account = harness.client.get_workflow_handle(account_workflow_id(harness.account))
    shown = await page(account)
    assert shown.startswith("**ACTIVE**")
    assert f"`{trade.id}`" in shown
