# ruff: noqa: INP001 - read by the script beside the pages
"""The tables that `specs/generate.py` writes from the source: enumerations, docstrings and constants."""

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.common import RetryPolicy

from alert_trader.domain.denial import MEANINGS
from alert_trader.domain.not_sent import NOT_SENT_MEANINGS, retry_rule
from alert_trader.domain.trade.commands import CHECKS, TABLE, Rule, TradeCommand
from alert_trader.domain.trade.lifecycle import Phase, diagram
from alert_trader.workflows import activity_options, timing
from alert_trader.workflows.activity_options import ActivityOptions

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """A name in the code with its value, where it has one, and its docstring on one line."""

    name: str
    value: str
    text: str


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Write a Markdown table; a bar in a cell is escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def documented(body: list[ast.stmt]) -> Iterator[Documented]:
    """Yield each assignment with the docstring that follows it.

    Several without a blank line between them share the docstring after the last.
    """
    waiting: list[tuple[str, str]] = []
    ends = 0
    for statement in body:
        if statement.lineno > ends + 1:
            yield from (Documented(name=name, value=value, text="") for name, value in waiting)
            waiting = []
        ends = statement.end_lineno or statement.lineno
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                waiting.append((name, ast.unparse(value)))
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield from (
                    Documented(name=name, value=value, text=" ".join(text.split())) for name, value in waiting
                )
                waiting = []
            case _:
                waiting = []
    yield from (Documented(name=name, value=value, text="") for name, value in waiting)


def class_of(path: str, name: str) -> ast.ClassDef:
    """Find a class at the top of a source file."""
    tree = ast.parse((ROOT / path).read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _text(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


def denials() -> str:
    """List the denial codes."""
    return table(
        ("code", "what was found", "what to do"),
        ((f"`{code}`", said.means, said.to_do) for code, said in MEANINGS.items()),
    )


def not_sent() -> str:
    """List the reasons for which an order was not sent."""
    return table(
        ("code", "what was found", "what happens to an entry", "what to do"),
        ((f"`{code}`", said.means, retry_rule(code), said.to_do) for code, said in NOT_SENT_MEANINGS.items()),
    )


def lifecycle() -> str:
    """Draw the phases of a trade."""
    return f"```mermaid\n{diagram()}```"


def trade_commands() -> str:
    """List what each command does in each phase."""
    rows = []
    for command in TradeCommand:
        phases: dict[Rule, list[str]] = defaultdict(list)
        for phase in Phase:
            phases[TABLE[command, phase]].append(phase.value)
        rows += [(f"`{command}`", ", ".join(each), _rule(rule)) for rule, each in phases.items()]
    return table(("command", "phases", "what happens"), iter(rows))


def _rule(rule: Rule) -> str:
    if rule.refusal is not None:
        return f"refused: “{rule.refusal}”"
    return "allowed if " + "; ".join(rule.conditions) if rule.conditions else "allowed"


def command_conditions() -> str:
    """List the conditions of commands, with their refusals."""
    return table(
        ("condition", "else it is refused with"),
        ((condition, f"“{check.refusal}”") for condition, check in CHECKS.items()),
    )


def trade_tasks() -> str:
    """List the coroutines of a trade."""
    members = documented(class_of("alert_trader/workflows/trade/tasks.py", "TaskName").body)
    return table(
        ("coroutine", "what it does, and why that is safe at any time"),
        ((ast.literal_eval(each.value), each.text) for each in members if each.value[0] == "'"),
    )


def time_bounds() -> str:
    """List the time bounds of the workflows."""
    tree = ast.parse((ROOT / "alert_trader/workflows/timing.py").read_text())
    return table(
        ("bound", "value", "why"),
        ((f"`{each.name}`", _bound(getattr(timing, each.name)), each.text) for each in documented(tree.body)),
    )


def activity_option_bundles() -> str:
    """List the timeouts and retries of activities."""
    tree = ast.parse((ROOT / "alert_trader/workflows/activity_options.py").read_text())
    bundles = (
        (each, found)
        for each in documented(tree.body)
        if isinstance(found := getattr(activity_options, each.name), ActivityOptions)
    )
    return table(
        ("activities", "one attempt", "in all", "wait for a worker", "heartbeat", "retries", "why"),
        ((f"`{each.name}`", *_options(options), each.text) for each, options in bundles),
    )


def _options(options: ActivityOptions) -> tuple[str, ...]:
    spans = (options.start_to_close, options.schedule_to_close, options.schedule_to_start, options.heartbeat)
    retry = "Temporal's default" if options.retry is None else _bound(options.retry)
    return (*("" if each is None else _span(each) for each in spans), retry)


def _bound(value: object) -> str:
    match value:
        case timedelta():
            return _span(value)
        case RetryPolicy(maximum_attempts=1):
            return "once"
        case RetryPolicy():
            most = (
                f", every {_span(value.maximum_interval)} at last"
                if value.maximum_interval is not None
                else ""
            )
            tries = f", {value.maximum_attempts} tries" if value.maximum_attempts > 0 else ""
            return f"after {_span(value.initial_interval)}, then x{value.backoff_coefficient:g}{most}{tries}"
        case tuple():
            counted = [(each, len(list(same))) for each, same in itertools.groupby(value)]
            return ", ".join(
                _span(each) if count == 1 else f"{count} x {_span(each)}" for each, count in counted
            )
        case _:
            return str(value)


def _span(value: timedelta) -> str:
    seconds = value.total_seconds()
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"


def faults() -> str:
    """List the faults that the simulated venue can show."""
    members = documented(class_of("alert_trader/simulators/venue/faults.py", "FaultKind").body)
    return table(
        ("kind", "what happens"),
        ((f"`{ast.literal_eval(each.value)}`", each.text) for each in members if each.value[0] == "'"),
    )


def tape() -> str:
    """List the kinds of line on the venue's tape."""
    tree = ast.parse((ROOT / "alert_trader/simulators/venue/tape.py").read_text())
    lines = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "_Line" for base in node.bases)
    ]
    return table(
        ("kind", "when", "fields"),
        ((f"`{_kind(each)}`", _text(each), _fields(each, without="kind")) for each in lines),
    )


def _kind(node: ast.ClassDef) -> str:
    return next(
        str(ast.literal_eval(each.value))
        for each in node.body
        if isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == "kind" and each.value is not None
    )


def _fields(node: ast.ClassDef, *, without: str = "") -> str:
    names = [ast.unparse(each.target) for each in node.body if isinstance(each, ast.AnnAssign)]
    return ", ".join(f"`{name}`" for name in names if name != without) or "none"


def venue_commands() -> str:
    """List the requests that control the simulated venue."""
    route = re.compile(r'self\._post\("(?P<path>[a-z-]+)", (?P<model>\w+), self\.(?P<act>\w+)\)')
    found = route.finditer((ROOT / "alert_trader/simulators/venue/control.py").read_text())
    return table(
        ("POST", "body", "what it does"),
        ((f"`/venue/{each['path']}`", *_command(each["model"], each["act"])) for each in found),
    )


def _command(model: str, act: str) -> tuple[str, str]:
    node = class_of(
        "alert_trader/simulators/venue/faults.py"
        if model == "FaultRule"
        else "alert_trader/simulators/venue/commands.py",
        model,
    )
    handlers = (
        each
        for each in class_of("alert_trader/simulators/venue/control.py", "Control").body
        if isinstance(each, ast.FunctionDef)
    )
    says = next(each for each in handlers if each.name == act) if model in {"Nothing", "FaultRule"} else node
    return _fields(node), _text(says)


def broker_port() -> str:
    """List the calls of the broker port."""
    rows = []
    for path, name in (
        ("alert_trader/broker/port.py", "OrderReader"),
        ("alert_trader/broker/port.py", "OrderGateway"),
        ("alert_trader/broker/oco.py", "OcoReader"),
        ("alert_trader/broker/oco.py", "OcoGateway"),
    ):
        for method in class_of(path, name).body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                given = ", ".join(
                    f"{each.arg}: {ast.unparse(each.annotation)}"
                    for each in method.args.args
                    if each.annotation is not None
                )
                answer = "" if method.returns is None else ast.unparse(method.returns)
                rows.append((name, f"`{method.name}({given}) -> {answer}`", _text(method)))
    return table(("of", "call", "what it does"), iter(rows))
