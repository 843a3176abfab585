"""Stored histories on today's code.

The same commands, no secrets, and a replayer that would notice a change.
"""

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from alert_trader.activities.housekeeping import HousekeepingCounts
from alert_trader.control.payload_converter import DATA_CONVERTER
from alert_trader.control.queries.history import read_history, replay
from alert_trader.control.queries.history_steps import StepKind, steps_of
from alert_trader.domain.trade.lifecycle import Step, Trigger
from alert_trader.domain.trade.view import TradeView
from alert_trader.workflows.account.workflow import AccountWorkflow
from alert_trader.workflows.housekeeping import HOUSEKEEPING_WORKFLOW, HousekeepingWorkflow, Round
from alert_trader.workflows.interface import ACCOUNT_WORKFLOW, TRADE_WORKFLOW, AccountRequest, TradeRequest
from alert_trader.workflows.trade.workflow import TradeWorkflow
from tests.replay.record import CANARIES, FINGERPRINTS, HISTORIES, RECORDER, ROOT, fingerprint, missing, stems

FILES = sorted(HISTORIES.glob("*.json"))
TRADES = [path for path in FILES if path.stem.startswith("trade-")]
LIVED = [path.stem for path in FILES if path.stem.startswith("account-golden-lived-")]
SENDING = {"submit_entry", "bump_entry", "convert_entry", "submit_exit"}

golden = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
golden_trade = pytest.mark.parametrize("path", TRADES, ids=[path.stem for path in TRADES])


def workflow_of(path: Path) -> str:
    """Return the id of a history's workflow."""
    return path.stem.partition(".run")[0]


def runs_of(path: Path) -> list[Path]:
    """Return the histories of all runs of a history's workflow, the first run first."""
    return [each for each in FILES if workflow_of(each) == workflow_of(path)]


def test_every_scenario_is_recorded() -> None:
    """No golden history is missing, and none lies about that nobody records any more."""
    assert missing() == []
    assert {workflow_of(path) for path in FILES} == {*stems(), *LIVED}
    assert max(len(runs_of(path)) for path in TRADES) > 2
    assert len(LIVED) > 1
    assert {path.stem for path in FINGERPRINTS.glob("*.txt")} == {path.stem for path in FILES}


@golden
async def test_a_stored_history_replays(path: Path) -> None:
    """Each stored history of a trade, an account and the housekeeping replays on the present code (DUR-10).

    A meant change is patched.
    """
    replayed = await replay([read_history(path)])
    assert replayed.deterministic, replayed.fault
    assert replayed.fault is None


@golden
def test_a_history_has_its_fingerprint(path: Path) -> None:
    """What a recorded trade asked of the world reads as kept beside it.

    That a new recording shows what it changed.
    """
    assert fingerprint(path) == (FINGERPRINTS / f"{path.stem}.txt").read_text()


@golden_trade
def test_the_fingerprint_agrees_with_the_events(path: Path) -> None:
    """ENT-30, ENT-40: the orders of a finished trade were sent once each, with the intent in history."""
    steps = [step for run in runs_of(path) for step in steps_of(read_history(run))]
    sendings = [step.inputs[0] for step in steps if step.kind is StepKind.ACTIVITY and step.name in SENDING]
    sent = [sending["intent"]["client_order_id"] for sending in sendings]
    assert len(sent) == len(set(sent))
    message = workflow_of(path).removeprefix("trade-")
    for leg in ("e", "x"):
        own = [name for name in sent if name.startswith(f"{message}-{leg}")]
        assert own == [f"{message}-{leg}{number}" for number in range(1, len(own) + 1)]
    if steps[-1].name == "completed":
        assert [order["client_order_id"] for order in steps[-1].output["orders"]] == sent
    assert {sending["mode"] for sending in sendings} <= {steps[0].inputs[0]["policy"]["mode"]}


def test_an_account_carries_its_state_over() -> None:
    """DUR-30, HLT-10: each run but the last ends with everything in the next one's input.

    In time for what is asked of it.
    """
    runs = [steps_of(read_history(HISTORIES / f"{stem}.json")) for stem in LIVED]
    assert [steps[-1].name == "continued as new" for steps in runs] == [True] * (len(runs) - 1) + [False]
    carried = [steps[0].inputs[0]["carried"] for steps in runs]
    assert carried[0] is None
    assert all(each["account"]["recorded"] > 0 for each in carried[1:])


def test_a_dry_run_sends_nothing() -> None:
    """The dry-run history has no sending step, and the mode it ran in (DRY-20)."""
    steps = steps_of(read_history(HISTORIES / "trade-golden-dry-run.json"))
    assert not [step for step in steps if step.name in SENDING | {"cancel_order"}]
    assert steps[0].inputs[0]["policy"]["mode"] == "dry-run"
    assert steps[-1].output["outcome"] == "dry-run"


@golden
def test_a_history_holds_no_secret(path: Path) -> None:
    """The credentials that the recording worker ran with.

    Who recorded where, are in no history (DUR-50).
    """
    text = path.read_text()
    assert not [canary for canary in CANARIES if canary in text]
    assert str(ROOT) not in text
    named = [
        value
        for event in json.loads(text)["events"]
        for value in event.values()
        if isinstance(value, dict) and "identity" in value
    ]
    assert {value["identity"] for value in named} <= {RECORDER}


@workflow.defn(name=TRADE_WORKFLOW, sandboxed=False)
class Hesitating(TradeWorkflow):
    """A trade changed without a patch: it waits a second before it reads the alert, or holds."""

    @workflow.init
    def __init__(self, request: TradeRequest) -> None:
        """Set up as ever."""
        super().__init__(request)

    @workflow.run
    async def run(self, request: TradeRequest) -> TradeView:
        """Run as ever."""
        return await super().run(request)

    async def _perform(self, step: Step) -> Trigger:
        if step in {Step.PARSE, Step.HOLD}:  # the first step of a first run, and of one that follows it
            await workflow.sleep(1)
        return await super()._perform(step)


@workflow.defn(name=ACCOUNT_WORKFLOW, sandboxed=False)
class Dawdling(AccountWorkflow):
    """An account changed without a patch: it waits a second before it begins."""

    @workflow.init
    def __init__(self, request: AccountRequest) -> None:
        """Set up as ever."""
        super().__init__(request)

    @workflow.run
    async def run(self, request: AccountRequest) -> None:
        """Wait, then run as ever."""
        await workflow.sleep(1)
        await super().run(request)


@workflow.defn(name=HOUSEKEEPING_WORKFLOW, sandboxed=False)
class Idling(HousekeepingWorkflow):
    """A housekeeper changed without a patch: it waits a second before it begins."""

    @workflow.run
    async def run(self, so_far: Round) -> HousekeepingCounts:
        """Wait, then run as ever."""
        await workflow.sleep(1)
        return await super().run(so_far)


@golden
async def test_the_replayer_notices_a_changed_step(path: Path) -> None:
    """A changed order of steps fails on every stored history: silence means sameness (DUR-10)."""
    changed = [Hesitating, Dawdling, Idling]
    replayer = Replayer(
        workflows=changed, data_converter=DATA_CONVERTER, workflow_runner=UnsandboxedWorkflowRunner()
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(read_history(path))
