"""`trader` as a subprocess: exit codes, and JSON that scripts can rely on."""

import asyncio
import json
import secrets
from pathlib import Path

from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.trade.lifecycle import Phase
from tests.e2e.conftest import CANARIES, Command
from tests.support.cluster import Trade, WorkerSlot


async def _planned(slot: WorkerSlot, bid: str, ask: str, *, price: str) -> Trade:
    """Plan an alert at a price of its own.

    One that differs from an open trade in its strike alone would wait for a person.
    """
    trade = slot.plan(price=price)
    await trade.quote(bid, ask)
    return trade


def _id() -> str:
    return f"cli-{secrets.token_hex(6)}"


async def test_send_show_replay_export_and_close(slot: WorkerSlot, trader: Command, tmp_path: Path) -> None:
    """A person's whole session: send and wait, look at it, replay it from the server and from a file.

    Close it.
    """
    plan, identity = await _planned(slot, "1.20", "1.20", price="1.21"), _id()
    sent = await trader("send", "--wait", "--json", "--id", identity, plan.message.text)
    assert sent.code == ExitCode.OK, sent.stderr
    assert sent.json["started"] is True
    assert sent.json["workflow_id"] == f"trade-{identity}"
    assert (
        sent.json["trade"]["phase"],
        sent.json["trade"]["bought"],
        sent.json["trade"]["exits_working"],
    ) == ("holding", 4, 2)

    again = await trader("send", "--json", "--id", identity, plan.message.text)
    assert (again.code, again.json["started"]) == (ExitCode.OK, False)

    shown = await trader("show", "--json", identity)
    assert shown.json["view"]["symbol"] == plan.contract.occ_symbol
    assert {"received", "sized", "filled", "exit_submitted"} <= {
        event["kind"] for event in shown.json["events"]
    }

    replayed = await trader("replay", "--json", identity)
    assert (replayed.code, replayed.json["deterministic"]) == (ExitCode.OK, True)
    exported = await trader("history", "export", identity, str(tmp_path))
    assert exported.code == ExitCode.OK
    file = Path(exported.stdout.strip())
    from_file = await trader("replay", "--json", str(file))
    assert [step["name"] for step in from_file.json["steps"]] == [
        step["name"] for step in replayed.json["steps"]
    ]

    closed = await trader("close", "--json", "--reason", "enough", f"trade-{identity}")
    assert (closed.code, closed.json["done"], closed.json["view"]["position"]) == (ExitCode.OK, True, 0)
    assert (await trader("close", identity)).code == ExitCode.REFUSED
    assert (await trader("cancel", identity)).code == ExitCode.REFUSED


async def test_list_shows_trades_as_rows(slot: WorkerSlot, trader: Command) -> None:
    """Each row has the columns that scripts read, with the worker's view where one answers."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING)
    listed = await trader("list", "--json", "--symbol", "SPY", "--limit", "200")
    assert listed.code == ExitCode.OK
    row = next(row for row in listed.json if row["workflow_id"] == f"trade-{trade.id}")
    assert (row["symbol"], row["mode"], row["account"], row["status"]) == (
        "SPY",
        "demo",
        slot.settings.account,
        "running",
    )
    assert row["view"]["bought"] == 4


async def test_cancel_cancels_the_entry(slot: WorkerSlot, trader: Command) -> None:
    """`trader cancel` ends the buying; nothing works at the venue after it."""
    trade = await slot.alert()
    await trade.order("e1")
    answer = await trader("cancel", "--json", trade.id)
    assert (answer.code, answer.json["done"]) == (ExitCode.OK, True)
    assert all(order.status.terminal for order in (await trade.orders("e")).values())
    assert (await trade.result()).outcome == "unfilled"
    assert not await trade.violations()


async def test_exit_codes_show_the_result(slot: WorkerSlot, trader: Command) -> None:
    """Rejected, unfilled, not found, unreachable and misused each have a code of their own."""
    plan = await _planned(slot, "1.10", "1.50", price="1.19")
    commands = {
        ExitCode.REFUSED: trader("send", "--wait", "--json", "BTO SPY 450 @ 2.00"),
        ExitCode.UNFILLED: trader("send", "--wait", "--json", "--id", _id(), plan.message.text),
        ExitCode.NOT_FOUND: trader("show", "--json", "no-such-trade"),
        ExitCode.UNREACHABLE: trader("list", TRADER_TEMPORAL_ADDRESS="127.0.0.1:1"),
        ExitCode.USAGE: trader("send", "--id", "not an id", plan.message.text),
    }
    answers = await asyncio.gather(*commands.values())
    assert [answer.code for answer in answers] == list(commands)


async def test_a_history_that_does_not_replay_has_an_exit_code(
    slot: WorkerSlot, trader: Command, tmp_path: Path
) -> None:
    """A file whose steps the installed code would not take ends with the code for that."""
    trade = await slot.alert(bid="1.20", ask="1.20")
    await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    changed = (await trade.history_text()).replace('"submit_entry"', '"bump_entry"')
    file = tmp_path / f"trade-{trade.id}.json"
    file.write_text(changed)
    answer = await trader("replay", "--json", str(file))
    assert (answer.code, answer.json["deterministic"]) == (ExitCode.NONDETERMINISM, False)


async def test_doctor_passes_on_a_complete_stack(slot: WorkerSlot, trader: Command) -> None:
    """Everything a trade needs is there, and each finding says what was looked at."""
    assert slot.workers
    answer = await trader("doctor", "--json")
    assert answer.code == ExitCode.OK, answer.stdout
    assert all(finding["ok"] for finding in answer.json if finding["needed"])
    assert {"Temporal", "allowlist"} <= {finding["name"] for finding in answer.json}


async def test_no_secret_is_written_anywhere(slot: WorkerSlot, trader: Command) -> None:
    """DUR-50: credentials and the webhook's address are in no history, log, tape, notice or output."""
    control = slot.cluster.control
    trade = slot.plan()
    await trade.quote("1.20", "1.20")
    await trade.fault("lost-after", leg="e1")
    await control.expire_tokens()
    await trade.send()
    await trade.until("held, its lost answer found", phase=Phase.HOLDING, exits_working=2)
    await trader("show", trade.id)
    await trader("config", "show")
    await trader("doctor")
    texts = {
        "the history": await trade.history_text(),
        "the tape": "\n".join(line.model_dump_json() for line in await slot.cluster.tape()),
        "the state file": slot.cluster.stack.state_path.read_text(),
        "what commands said": "\n".join(trader.said),
        **slot.cluster.logs(),
    }
    found = {(where, canary) for where, text in texts.items() for canary in CANARIES if canary in text}
    assert not found
    assert "worker-0-0.log" in texts
    assert json.loads(texts["the history"])["events"]
