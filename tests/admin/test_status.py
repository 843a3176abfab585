"""The whole account on one screen, on the real stack."""

import json
from decimal import Decimal

from alert_trader.control.queries.status import read_status
from alert_trader.domain.trade.lifecycle import Phase
from tests.admin.test_sealed import commands
from tests.support.cluster import WorkerSlot


async def test_the_status_has_what_positions_are_worth(slot: WorkerSlot) -> None:
    """Every position at its bid, from one read of quotes, with its exits and the feeds; as JSON too."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    view = await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    await trade.quote("1.40", "1.60")
    settings = slot.settings
    found = await read_status(slot.cluster.client, settings.account, settings.mode.value)
    [row] = [each for each in found.trades if each.workflow_id == view.workflow_id]
    assert row.worth is not None
    assert (row.worth.mark, row.worth.unrealised) == (Decimal("1.40"), Decimal("80.00"))
    assert found.unrealised is not None
    assert found.quotes_at is not None
    assert found.quotes_missing is None
    assert found.workers
    assert found.view is not None
    assert found.last_alert is not None
    document = json.loads(await commands(slot, ("status", "--json")))
    shown = {each["workflow_id"]: each["worth"] for each in document["trades"]}
    assert shown[view.workflow_id]["unrealised"] == "80.00"
