# ruff: noqa: INP001 - a script beside the pages it writes
"""Write the generated parts of specs/ and docs/: `make specs`.

Each is between `<!-- generated: NAME -->` and `<!-- end -->`. Everything in them is read from the code: tables,
docstrings, and the tests that name an invariant in their docstring.
"""

import ast
import functools
import itertools
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
from temporalio.common import RetryPolicy

from alert_trader.api.app import make_app
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.cli.main import ENTRIES, application
from alert_trader.domain.denial import MEANINGS
from alert_trader.domain.not_sent import NOT_SENT_MEANINGS, retry_rule
from alert_trader.domain.trade.commands import CHECKS, TABLE, Rule, TradeCommand
from alert_trader.domain.trade.lifecycle import Phase, diagram
from alert_trader.mirrors import parquet
from alert_trader.settings.load import load
from alert_trader.workflows import activity_options, timing
from alert_trader.workflows.activity_options import ActivityOptions

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "specs" / "001-automated-alert-trading"
INVARIANTS = SPECS / "invariants.md"
OPENAPI = SPECS / "contracts" / "openapi.json"
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"

_PART = re.compile(r"(?P<begin><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
_CARD = re.compile(r"\b(?:WHO|ENT|FIL|EXT|UNK|DRY|RSK|HLT|DUR)-\d+\b")
_ROW = re.compile(r"^\| (?P<card>[A-Z]{3}-\d+) \| (?P<text>.+) \|$", re.MULTILINE)
_STATEFUL = {"invariant", "rule"}
"""Decorators of a state machine's checks: they are tests without being named so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """A name in the code with its value, where it has one, and its docstring on one line."""

    name: str
    value: str
    text: str


# Invariants


def cards() -> dict[str, str]:
    """Return the cards: the rows of every table before the chapter of what is not proven yet."""
    promised = INVARIANTS.read_text().partition("\n## Not yet\n")[0]
    return {row["card"]: row["text"] for row in _ROW.finditer(promised)}


def not_yet() -> dict[str, str]:
    """Return the cards that are not built, built in part, or unproven: the first word of their row says which."""
    listed = INVARIANTS.read_text().partition("\n## Not yet\n")[2].partition("\n## Proof\n")[0]
    return {row["card"]: row["text"].split(" |")[0] for row in _ROW.finditer(listed)}


@functools.cache
def proofs() -> dict[str, list[tuple[str, str]]]:
    """Find the tests that name each card in their docstring, as (file, test), in the order of the files."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for function in _functions(ast.parse(path.read_text())):
            for card in dict.fromkeys(_CARD.findall(ast.get_docstring(function) or "")):
                found[card].append((path.relative_to(ROOT).as_posix(), function.name))
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {
                each.func.id
                for each in node.decorator_list
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
            }
            if node.name.startswith("test_") or decorators & _STATEFUL:
                yield node


def _proof_list() -> str:
    rows = []
    by_card = proofs()
    for card in cards():
        files: dict[str, list[str]] = defaultdict(list)
        for path, test in by_card.get(card, []):
            files[path].append(f"`{test}`")
        rows.append(f"**{card}**" + ("" if files else " none"))
        rows += [f"- `{path}`: {', '.join(tests)}" for path, tests in files.items()]
        rows.append("")
    return "\n".join(rows[:-1])


# Tables from code


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _documented(body: list[ast.stmt]) -> Iterator[Documented]:
    """Yield each assignment with the docstring that follows it.

    Several without a blank line between share the one after the last.
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


def _class(path: str, name: str) -> ast.ClassDef:
    tree = ast.parse((ROOT / path).read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _text(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


def _denials() -> str:
    return _table(
        ("code", "what was found", "what to do"),
        ((f"`{code}`", said.means, said.to_do) for code, said in MEANINGS.items()),
    )


def _not_sent() -> str:
    return _table(
        ("code", "what was found", "what happens to an entry", "what to do"),
        ((f"`{code}`", said.means, retry_rule(code), said.to_do) for code, said in NOT_SENT_MEANINGS.items()),
    )


def _lifecycle() -> str:
    return f"```mermaid\n{diagram()}```"


def _trade_commands() -> str:
    rows = []
    for command in TradeCommand:
        phases: dict[Rule, list[str]] = defaultdict(list)
        for phase in Phase:
            phases[TABLE[command, phase]].append(phase.value)
        rows += [(f"`{command}`", ", ".join(each), _rule(rule)) for rule, each in phases.items()]
    return _table(("command", "phases", "what happens"), iter(rows))


def _rule(rule: Rule) -> str:
    if rule.refusal is not None:
        return f"refused: “{rule.refusal}”"
    return "allowed if " + "; ".join(rule.conditions) if rule.conditions else "allowed"


def _command_conditions() -> str:
    return _table(
        ("condition", "else it is refused with"),
        ((condition, f"“{check.refusal}”") for condition, check in CHECKS.items()),
    )


def _trade_tasks() -> str:
    members = _documented(_class("alert_trader/workflows/trade/tasks.py", "TaskName").body)
    return _table(
        ("coroutine", "what it does, and why that is safe at any time"),
        ((ast.literal_eval(each.value), each.text) for each in members if each.value[0] == "'"),
    )


def _time_bounds() -> str:
    tree = ast.parse((ROOT / "alert_trader/workflows/timing.py").read_text())
    return _table(
        ("bound", "value", "why"),
        (
            (f"`{each.name}`", _bound(getattr(timing, each.name)), each.text)
            for each in _documented(tree.body)
        ),
    )


def _activity_options() -> str:
    tree = ast.parse((ROOT / "alert_trader/workflows/activity_options.py").read_text())
    bundles = (
        (each, found)
        for each in _documented(tree.body)
        if isinstance(found := getattr(activity_options, each.name), ActivityOptions)
    )
    return _table(
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


def _faults() -> str:
    members = _documented(_class("alert_trader/simulators/venue/faults.py", "FaultKind").body)
    return _table(
        ("kind", "what happens"),
        ((f"`{ast.literal_eval(each.value)}`", each.text) for each in members if each.value[0] == "'"),
    )


def _tape() -> str:
    tree = ast.parse((ROOT / "alert_trader/simulators/venue/tape.py").read_text())
    lines = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "_Line" for base in node.bases)
    ]
    return _table(
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


def _commands() -> str:
    route = re.compile(r'self\._post\("(?P<path>[a-z-]+)", (?P<model>\w+), self\.(?P<act>\w+)\)')
    found = route.finditer((ROOT / "alert_trader/simulators/venue/control.py").read_text())
    return _table(
        ("POST", "body", "what it does"),
        ((f"`/venue/{each['path']}`", *_command(each["model"], each["act"])) for each in found),
    )


def _command(model: str, act: str) -> tuple[str, str]:
    node = _class(
        "alert_trader/simulators/venue/faults.py"
        if model == "FaultRule"
        else "alert_trader/simulators/venue/commands.py",
        model,
    )
    handlers = (
        each
        for each in _class("alert_trader/simulators/venue/control.py", "Control").body
        if isinstance(each, ast.FunctionDef)
    )
    says = next(each for each in handlers if each.name == act) if model in {"Nothing", "FaultRule"} else node
    return _fields(node), _text(says)


def _port() -> str:
    rows = []
    for name in ("OrderReader", "OrderGateway"):
        for method in _class("alert_trader/broker/port.py", name).body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                given = ", ".join(
                    f"{each.arg}: {ast.unparse(each.annotation)}"
                    for each in method.args.args
                    if each.annotation is not None
                )
                answer = "" if method.returns is None else ast.unparse(method.returns)
                rows.append((name, f"`{method.name}({given}) -> {answer}`", _text(method)))
    return _table(("of", "call", "what it does"), iter(rows))


def _mirror_tables() -> str:
    shared = {
        "version": "int32",
        "mode": "string",
        "account": "string",
        "day": "date32[day]",
        "workflow_id": "string",
    }
    trades = {
        each.name: str(each.type) for each in parquet.WITH_FOLDERS if each.name not in {"orders", "trail"}
    }
    nested = {
        name: {each.name: str(each.type) for each in parquet.SCHEMA.field(kept).type.value_type}
        for name, kept in _NESTED.items()
    }
    tables = {"trades": trades, **{name: shared | columns for name, columns in nested.items()}}
    return _table(
        ("table", "columns"),
        (
            (f"`{name}`", ", ".join(f"`{column}` {kind}" for column, kind in columns.items()))
            for name, columns in tables.items()
        ),
    )


def _settings() -> str:
    """Read `.env.example`, which a test compares with the settings: a table for each section."""
    parts: list[str] = []
    for section in (ROOT / ".env.example").read_text().split("\n# --- ")[1:]:
        title, _, body = section.partition(" ---\n")
        rows = []
        for block in body.strip().split("\n\n"):
            *texts, setting = block.splitlines()
            name, _, default = setting.removeprefix("# ").partition("=")
            meaning = " ".join(text.removeprefix("# ") for text in texts)
            rows.append((f"`{name}`", f"`{default}`" if default else "", meaning))
        parts.append(f"### {title}\n\n" + _table(("setting", "default", "meaning"), iter(rows)))
    return "\n\n".join(parts)


def _cli() -> str:
    """List every command of `trader` as its help does, those of groups too."""
    commands = typer.main.get_command(application()).commands  # type: ignore[attr-defined]
    parts = []
    for panel, entries in itertools.groupby(ENTRIES, key=lambda entry: entry.panel):
        rows = [row for entry in entries for row in _cli_rows(entry.name, commands[entry.name])]
        parts.append(f"### {panel}\n\n" + _table(("command", "options", "what it does"), iter(rows)))
    return "\n\n".join(parts)


def _cli_rows(name: str, command: Any) -> Iterator[tuple[str, str, str]]:
    below = getattr(command, "commands", None)
    if below is not None:
        for each, inner in below.items():
            yield from _cli_rows(f"{name} {each}", inner)
        return
    given = [each for each in command.params if each.name != "help"]
    arguments = "".join(
        f" {(each.metavar or each.name).upper()}" for each in given if each.param_type_name == "argument"
    )
    options = sorted(max(each.opts, key=len) for each in given if each.param_type_name == "option")
    text = " ".join((command.help or "").split("\n\n")[0].split())
    yield f"`trader {name}{arguments}`", ", ".join(f"`{each}`" for each in options), text


def _exit_codes() -> str:
    members = _documented(_class("alert_trader/cli/exit_codes.py", "ExitCode").body)
    texts = {each.name: each.text for each in members}
    return _table(("code", "means"), ((f"`{each.value}`", texts[each.name]) for each in ExitCode))


def _routes() -> str:
    paths = json.loads(openapi())["paths"]
    return _table(
        ("request", "what it does"),
        (
            (
                f"`{method.upper()} {path}`",
                route.get("description", route.get("summary", "")).split("\n\n")[0],
            )
            for path, methods in paths.items()
            for method, route in methods.items()
        ),
    )


def _decision_index() -> str:
    """List the decision records by subject, each with its date."""
    parts = []
    for page in sorted(DECISIONS.glob("*.md")):
        if page.name == "index.md":
            continue
        title, *records = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
        parts.append(f"### [{title.strip().removeprefix('# ')}]({page.name})\n")
        for record in records:
            heading, dated, *_ = record.splitlines()
            anchor = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()))
            parts.append(f"- {dated} [{heading}]({page.name}#{anchor})")
        parts.append("")
    return "\n".join(parts[:-1])


_NESTED = {"orders": "orders", "events": "trail"}
"""Tables whose rows lie inside their trade's, and the column they lie in."""

PARTS: dict[str, Callable[[], str]] = {
    "proof": _proof_list,
    "denial-codes": _denials,
    "not-sent-reasons": _not_sent,
    "lifecycle": _lifecycle,
    "trade-commands": _trade_commands,
    "command-conditions": _command_conditions,
    "trade-tasks": _trade_tasks,
    "time-bounds": _time_bounds,
    "activity-options": _activity_options,
    "venue-faults": _faults,
    "venue-tape": _tape,
    "venue-commands": _commands,
    "broker-port": _port,
    "mirror-tables": _mirror_tables,
    "settings": _settings,
    "cli": _cli,
    "exit-codes": _exit_codes,
    "http-routes": _routes,
    "decision-index": _decision_index,
}


# Pages


def rendered(text: str) -> str:
    """Return a page with its generated parts as the code has them now."""
    return _PART.sub(lambda found: f"{found['begin']}{PARTS[found['name']]()}\n{found['end']}", text)


def pages_of_ours() -> list[Path]:
    """List the pages that may have generated parts."""
    return sorted([*SPECS.rglob("*.md"), *DOCS.rglob("*.md")])


def stale() -> dict[Path, str]:
    """Find the pages that are behind the code, with what they should say."""
    pages = {page: page.read_text() for page in pages_of_ours()}
    written = {page: (text, rendered(text)) for page, text in pages.items()}
    written[OPENAPI] = (OPENAPI.read_text() if OPENAPI.exists() else "", openapi())
    return {page: fresh for page, (text, fresh) in written.items() if fresh != text}


def openapi() -> str:
    """Write the admin API's own description of itself."""
    return (
        json.dumps(
            make_app(load(environment={}, directory=SPECS).settings).openapi(), indent=1, ensure_ascii=False
        )
        + "\n"
    )


def main() -> None:
    """Bring every page up to date and name those that changed."""
    for page, text in stale().items():
        page.write_text(text)
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
