"""How long a worker may hold a workflow task, and what goes first where workers are few."""

from alert_trader import clock
from alert_trader.control.start_trade import start_trade
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.ids import account_workflow_id, message_id
from alert_trader.workflows import timing
from alert_trader.workflows.activity_options import PROTECTS
from alert_trader.workflows.interface import TradeRequest
from tests.support.harness import AUTHOR, CHANNEL, GUILD, Harness, policy


async def test_trades_and_accounts_are_started_with_short_tasks(harness: Harness) -> None:
    """EXT-40, DUR-10: a death within a task delays nobody for Temporal's ten seconds."""
    message = AlertMessage(
        message_id=message_id("short-tasks"),
        text="nothing to buy",
        author_id=AUTHOR,
        channel_id=CHANNEL,
        guild_id=GUILD,
        posted_at=clock.now(),
    )
    request = TradeRequest(alert=message, policy=policy(), account=harness.account)
    started = await start_trade(harness.client, request)
    for workflow_id in (started.workflow_id, account_workflow_id(harness.account)):
        described = await harness.client.get_workflow_handle(workflow_id).describe()
        config = described.raw_description.execution_config
        assert config.default_workflow_task_timeout.ToTimedelta() == timing.TASK_TIMEOUT
    # the last of them is the account, whose tasks carry halts
    assert described.raw_description.workflow_execution_info.priority.priority_key == PROTECTS.priority_key
