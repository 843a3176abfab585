"""A worker that demands encrypted inputs: access to Temporal alone opens no trade."""

from dataclasses import replace

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from alert_trader.control.payload_codec import EncryptionCodec
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.domain.trade.view import TradeView
from tests.support.harness import open_harness
from tests.support.virtual_time import StartsNow

OURS = EncryptionCodec([("ours", b"k" * 32)])


def client_with(env: WorkflowEnvironment, codec: EncryptionCodec | None) -> Client:
    """Return a client that encrypts with a codec; in plain without one."""
    return Client(
        env.client.service_client,
        namespace=env.client.namespace,
        data_converter=replace(DATA_CONVERTER, payload_codec=codec),
        interceptors=[StartsNow()],
    )


async def test_a_forged_alert_is_not_traded(env: WorkflowEnvironment) -> None:
    """WHO-10: started in plain by whoever reaches Temporal's port, in the name of an allowed author.

    The same alert from somebody who has the key is traded.
    """
    ours = client_with(env, OURS)
    async with open_harness(ours) as harness:
        await harness.quote("1.20", "1.20")
        harness.client = client_with(env, None)
        forged = await harness.alert(price="1.20")
        harness.client = ours
        harness.handles[-1] = trade = ours.get_workflow_handle(forged.id, result_type=TradeView)
        view = await trade.result()
        assert (view.outcome, view.bought, harness.posts()) == (Outcome.DENIED, 0, [])
        assert (view.reason or "").startswith(NotSentReason.WORKER_SETTINGS), view.reason
        genuine = await harness.alert(price="1.20")
        await harness.until(genuine, "traded", phase=Phase.HOLDING, exits_working=2)
