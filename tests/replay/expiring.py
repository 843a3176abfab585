"""A trade to record that holds to its contract's end.

The time-skipping server is the only one on which that takes no days.
"""

from dataclasses import replace
from decimal import Decimal

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from alert_trader import clock
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.queries.history import fetch_runs
from alert_trader.domain.alerts.alert import AlertMessage
from alert_trader.domain.ids import message_id
from alert_trader.domain.market.calendar import new_york_date, next_trading_day
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.trade.lifecycle import Outcome
from alert_trader.domain.trade.view import TradeView
from alert_trader.runtime.local.temporal_server import find_binary
from alert_trader.workflows.interface import TRADE_WORKFLOW, TradeRequest, task_queue
from alert_trader.workflows.search_attributes import KEYS
from tests.support.harness import AUTHOR, CHANNEL, CONTRACT, GUILD, open_harness, policy
from tests.support.instants import ORDINARY
from tests.support.virtual_time import StartsNow

SETTINGS = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="1ms"',
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
)


async def expired(name: str) -> list[WorkflowHistory]:
    """Buy what expires on the next trading day, and hold it to its end."""
    return await _held_to_the_end(name, refused=0)


async def exit_rejected(name: str) -> list[WorkflowHistory]:
    """Do the same with an exit that is refused for an hour before it is taken."""
    return await _held_to_the_end(name, refused=13)


async def _held_to_the_end(name: str, *, refused: int) -> list[WorkflowHistory]:
    contract = replace(CONTRACT, expiry=next_trading_day(new_york_date(ORDINARY)), strike=Decimal(600))
    with clock.moved_to(ORDINARY):
        return await _held(name, contract, refused)


async def _held(name: str, contract: OptionContract, refused: int) -> list[WorkflowHistory]:
    async with (
        await WorkflowEnvironment.start_time_skipping_v2(
            dev_server_existing_path=str(find_binary(None)),
            data_converter=DATA_CONVERTER,
            search_attributes=list(KEYS),
            interceptors=[StartsNow()],
            dev_server_extra_args=[part for each in SETTINGS for part in ("--dynamic-config-value", each)],
        ) as env,
        open_harness(env.client) as harness,
    ):
        harness.exit_fraction = None
        await harness.control.set_quote(contract.occ_symbol, bid="1.20", ask="1.20")
        if refused > 0:
            refusal = {"status": 422, "code": "margin_check_failed", "count": refused}
            await harness.fault(kind="status", method="POST", path="*/orders", client_id="*-x*", **refusal)
        alert = AlertMessage(
            message_id=message_id(f"golden-{name}"),
            text=f"BTO SPY {contract.expiry:%m/%d/%Y} 600c @ 1.20",
            author_id=AUTHOR,
            channel_id=CHANNEL,
            guild_id=GUILD,
            posted_at=clock.now(),
        )
        handle = await env.client.start_workflow(
            TRADE_WORKFLOW,
            TradeRequest(alert=alert, policy=policy(), account=harness.account),
            id=f"trade-golden-{name}",
            task_queue=task_queue(harness.account),
            result_type=TradeView,
        )
        assert (await handle.result()).outcome is Outcome.EXPIRED
        return await fetch_runs(env.client, handle.id)
