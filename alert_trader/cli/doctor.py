"""`trader doctor`: check everything a trade needs, and say how to fix what fails."""

import asyncio
import json
import os
import re
import socket
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from alert_trader.cli.context import out, print_json, run, settings
from alert_trader.cli.doctor_clocks import clock_finding
from alert_trader.cli.doctor_finding import Finding
from alert_trader.cli.doctor_order_version import order_version_finding
from alert_trader.cli.doctor_stuck import examine_stuck
from alert_trader.cli.doctor_versions import examine_versions
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.control.errors import ControlError, NoAnswerError, UnreachableError
from alert_trader.control.queries import account as account_queries
from alert_trader.control.queries.workers import polling_workers
from alert_trader.control.temporal import address_of, connect
from alert_trader.domain.account.clocks import CHECK
from alert_trader.domain.account.preflight import Check
from alert_trader.domain.account.view import PREFLIGHT_FAILED
from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.kill_switch import kill_switch_of
from alert_trader.runtime.local.process import StackError
from alert_trader.runtime.local.temporal_server import find_binary
from alert_trader.runtime.namespace import inspect
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import as_environment
from alert_trader.settings.model import Settings
from alert_trader.start import command
from alert_trader.workflows.interface import task_queue

_CONNECT = timedelta(seconds=3)
_REQUEST = re.compile(r"\b(GET|POST|PUT|DELETE) \S+")

_PREFLIGHT = 30.0
"""Seconds. Each call to the broker has its own timeout too."""


def doctor(
    *,
    broker: Annotated[
        bool, typer.Option("--broker/--no-broker", help="Also check the connection to the broker.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check everything that trading needs, and say how to fix what fails."""
    in_force = settings().settings
    findings = run(_examine(in_force, ask_broker=broker))
    if as_json:
        print_json(findings)
    else:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        table.add_column("", no_wrap=True)
        table.add_column("check", no_wrap=True)
        table.add_column("found", overflow="fold")
        table.add_column("what to do", overflow="fold")
        for each in findings:
            mark = "[green]ok[/]" if each.ok else "[red]FAILED[/]" if each.needed else "[yellow]note[/]"
            table.add_row(mark, each.name, escape(each.found), escape(each.fix))
        out().print(table)
    if any(not each.ok and each.needed for each in findings):
        raise typer.Exit(int(ExitCode.UNEXPECTED))


async def _examine(in_force: Settings, *, ask_broker: bool) -> list[Finding]:
    findings = [_python(), _settings(in_force), _allowlist(in_force), _temporal_binary(in_force)]
    findings.append(order_version_finding(in_force))
    target = target_of(in_force)
    by_worker: list[Finding] = []
    try:
        client = await connect(target, within=_CONNECT)
    except UnreachableError as error:
        findings.append(Finding(name="Temporal", ok=False, found=str(error), fix="start it: trader up"))
        findings.append(_port("Temporal port", in_force.temporal_port, "TRADER_TEMPORAL_PORT"))
        findings.append(_port("Web UI port", in_force.temporal_ui_port, "TRADER_TEMPORAL_UI_PORT"))
        if in_force.mode is Mode.DEMO:
            findings.append(_port("venue port", in_force.venue_port, "TRADER_VENUE_PORT"))
    else:
        findings.append(Finding(name="Temporal", ok=True, found=f"answers at {address_of(target)}"))
        findings += await _namespace(client, in_force)
        worker = await _workers(client, in_force)
        findings.append(worker)
        findings.append(await examine_versions(client, in_force))
        findings += await examine_stuck(client, in_force)
        findings += await _housekeeping(client, in_force)
        # without a worker its answer would be waited for in vain
        by_worker = await _account(client, in_force) if ask_broker and worker.ok else []
    findings += await _mirrors().examine(in_force)
    if by_worker:
        return findings + by_worker
    if ask_broker:
        findings += await _broker(in_force)
    return findings


async def _account(client: Client, in_force: Settings) -> list[Finding]:
    """Have the worker run the checks for a first order; empty when no worker answers."""
    try:
        checks = await account_queries.preflight(client, in_force.account)
        view = await account_queries.account_view(client, in_force.account, kill_switch_of(in_force))
    except NoAnswerError as silent:
        fix = "see the worker's log; a worker that has just started answers within a minute"
        return [Finding(name="broker", ok=False, found=str(silent), fix=fix)]
    except ControlError:
        return []
    found = broker_findings([each for each in checks if each.name != CHECK])
    found.append(clock_finding(view))
    # a failed check has a line of its own
    stops = [each for each in view.stops if not each.startswith(PREFLIGHT_FAILED)]
    if stops:
        return [
            *found,
            Finding(
                name="account",
                ok=False,
                found="; ".join(stops),
                fix="look with `trader account`; then `trader resume` or `trader account explain`",
            ),
        ]
    if not view.may_trade:
        text = f"{view.state}; entries blocked until every check of the broker passes"
        return [*found, Finding(name="account", ok=False, found=text)]
    return [
        *found,
        Finding(name="account", ok=True, found=f"{view.state}; entries allowed, within the limits"),
    ]


def broker_findings(checks: Sequence[Check]) -> list[Finding]:
    """Return a finding for each check; checks that failed for the same cause share one."""
    by_cause: dict[tuple[str, str], list[str]] = {}
    for each in checks:
        # the method and path differ where the cause is the same
        cause = _REQUEST.sub("the request", each.found)
        by_cause.setdefault((each.name, "") if each.ok else (cause, each.fix), []).append(each.name)
    found = []
    for each in checks:
        same = next(names for names in by_cause.values() if each.name in names)
        if each.name == same[0]:
            name = f"broker {each.name}" if len(same) == 1 else f"broker ({len(same)} checks)"
            failed = each.found if len(same) == 1 else f"{each.found} ({', '.join(same)})"
            found.append(Finding(name=name, ok=each.ok, found=failed, fix=each.fix))
    return found


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        name="Python",
        ok=sys.version_info >= (3, 11),
        found=found,
        fix="" if sys.version_info >= (3, 11) else "install 3.11 or newer",
    )


def _settings(in_force: Settings) -> Finding:
    return Finding(name="settings", ok=True, found=f"valid; mode {in_force.mode}, account {in_force.account}")


def _allowlist(in_force: Settings) -> Finding:
    allowed = in_force.allowlist
    lists = (
        ("authors", "TRADER_AUTHORS", allowed.authors),
        ("channels", "TRADER_CHANNELS", allowed.channels),
        ("servers", "TRADER_GUILDS", allowed.guilds),
    )
    empty = [(name, variable) for name, variable, ids in lists if not ids]
    if empty:
        found = ", ".join(f"no {name}" for name, _ in empty)
        fix = "set " + ", ".join(variable for _, variable in empty)
        return Finding(name="allowlist", ok=False, found=f"{found}: no alert is traded", fix=fix)
    counts = (
        f"{len(allowed.authors)} authors, {len(allowed.channels)} channels, {len(allowed.guilds)} servers"
    )
    return Finding(name="allowlist", ok=True, found=counts)


def _temporal_binary(in_force: Settings) -> Finding:
    try:
        return Finding(
            name="temporal program", ok=True, found=str(find_binary(in_force.temporal_binary)), needed=False
        )
    except StackError as error:
        return Finding(
            name="temporal program",
            ok=False,
            found=str(error),
            fix="only needed for `trader up` and `trader demo`",
            needed=False,
        )


def _port(name: str, port: int, variable: str) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return Finding(
                name=name,
                ok=False,
                found=f"{port} is in use ({error.strerror})",
                fix=f"stop the program that uses it, or set {variable}",
            )
    return Finding(name=name, ok=True, found=f"{port} is free")


async def _namespace(client: Client, in_force: Settings) -> list[Finding]:
    fix = "start a worker, which creates the namespace: trader worker"
    try:
        state = await inspect(client)
    except UnreachableError as error:
        return [
            Finding(
                name="namespace",
                ok=False,
                found=f"{client.namespace}: {error}",
                fix="check address and credentials",
            )
        ]
    if not state.exists:
        return [Finding(name="namespace", ok=False, found=f"{client.namespace} does not exist", fix=fix)]
    kept = state.retention or timedelta()
    enough = kept >= timedelta(days=in_force.temporal_retention_days)
    wrong = [*(f"{name} is missing" for name in state.missing), *state.mistyped]
    return [
        Finding(name="namespace", ok=True, found=client.namespace),
        Finding(name="retention", ok=enough, found=f"{kept.days} days", fix="" if enough else fix),
        Finding(
            name="search attributes",
            ok=not wrong,
            found="; ".join(wrong) or "all registered",
            fix=fix if wrong else "",
        ),
    ]


def _mirrors() -> Any:
    """Import the checks of the mirrors only when needed: Arrow, DuckDB and Redis take a second to load."""
    return import_module("alert_trader.cli.doctor_mirrors")


async def _housekeeping(client: Client, in_force: Settings) -> list[Finding]:
    """Check that closed trades are archived before Temporal deletes them."""
    try:
        state = await inspect(client)
    except UnreachableError:
        return []  # reported by the check of the namespace
    if state.retention is None:
        return []
    finding: Finding = await _mirrors().examine_schedule(client, in_force, state.retention)
    return [finding]


async def _workers(client: Client, in_force: Settings) -> Finding:
    queue = task_queue(in_force.account)
    try:
        who = await polling_workers(client, in_force.account)
    except UnreachableError as error:
        return Finding(name="worker", ok=False, found=str(error), fix="start one: trader worker")
    if not who:
        fix = "start one: trader worker"
        return Finding(name="worker", ok=False, found=f"none runs (task queue {queue})", fix=fix)
    return Finding(name="worker", ok=True, found=f"{len(who)} on {queue}: {', '.join(who)}")


async def _broker(in_force: Settings) -> list[Finding]:
    """Check the broker in a separate process: this one has no code that can reach it."""
    process = await asyncio.create_subprocess_exec(
        *command("worker", "--preflight"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **as_environment(in_force)},
    )
    try:
        async with asyncio.timeout(_PREFLIGHT):
            answer, log = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return [
            Finding(
                name="broker", ok=False, found=f"no answer within {_PREFLIGHT:g} s", fix="check the network"
            )
        ]
    try:
        checks = [Check(**each) for each in json.loads(answer)]
    except (TypeError, ValueError):
        last = log.decode(errors="replace").strip().splitlines()[-1:] or ["no answer"]
        found = last[0].removeprefix("error: ")
        return [Finding(name="broker", ok=False, found=found, fix="see the column `found`")]
    return broker_findings(checks)
