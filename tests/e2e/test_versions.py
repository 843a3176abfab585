"""Builds of the worker: an upgrade and a rollback with trades under way, and a build that is refused."""

import asyncio
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

import alert_trader
from alert_trader.control.commands import trade_commands
from alert_trader.control.deployments import Deployment, read_deployment
from alert_trader.domain.alerts.profile import Approval, Profile
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.runtime.local.process import Child, StackError, ready, start
from alert_trader.settings.load import as_environment
from alert_trader.settings.services import Upgrade
from alert_trader.workflows.interface import Command as Order
from tests.e2e.conftest import Command
from tests.support.cluster import READY_WITHIN, Cluster, Trade, WorkerSlot
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

ME = Order(by="tester", reason="the test is over")
LONG = timedelta(minutes=10)
"""Longer than the test: nothing of a trade happens by its clock."""


def use_build(slot: WorkerSlot, build_id: str, upgrade: Upgrade = Upgrade.CHECKED) -> Command:
    """Run workers of this build from now on; return the command with the same settings."""
    slot.settings = slot.settings.model_copy(update={"build_id": build_id, "upgrade": upgrade})
    return Command(slot)


async def builds(slot: WorkerSlot) -> Deployment:
    """Read what Temporal knows of the slot's builds."""
    found = await read_deployment(slot.cluster.client, slot.settings.account)
    assert found is not None
    return found


async def current(slot: WorkerSlot) -> str | None:
    """Return the build that runs the slot's trades."""
    found = (await builds(slot)).current
    return None if found is None else found.build_id


async def build_of(trade: Trade) -> str:
    """Return the build that ran the last workflow task of a trade."""
    described = await trade.handle.describe()
    info = described.raw_description.workflow_execution_info.versioning_info
    return info.deployment_version.build_id


async def runs_of(trade: Trade) -> int:
    """Count the runs of a trade: continue-as-new begins another."""
    query = f"WorkflowId = '{trade.handle.id}'"
    return (await trade.cluster.client.count_workflows(query)).count


async def closed(trade: Trade) -> None:
    """Close a trade; nothing may be left of it, and the oracle must find no broken rule."""
    await trade_commands.close(trade.cluster.client, trade.id, ME)
    view = await trade.result()
    assert view.position == 0
    assert not await trade.violations()


async def test_a_worker_registers_its_build_and_makes_it_current(cluster: Cluster) -> None:
    """The first build is current at once, a second worker of it changes nothing, and doctor shows it."""
    slot = cluster.take_slot()
    trader = use_build(slot, "one")
    await slot.start_worker()
    since = (await builds(slot)).current
    await slot.start_worker()
    assert (await builds(slot)).current is not None
    assert [each.build_id for each in (await builds(slot)).builds] == ["one"]
    assert since is not None
    assert since.last_current_at == (await builds(slot)).builds[0].last_current_at
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    assert await build_of(trade) == "one"

    async def counted() -> bool:
        shown = (await trader("versions", "--json")).json
        return [(each["build_id"], each["is_current"], each["open_trades"]) for each in shown["builds"]] == [
            ("one", True, 1)
        ]

    await eventually(counted, "the open trade in the list of builds")
    findings = (await trader("doctor", "--no-broker", "--json")).json
    (found,) = [each for each in findings if each["name"] == "build"]
    assert (found["ok"], found["found"]) == (True, "one is current, with 1 open trades")
    await closed(trade)


async def test_an_upgrade_by_hand_waits_for_a_person(cluster: Cluster) -> None:
    """With TRADER_UPGRADE=manual a new build polls and waits; `trader versions use` makes it current."""
    slot = cluster.take_slot()
    use_build(slot, "one")
    await slot.start_worker()
    trader = use_build(slot, "two", Upgrade.MANUAL)
    await slot.start_worker()
    assert await current(slot) == "one"
    unknown = await trader("versions", "use", "three", "--yes")
    assert (unknown.code, "no worker has registered build three" in unknown.stderr) == (3, True)
    unasked = await trader("versions", "use", "two")
    assert unasked.code != 0
    assert await current(slot) == "one"
    used = await trader("versions", "use", "two", "--yes")
    assert (used.code, "Build two is current" in used.stdout) == (0, True)
    assert await current(slot) == "two"


async def _trades(slot: WorkerSlot) -> dict[Phase, Trade]:
    """Bring a trade into each phase that lasts."""
    ladder: dict[str, Any] = {"step": LONG, "window": LONG, "grace": LONG}
    entering = await slot.alert(**ladder)
    await entering.order("e1")
    holding = await slot.alert(bid="1.20", ask="1.20")
    awaiting = slot.plan()
    awaiting.policy = replace(awaiting.policy, profile=Profile(approval=Approval.ASK))
    await awaiting.quote("1.20", "1.20")
    await awaiting.send()
    watching = slot.plan(**ladder)
    watching.policy = replace(
        watching.policy, safety=replace(watching.policy.safety, late_fill_watch=timedelta(minutes=1))
    )
    await watching.quote("1.10", "1.30")
    await watching.send()
    await watching.order("e1")
    await trade_commands.cancel(slot.cluster.client, watching.id, ME)
    closing = await slot.alert(bid="1.20", ask="1.20")
    found = {
        Phase.ENTERING: entering,
        Phase.HOLDING: holding,
        Phase.AWAITING: awaiting,
        Phase.WATCHING: watching,
    }
    for trade in (holding, closing):
        await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    await closing.quote("0", "1.20", bid_size=0)
    await trade_commands.close(slot.cluster.client, closing.id, ME)
    found[Phase.CLOSING] = closing
    for phase, trade in found.items():
        await trade.until("in its phase", phase=phase)
        assert await build_of(trade) == "one"
    return found


async def test_an_upgrade_and_a_rollback_with_a_trade_in_each_phase(cluster: Cluster) -> None:
    """The trades continue on the next build, and back on the first (EXT-10, DUR-10).

    Every fill is protected on each of them. A worker of the earlier build that is started again does not
    become current by itself.
    """
    await upgrade_and_roll_back(cluster)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_many_upgrades_and_rollbacks(cluster: Cluster) -> None:
    """EXT-10, DUR-10: eight times, two at once on one server, so that the steps meet in other orders."""
    turns = asyncio.Semaphore(2)

    async def once() -> None:
        async with turns:
            await upgrade_and_roll_back(cluster)

    await asyncio.gather(*(once() for _ in range(8)))


async def upgrade_and_roll_back(cluster: Cluster) -> None:
    """Bring a trade into each phase on build one, upgrade to build two, and go back."""
    slot = cluster.take_slot()
    use_build(slot, "one")
    first = await slot.start_worker()
    trades = await _trades(slot)

    use_build(slot, "two")
    second = await slot.start_worker()
    assert await current(slot) == "two"
    await trades[Phase.ENTERING].fill("e1", 2)
    await trades[Phase.HOLDING].quote("2.50", "2.52")
    await trade_commands.approve(cluster.client, trades[Phase.AWAITING].id, ME)
    await trades[Phase.ENTERING].until("its fill is protected", bought=2, exits_working=1)
    await trades[Phase.HOLDING].until("sold at its target", sold=2, exits_working=0)
    await trades[Phase.AWAITING].until("held and protected", phase=Phase.HOLDING, exits_working=2)
    for phase in (Phase.ENTERING, Phase.HOLDING, Phase.AWAITING):
        assert await build_of(trades[phase]) == "two"
    await first.stop()
    await trades[Phase.ENTERING].fill("e1", 1)
    await trades[Phase.ENTERING].until("without the first worker", bought=3)

    trader = use_build(slot, "one")
    await slot.start_worker()
    assert await current(slot) == "two"
    log = slot.workers[-1].log.read_text()
    assert "build one is not current: build two runs the trades" in log
    used = await trader("versions", "use", "one", "--yes")
    assert used.code == 0, used.stderr
    await second.stop()
    assert await current(slot) == "one"
    await trades[Phase.ENTERING].fill("e1", 1)
    await trades[Phase.ENTERING].until("held on the first build", phase=Phase.HOLDING, exits_working=2)
    assert await build_of(trades[Phase.ENTERING]) == "one"
    await trades[Phase.CLOSING].quote("1.20", "1.20")
    view = await trades.pop(Phase.CLOSING).result()
    assert (view.outcome, view.position) == (Outcome.FLAT, 0)
    assert (await trades.pop(Phase.WATCHING).result()).outcome is Outcome.UNFILLED
    for trade in trades.values():
        await closed(trade)
    await slot.replay()
    await slot.leave()


async def test_an_upgrade_after_the_first_worker_has_ended(cluster: Cluster) -> None:
    """One machine, one process: the new build takes the trades over though no worker of the old one runs."""
    slot = cluster.take_slot()
    use_build(slot, "one")
    await slot.start_worker()
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    await slot.kill()
    use_build(slot, "two")
    await slot.start_worker()
    await trade.quote("2.50", "2.52")
    await trade.until("sold at its target", sold=2)
    assert await build_of(trade) == "two"
    # the change of the build begins one new run at the most
    assert await runs_of(trade) <= 2
    await closed(trade)


def changed_package(folder: Path) -> Path:
    """Copy the package, with another name for the activity that sizes an entry, and no patch for it."""
    shutil.copytree(Path(alert_trader.__file__).parent, folder / "alert_trader")
    path = folder / "alert_trader" / "activities" / "messages.py"
    source = path.read_text()
    assert source.count('"size_entry"') == 1
    path.write_text(source.replace('"size_entry"', '"size_entry_anew"'))
    return folder


def changed_command(folder: Path, code: str, *arguments: str) -> list[str]:
    """Return the command line that runs code of the package in `folder`, and not of this checkout."""
    line = f"import runpy, sys; sys.path.insert(0, {str(folder)!r}); sys.argv = {list(arguments)!r}; {code}"
    return [sys.executable, "-EP", "-c", line]


@dataclass
class ChangedCommand(Command):
    """`trader` of the package in a folder."""

    folder: Path = Path()

    @override
    def line(self, *arguments: str) -> list[str]:
        """Return the command line."""
        code = "from alert_trader.start import trader; trader()"
        return changed_command(self.folder, code, "trader", *arguments)


async def start_changed(slot: WorkerSlot, folder: Path) -> Child:
    """Start a worker of the package in `folder`, as another installation would."""
    ready_file = folder / f"ready-{len(slot.workers)}"
    child = await start(
        f"changed-{slot.number}",
        changed_command(
            folder,
            "runpy.run_module('alert_trader', run_name='__main__', alter_sys=True)",
            *("alert_trader", "worker", "--ready-file", str(ready_file)),
        ),
        log=slot.cluster.stack.data_dir / "logs" / f"changed-{slot.number}.log",
        environment=as_environment(slot.settings),
    )
    slot.workers.append(child)
    await ready(child, ready_file, within=READY_WITHIN)
    return child


async def test_a_trade_that_an_unchecked_upgrade_stopped_continues_after_a_rollback(
    cluster: Cluster, tmp_path: Path
) -> None:
    """`versions use` refuses the build where it is installed; forced, one command goes back (EXT-10)."""
    slot = cluster.take_slot()
    await slot.start_worker()
    before = await current(slot)
    assert before is not None
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    trader = Command(slot)
    assert (await trader("versions", "check")).code == 0
    slot.settings = slot.settings.model_copy(update={"upgrade": Upgrade.MANUAL})
    await start_changed(slot, changed_package(tmp_path))
    assert await current(slot) == before
    (new,) = [each.build_id for each in (await builds(slot)).builds if not each.is_current]
    changed = ChangedCommand(slot, folder=tmp_path)
    refused = await changed("versions", "use", new, "--yes")
    assert (refused.code, f"{trade.handle.id}: NondeterminismError" in refused.stderr) == (6, True)
    assert await current(slot) == before
    forced = await changed("versions", "use", new, "--yes", "--unchecked")
    assert forced.code == 0, forced.stderr
    await trade.quote("2.50", "2.52")

    async def sold() -> bool:
        return await trade.fills("x1") == 2

    await eventually(sold, "the exit to fill at the venue")
    assert await current(slot) == new
    back = await trader("versions", "use", before, "--yes")
    assert back.code == 0, back.stderr
    await trade.until("its fill is booked", sold=2, position=2)
    await closed(trade)


async def test_a_build_that_does_not_replay_the_open_trades_is_refused(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Its worker ends and names the trades; the earlier build stays current and runs them (DUR-10)."""
    slot = cluster.take_slot()
    await slot.start_worker()
    before = await current(slot)
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held and protected", phase=Phase.HOLDING, bought=4, exits_working=2)
    with pytest.raises(StackError) as refused:
        await start_changed(slot, changed_package(tmp_path))
    assert slot.workers[-1].exit_code == 5
    text = str(refused.value)
    assert f"trade-{trade.id}: NondeterminismError" in text
    assert f"Build {before} stays current" in text
    assert await current(slot) == before
    checked = await ChangedCommand(slot, folder=tmp_path)("versions", "check", "--json")
    assert (checked.code, [each["workflow_id"] for each in checked.json["failures"]]) == (
        6,
        [trade.handle.id],
    )
    await trade.quote("2.50", "2.52")
    await trade.until("sold at its target", sold=2)
    assert await build_of(trade) == before
    await closed(trade)
    # with no open trade that it could break, the same build is accepted: its id follows from its code
    child = await start_changed(slot, tmp_path)
    assert (after := await current(slot)) != before
    assert after is not None
    assert after.startswith("0.2.0-")
    await child.stop()
