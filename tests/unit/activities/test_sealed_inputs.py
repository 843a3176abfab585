"""An input is trusted when somebody with a key has written it for this very trade."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryResponse
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from alert_trader.activities.sealed_inputs import SealedInputs
from alert_trader.control.payload_codec import EncryptionCodec
from alert_trader.domain.ids import WorkflowId

OURS, THEIRS = (EncryptionCodec([(name, name.encode() * 16)]) for name in ("k1", "k2"))
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
TRADE = WorkflowId("trade-m1")


def server(*given: Payload, answers: bool = True) -> Any:
    """Return a client of a server that has a run with this input, or does not answer."""

    async def history(*_: object, **__: object) -> GetWorkflowExecutionHistoryResponse:
        if not answers:
            raise RPCError("the server restarts", RPCStatusCode.UNAVAILABLE, b"")
        event = HistoryEvent()
        event.workflow_execution_started_event_attributes.input.payloads.extend(given)
        found = GetWorkflowExecutionHistoryResponse()
        found.history.events.append(event)
        return found

    return SimpleNamespace(workflow_service=SimpleNamespace(get_workflow_execution_history=history))


async def problem(client: Any, workflow_id: str = TRADE) -> str | None:
    """Return what is wrong with an input for `TRADE` in a run of this workflow."""
    environment = ActivityEnvironment(client=client)
    environment.info = replace(environment.info, workflow_id=workflow_id)
    found: str | None = await environment.run(SealedInputs(OURS.opens).problem, TRADE)
    return found


async def test_an_input_that_our_key_opens_is_trusted() -> None:
    """WHO-10: the cipher authenticates what it encrypts."""
    assert await problem(server(*await OURS.encode([PLAIN]))) is None


@pytest.mark.parametrize("case", ["plain", "of another key", "changed", "none", "of another trade", "silent"])
async def test_any_other_input_is_not(case: str) -> None:
    """WHO-10, WHO-20: in plain, by another key, with a changed byte, copied from another trade, not shown."""
    [ours], [theirs] = await OURS.encode([PLAIN]), await THEIRS.encode([PLAIN])
    changed = Payload(metadata=ours.metadata, data=ours.data[:-1] + bytes([ours.data[-1] ^ 1]))
    given = {"plain": (PLAIN,), "of another key": (theirs,), "changed": (changed,), "none": ()}
    client = server(*given.get(case, (ours,)), answers=case != "silent")
    assert await problem(client, "trade-m2" if case == "of another trade" else TRADE) is not None
